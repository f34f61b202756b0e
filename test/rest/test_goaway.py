#!/usr/bin/env python3
"""An HTTP/2 server that goes away, refuses streams and cuts connections with requests on them: messages are sent again,
other POSTs never are.

A few frames of HTTP/2 by hand: no server can be told to behave like this."""
import os
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading

from caller import Rest, check
from tutti import ROOT

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, END_HEADERS, ACK = 1, 4, 1
OK_204 = b"\x89"  # HPACK: index 9 of the static table, :status 204


class Server:
    """Answers 204; what `plan` says of the n-th request in all is done instead."""

    def __init__(self, certs, plan):
        self.plan, self.requests, self.connections = plan, 0, 0
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(f"{certs}/good.pem", f"{certs}/good.key")
        self.tls.set_alpn_protocols(["h2"])
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.socket.getsockname()[1]}/api/v10"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(plain,), daemon=True).start()

    def serve(self, plain):
        self.connections += 1
        try:
            with self.tls.wrap_socket(plain, server_side=True) as sock:
                self.talk(sock)
        except OSError:
            pass

    @staticmethod
    def read(sock, n):
        out = b""
        while len(out) < n:
            more = sock.recv(n - len(out))
            if not more:
                raise ConnectionError
            out += more
        return out

    @staticmethod
    def frame(sock, kind, flags, stream, payload=b""):
        sock.sendall(struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload)

    def talk(self, sock):
        self.read(sock, 24)  # the preface
        self.frame(sock, SETTINGS, 0, 0)
        answered = 0
        while True:
            head = self.read(sock, 9)
            n, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            stream = int.from_bytes(head[5:], "big") & 0x7FFFFFFF
            payload = self.read(sock, n)
            if kind == SETTINGS and not flags & ACK:
                self.frame(sock, SETTINGS, ACK, 0)
            elif kind == PING and not flags & ACK:
                self.frame(sock, PING, ACK, 0, payload)
            elif kind in (HEADERS, DATA) and flags & END_STREAM:
                self.requests += 1
                if not self.answer(sock, stream, answered):
                    return
                answered = stream

    def answer(self, sock, stream, answered):
        what = self.plan.get(self.requests)
        if what == "goaway":
            self.frame(sock, GOAWAY, 0, 0, struct.pack(">II", answered, 0))
            return False
        if what == "refuse":
            self.frame(sock, RST_STREAM, 0, stream, struct.pack(">I", 7))
        elif what == "cut":
            return False
        else:
            self.frame(sock, HEADERS, END_STREAM | END_HEADERS, stream, OK_204)
        return True


def main(certs):
    server = Server(certs, {3: "goaway", 6: "refuse", 9: "cut", 12: "goaway", 14: "refuse", 16: "cut"})
    with Rest("goaway", server.url, discord__ca_file=f"{certs}/ca.pem") as rest:
        bot = rest.caller()

        def thread():
            return bot.call("POST", "/channels/7/threads", body={"name": "x"})[0]

        check("requests go by HTTP/2", bot.say()[0] == 204 and thread() == 204 and server.connections == 1)
        for how in ("goaway", "refuse", "cut"):
            before = server.requests
            check(f"{how}: a message is sent again", bot.say()[0] == 204 and server.requests == before + 2)
            check(f"{how}: the connection after it serves", thread() == 204)
        for how in ("goaway", "refuse", "cut"):
            before = server.requests
            check(f"{how}: another POST is not, and is unknown", thread() == 0 and server.requests == before + 1)
            check(f"{how}: the next one goes on a new connection", thread() == 204)
    server.socket.close()


if __name__ == "__main__":
    directory = tempfile.mkdtemp(prefix="tutti-certs-")
    try:
        subprocess.run([os.path.join(ROOT, "tools/test-certs"), directory], check=True, stdout=subprocess.DEVNULL)
        main(directory)
    finally:
        shutil.rmtree(directory)
