#!/bin/sh
# Exact evidence (W4) beside what other people would use, on the same inputs: evidence.sh BUILD [OUT]
# writes OUT/evidence.txt (times are of the processor); PYTHON: the one that has NumPy.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:?build directory}" && pwd)
out=${2:-$build/bench}
export OPENBLAS_NUM_THREADS=1
mkdir -p "$out"
ninja -C "$build" tests/evidence_speed > /dev/null
cc -O2 "$here/peers/peers_cubature.c" -o "$out/peers_cubature" -lcubature -lgsl -lgslcblas -lm
{
  "$build/tests/evidence_speed" --write "$out"
  "$out/peers_cubature" "$out"
  "${PYTHON:-python3}" "$here/peers/peers_trapezoid.py" "$out"
} > "$out/evidence.txt"
cat "$out/evidence.txt"
