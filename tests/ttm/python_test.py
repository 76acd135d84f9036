"""wavetile.ttm as its users see it: objects, numpy, exceptions, examples."""
import gc
import os
import subprocess
import sys
import threading
import unittest

import numpy
import tap

from wavetile import WavetileError, ttm

SET_WORD = "void kernel_main() { *(volatile uint32_t*)get_arg_val<uint32_t>(0) = get_arg_val<uint32_t>(1); }"
WAIT = "void kernel_main() { while (*(volatile uint32_t*)0x100000 != 1) {} }"


class Memory(unittest.TestCase):
    def test_buffers_take_and_give_any_kind_of_data(self):
        with ttm.Device() as device:
            b = device.buffer(4096, 256)
            self.assertEqual((b.address, b.size, b.page_size), (64, 4096, 256))
            data = numpy.arange(1024, dtype=numpy.float32).reshape(32, 32)
            for given in (data, data.tobytes(), bytearray(data.tobytes()), memoryview(data)):
                b.write(bytes(4096))
                b.write(given)
                self.assertEqual(b.read(), data.tobytes())
            self.assertTrue(numpy.array_equal(b.read(dtype=numpy.float32).reshape(32, 32), data))
            b.write(data.T)  # not contiguous: in the order numpy iterates
            self.assertTrue(numpy.array_equal(b.read(dtype=numpy.float32).reshape(32, 32), data.T))
            out = numpy.zeros(10, dtype=numpy.uint8)
            b.write(b"0123456789", offset=250)
            b.read_into(out, offset=250)
            self.assertEqual(out.tobytes(), b"0123456789")
            self.assertEqual(b.read(size=3, offset=251), b"123")
            self.assertEqual(b.page(9).bank, 1)

    def test_raw_copies(self):
        with ttm.Device() as device:
            device.write_l1((12, 9), 0x20000, b"hello")
            self.assertEqual(device.read_l1((12, 9), 0x20000, 5), b"hello")
            device.write_dram_channel(7, 12345, b"there")
            self.assertEqual(device.read_dram_channel(7, 12345, 5), b"there")
            device.write_l1((0, 0), 0x1000, b"ether", core_type="eth")
            self.assertEqual(device.read_l1((0, 0), 0x1000, 5, core_type="eth"), b"ether")


class Programs(unittest.TestCase):
    def test_a_program(self):
        lines = []
        with ttm.Device(print=lines.append) as device:
            program = device.program()
            program.cb(((0, 0), (1, 0)), 4096, {0: ("bfloat16", 2048), 16: ("uint32", 1024)})
            semaphore = program.semaphore([(0, 0), (1, 0)], 5)
            kernel = program.dataflow(
                source="void kernel_main() { volatile uint32_t* out = (uint32_t*)get_arg_val<uint32_t>(0);"
                       " out[0] = get_compile_time_arg_val(0); out[1] = get_common_arg_val<uint32_t>(0);"
                       " out[2] = VALUE; out[3] = get_named_compile_time_arg_val(\"name\");"
                       " out[4] = *(volatile uint32_t*)get_semaphore(0); DPRINT << out[1] << ENDL(); }",
                cores=((0, 0), (1, 0)), compile_args=[7], named_args={"name": 9}, defines={"VALUE": 8},
                opt_level="Os", processor=1)
            kernel.args(((0, 0), (1, 0)), 0x100000)
            kernel.common_args(-1)
            program.launch()
            for x in (0, 1):
                got = device.read_l1((x, 0), 0x100000, 20, dtype=numpy.uint32)
                self.assertEqual(list(got), [7, 0xffffffff, 8, 9, 5])
            self.assertEqual(semaphore, 0)
            self.assertEqual(lines, ["0:(x=0,y=0):NC: 4294967295", "0:(x=1,y=0):NC: 4294967295"])
            self.assertGreater(device.stats.kernel_cycles, 0)

    def test_a_stall_is_an_exception_and_can_be_resolved(self):
        with ttm.Device() as device:
            program = device.program()
            program.dataflow(source=WAIT)
            with self.assertRaises(WavetileError) as caught:
                program.launch()
            self.assertEqual(caught.exception.name, "WT_STALL")
            self.assertIn("core (0,0) brisc", caught.exception.message)
            self.assertIn("core (0,0) brisc", device.report())
            device.write_l1((0, 0), 0x100000, b"\1\0\0\0")
            program.wait()

    def test_an_interrupt_from_another_thread(self):
        with ttm.Device() as device:
            program = device.program()
            program.dataflow(source="void kernel_main() { volatile uint32_t* p = (uint32_t*)0x100000;"
                                    " while (p[1] == 0) p[0]++; }")
            timer = threading.Timer(0.1, device.interrupt)
            timer.start()
            with self.assertRaises(WavetileError) as caught:
                program.launch()
            self.assertEqual(caught.exception.name, "WT_INTERRUPTED")
            timer.join()
            device.reset()

    def test_errors(self):
        with ttm.Device() as device:
            with self.assertRaisesRegex(WavetileError, "WT_INVALID.*do not divide"):
                device.buffer(100, 64)
            with self.assertRaisesRegex(ValueError, "'l3' is no kind of buffer"):
                device.buffer(64, kind="l3")
            with self.assertRaises(ValueError):
                device.program().dataflow("a.cpp", source="b")
            with self.assertRaisesRegex(WavetileError, "WT_COMPILE(.|\n)*kernel.cpp:1"):
                program = device.program()
                program.dataflow(source="void kernel_main() { nonsense }")
                program.launch()

    def test_objects_may_be_closed_in_any_order(self):
        device = ttm.Device()
        b, program = device.buffer(64), device.program()
        kernel = program.dataflow(source=SET_WORD)
        device.close()
        device.close()
        with self.assertRaisesRegex(WavetileError, "WT_CLOSED"):
            b.write(b"x")
        program.close()
        with self.assertRaises(ValueError):
            kernel.args((0, 0), 1)
        del b, device
        gc.collect()


