#!/bin/sh
# Shows both machines working: run.sh BUILD runs the examples from C and from Python.
set -eu
build=$1
root=$(pwd)
python=$root/build/venv/bin/python3
export PATH="$root/$build/bin:$PATH" PYTHONPATH="$root/python"

title() { printf '\n== %s\n' "$*"; }
show() { echo "\$ $*"; "$@"; }

title "Tenstorrent: C++ kernels on a simulated Blackhole, from C"
for example in loopback add_two_integers raw_copy; do
    show "$build/examples/ttm/$example"
done
title "Tenstorrent: the same from Python"
echo "\$ python3 examples/ttm/loopback.py"
"$python" examples/ttm/loopback.py

# The programs are compiled in a copy, so that the source tree stays clean.
rm -rf "$build/run"
mkdir -p "$build/run"
cp -r examples/wse "$build/run/wse"
title "Cerebras: CSL compiled and run on a simulated WSE-3, y = A x + b on four PEs"
echo '$ cd examples/wse/walkthrough'
sed -n '/^cslc/,$p' examples/wse/walkthrough/commands.sh | sed 's/^cs/$ cs/; s/"${1:-wse3}"/wse3/'
(cd "$build/run/wse/walkthrough" && bash commands.sh wse3)
title "Cerebras: the same program from C"
show "$build/examples/wse/walkthrough/walkthrough" "$build/run/wse/walkthrough/out"
for example in gemv pipeline halo; do
    title "Cerebras: examples/wse/$example"
    (cd "$build/run/wse/$example" && bash commands.sh wse3)
done
printf '\nBoth machines work.\n'
