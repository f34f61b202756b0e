"""Many shards: who identifies when, and that all of them resume, over a lost network and a restart."""
import concurrent.futures
import os
import signal
import subprocess
import tempfile

from tutti import ROOT, Failed, World

PAUSE = 5.25  # seconds between two identifies of a key


class Fleet:
    """The number of shards comes from GET /gateway/bot."""

    def __init__(self, world, shards, keys):
        self.world, self.shards, self.keys = world, shards, keys

    def each(self, what, deadline, **fields):
        """Waits until it was seen once more for every shard."""
        def enough():
            seen = self.world.fake.all(what, **fields)
            return seen if len(seen) >= self.rounds * self.shards else None
        return self.world.fake.until(enough, f"{self.rounds * self.shards} x {what} {fields}", deadline)

    def identify(self):
        """In order of the keys' rounds, and as many at a time as there are keys."""
        self.rounds, rounds = 1, -(-self.shards // self.keys)
        self.each("session", (rounds - 1) * PAUSE + 25, resumed=False)
        order = [h["d"]["shard"] for h in self.world.fake.all("recv", op=2)]
        if sorted(order) != [[i, self.shards] for i in range(self.shards)]:
            raise Failed(f"identified: {order}")
        turns = [shard // self.keys for shard, _ in order]
        if turns != sorted(turns):
            raise Failed(f"not in order of their rounds: {order}")
        self.world.metric("gateway_shards_ready", lambda n: n == self.shards)

    def resume(self):
        self.each("session", 40, resumed=True)
        if len(self.world.fake.all("recv", op=2)) != self.shards:
            raise Failed("somebody identified again")
        self.world.metric("gateway_shards_ready", lambda n: n == self.shards)

    def events(self):
        """One for each shard, which comes once."""
        w, before = self.world, self.world.metric("gateway_events", lambda n: True)
        for shard in range(self.shards):
            w.discord("dispatch", t="TO_A_SHARD", d={"shard": shard}, guild=shard << 22)
        w.metric("gateway_events", lambda n: n == before + self.shards)

    def run(self):
        self.world.gateway()
        self.identify()
        self.events()
        self.world.discord("drop")
        self.resume()
        self.events()
        self.world.main.kill(signal.SIGTERM)
        self.world.main.wait(0)
        if len(self.world.fake.all("closed", by="client", code=4000)) != self.shards:
            raise Failed("not every session was kept")
        self.rounds = 2
        self.world.gateway()
        self.resume()
        self.events()


def play(shards, keys, compress, folder, is_tls):
    title = f"{shards} shards, max_concurrency {keys}, {compress}, {'TLS' if is_tls else 'plain'}"
    args = ["--shards", str(shards), "--max-concurrency", str(keys)]
    try:
        with World(title) as w:
            if is_tls:
                args += ["--tls", f"{folder}/good.pem", f"{folder}/good.key"]
                w.config(discord__ca_file=f"{folder}/ca.pem")
            w.sandbox(*args)
            w.config(discord__compress=compress, log__level="info")
            Fleet(w, shards, keys).run()
        print("ok " + title, flush=True)
        return 0
    except Failed as why:
        print(f"not ok {title}: {why}", flush=True)
        return 1


def play_all(plays, at_a_time):
    """(shards, max_concurrency, compress, whether over TLS with a private authority); failures."""
    with tempfile.TemporaryDirectory(prefix="tutti-certs-") as folder, \
            concurrent.futures.ThreadPoolExecutor(at_a_time) as pool:
        subprocess.run([os.path.join(ROOT, "tools/test-certs"), folder], check=True, capture_output=True)
        jobs = [pool.submit(play, shards, keys, compress, folder, is_tls) for shards, keys, compress, is_tls in plays]
        return sum(job.result() for job in jobs)
