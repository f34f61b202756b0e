"""Patterns of messages: words, and {name} for what varies; types come from the handler's annotations."""
import inspect
import re
import types
import typing

KINDS = {int: r"[+-]?\d+", float: r"[+-]?\d+(?:\.\d+)?", str: r"\S+"}


def name_of(handler):
    """As its author wrote it; partial objects and the like have none."""
    return getattr(handler, "__name__", None) or repr(handler)


def _kind(handler, name, kind):
    """The type of a capture. An annotation is a text where the author's file says so for all of them: `from
    __future__ import annotations`."""
    if kind is inspect.Parameter.empty:
        return str
    space = getattr(inspect.unwrap(handler), "__globals__", {})
    try:
        kind = typing.get_type_hints(types.SimpleNamespace(__annotations__={name: kind}), space)[name]
    except Exception:
        pass  # said below as it was written
    if not isinstance(kind, type) or kind not in KINDS:
        raise TypeError(f"{name_of(handler)}(): {name} is annotated as {getattr(kind, '__name__', kind)}; what a pattern "
                        "captures is int, float or str")
    return kind


def _check(text, fixed, names):
    """A brace that is none of a capture's is an error of writing."""
    if any(brace in part for part in fixed for brace in "{}"):
        raise ValueError(f"pattern {text!r}: a brace that is none of a capture's, which is {{name}}")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"pattern {text!r}: {{{twice[0]}}} is there twice")


def _check_parameters(handler, names, parameters, text):
    """Called as handler(event, name=value, ...)."""
    any_name = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    unknown = [name for name in names if name not in parameters and not any_name]
    if unknown:
        raise TypeError(f"{name_of(handler)}() has no parameter {unknown[0]!r} for pattern {text!r}")
    try:
        inspect.signature(handler).bind(None, **dict.fromkeys(names))
    except TypeError as why:
        raise TypeError(f"{name_of(handler)}(event, {', '.join(names)}) is how pattern {text!r} calls it: {why}".replace(
            "(event, )", "(event)")) from None


class Pattern:
    def __init__(self, text, handler):
        parts = re.split(r"\{(\w+)\}", text)
        _check(text, parts[0::2], parts[1::2])
        names, parameters = parts[1::2], inspect.signature(handler).parameters
        _check_parameters(handler, names, parameters, text)
        self.kinds = {n: _kind(handler, n, parameters[n].annotation) if n in parameters else str for n in names}
        last = names[-1] if names and not parts[-1] else None
        fields = [f"(?P<{n}>{'.*' if n == last and self.kinds[n] is str else KINDS[self.kinds[n]]})" for n in names]
        fixed = [re.escape(part) for part in parts[0::2]]
        self.re = re.compile("".join(a + b for a, b in zip(fixed, fields + [""])), re.S)

    def match(self, text):
        """The handler's arguments, or None."""
        found = self.re.fullmatch(text)
        return found and {name: self.kinds[name](value) for name, value in found.groupdict().items()}
