#!/bin/sh
# Time to a standard error of the gap: ./precision.sh BUILD_DIRECTORY; PYTHON: one that has NumPy.
# Writes precision.csv beside itself.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:?build directory}" && pwd)
python=${PYTHON:-python3}
export OPENBLAS_NUM_THREADS=1
ninja -C "$build" tests/precision > /dev/null
"$build/tests/precision" > "$here/precision.csv"
gap=$(sed -n 's/^# gap //p' "$here/precision.csv")
sed -i '/^#/d' "$here/precision.csv"
"$python" "$here/peers/precision_numpy.py" "$gap" >> "$here/precision.csv"
cat "$here/precision.csv"
