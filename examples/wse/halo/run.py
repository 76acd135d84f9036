#!/usr/bin/env cs_python
"""Host side of the halo exchange: heat on a grid, against the same steps in numpy."""
import argparse
import json

import numpy as np

from cerebras.sdk.runtime.sdkruntimepybind import MemcpyDataType, MemcpyOrder, SdkRuntime

parser = argparse.ArgumentParser()
parser.add_argument("--name", default="out", help="the directory that cslc wrote")
parser.add_argument("--cmaddr", help="IP:port of a CS system")
parser.add_argument("--steps", type=int, default=10)
args = parser.parse_args()

with open(f"{args.name}/out.json", encoding="utf-8") as f:
    params = json.load(f)["params"]
w, h, n = (int(params[name]) for name in ("width", "height", "n"))
m = n + 2

# The whole grid with its rim, hot at the top.
grid = np.zeros((h * n + 2, w * n + 2), dtype=np.float32)
grid[0, :] = 100

# What each PE begins with: its block and the cells around it.
blocks = np.zeros((h, w, m, m), dtype=np.float32)
for py in range(h):
    for px in range(w):
        blocks[py, px] = grid[py * n:py * n + m, px * n:px * n + m]

copy = dict(streaming=False, order=MemcpyOrder.ROW_MAJOR, data_type=MemcpyDataType.MEMCPY_32BIT, nonblock=False)
runner = SdkRuntime(args.name, cmaddr=args.cmaddr)
cells = runner.get_id("cells")
runner.load()
runner.run()
runner.memcpy_h2d(cells, blocks.ravel(), 0, 0, w, h, m * m, **copy)
runner.launch("steps", np.uint16(args.steps), nonblock=False)
runner.memcpy_d2h(blocks.ravel(), cells, 0, 0, w, h, m * m, **copy)
runner.stop()

for _ in range(args.steps):
    inside = (grid[:-2, 1:-1] + grid[2:, 1:-1]) + grid[1:-1, :-2] + grid[1:-1, 2:]
    grid[1:-1, 1:-1] = inside * np.float32(0.25)
result = blocks[:, :, 1:-1, 1:-1].transpose(0, 2, 1, 3).reshape(h * n, w * n)
np.testing.assert_array_equal(result, grid[1:-1, 1:-1])
print(f"{w} x {h} PEs, {args.steps} steps: the middle column from the top:", result[:6, w * n // 2].round(2))
print("SUCCESS!")
