"""Reads a Containerfile, and says what is wrong with it: what hadolint would, as far as our file uses it."""
import json
import re

WORDS = {"FROM", "COPY", "RUN", "USER", "ENV", "VOLUME", "ENTRYPOINT", "CMD", "WORKDIR", "ARG", "LABEL", "EXPOSE"}


def instructions(text):
    """(line, word, arguments) of each, continued lines joined."""
    out, start, so_far = [], 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if not so_far and (not line.strip() or line.lstrip().startswith("#")):
            continue
        start, so_far = start if so_far else number, so_far + line.rstrip("\\").rstrip() + " "
        if line.endswith("\\"):
            continue
        word, _, rest = so_far.strip().partition(" ")
        out.append((start, word, rest.strip()))
        so_far = ""
    if so_far:
        out.append((start, "", "a line that is continued by nothing"))
    return out


def stages(text):
    """Lists of instructions, each beginning with its FROM."""
    out = []
    for one in instructions(text):
        if one[1] == "FROM" or not out:
            out.append([])
        out[-1].append(one)
    return out


def of_apt(rest):
    if "apt-get install" not in rest:
        return
    if "apt-get update" not in rest.split("apt-get install")[0]:
        yield "install without update before it in the same RUN"
    for option in ("-y", "--no-install-recommends"):
        if option not in rest.split("apt-get install")[1]:
            yield f"apt-get install without {option}"


def of_one(word, rest, names, is_last):
    """names: of the stages before."""
    if word not in WORDS:
        yield f"{word or rest} is no instruction that is allowed here"
    if word == "FROM" and not re.fullmatch(r"[\w./-]+:(?!latest)[\w.-]+( AS \w+)?", rest):
        yield "FROM without a tag other than latest"
    if word == "RUN":
        yield from of_apt(rest)
        if is_last and "apt-get" in rest and "rm -rf /var/lib/apt/lists/*" not in rest:
            yield "the package lists stay in the image"
        if re.search(r"\bsudo\b|curl [^|]*\|", rest):
            yield "sudo, or a script from the network"
    if word == "COPY" and (source := re.search(r"--from=(\S+)", rest)) and source[1] not in names:
        yield f"COPY from a stage that is not there: {source[1]}"
    if word == "WORKDIR" and not rest.startswith("/"):
        yield "WORKDIR that is not absolute"
    if word in ("ENV", "ARG") and re.search(r"TOKEN|SECRET|PASSWORD", rest):
        yield "a secret in the image"
    if word in ("ENTRYPOINT", "CMD", "VOLUME") and not is_list(rest):
        yield f"{word} has to be a JSON array"


def is_list(text):
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False


def faults(text):
    """A sentence with its line for each."""
    out, names, all = [], [], stages(text)
    for stage in all:
        for line, word, rest in stage:
            out += [f"{line}: {what}" for what in of_one(word, rest, names, stage is all[-1])]
        names += re.findall(r" AS (\w+)$", stage[0][2])
    users = [rest for _, word, rest in (all[-1] if all else []) if word == "USER"]
    if not users or users[-1] in ("root", "0"):
        out.append("the image runs as root")
    return out
