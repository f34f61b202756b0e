"""A bot in ten lines; Python 3.11 and python3-zmq are all it needs.

    import tutti
    bot = tutti.Bot("echo")

    @bot.message(",echo {text}")
    def echo(event, text: str):
        event.reply("ok, you said: " + text)

    bot.run()

Each event is handled at least once, in order, also over a kill of the bot or of tuttid: the cursor lies
in a file. SIGTERM ends a bot within 5 s: an event whose handler still waits for an answer then comes again, flagged, at
the next start. Where tuttid is, and which key opens its doors, is said in the constructor or, for containers, in
TUTTI_HOST, TUTTI_PORT, TUTTI_KEY (a file of `tutti keys new`), TUTTI_SERVER_KEY, TUTTI_STATE. A bot that reads
several tuttids names them by connect=["host:port", ...] or TUTTI_CONNECT, and has a cursor for each."""
try:
    import zmq  # noqa: F401
except ModuleNotFoundError:
    raise SystemExit("the package zmq is not there: apt install python3-zmq, for Debian's /usr/bin/python3; or pip install "
                     "pyzmq") from None
from . import wire
from .bot import Bot, CallFailed, Refused
from .cursor import Cursor
from .live import live

__all__ = ["Bot", "CallFailed", "Cursor", "Refused", "live", "wire"]
