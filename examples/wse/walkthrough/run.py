#!/usr/bin/env cs_python
"""Host side of the memcpy walk-through: y = A x + b on a row of PEs."""
import argparse
import json

import numpy as np

from cerebras.sdk.runtime.sdkruntimepybind import MemcpyDataType, MemcpyOrder, SdkRuntime

parser = argparse.ArgumentParser()
parser.add_argument("--name", default="out", help="the directory that cslc wrote")
parser.add_argument("--cmaddr", help="IP:port of a CS system")
args = parser.parse_args()

# The sizes the program was compiled with.
with open(f"{args.name}/out.json", encoding="utf-8") as f:
    params = json.load(f)["params"]
width, rows, columns = (int(params[name]) for name in ("width", "rows", "columns"))

rng = np.random.default_rng(seed=1)
A = rng.integers(-8, 8, (width * rows, columns)).astype(np.float32)
x = rng.integers(-8, 8, columns).astype(np.float32)
b = rng.integers(-8, 8, width * rows).astype(np.float32)

runner = SdkRuntime(args.name, cmaddr=args.cmaddr)
copy = dict(streaming=False, order=MemcpyOrder.ROW_MAJOR, data_type=MemcpyDataType.MEMCPY_32BIT, nonblock=False)
A_id, x_id, b_id, y_id = (runner.get_id(name) for name in "Axby")

runner.load()
runner.run()

# Each PE's block of rows, column by column.
blocks = A.reshape(width, rows, columns).transpose(0, 2, 1)
runner.memcpy_h2d(A_id, blocks.ravel(), 0, 0, width, 1, rows * columns, **copy)
runner.memcpy_h2d(x_id, np.tile(x, width), 0, 0, width, 1, columns, **copy)
runner.memcpy_h2d(b_id, b, 0, 0, width, 1, rows, **copy)

runner.launch("compute", nonblock=False)

y = np.zeros(width * rows, dtype=np.float32)
runner.memcpy_d2h(y, y_id, 0, 0, width, 1, rows, **copy)
runner.stop()

np.testing.assert_array_equal(y, A @ x + b)
print(f"{width} PEs, {width * rows} x {columns} matrix: y[0:4] =", y[:4])
print("SUCCESS!")
