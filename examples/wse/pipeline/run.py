#!/usr/bin/env cs_python
"""Host side of the streaming pipeline: bursts of words in, running sums out."""
import argparse
import json

import numpy as np

from cerebras.sdk.runtime.sdkruntimepybind import MemcpyDataType, MemcpyOrder, SdkRuntime

parser = argparse.ArgumentParser()
parser.add_argument("--name", default="out", help="the directory that cslc wrote")
parser.add_argument("--cmaddr", help="IP:port of a CS system")
parser.add_argument("--size", type=int, default=100, help="words per burst")
args = parser.parse_args()

with open(f"{args.name}/out.json", encoding="utf-8") as f:
    params = json.load(f)["params"]
to_device, to_host = int(params["MEMCPYH2D_DATA_1_ID"]), int(params["MEMCPYD2H_DATA_1_ID"])

stream = dict(streaming=True, order=MemcpyOrder.ROW_MAJOR, data_type=MemcpyDataType.MEMCPY_32BIT)
runner = SdkRuntime(args.name, cmaddr=args.cmaddr)
runner.load()
runner.run()

words = np.arange(2 * args.size, dtype=np.float32)
sums = np.zeros(2 * args.size, dtype=np.float32)
for burst in range(2):
    part = slice(burst * args.size, (burst + 1) * args.size)
    # The words go out while the sums come back: the pipeline is shorter than a burst.
    runner.memcpy_h2d(to_device, words[part], 0, 0, 1, 1, args.size, nonblock=True, **stream)
    runner.memcpy_d2h(sums[part], to_host, 2, 0, 1, 1, args.size, nonblock=False, **stream)
runner.stop()

np.testing.assert_array_equal(sums, np.cumsum(-(2 * words + 1), dtype=np.float32))
print(f"{words.size} words through 3 PEs: sums[0:4] =", sums[:4])
print("SUCCESS!")
