"""Fifty tiles of bfloat16: host -> DRAM -> L1 of a core, by a C++ kernel -> DRAM -> host."""
import sys

import numpy

from wavetile import ttm

TILES, TILE_BYTES = 50, 32 * 32 * 2

with ttm.Device(transport=sys.argv[1] if len(sys.argv) > 1 else None) as device:
    l1 = device.buffer(TILE_BYTES, kind="l1")
    source = device.buffer(TILES * TILE_BYTES, TILE_BYTES)
    target = device.buffer(TILES * TILE_BYTES, TILE_BYTES)

    sent = numpy.random.default_rng(1).integers(0, 65536, TILES * TILE_BYTES // 2, dtype=numpy.uint16)
    source.write(sent)
    program = device.program()
    kernel = program.dataflow("examples/ttm/kernels/loopback.cpp", (0, 0),
                              compile_args=source.accessor + target.accessor)
    kernel.args((0, 0), l1.address, source.address, target.address, TILES)
    program.launch()

    equal = numpy.array_equal(target.read(dtype=numpy.uint16), sent)
    print(f"loopback.py: {TILES} tiles, {sent.nbytes} bytes {'came back equal' if equal else 'DIFFER'}; "
          f"the kernel took {device.stats.kernel_cycles} cycles")
sys.exit(not equal)
