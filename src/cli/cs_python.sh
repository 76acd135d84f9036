#!/bin/sh
# cs_python SCRIPT [ARGUMENT...]: runs a host script with the `cerebras` and `wavetile` packages on its path, in
# the first Python that has numpy 1.24 to 1.26: $WT_PYTHON, the build's own, python3, /usr/bin/python3. Scripts rely
# on how numpy 1 finds the type of a result. Where only Python 3.13 is, numpy 1 cannot be had: numpy 2.0 or 2.1 does,
# which can be told to find types in the same way.
self=$(readlink -f "$0")
bin=$(dirname "$self")

# The packages: beside the build tree of a checkout, or in the share of an installation.
for dir in "$bin/../../python" "$bin/../../../python" "$bin/../share/wavetile/python"; do
    [ -f "$dir/wavetile/wse.py" ] && packages=$(cd "$dir" && pwd) && break
done
if [ -z "${packages:-}" ]; then
    echo "cs_python: the wavetile packages are not where $self expects them" >&2
    exit 1
fi

fits='
import sys
from importlib import metadata
try:
    version = [int(part) for part in metadata.version("numpy").split(".")[:2]]
except (metadata.PackageNotFoundError, ValueError):
    sys.exit(1)
low, high = ([1, 24], [1, 26]) if sys.argv[1] == "1" else ([2, 0], [2, 1])
sys.exit(not low <= version <= high)
'
tried=
for numpy in 1 2; do
    for python in ${WT_PYTHON:+"$WT_PYTHON"} "$bin/../venv/bin/python3" "$bin/../../venv/bin/python3" python3 /usr/bin/python3; do
        command -v "$python" >/dev/null 2>&1 || continue
        if "$python" -c "$fits" $numpy 2>/dev/null; then
            [ $numpy = 1 ] || export NPY_PROMOTION_STATE=legacy
            PYTHONPATH=$packages${PYTHONPATH:+:$PYTHONPATH}
            export PYTHONPATH
            exec "$python" "$@"
        fi
        [ $numpy = 2 ] || tried="$tried $python"
    done
done
echo "cs_python: no Python with numpy 1.24, 1.25 or 1.26 (tried:$tried)." >&2
echo "Install one: 'apt-get install python3-numpy' on Debian 12, 'make venv' in a checkout, or" >&2
echo "'pip install \"numpy>=1.24,<1.27\"' (for Python 3.13: 'numpy==2.1.*') into a Python that WT_PYTHON names." >&2
exit 1
