"""The conversation: plain lines, commands and their errors, the flood, options, ends."""
import json
import os
import pty
import re
import select
import subprocess
import time

from client import DEADLINE, TOKEN, TUTTI, Sandbox, WebSocket, check, finish

# plain lines, as the demo shows them
s = Sandbox(json_lines=False)
s.tell(",echo hello")
check("what is typed is said", s.line() == "ada: ,echo hello")
status, _, message = s.rest("POST", "/channels/7/messages", {"content": "ok, you said:\nhello"})
check("what the bot answers is on one line", s.line() == "bot: ok, you said: hello")
s.rest("PUT", f"/channels/7/messages/{message['id']}/reactions/%F0%9F%98%84/@me")
check("a reaction is told", s.line() == 'bot: reacts with 😄 on "ok, you said: hello"')
s.rest("POST", "/channels/8/messages", {"content": "elsewhere"})
check("another channel is named", s.line() == "#random bot: elsewhere")
s.tell("/say content=\"\\u001b[31mred\" bot=true")
check("control characters do not reach a terminal", s.line() == "robot:  [31mred")
s.tell("/qit")
check("an unknown command names the nearest", "/quit" in s.line())
s.tell("/help")
lines = [s.line()]
while not lines[-1].startswith("Anything else"):
    lines.append(s.line())
check("/help lists the commands", {"/say", "/flood", "/fault", "/quit"} <= {word for line in lines for word in line.split()})
check("and fits a screen", len(lines) <= 22 and all(len(line) < 80 for line in lines), len(lines))
for line in ("/help flood", "/help /flood"):
    s.tell(line)
    check(f"{line} says one of them", s.line().startswith("/flood rate=N") and "many messages" in s.line())
s.tell("/help flod")
check("/help of none names the nearest", s.line() == "no command /flod; did you mean /flood? /help lists them")
s.tell("/help all")
lines = [s.line()]
while not lines[-1].startswith("/quit"):
    lines.append(s.line())
check("/help all says every one", any(line.startswith("/flood rate=N") for line in lines) and len(lines) > 90, len(lines))
s.child.stdin.close()
check("the end of its input ends it", s.child.wait(DEADLINE) == 0)

# errors name what is wrong
s = Sandbox()
for line, word in (("/say channel=99 content=x", "no channel 99"), ("/say channel=x", "no number"),
                   ("/say content=\"x", "does not close"), ("/acks maybe", "true or false"),
                   ("/close code=7", "1000 to 4999"), ("/close conn=4294967297", "at most 4294967295"),
                   ("/fault does=drop at=hello after=4294967296", "at most 4294967295"), ("/limits global=4294967296", "at most"), ("/rest status=9", "200 to 599"),
                   ("/rest scope=mine", "user, global or shared"), ("/react emoji=x", "no message"),
                   ("/dispatch t=X d={x}", ""), ("/dispatch", "t is missing"),
                   ('/dispatch t="A\\"B"', "capital letters"), ("/hello heartbeat_ms=0", "1 or more"),
                   ("/flood rate=1 channels=0", "1 to 1000"), ("/limits max_concurrency=0", "1 or more"),
                   ("/channel", "id or name"), ("/guild", "id is missing"), ("/say", "50006"), ("/user id=5", "exists"), ("/ ", "no command")):
    s.tell(line)
    text = s.wait("error")["text"]
    check(f"error of {line}", word in text and text, text)

# the flood
w = WebSocket(s.port)
w.identify()
w.event("GUILD_CREATE")
s.tell('/flood rate=2000 seconds=1 content="n %d" channels=4')
got = []
while len(got) < 2000:
    got.append(w.event("MESSAGE_CREATE")["d"])
check("a flood counts from 0 without a gap", [m["content"] for m in got] == [f"n {i}" for i in range(2000)])
check("over four channels in turn", [m["channel_id"] for m in got[:5]] == ["7", "8", "9", "10", "7"])
check("and says when it is over", s.wait("flooded")["count"] == 2000)
s.tell("/quiet on")
s.tell("/flood rate=0 count=30000 content=%d")
n = 0
while n < 30000:
    n += w.recv()["d"]["content"] == str(n)
