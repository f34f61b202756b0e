"""close_matrix.py over all compressions, plain and over TLS with a private authority."""
import os
import subprocess
import sys
import tempfile

import matrix
from tutti import ROOT

failed = 0
with tempfile.TemporaryDirectory(prefix="tutti-certs-") as folder:
    subprocess.run([os.path.join(ROOT, "tools/test-certs"), folder], check=True, capture_output=True)
    for compress in ("zlib-stream", "zstd-stream", "none"):
        for tls in (None, folder):
            print(f"# {compress}, {'TLS' if tls else 'plain'}", flush=True)
            failed += matrix.play(f"{compress}, {'TLS' if tls else 'plain'}", compress=compress, tls=tls)
sys.exit(failed > 0)
