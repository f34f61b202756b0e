"""Questions with an id, and their answers, over one socket that is made when it is needed."""
import json
import logging
import struct
import time

import zmq

PAUSE_MOST = 8  # seconds from a refused handshake to the next, doubled from 1
log = logging.getLogger("tutti")


class Asker:
    """Of a Gate and its thread; meanwhile() is called again and again while a question waits."""

    def __init__(self, doors, door, meanwhile):
        self.doors, self.door, self.meanwhile = doors, door, meanwhile
        self.line, self.open_at, self.pause = None, 0, 0

    def ask(self, ident, end, may_repeat, frames):
        """(status, answer); frames(left_ms) makes the question, asked again where that does no harm."""
        wait, again = 1, 0
        while (now := time.monotonic()) < end + 2:
            self.look()
            if now >= again and self._send(frames(max(1, int((end - now) * 1000)))):
                again = now + wait if may_repeat else end + 3
                wait = min(8, wait * 2)
            if not self.line:
                time.sleep(0.2)
            elif self.line.sock.poll(200):
                got, status, text, *_ = self.line.sock.recv_multipart()[self.door == "events":]
                self.pause = 0
                if got == ident:
                    return struct.unpack("<H", status)[0], json.loads(text)
            self.meanwhile()
        return 0, {"message": "no answer from tuttid before the deadline"}

    def look(self):
        """Gives a socket up whose handshake was refused."""
        why = self.line and self.line.refused()
        if not why:
            return
        self.pause = min(self.pause * 2, PAUSE_MOST) or 1
        log.error("key_refused endpoint=%s reason=%r again_in_s=%d", self.line.endpoint, why, self.pause)
        self.close()
        self.open_at = time.monotonic() + self.pause

    def close(self):
        if self.line:
            self.line.close()
        self.line = None

    def _send(self, frames):
        """False: not now."""
        if not self.line and time.monotonic() < self.open_at:
            return False
        self.line = self.line or self.doors.connect(self.door, zmq.DEALER)
        try:
            self.line.sock.send_multipart(frames)
        except zmq.Again:
            return False
        return True