class Silence(unittest.TestCase):
    """The library speaks through results and callbacks only."""
    SCRIPT = """
from wavetile import WavetileError, ttm

def fails(name, call, *args, **kw):
    try:
        call(*args, **kw)
    except WavetileError as e:
        assert e.name == name, e
    else:
        raise SystemExit("no error")

def run(device, source):
    program = device.program()
    program.dataflow(source=source)
    program.launch()

fails("WT_NOTFOUND", ttm.Device, 77)
fails("WT_NOTFOUND", ttm.Device, transport="/nowhere.so")
with ttm.Device(print=None) as device:
    fails("WT_INVALID", device.buffer, 3)
    fails("WT_COMPILE", run, device, "void kernel_main() { what }")
    fails("WT_STALL", run, device, "void kernel_main() { while (*(volatile uint32_t*)0x100000 != 1) {} }")
    device.reset()
    fails("WT_FAULT", run, device, "void kernel_main() { *(volatile uint32_t*)0x70000000 = 1; }")
    fails("WT_FAULT", run, device, "void kernel_main() {}")
"""

    def test_failing_prints_nothing(self):
        done = subprocess.run([sys.executable, "-c", self.SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


class Examples(unittest.TestCase):
    """Every example runs and says that it is right."""
    EXPECTED = {"loopback": "came back equal", "add_two_integers": "14 + 7 = 21: right", "raw_copy": ": equal"}

    def run_example(self, *command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_all(self):
        build = os.environ.get("WT_BUILD", "build")
        for name, text in self.EXPECTED.items():
            with self.subTest(name):
                self.assertIn(text, self.run_example(f"{build}/examples/ttm/{name}"))
                self.assertIn(text, self.run_example(sys.executable, f"examples/ttm/{name}.py"))

    @unittest.skipUnless(os.environ.get("WT_TTSIM"), "WT_TTSIM names no libttsim.so")
    def test_all_on_ttsim(self):
        build, ttsim = os.environ.get("WT_BUILD", "build"), os.environ["WT_TTSIM"]
        for name, text in self.EXPECTED.items():
            with self.subTest(name):
                self.assertIn(text, self.run_example(f"{build}/examples/ttm/{name}", ttsim))
                self.assertIn(text, self.run_example(sys.executable, f"examples/ttm/{name}.py", ttsim))

    def test_the_loopback_is_short(self):
        with open("examples/ttm/loopback.py") as f:
            self.assertLess(len(f.read().splitlines()), 30)


if __name__ == "__main__":
    tap.main()
