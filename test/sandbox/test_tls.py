"""The sandbox over TLS: REST and gateway, closed and reset; only good certificates are believed."""
import os
import socket
import ssl
import subprocess
import tempfile

from client import ROOT, TOKEN, TUTTI, Sandbox, WebSocket, check, finish

with tempfile.TemporaryDirectory() as home:
    subprocess.run([os.path.join(ROOT, "tools/test-certs"), home], check=True)
    trust = ssl.create_default_context(cafile=f"{home}/ca.pem")

    class Secure(WebSocket):
        def connect(self, port):
            return trust.wrap_socket(super().connect(port), server_hostname="127.0.0.1")

    def refused(kind):
        s = Sandbox("--tls", f"{home}/{kind}.pem", f"{home}/{kind}.key")
        try:
            Secure(s.port)
            return "accepted"
        except ssl.SSLCertVerificationError as why:
            return why.verify_message
        finally:
            check(f"{kind}: it ends with 0", s.quit() == 0)

    s = Sandbox("--tls", f"{home}/good.pem", f"{home}/good.key")
    check("the address is https", s.url.startswith("https://127.0.0.1:"))
    w = Secure(s.port, "v=10&encoding=json&compress=zlib-stream")
    w.identify()
    ready = w.event("READY")["d"]
    check("READY over TLS, with a wss address for the resume", ready["resume_gateway_url"].startswith("wss://"))
    s.tell("/flood rate=0 count=3000 content=\"%d " + "x" * 500 + "\"")
    check("many events over TLS", [w.event("MESSAGE_CREATE")["d"]["content"].split()[0] for _ in range(3000)]
          == [str(i) for i in range(3000)])
    s.tell("/drop")
    s.wait("closed")
    with socket.socket(fileno=os.dup(w.sock.fileno())) as below:  # Python's TLS calls a reset an end
        try:
            check("drop is a reset, also under TLS", below.recv(1) is None)
        except ConnectionResetError:
            check("drop is a reset, also under TLS", True)
    w = Secure(int(ready["resume_gateway_url"].rsplit(":", 1)[1]))
    w.op(10)
    w.send(6, {"token": TOKEN, "session_id": ready["session_id"], "seq": 3000})
    check("resumed over TLS", w.event("RESUMED")["s"] == 3003)
    s.tell("/close code=4009")
    check("a close code arrives before the end", w.closed() == 4009)
    plain = socket.create_connection(("127.0.0.1", s.port))
    plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
    plain.close()
    check("no TLS at all is survived", Secure(s.port).op(10)["op"] == 10)
    check("it ends with 0", s.quit() == 0)
    check("an expired certificate", "expired" in refused("expired"))
    mixed = subprocess.run([TUTTI, "sandbox", "--tls", f"{home}/good.pem", f"{home}/foreign.key"], capture_output=True, text=True)
    check("the key of another certificate", mixed.returncode == 64 and f"the key {home}/foreign.key is that of another certificate"
          in mixed.stderr, mixed.stderr)
    check("a certificate for another host", "mismatch" in refused("wronghost"))
    check("a certificate by a stranger", "local issuer" in refused("foreign"))
finish()
