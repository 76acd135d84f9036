#!/usr/bin/env bash
# commands.sh [wse2|wse3]: compiles the program and runs its host script. `cslc` and `cs_python` must be on PATH.
set -e
cslc --arch="${1:-wse3}" ./layout.csl --fabric-dims=11,5 --fabric-offsets=4,1 \
    --params=kernel_x_dim:4,kernel_y_dim:3,M:6,N:8 -o out --memcpy --channels=1
cs_python run.py --name out
