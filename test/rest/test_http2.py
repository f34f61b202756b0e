#!/usr/bin/env python3
"""TLS and HTTP/2: certificates are verified, and requests share one connection.

nghttpx (Debian: nghttp2-proxy) speaks HTTP/2 in front of the stub; skipped where it is missing."""
import os
import queue
import shutil
import subprocess
import tempfile
import threading

from caller import MESSAGES, Rest, check
from stub import Stub
from tutti import DEADLINE, ROOT, free_ports


class Proxy:
    """nghttpx in front of a stub; it says one line a request: client's port, protocol."""

    def __init__(self, certs, cert, backend):
        self.port, self.seen, self.said = free_ports(), [], queue.Queue()
        self.child = subprocess.Popen(
            ["nghttpx", "--conf=/dev/null", f"--frontend=127.0.0.1,{self.port}", f"--backend=127.0.0.1,{backend}",
             "--workers=1", "--accesslog-format=request $remote_port $alpn", "--accesslog-file=/dev/stdout",
             "--errorlog-file=/dev/stdout", f"{certs}/{cert}.key", f"{certs}/{cert}.pem"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self.read, daemon=True).start()
        while "Listening on" not in self.said.get(timeout=DEADLINE):
            pass

    def read(self):
        for line in self.child.stdout:
            self.said.put(line.rstrip())

    def lines(self, count):
        """Of so many requests; they come a little after the answers."""
        while len(self.seen) < count:
            line = self.said.get(timeout=DEADLINE)
            if line.startswith("request "):
                self.seen.append(line)
        return self.seen

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()


def reuse(certs, stub, proxy):
    url = f"https://localhost:{proxy.port}/api/v10"
    with Rest("http2", url, discord__ca_file=f"{certs}/ca.pem") as rest:
        bot = rest.caller()
        stub.delay = 0.05
        idents = [bot.send("POST", MESSAGES, {"channel_id": str(i)}, {"content": "x"}) for i in range(40)]
        check("HTTP/2: 40 requests are answered", all(bot.wait(i)[0] == 200 for i in idents))
        proxy.lines(40)
        check("and one when nothing is under way", bot.say()[0] == 200)
        lines = [line for line in proxy.lines(41) if line.endswith("h2")]
        check("all of them by HTTP/2", len(lines) == 41, len(lines))
        check("over one connection", len(set(lines)) == 1, set(lines))


def refused(certs, name, url, why):
    with Rest("tls-" + name, url, discord__ca_file=f"{certs}/ca.pem") as rest:
        status, _ = rest.caller().say(deadline_ms=1500)
        check(f"{why} is not spoken to", status == 1, status)


def main():
    certs = tempfile.mkdtemp(prefix="tutti-certs-")
    try:
        subprocess.run([os.path.join(ROOT, "tools/test-certs"), certs], check=True, stdout=subprocess.DEVNULL)
        with Stub() as stub:
            with Proxy(certs, "good", stub.port) as proxy:
                reuse(certs, stub, proxy)
                before = len(stub.requests)
                url = f"https://127.0.0.1:{proxy.port}/api/v10"
                with Rest("tls-system", url) as rest:
                    status, _ = rest.caller().say(deadline_ms=1500)
                    check("without ca_file the test's authority is not trusted", status == 1, status)
            for cert, why in (("expired", "an expired certificate"), ("foreign", "a certificate of another authority"),
                              ("wronghost", "a certificate of another host")):
                with Proxy(certs, cert, stub.port) as proxy:
                    refused(certs, cert, f"https://localhost:{proxy.port}/api/v10", why)
            check("and gets no request", len(stub.requests) == before)
    finally:
        shutil.rmtree(certs)


if __name__ == "__main__":
    if shutil.which("nghttpx"):
        main()
    else:
        print("ok HTTP/2 reuse # SKIP no nghttpx")
