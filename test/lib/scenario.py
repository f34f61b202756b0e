"""Reads a scenario (test/scenario/*.tt): a conversation between fake Discord, tuttid and bots.

One step a line, words as in a shell:

    title    a bot answers, and nothing is lost over a reconnect
    config   discord.compress=none            before the start of who reads it
    sandbox  [arguments]                      the fake Discord
    tuttid   [arguments]                      starts it, waits until all roles serve
    bot NAME PATH [arguments]                 starts it, waits for its welcome
    start NAME PATH [arguments]               the same without waiting

    discord COMMAND key=value ...             a line of the sandbox's language (say, close, ...)
    discord expect WHAT key=value ...         waits for a happening; keys are dotted paths
    discord count WHAT key=value ... OP N     waits until so many were seen
    discord never WHAT key=value ...          fails if one was seen so far
    NAME says REGEX                           waits for a line of that process
    NAME quiet REGEX                          fails if a line matched so far
    NAME kill | term | wait exit=N            NAME: a bot, or tuttid
    kill gateway|bus|live|rest                SIGKILL to a role; waits until all serve again
    metric NAME OP N                          waits until the counter is so
    run [exit=N] COMMAND ...                  a program of the build directory, to its end
    output REGEX                              the last run's output matches
    violations allowed                        the scenario breaks Discord's rules on purpose
"""
import operator
import os
import re
import shlex
import signal
import sys

from tutti import Failed, World, matches

OPERATORS = {"==": operator.eq, ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


def pairs(words):
    return dict(word.split("=", 1) for word in words)


def number(text):
    return int(text) if re.fullmatch(r"-?\d+", text) else text


class Scenario:
    def __init__(self, path, verbose=False):
        self.path = path
        self.world = World(os.path.basename(path), verbose)
        self.output = ""

    def play(self):
        with self.world, open(self.path, encoding="utf-8") as f:
            for place, line in enumerate(f, 1):
                words = shlex.split(line, comments=True)
                if not words:
                    continue
                self.world.say("scenario", f"{place}: {line.strip()}")
                try:
                    self.step(words)
                except (Failed, KeyError, ValueError, OSError, IndexError) as why:
                    raise Failed(f"{self.path}:{place}: {why}") from None

    def step(self, words):
        verb, rest = words[0], words[1:]
        method = getattr(self, "do_" + verb, None)
        if method:
            method(*rest)
        elif verb in self.world.bots or verb == "tuttid":
            self.party(self.world.bots.get(verb), *rest)
        else:
            raise Failed(f"no such step: {verb}")

    def do_title(self, *words):
        pass

    def do_violations(self, _):
        self.world.allow_violations = True

    def do_config(self, *words):
        for key, value in pairs(words).items():
            if value.startswith("["):
                value = [number(v) for v in value.strip("[]").split(",") if v]
            self.world.config(**{key.replace(".", "__"): number(value) if isinstance(value, str) else value})

    def do_sandbox(self, *args):
        self.world.sandbox(*args)

    def do_tuttid(self, *args):
        if args and args[0] in ("says", "quiet", "kill", "term", "wait"):
            self.party(self.world.main, *args)
        else:
            self.world.tuttid(*args)

    def do_bot(self, name, path, *args):
        self.world.bot(name, path, *args)

    def do_start(self, name, path, *args):
        self.world.bot(name, path, *args, wait=False)

    def do_kill(self, role):
        os.kill(self.world.role[role], signal.SIGKILL)
        self.world.roles()

    def do_discord(self, command, *words):
        if command == "expect":
            self.world.expect(words[0], **pairs(words[1:]))
        elif command == "never":
            seen = self.world.fake.all(words[0], **pairs(words[1:]))
            if seen:
                raise Failed(f"seen: {seen[0]}")
        elif command == "count":
            self.count(words[0], pairs(words[1:-2]), OPERATORS[words[-2]], int(words[-1]))
        else:
            plain = [word for word in words if "=" not in word]
            keyed = [word for word in words if "=" in word]
            self.world.discord(" ".join([command, *plain]), **{k: number(v) for k, v in pairs(keyed).items()})

    def count(self, what, fields, compare, wanted):
        fake = self.world.fake

        def enough():
            n = sum(1 for h in fake.happenings if matches(h, what, fields))
            return n if compare(n, wanted) else None
        fake.until(enough, f"{wanted} x {what} {fields}")

    def do_metric(self, name, compare, wanted):
        self.world.metric(name, lambda v: OPERATORS[compare](v, int(wanted)))

    def do_run(self, *words):
        exit = 0
        if words[0].startswith("exit="):
            exit, words = int(words[0][5:]), words[1:]
        words = [w.replace("$CONFIG", self.world.config_path).replace("$DIR", self.world.dir)
                 .replace("$PORT", str(self.world.port)) for w in words]
        self.output = self.world.run(*words, exit=exit)

    def do_output(self, pattern):
        if not re.search(pattern, self.output, re.M):
            raise Failed(f"no /{pattern}/ in the output")

    def party(self, process, verb, *words):
        if process is None:
            raise Failed("it was not started")
        if verb == "says":
            process.wait_line(words[0])
        elif verb == "quiet":
            if process.count(words[0]):
                raise Failed(f"a line matched /{words[0]}/")
        elif verb == "kill":
            process.kill()
            process.wait()
        elif verb == "term":
            process.kill(signal.SIGTERM)
        elif verb == "wait":
            process.wait(int(pairs(words)["exit"]))
        else:
            raise Failed(f"no such verb: {verb}")


if __name__ == "__main__":
    try:
        Scenario(sys.argv[-1], verbose="-v" in sys.argv).play()
        print(f"ok {os.path.basename(sys.argv[-1])}")
    except Failed as why:
        print(f"not ok {os.path.basename(sys.argv[-1])}: {why}")
        sys.exit(1)
