"""A resume from before what is kept, while the connection before it still hangs on the session."""
import threading

from client import TOKEN, Sandbox, WebSocket, check, finish

s = Sandbox("--no-limits")
hanging = WebSocket(s.port)
hanging.op(10)
hanging.send(2, {"token": TOKEN, "intents": 33281, "properties": {}})
session = hanging.event("READY")["d"]["session_id"]


def drain():
    try:
        while hanging.sock.recv(1 << 20):
            pass
    except OSError:
        pass


threading.Thread(target=drain, daemon=True).start()
s.tell(f'/flood rate=40000 seconds=3 content="{"x" * 1000}"')  # above what a session keeps
s.wait("flooded")
late = WebSocket(s.port)
late.op(10)
late.send(6, {"token": TOKEN, "session_id": session, "seq": 1})
check("what is no longer kept cannot be resumed", late.op(9)["d"] is False)
s.tell("/repeat count=5")
s.tell('/say content="after"')
late.send(2, {"token": TOKEN, "intents": 33281, "properties": {}})
check("and the connection before hangs on nothing", late.event("READY")["d"]["session_id"] != session)
check("the sandbox ends as it should", s.quit() == 0)
finish()
