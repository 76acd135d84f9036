"""wavetile.ttm as a careless program uses it: odd arrays, numbers, orders; Ctrl-C; use after close."""
import gc
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import weakref

import numpy
import tap

import wavetile
from wavetile import WavetileError, ttm

ENDLESS = "void kernel_main() { for (volatile uint32_t i = 0;;) i = i + 1; }"
PRINT = 'void kernel_main() { for (int i = 0; i < 3; i++) DPRINT << "line " << i << ENDL(); }'


def launch(device, source, **options):
    program = device.program()
    program.dataflow(source=source)
    program.launch(**options)


class Data(unittest.TestCase):
    def setUp(self):
        self.device = ttm.Device()
        self.buffer = self.device.buffer(4096, 256)

    def tearDown(self):
        self.device.close()

    def test_every_kind_of_array_arrives(self):
        base = numpy.arange(512).reshape(16, 32)
        frozen = base.astype(numpy.uint8)
        frozen.setflags(write=False)
        for array in (base.astype(numpy.float16), base.astype(">f4"), base.astype(numpy.complex64), frozen,
                      frozen[::2, ::3], base[:, ::-1].astype("i8"), numpy.asfortranarray(base), base > 7,
                      numpy.array(5.5), numpy.zeros(8, dtype=[("a", "u1"), ("b", "f4")]), numpy.array([b"abcd"])):
            with self.subTest(array.dtype):
                self.buffer.write(array)
                self.assertEqual(self.buffer.read(size=array.nbytes), array.tobytes())
        self.buffer.write(numpy.zeros(0))
        self.buffer.write(b"")
        self.buffer.write(memoryview(b"abc")[::2])
        self.assertEqual(self.buffer.read(size=2), b"ac")

    def test_what_has_no_bytes_is_refused(self):
        for data in ([1, 2], 5, "text", None):
            with self.assertRaises(TypeError):
                self.buffer.write(data)
        with self.assertRaisesRegex(TypeError, "array of Python objects"):
            self.buffer.write(numpy.array([object()]))
        frozen = numpy.zeros(4)
        frozen.setflags(write=False)
        for out in (b"1234", frozen, numpy.zeros((4, 4))[::2, ::2]):
            with self.assertRaisesRegex(ValueError, "must be writable and C-contiguous"):
                self.buffer.read_into(out)

    def test_what_is_read_is_the_callers(self):
        array = self.buffer.read(dtype=numpy.uint16)
        array[0] = 1
        self.device.read_l1((0, 0), 0x100000, 8, dtype="u4")[0] = 1
        self.assertEqual(self.buffer.read(size=0), b"")
        with self.assertRaisesRegex(WavetileError, "cannot read 0 bytes at 5000 of a buffer of 4096"):
            self.buffer.read(offset=5000)
        with self.assertRaisesRegex(WavetileError, "cannot write 8192 bytes at 0"):
            self.buffer.write(bytes(8192))
        with self.assertRaisesRegex(ValueError, "the offset is -1"):
            self.buffer.read(offset=-1)

    def test_numbers_of_numpy_are_numbers(self):
        i = numpy.int64
        self.assertEqual(self.device.buffer(i(512), numpy.uint16(256)).page_size, 256)
        self.device.write_l1((i(1), i(2)), i(0x100000), b"1234")
        self.assertEqual(self.device.read_l1(tuple(numpy.array([1, 2])), 0x100000, i(4)), b"1234")
        program = self.device.program()
        program.cb((i(0), i(0)), i(64), {i(0): ("uint32", i(64))})
        kernel = program.dataflow(source="void kernel_main() {}", cores=((i(0), i(0)), (i(1), i(0))),
                                  compile_args=numpy.arange(3), named_args={"a": i(1)}, defines={"B": i(2)})
        kernel.args([(0, 0)], i(1), numpy.uint32(0xffffffff), -1)
        program.launch()

    def test_numbers_that_do_not_fit_are_named(self):
        program = self.device.program()
        kernel = program.dataflow(source="void kernel_main() {}")
        for message, call in (
                ("argument 4294967296 does not fit", lambda: kernel.args((0, 0), 1 << 32)),
                ("x of a core is -1", lambda: kernel.args((-1, 0), 1)),
                ("the size is -4", lambda: self.device.buffer(-4)),
                ("the page size is -4", lambda: self.device.buffer(4, -4)),
                ("the channel is -1", lambda: self.device.read_dram_channel(-1, 0, 4)),
                ("2 is no NoC: one of 0, 1", lambda: program.dataflow(source="", noc=2)),
                ("'float64' is no format: one of float32", lambda: program.cb((0, 0), 64, {0: ("float64", 64)})),
                ("index is -1", lambda: ttm.Device(-1))):
            with self.assertRaisesRegex(ValueError, message):
                call()
        with self.assertRaises(TypeError):
            kernel.args((0, 0), 1.5)
        with self.assertRaisesRegex(WavetileError, "a buffer of 64 bytes in pages of 0"):
            self.device.buffer(64, 0)


