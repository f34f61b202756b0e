#!/usr/bin/python3
"""So many plain subscribers of the live door, each with a subscription of its own, as raw ZMTP 3.0: one
descriptor each, where libzmq takes two. Says "connected N" and stays until its stdin ends.
    crowd.py PORT N"""
import resource
import socket
import sys

port, n = map(int, sys.argv[1:])
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
READY_BODY = b"\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"
READY = b"\x04" + bytes([len(READY_BODY)]) + READY_BODY


def read(sock, n):
    got = b""
    while len(got) < n:
        more = sock.recv(n - len(got))
        if not more:
            sys.exit(f"the bus hung up after {len(crowd)}")
        got += more
    return got


def subscriber(i):
    sock = socket.create_connection(("127.0.0.1", port), 30)
    sock.sendall(GREETING)
    read(sock, 64)
    sock.sendall(READY)
    read(sock, read(sock, 2)[1])
    body = f"\x01MESSAGE_CREATE.1.{i}.".encode()
    sock.sendall(b"\x00" + bytes([len(body)]) + body)
    return sock


soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if soft < n + 50:
    resource.setrlimit(resource.RLIMIT_NOFILE, (n + 50, max(hard, n + 50)))
crowd = []
for i in range(n):
    crowd.append(subscriber(i))
print("connected", len(crowd), flush=True)
sys.stdin.read()
