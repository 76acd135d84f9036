"""Programs that try to reach what is not theirs, through every kind of address there is: each ends in a fault that names
the place, or stays within the PE; the process that runs it lives on."""
import os
import subprocess
import tempfile
import unittest

import machine
import tap

from wavetile import wse

CSLC = os.path.abspath(f"{os.environ.get('WT_BUILD', 'build')}/bin/cslc")

PROGRAM = """
export var mark: u16 = 0;
var small: [4]u16;
var wide: [4]u32;
var words = @constants([64]u16, 0xbeef);
var far: i16 = 20000;
var minus: i16 = -10000;
var zero: u16 = 0;
var top: u16 = 0xfffe;
var endless: u16 = 0x7fff;
const c = @get_color(3);
const from = @get_dsd(mem1d_dsd, .{ .tensor_access = |i|{64} -> words[i] });
const to = @get_dsd(mem1d_dsd, .{ .tensor_access = |i|{4} -> small[i] });
const to32 = @get_dsd(mem1d_dsd, .{ .tensor_access = |i|{4} -> wide[i] });
const all = @get_dsd(mem1d_dsd, .{ .base_address = &small, .extent = 65535 });
const cube = @get_dsd(mem4d_dsd, .{ .base_address = &small, .extent = .{ 65535, 65535, 65535, 65535 },
                                    .stride = .{ 32767, 32767, -32768, 32767 }, .offset = -32768 });
const out = @get_dsd(fabout_dsd, .{ .extent = 64, .fabric_color = c, .output_queue = @get_output_queue(2) });
const in = @get_dsd(fabin_dsd, .{ .extent = 64, .fabric_color = c, .input_queue = @get_input_queue(2) });
var buffer: [4]u16;
const fifo = @allocate_fifo(buffer);
const dest = @get_dsr(dsr_dest, 3);
const src = @get_dsr(dsr_src1, 3);
fn touch(v: u16) u16 { return v + 1; }
fn spin(n: u16) u16 { return if (n == 0) 0 else 1 + spin(n - 1); }
fn big(n: u16) u16 { var local = @zeros([100]u16); local[n] = n; const p = &local; return p.*[0] + n; }
fn deep(n: u16) u16 { var local = @zeros([100]u16); const p = &local; p.*[1] = n; return p.*[1] + deep(n + 1); }
task send() void { @mov16(out, from, .{ .async = true }); }
task main() void {
  mark = 1;
  STATEMENT
  mark = 2;
}
comptime {
  @set_local_color_config(c, .{ .routes = .{ .rx = RAMP, .tx = RAMP } });
  @bind_local_task(main, @get_local_task_id(8));
  @bind_local_task(send, @get_local_task_id(7));
  @activate(@get_local_task_id(7));
  @activate(@get_local_task_id(8));
}
"""

# Each must end in a fault.
FAULTS = {
    "memory, on and on": "@mov16(all, from); @mov16(from, all);",
    "memory, length": "@mov16(@set_dsd_length(to, endless), all);",
    "memory, offset forward": "@mov16(@increment_dsd_offset(to, far, u16), from);",
    "memory, offset back": "@mov16(@increment_dsd_offset(to, minus, u16), from);",
    "memory, negative stride": "@mov16(@set_dsd_stride(to, -128), from);",
    "memory, base": "@mov16(@set_dsd_base_addr(to, @bitcast([*]u16, top)), from);",
    "memory, odd base": "@mov16(@set_dsd_base_addr(to, @bitcast([*]u16, zero + 0x101)), from);",
    "memory, run-time parts": "@mov16(@get_dsd(mem1d_dsd, .{ .base_address = &small, .extent = endless, .offset = far }), 3);",
    "32 bits over the end": "@mov32(@set_dsd_base_addr(to32, @bitcast([*]u32, zero + 0xbffe)), @as(u32, 3));",
    "four dimensions": "@mov16(cube, 7);",
    "four dimensions as a source": "@mov16(all, cube);",
    "a loaded register": "@load_to_dsr(dest, all); @load_to_dsr(src, all); @mov16(dest, src);",
    "a saved address": "@load_to_dsr(dest, to, .{ .save_address = true }); while (true) { @mov16(dest, from); }",
    "the fabric into memory": "@mov16(@increment_dsd_offset(to, far, u16), in);",
    "a pointer, written": "const p = @bitcast(*u16, top); p.* = 1;",
    "a pointer, far index": "const p = @bitcast([*]u16, zero); p[0xffff - 3] = 1;",
    "a pointer, odd": "const p = @bitcast(*u16, zero + 3); p.* = 1;",
    "a pointer, 32 bits": "const p = @bitcast(*u32, zero + 0xbffe); p.* = 1;",
    "an array index": "small[zero + 30000] = 1;",
    "an array index below": "small[@as(i16, zero) - 20000] = 1;",
    "a big index": "mark = big(50000);",
    "map": "@map(touch, all, all);",
    "map through a pointer": "@map(touch, from, @bitcast(*u16, top));",
    "an index offset": "@mov16(@get_dsd(mem1d_dsd, .{ .base_address = &small, .extent = 4, .wavelet_index_offset = true }), 3,"
                       " .{ .index = zero + 40000 });",
    "recursion": "mark = spin(60000);",
    "recursion with memory": "mark = deep(0);",
}

# These stay within the PE: reads of memory that nothing defined give zero, and FIFOs end at their buffer.
STAYS = {
    "a read of undefined memory": "const p = @bitcast(*u16, zero + 0xb000); mark = p.*; small[0] = p.*;",
    "a FIFO overfilled": "@mov16(fifo, from); @mov16(fifo, from);",
    "a FIFO through the fabric": "@mov16(fifo, in, .{ .async = true }); @mov16(all, fifo, .{ .async = true });",
}


class Hostile(unittest.TestCase):
    def run_program(self, statement):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "pe.csl"), "w") as f:
                f.write(PROGRAM.replace("STATEMENT", statement))
            with open(os.path.join(folder, "layout.csl"), "w") as f:
                f.write('layout { @set_rectangle(1, 1); @set_tile_code(0, 0, "pe.csl"); }\n')
            done = subprocess.run([CSLC, "layout.csl", "-o", "out"], cwd=folder, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            return machine.run(os.path.join(folder, "out"), ["mark: u16"])

    def test_faults(self):
        for name, statement in FAULTS.items():
            with self.subTest(name):
                lines = self.run_program(statement)
                self.assertRegex(lines[0], r"^stopped: WT_FAULT: PE \(0,0\), task 'main', pe\.csl:\d+", name)
                self.assertNotEqual(lines[-1], "mark: u16 = 2")

    def test_stays_within_the_pe(self):
        for name, statement in STAYS.items():
            with self.subTest(name):
                lines = self.run_program(statement)
                self.assertFalse([line for line in lines if "INTERNAL" in line], lines)


tap.main()
