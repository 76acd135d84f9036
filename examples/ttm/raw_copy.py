"""Raw copies past the allocator: the ends of every DRAM channel, and a core's L1."""
import os
import sys

from wavetile import ttm

with ttm.Device(transport=sys.argv[1] if len(sys.argv) > 1 else None) as device:
    info, equal = device.info, True
    for channel in range(info.dram_channels):
        data = os.urandom(1 << 16)
        for address in (0, info.dram_channel_size - len(data)):
            device.write_dram_channel(channel, address, data)
            equal &= device.read_dram_channel(channel, address, len(data)) == data
    corner = info.compute_grid.x - 1, info.compute_grid.y - 1
    device.write_l1(corner, info.l1_unreserved_base, data)
    equal &= device.read_l1(corner, info.l1_unreserved_base, len(data)) == data

print(f"raw_copy.py: {info.dram_channels} DRAM channels and the L1 of core {corner}: "
      f"{'equal' if equal else 'DIFFERENT'}")
sys.exit(not equal)
