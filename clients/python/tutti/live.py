"""The live door: whatever passes, best effort, for dashboards and curiosity."""
import logging
import time

import zmq

from . import wire
from .door import Doors

KEY_PAUSE = 10
log = logging.getLogger("tutti")


def live(*topics, **where):
    """Events as they pass; topics are prefixes, none of them means all."""
    doors = Doors(**where)
    while True:
        line = doors.connect("live", zmq.SUB, *(topics or ("",)))
        try:
            yield from _until_refused(line)
        finally:
            line.close()
        time.sleep(KEY_PAUSE)


def _until_refused(line):
    poller = zmq.Poller()
    for sock in (line.sock, line.monitor):
        poller.register(sock, zmq.POLLIN)
    while True:
        ready = dict(poller.poll())
        if line.sock in ready:
            _, header, payload, *_ = line.sock.recv_multipart()
            yield wire.Event(header, payload)
        elif why := line.refused():
            log.error("key_refused endpoint=%s reason=%r again_in_s=%d", line.endpoint, why, KEY_PAUSE)
            return
