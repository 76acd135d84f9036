#!/bin/sh
# Shows both machines working: run.sh BUILD runs every example that has something to show.
set -eu
build=$1
build/venv/bin/python3 -c 'import numpy' # make says how the Python side was set up

show() { echo; echo "\$ $*"; "$@"; }

for c in "$build"/examples/ttm/*; do
    [ -x "$c" ] && [ -f "$c" ] && case $c in *.o | *.d) ;; *) show "$c" ;; esac
done
for p in examples/ttm/*.py; do
    PYTHONPATH=python show build/venv/bin/python3 "$p"
done
