"""Where tuttid's doors are, and sockets to them."""
import os
import re

import zmq
from zmq.utils.monitor import parse_monitor_message

from . import wire

ADD = {"live": 0, "events": 1, "call": 2}


def places(connect=None, **where):
    """The Doors of each tuttid that connect, a list or a text with commas, or TUTTI_CONNECT names: "host:port", and
    behind a blank its public key where it has its own; without them of the one that host and port name."""
    entries = os.environ.get("TUTTI_CONNECT", "") if connect is None else connect
    if isinstance(entries, str):
        entries = [e.strip() for e in entries.split(",") if e.strip()]
    return [Doors(**{**where, **_entry(text)}) for text in entries] or [Doors(**where)]


def _entry(text):
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d+))?(?:\s+(\S{40}))?", text.strip())
    if not found:
        raise ValueError(f"{text!r} is not host:port, with a public key of 40 characters behind a blank or without")
    all = {"host": found[1].strip("[]"), "port": found[2], "server_key": found[3]}
    return {"is_one_of_many": True, **{k: v for k, v in all.items() if v}}


def _port(value):
    if not re.fullmatch(r"\d{1,5}", str(value)) or not 0 < int(value) <= 65533:
        raise ValueError(f"the port is a number from 1 to 65533, not {value!r}")
    return int(value)


class Line:
    """A socket to a door, and the news of its handshakes. A refused one leaves it dead for ever, also where
    ZeroMQ was about to connect it again: close it and make another. Sending never blocks: zmq.Again."""

    def __init__(self, sock, endpoint):
        self.sock, self.endpoint = sock, endpoint
        self.monitor = sock.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)

    def refused(self):
        """Why, or None."""
        if not self.monitor.poll(0):
            return None
        what = parse_monitor_message(self.monitor.recv_multipart())["event"]
        return "tuttid does not allow this bot's key" if what == zmq.EVENT_HANDSHAKE_FAILED_AUTH else \
            "no handshake: TUTTI_SERVER_KEY is not tuttid's, or one side has no key"

    def close(self):
        self.sock.disable_monitor()
        self.monitor.close(0)
        self.sock.close()


class Doors:
    """name: of a directory, for what belongs to this tuttid and no other."""

    def __init__(self, host=None, port=None, key=None, server_key=None, is_one_of_many=False):
        self.host = host or os.environ.get("TUTTI_HOST", "127.0.0.1")
        self.port = _port(port or os.environ.get("TUTTI_PORT", 6000))
        self.name = f"{self.bare()}:{self.port}/" if is_one_of_many else ""
        key = key or os.environ.get("TUTTI_KEY")
        self.pair = wire.key_file(key) if key else None
        self.server_key = (server_key or os.environ.get("TUTTI_SERVER_KEY", "")).encode()
        if self.pair and len(self.server_key) != 40:
            raise ValueError("a key needs tuttid's public key beside it, 40 characters: TUTTI_SERVER_KEY")

    def endpoint(self, door):
        """The socket file where it is there, else TCP."""
        if self.host in ("127.0.0.1", "localhost", "::1"):
            for run in (os.environ.get("XDG_RUNTIME_DIR"), "/run"):
                path = f"{run}/tutti/{self.port}/{door}"
                if run and os.access(path, os.R_OK | os.W_OK):
                    return "ipc://" + path
        return f"tcp://{self.bare()}:{self.port + ADD[door]}"

    def bare(self):
        return f"[{self.host}]" if ":" in self.host else self.host

    def connect(self, door, kind, *topics):
        sock = zmq.Context.instance().socket(kind)
        sock.linger, sock.reconnect_ivl, sock.reconnect_ivl_max, sock.sndtimeo = 300, 50, 5000, 0
        if ":" in self.host:
            sock.ipv6 = True
        endpoint = self.endpoint(door)
        if self.pair and endpoint.startswith("tcp:"):
            sock.curve_publickey, sock.curve_secretkey = self.pair
            sock.curve_serverkey = self.server_key
        for topic in topics:
            sock.subscribe(topic)
        line = Line(sock, endpoint)
        sock.connect(endpoint)
        return line
