"""A world whose TCP is CURVE: keys by `tutti keys new`, an allow list that can be changed."""
import os
import re

import zmq

from tutti import World


GUARDED = 3  # roles with a door: each reads the list


class Guarded(World):
    def __init__(self, name, *bots, **settings):
        super().__init__(name)
        self.rights, self.keys = {}, {}
        os.mkdir(os.path.join(self.dir, "keys"))
        for bot in ("tuttid", *bots):
            self.new_key(bot)
        self.allow_path = os.path.join(self.dir, "allow")
        self.config(zmq__curve_key=self.key_file("tuttid"), zmq__allow=self.allow_path, **settings)
        self.write_allow()

    def key_file(self, name):
        return os.path.join(self.dir, "keys", name + ".key")

    def new_key(self, name):
        """Makes the pair and, but for tuttid, its line in the list."""
        out = self.run("tutti", "keys", "new", name, os.path.join(self.dir, "keys"), exit=0)
        line = re.search(rf"^{re.escape(name)} (\S{{40}})$", out, re.M)
        with open(self.key_file(name), encoding="ascii") as f:
            secret = re.search(r'^secret = "(.{40})"$', f.read(), re.M)[1]
        self.keys[name] = line[1].encode(), secret.encode()
        if name != "tuttid":
            self.rights[name] = ""

    def write_allow(self):
        """Replaces the file, as an editor does."""
        with open(self.allow_path + ".new", "w", encoding="ascii") as f:
            f.write("# bots\n")
            for name, rights in self.rights.items():
                f.write(f"{name} {self.keys[name][0].decode()} {rights}\n")
        os.replace(self.allow_path + ".new", self.allow_path)

    def allow(self, **rights):
        """Rights by name, None takes the line out; waits until all roles with a door have read the list."""
        for name, words in rights.items():
            if words is None:
                self.rights.pop(name, None)
            else:
                self.rights[name] = words
        before = self.main.count(r" allow_read ")
        self.write_allow()
        self.main.until(lambda: self.main.count(r" allow_read ") >= before + GUARDED or None, "the list in each role")

    def curve(self, sock, name, server=None):
        """Makes the socket speak with the key of that name."""
        sock.curve_publickey, sock.curve_secretkey = self.keys[name]
        sock.curve_serverkey = server or self.keys["tuttid"][0]
        sock.linger = 0
        return sock

    def socket(self, kind, door, name, topics=(b"",)):
        sock = self.curve(zmq.Context.instance().socket(kind), name)
        for topic in topics if kind == zmq.SUB else ():
            sock.subscribe(topic)
        sock.connect(f"tcp://127.0.0.1:{self.port + door}")
        return sock

    def far(self, name, host="127.0.0.1"):
        """The environment of a Python or JavaScript bot that comes by TCP with that key."""
        return {"TUTTI_HOST": host, "TUTTI_PORT": str(self.port), "TUTTI_KEY": self.key_file(name),
                "TUTTI_SERVER_KEY": self.keys["tuttid"][0].decode(), "XDG_RUNTIME_DIR": "/nowhere",
                "TUTTI_STATE": os.path.join(self.dir, "far")}
