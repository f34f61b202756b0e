"""How far a bot has come, in a file: one line, overwritten in place by one write of one block, so that a
kill at any moment leaves the old line or the new one."""
import fcntl
import os
import time

SIZE = 64


class Cursor:
    """epoch 0: there is none yet. With lock() the file is this process's own."""

    def __init__(self, path):
        self.epoch = self.pos = 0
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def lock(self, seconds=0):
        """False: another process of this bot has it still."""
        end = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    return False
                time.sleep(0.02)
        words = os.pread(self.fd, SIZE, 0).split()
        if len(words) == 3 and words[2] == b".":
            self.epoch, self.pos = int(words[0]), int(words[1])
        return True

    def put(self, epoch, pos):
        if epoch == self.epoch and pos <= self.pos:
            return
        self.epoch, self.pos = epoch, pos
        os.pwrite(self.fd, (b"%d %d ." % (epoch, pos)).ljust(SIZE - 1) + b"\n", 0)

    def close(self):
        os.close(self.fd)
