"""Every way a connection to Discord can end, at every point of its life: what the gateway does next.
One gateway with a shard for each cell; the table is in test/lib/matrix.py. close_matrix_long.py
plays it over all compressions and TLS."""
import sys

import matrix

sys.exit(matrix.play("zlib-stream, plain"))
