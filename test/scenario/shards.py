"""1, 4 and 64 shards with max_concurrency 1, 2 and 16: identifies 5 s apart for each key and the keys' rounds in
order, every shard resumed over a lost network and a restart. All combinations: shards_long.py."""
import sys

import fleet

sys.exit(fleet.play_all([(64, 16, "none", True), (4, 2, "zstd-stream", True), (1, 1, "zlib-stream", False)], 3) > 0)
