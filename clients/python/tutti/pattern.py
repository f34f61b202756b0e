"""Patterns of messages: words, and {name} for what varies; types come from the handler's annotations."""
import inspect
import re

KINDS = {int: r"[+-]?\d+", float: r"[+-]?\d+(?:\.\d+)?", str: r"\S+"}


class Pattern:
    def __init__(self, text, handler):
        parts = re.split(r"\{(\w+)\}", text)
        names, parameters = parts[1::2], inspect.signature(handler).parameters
        unknown = [name for name in names if name not in parameters]
        if unknown:
            raise TypeError(f"{handler.__name__}() has no parameter {unknown[0]!r} for pattern {text!r}")
        self.kinds = {n: parameters[n].annotation if parameters[n].annotation in KINDS else str for n in names}
        last = names[-1] if names and not parts[-1] else None
        fields = [f"(?P<{n}>{'.*' if n == last and self.kinds[n] is str else KINDS[self.kinds[n]]})" for n in names]
        fixed = [re.escape(part) for part in parts[0::2]]
        self.re = re.compile("".join(a + b for a, b in zip(fixed, fields + [""])), re.S)

    def match(self, text):
        """The handler's arguments, or None."""
        found = self.re.fullmatch(text)
        return found and {name: self.kinds[name](value) for name, value in found.groupdict().items()}
