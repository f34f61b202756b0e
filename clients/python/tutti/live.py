"""The live door: whatever passes, best effort, for dashboards and curiosity."""
import zmq

from . import wire
from .door import Doors


def live(*topics, **where):
    """Events as they pass; topics are prefixes, none of them means all."""
    sock, _ = Doors(**where).connect("live", zmq.SUB, *(topics or ("",)))
    while True:
        _, header, payload, *_ = sock.recv_multipart()
        yield wire.Event(header, payload)
