#!/usr/bin/env python3
"""A plain subscriber of the live door: any ZeroMQ library can do this.     live.py HOST PORT [TOPIC ...]"""
import struct
import sys

import zmq

sock = zmq.Context.instance().socket(zmq.SUB)
for topic in sys.argv[3:] or [""]:
    sock.subscribe(topic)
sock.connect(f"tcp://{sys.argv[1]}:{sys.argv[2]}")
while True:
    topic, header, payload, *_ = sock.recv_multipart()
    pos, = struct.unpack_from("<Q", header, 16)
    print(pos, topic.decode(), payload[:60].decode(errors="replace"), flush=True)