class Texts(unittest.TestCase):
    def test_paths(self):
        with tempfile.TemporaryDirectory(prefix="k\u00e4se ") as dir, ttm.Device() as device:
            path = pathlib.Path(dir) / "it's.cpp"
            path.write_text("void kernel_main() { *(volatile uint32_t*)0x100000 = 7; }")
            for given in (path, str(path), os.fsencode(path)):
                program = device.program()
                program.dataflow(given)
                program.launch()
            with self.assertRaisesRegex(WavetileError, "WT_NOTFOUND.*gone.cpp"):
                device.program().dataflow(pathlib.Path(dir) / "gone.cpp")
            with self.assertRaisesRegex(WavetileError, "WT_"):
                ttm.Device(transport=path)
            with self.assertRaisesRegex(WavetileError, "WT_NOTFOUND"):
                ttm.set_root_dir(path / "deeper")
            ttm.set_root_dir(pathlib.Path(dir))
            ttm.set_root_dir(None)

    def test_a_nul_ends_no_text(self):
        with ttm.Device() as device:
            for call in (lambda: device.program().dataflow(source="void kernel_main() {}\0 nonsense"),
                         lambda: device.program().dataflow("a\0b"),
                         lambda: device.program().dataflow(source="", defines={"A": "1\0"}),
                         lambda: ttm.set_root_dir("/\0")):
                with self.assertRaisesRegex(ValueError, "holds a NUL character"):
                    call()


