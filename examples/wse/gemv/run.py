#!/usr/bin/env cs_python
"""Host side of the routed GEMV: y = A x + b on a grid of PEs."""
import argparse
import json

import numpy as np

from cerebras.sdk.runtime.sdkruntimepybind import MemcpyDataType, MemcpyOrder, SdkRuntime

parser = argparse.ArgumentParser()
parser.add_argument("--name", default="out", help="the directory that cslc wrote")
parser.add_argument("--cmaddr", help="IP:port of a CS system")
args = parser.parse_args()

with open(f"{args.name}/out.json", encoding="utf-8") as f:
    params = json.load(f)["params"]
w, h, M, N = (int(params[name]) for name in ("kernel_x_dim", "kernel_y_dim", "M", "N"))
rows, columns = M // h, N // w

rng = np.random.default_rng(seed=2)
A = rng.integers(-8, 8, (M, N)).astype(np.float32)
x = rng.integers(-8, 8, N).astype(np.float32)
b = rng.integers(-8, 8, M).astype(np.float32)

runner = SdkRuntime(args.name, cmaddr=args.cmaddr)
copy = dict(streaming=False, order=MemcpyOrder.ROW_MAJOR, data_type=MemcpyDataType.MEMCPY_32BIT, nonblock=False)
A_id, x_id, b_id, y_id = (runner.get_id(name) for name in "Axby")
runner.load()
runner.run()

# The block of the PE at (px, py), column by column.
blocks = A.reshape(h, rows, w, columns).transpose(0, 2, 3, 1)
runner.memcpy_h2d(A_id, blocks.ravel(), 0, 0, w, h, rows * columns, **copy)
runner.memcpy_h2d(x_id, x, 0, 0, w, 1, columns, **copy)  # top row
runner.memcpy_h2d(b_id, b, 0, 0, 1, h, rows, **copy)     # first column

runner.launch("compute", nonblock=False)

y = np.zeros(M, dtype=np.float32)
runner.memcpy_d2h(y, y_id, w - 1, 0, 1, h, rows, **copy)  # last column
runner.stop()

np.testing.assert_array_equal(y, A @ x + b)
print(f"{w} x {h} PEs, {M} x {N} matrix: y =", y)
print("SUCCESS!")
