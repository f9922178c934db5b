#!/bin/bash
# All rows; called by `make bench` with the executables built.
set -euo pipefail
cd "$(dirname "$0")/.."
exec "$PORTCULLIS_PEERS/bin/python" Benchmarks/bench.py "$@"
