#!/bin/sh
# Whole estimates beside what other people would use, in one go:
# ./run.sh BUILD_DIRECTORY [OUT]; PYTHON: the one
# that has NumPy and PyTorch
# Lines of OUT/peers.csv: workload, who, threads, unit, time, ELBO or evidence, IWAE-64.
# Peers that are not installed are left out. OPENBLAS_NUM_THREADS: its idle threads cost time.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:?build directory}" && pwd)
out=${2:-$build/bench}
python=${PYTHON:-python3}
export OPENBLAS_NUM_THREADS=1
mkdir -p "$out"
ninja -C "$build" tests/estimates tests/kernel_speed >/dev/null
"$build/tests/estimates" --write "$out"
cc -O2 -fopenmp "$here/peers/peers_gsl.c" -o "$out/peers_gsl" -lgsl -lgslcblas -lm

: > "$out/peers.csv"
for threads in 1 2; do
  "$out/peers_gsl" "$out" $threads >> "$out/peers.csv"
done
if "$python" -c 'import numpy' 2>/dev/null; then
  "$python" "$here/peers/peers_numpy.py" "$out" >> "$out/peers.csv"
fi
if "$python" -c 'import torch' 2>/dev/null; then
  for threads in 1 2; do
    "$python" "$here/peers/peers_torch.py" "$out" $threads >> "$out/peers.csv"
  done
fi
for isa in avx512 avx2 plain; do
  "$build/tests/estimates" --json --isa $isa --only w > "$out/estimates-$isa.json" || true
done
"$build/tests/estimates" --json --only memory > "$out/memory.json"
"$build/tests/estimates" --json --only scaling > "$out/scaling.json"
"$build/tests/kernel_speed" > "$out/kernels.txt"
cat "$out/peers.csv"
