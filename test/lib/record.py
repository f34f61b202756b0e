"""The bot test/bots/record.c: how it is started, and what it wrote down."""
import os


def start(w, name, **env):
    return w.start(name, [os.path.join(os.path.dirname(w.daemon), "test/record"), "--config", w.config_path], env)


def rows(path):
    """(kind, pid, pos, flags, guild, content) of each line."""
    with open(path, encoding="utf-8") as f:
        for line in f:
            words = line.rstrip("\n").split(" ", 12)
            if words[0] == "b":
                yield words[0], int(words[1]), int(words[3]), int(words[7]), int(words[8]), words[12]
            elif words[0] == "e":
                yield words[0], int(words[1]), int(words[3]), 0, 0, ""