check("as fast as the connection takes it, exactly", s.wait("flooded")["count"] == 30000 and n == 30000)
s.tell("/drop")
w.closed()
s.tell("/flood rate=0 count=1000 content=%d")
check("without a connection it goes into the session", s.wait("flooded")["count"] == 1000)
s.tell("/flood rate=1 count=100000 content=x")
s.tell("/flood rate=1 content=x")
check("one at a time", "running" in s.wait("error")["text"])
s.tell('/guild id=4194304 name="two"')
s.tell("/guild id=4194304 unavailable=true")
s.tell("/user id=77 name=bob")
s.tell("/channel id=70 name=new")
s.tell("hi from there")
check("it ends with 0 while flooding", s.quit() == 0)

# options and ends


def run(*args, stdin=subprocess.DEVNULL):
    done = subprocess.run([TUTTI, "sandbox", *args], stdin=stdin, capture_output=True, text=True, timeout=DEADLINE)
    return done.returncode, done.stdout + done.stderr


check("--help", run("--help")[0] == 0 and "--heartbeat-ms" in run("--help")[1])
check("an unknown option", run("--nonsense")[0] == 64)
check("a stray word", run("nonsense")[0] == 64)
check("no number", run("--port", "x")[0] == 64 and run("--shards", "0")[0] == 64)
for args, said in ((["--porto", "1"], "unknown option --porto; did you mean --port? "), (["--nonsense"], "unknown option --nonsense; "),
                   (["--port"], "--port: its value is missing; "), (["--json=3"], "--json takes no value; "),
                   (["--tls", "a"], "--tls takes two files, the certificate and its key: --tls CERT KEY"),
                   (["--tls", "a", "--json"], "--tls takes two files, the certificate and its key: --tls CERT KEY"),
                   (["--tls", "/nonexistent.pem", "/nonexistent.key"],
                    "cannot read the certificate /nonexistent.pem: No such file or directory"),
                   (["--tls", __file__, __file__], f"{__file__} holds no certificate: PEM is wanted, -----BEGIN ..")):
    status, text = run(*args)
    check(f"{' '.join(args[:2])} is told what is wrong", status == 64 and text.startswith("tutti sandbox: " + said)
          and text.count("\n") == 1, (status, text))
with open("/dev/null", "rb") as null:
    child = subprocess.Popen([TUTTI, "sandbox"], stdin=null, stdout=subprocess.PIPE, text=True)
    address = child.stdout.readline().split()[1]
    status, text = run("--port", address.split(":")[2].split("/")[0])
    check("a port that is taken", status == 75 and "cannot listen" in text)
    check("without input it serves on", child.poll() is None)
    child.terminate()
    check("SIGTERM: 0", child.wait(DEADLINE) == 0)

# at a terminal
master, slave = pty.openpty()
child = subprocess.Popen([TUTTI, "sandbox", "--token", TOKEN], stdin=slave, stdout=slave, stderr=slave, close_fds=True)
os.close(slave)
seen = b""


def terminal(until):
    global seen
    end = time.monotonic() + DEADLINE
    while until not in seen and select.select([master], [], [], max(0, end - time.monotonic()))[0]:
        seen += os.read(master, 65536)
    return until in seen


check("a terminal has a prompt with the channel", terminal(b"#general> "))
os.write(master, b"hello\n")
check("and times and names", terminal(b"ada\x1b[0m  hello"))
check("and why no bot hears it", terminal(b"No bot hears this: none is connected"))
os.write(master, b"again\n/channel id=8\n")
check("the prompt follows", terminal(b"#random> "))
check("that was said once", seen.count(b"No bot hears") == 1)
os.write(master, b"/channel name=plans\n")
check("what is made is told", terminal(b"made #plans (id ") and terminal(b"#plans> "))
address = re.search(rb":(\d+)/api", seen)
w = WebSocket(int(address[1]))
w.identify()
check("who identifies is a gateway or a library, not the bot",
      terminal(b"tuttid (or a library) is connected: connection 1, shard 0 of 1") and b"the bot is here" not in seen)
os.write(master, b"\x04")
check("Ctrl-D ends it", child.wait(DEADLINE) == 0)
finish()
