#!/usr/bin/env bash
# commands.sh [wse2|wse3]: compiles the program and runs its host script. `cslc` and `cs_python` must be on PATH.
set -e
cslc --arch="${1:-wse3}" ./layout.csl --fabric-dims=11,5 --fabric-offsets=4,1 \
    --params=width:4,height:3,n:5 -o out --memcpy --channels=1
cs_python run.py --name out
