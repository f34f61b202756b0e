"""shards.py over all compressions, plain and TLS. 64 shards with few keys take minutes, so each of these is played
over one compression; all others over every one."""
import sys

import fleet

KINDS = [(compress, is_tls) for compress in ("zlib-stream", "zstd-stream", "none") for is_tls in (False, True)]
plays = [(64, 1, "zlib-stream", True), (64, 2, "zstd-stream", False)]
plays += [(64, 16, *kind) for kind in KINDS]
plays += [(shards, keys, *kind) for shards in (4, 1) for keys in (1, 2, 16) for kind in KINDS]
sys.exit(fleet.play_all(plays, 6) > 0)
