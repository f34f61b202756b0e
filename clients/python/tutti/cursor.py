"""How far a bot has come, in a file: one line, overwritten in place by one write of one block, so that a
kill at any moment leaves the old line or the new one. At its end stands a sum of the numbers."""
import fcntl
import logging
import os
import re
import shutil
import zlib

SIZE = 64
LINE = re.compile(rb"(\d{1,20} \d{1,20}) \.(?: ([0-9a-f]{8}))? *\n")  # before there were sums: without
log = logging.getLogger("tutti")


class Cursor:
    """epoch 0: there is none yet. Without lock() it is in memory only."""

    def __init__(self, path):
        self.epoch = self.pos = 0
        self.path, self.is_ours = path, False
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def lock(self):
        """False: another process of this bot has it still. What was done in memory before is written down."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self.is_ours = True
        epoch, pos = self.read() or self._put_aside()
        if self.epoch and (self.epoch != epoch or self.pos > pos):
            self._write()
        else:
            self.epoch, self.pos = epoch, pos
        return True

    def read(self):
        """(epoch, pos) as the file has them, be it another process's; None: it is damaged."""
        text = os.pread(self.fd, SIZE, 0)
        line = LINE.fullmatch(text)
        if line and line[2] in (None, b"%08x" % zlib.crc32(line[1])):
            epoch, pos = line[1].split()
            return int(epoch), int(pos)
        return None if text else (0, 0)

    def _put_aside(self):
        shutil.copyfile(self.path, self.path + ".bad")
        os.ftruncate(self.fd, 0)
        log.warning("cursor_bad reason='%s was put aside as %s.bad: it is damaged'", self.path,
                    os.path.basename(self.path))
        return 0, 0

    def put(self, epoch, pos):
        if epoch == self.epoch and pos <= self.pos:
            return
        self.epoch, self.pos = epoch, pos
        if self.is_ours:
            self._write()

    def _write(self):
        numbers = b"%d %d" % (self.epoch, self.pos)
        os.pwrite(self.fd, (b"%s . %08x" % (numbers, zlib.crc32(numbers))).ljust(SIZE - 1) + b"\n", 0)

    def close(self):
        os.close(self.fd)