class Lives(unittest.TestCase):
    def test_closed_objects_say_so(self):
        device = ttm.Device()
        buffer, program = device.buffer(64), device.program()
        kernel, cb = program.dataflow(source=PRINT), program.cb((0, 0), 64, {0: ("uint32", 64)})
        for thing, calls in ((program, (program.launch, program.wait, lambda: kernel.args((0, 0), 1),
                                        lambda: cb.address, lambda: program.semaphore((0, 0)))),
                             (buffer, (buffer.read, lambda: buffer.write(b""), lambda: buffer.address)),
                             (device, (device.reset, device.report, device.interrupt, lambda: device.info,
                                       lambda: device.buffer(64), lambda: device.read_l1((0, 0), 0, 4)))):
            with thing:
                pass
            thing.close()
            for call in calls:
                with self.assertRaisesRegex(ValueError, f"the {type(thing).__name__.lower()} is closed"):
                    call()

    def test_the_last_reference_closes(self):
        device = ttm.Device()
        gone = weakref.ref(device)
        kernel = device.program().dataflow(source=PRINT)
        buffer = device.buffer(64)
        del device
        gc.collect()
        self.assertIsNotNone(gone())  # its children need it
        del kernel, buffer
        gc.collect()
        self.assertIsNone(gone())

    def test_collecting_garbage_in_a_callback(self):
        lines = []

        def collect(line):
            lines.append(line)
            gc.collect()

        with ttm.Device(print=collect) as device:
            class Cycle:
                pass
            for _ in range(3):  # garbage that only the collector finds, made of the running device's parts
                cycle = Cycle()
                cycle.self, cycle.buffer, cycle.program = cycle, device.buffer(64), device.program()
            del cycle
            launch(device, PRINT)
            self.assertEqual(len(lines), 3)
            launch(device, PRINT)

    def test_what_print_raises_comes_out_of_the_call(self):
        def wrong(line):
            raise KeyError(line)

        with ttm.Device(print=wrong) as device:
            with self.assertRaisesRegex(KeyError, "line 0"):
                launch(device, PRINT)

    def test_a_log_callback_that_ends_itself(self):
        lines = []

        def once(level, line):
            lines.append((level, line))
            wavetile.set_log(None)
            gc.collect()

        wavetile.set_log(once)
        with ttm.Device(print=None) as device:  # reading a router's memory gives a filler and a warning
            source = ("void kernel_main() { for (int i = 0; i < 2; i++) {"
                      " noc_async_read(get_noc_addr(8, 0, 0), 0x100000, 32); noc_async_read_barrier(); } }")
            launch(device, source)
        self.assertEqual(len(lines), 1)
        self.assertIn("(8,0)", lines[0][1])

    def test_named_tuples(self):
        with ttm.Device() as device:
            info = device.info
            self.assertEqual((info.arch, info.compute_grid), ("blackhole", (13, 10)))
            self.assertIn("arch='blackhole'", repr(info))
            page = device.buffer(256, 64, kind="l1").page(1)
            device.write_l1(page.core, page.address, b"abcd")  # what a call returns another takes
            self.assertIn("cycles=", repr(device.stats))

    def test_leaving_without_closing(self):
        script = ("from wavetile import ttm\ndevice = ttm.Device()\nprogram = device.program()\n"
                  "program.dataflow(source='void kernel_main() { DPRINT << \"no end\"; }')\nprogram.launch()\n"
                  "buffer = device.buffer(64)\n")
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Interrupts(unittest.TestCase):
    def test_ctrl_c_ends_a_launch(self):
        with ttm.Device() as device:
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
            program = device.program()
            program.dataflow(source=ENDLESS)
            with self.assertRaises(KeyboardInterrupt), program:  # and leaves the `with` block at once
                program.launch()
            device.reset()
            launch(device, "void kernel_main() {}")

    def test_ctrl_c_in_a_script(self):
        script = ("from wavetile import ttm\nwith ttm.Device() as device:\n    program = device.program()\n"
                  f"    program.dataflow(source='{ENDLESS}')\n    print('go', flush=True)\n    program.launch()\n")
        p = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(p.stdout.readline(), "go\n")
        time.sleep(0.5)
        p.send_signal(signal.SIGINT)
        _, text = p.communicate(timeout=60)
        self.assertIn("KeyboardInterrupt", text)

    def test_signals_that_raise_nothing_end_nothing(self):
        seen = []
        before = signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
        try:
            with ttm.Device(max_cycles=10_000_000) as device, device.program() as program:
                program.dataflow(source=ENDLESS)
                signal.setitimer(signal.ITIMER_REAL, 0.001)
                with self.assertRaises(WavetileError) as caught:
                    program.launch()
                self.assertEqual(caught.exception.name, "WT_LIMIT")
                self.assertEqual(seen, [1])
        finally:
            signal.signal(signal.SIGALRM, before)

    @unittest.skipIf("libtsan" in os.environ.get("LD_PRELOAD", ""), "libtsan allows no thread after a fork with threads")
    def test_launches_after_a_fork(self):
        with ttm.Device() as device:
            launch(device, "void kernel_main() {}")
            child = os.fork()
            if child == 0:
                signal.alarm(60)
                try:
                    launch(device, "void kernel_main() { *(volatile uint32_t *)0x100000 = 7; }")
                    os._exit(0 if device.read_l1((0, 0), 0x100000, 4) == b"\7\0\0\0" else 1)
                finally:
                    os._exit(2)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            launch(device, "void kernel_main() {}")

    def test_launches_from_other_threads(self):
        with ttm.Device() as device:
            raised = []

            def work():
                try:
                    launch(device, "void kernel_main() { *(volatile uint32_t*)0x40000000 = 1; }")
                except WavetileError as e:
                    raised.append(e.name)

            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            self.assertEqual(raised, ["WT_FAULT"])


if __name__ == "__main__":
    tap.main()
