"""A data-movement core adds two integers: a kernel from a string."""
import struct
import sys

from wavetile import ttm

KERNEL = """
void kernel_main() {
    volatile uint32_t* x = (uint32_t*)get_arg_val<uint32_t>(0);
    DPRINT << x[0] << " + " << x[1] << " = " << x[0] + x[1] << ENDL();
    x[2] = x[0] + x[1];
}
"""

with ttm.Device(transport=sys.argv[1] if len(sys.argv) > 1 else None) as device:
    address = device.info.l1_unreserved_base
    device.write_l1((0, 0), address, struct.pack("<III", 14, 7, 0))
    program = device.program()
    program.dataflow(source=KERNEL).args((0, 0), address)
    program.launch()
    a, b, total = struct.unpack("<III", device.read_l1((0, 0), address, 12))

print(f"add_two_integers.py: the kernel says {a} + {b} = {total}: {'right' if total == a + b else 'WRONG'}")
sys.exit(total != a + b)
