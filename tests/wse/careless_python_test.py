"""Hosts that make mistakes: what ctypes would swallow, what outlives what, and Ctrl-C."""
import gc
import os
import subprocess
import sys
import textwrap
import threading
import unittest

import numpy as np
import program
import tap

from cerebras.sdk.runtime.sdkruntimepybind import SdkRuntime
from wavetile import wse


def started(out):
    rt = wse.Runtime(out)
    rt.load()
    rt.run()
    return rt


class Values(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = program.compiled("memory", program.params(width=2, height=2, n=4), width=2, height=2)
        cls.rt = started(cls.out)
        cls.words = cls.rt.get_id("words")

    def refused(self, kind, pattern, call, *args, **kwargs):
        with self.assertRaisesRegex(kind, pattern):
            call(*args, **kwargs)

    def test_integers_are_not_cut_off(self):
        a = np.zeros(4, np.uint32)
        for big in (2**31, 2**32, -2**32, 2**64):
            self.refused(ValueError, "px is", self.rt.memcpy_h2d, self.words, a, (big, 0, 1, 1), 4)
            self.refused(ValueError, "the height is", self.rt.memcpy_d2h, a, self.words, (0, 0, 1, 1 + big), 4)
            self.refused(ValueError, "the destination is", self.rt.memcpy_h2d, self.words + big, a, (0, 0, 1, 1), 4)
            self.refused(ValueError, "row_stride is", self.rt.memcpy_h2d_stride, self.words, a, (0, 0, 1, 1), 4,
                         1 + big, 1)
            self.refused(ValueError, "x is", self.rt.read_symbol, big, 0, "words")
        for bad in (2**32 + 4, -1):
            self.refused(ValueError, "elem_per_pe is", self.rt.memcpy_h2d, self.words, a, (0, 0, 1, 1), bad)
        self.refused(ValueError, "an argument is", self.rt.call, "turn", [2**32])

    def test_fractions_are_no_coordinates(self):
        self.refused(TypeError, "integer", self.rt.memcpy_h2d, self.words, np.zeros(4, np.uint32), (0.5, 0, 1, 1), 4)

    def test_regions_and_counts(self):
        a = np.zeros(4, np.uint32)
        for region in ((0, 0, 0, 1), (0, 0, 1, -1), (-1, 0, 1, 1), (1, 1, 2, 1), (2**31 - 1, 0, 2**31 - 1, 1)):
            self.refused(wse.WavetileError, "WT_INVALID.*region", self.rt.memcpy_h2d, self.words, a, region, 4)
        self.refused(wse.WavetileError, "must be positive", self.rt.memcpy_h2d, self.words, a, (0, 0, 1, 1), 0)
        self.refused(wse.WavetileError, "more than a PE can hold", self.rt.memcpy_h2d, self.words, a, (0, 0, 1, 1),
                     2**32 - 1)

    def test_arrays_of_the_other_byte_order(self):
        for call in (lambda a: self.rt.memcpy_h2d(self.words, a, (0, 0, 1, 1), 4),
                     lambda a: self.rt.memcpy_d2h(a, self.words, (0, 0, 1, 1), 4)):
            self.refused(ValueError, "other order", call, np.zeros(4, ">u4"))

    def test_errors_are_runtime_errors(self):
        self.refused(RuntimeError, "WT_NOTFOUND.*did you mean 'words'", self.rt.get_id, "wordz")


class Lives(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = program.compiled("memory", program.params(width=2, height=2, n=4), width=2, height=2)
        cls.echo = program.compiled("echo", program.params(width=1, height=1))

    def test_a_target_outlives_the_call_that_gave_it_up(self):
        # The wait ends with a stall; the command stays, and is done when the words come.
        rt = started(self.echo)
        target = np.zeros(4, np.uint32)
        kept = target.ctypes.data
        with self.assertRaisesRegex(wse.WavetileError, "WT_STALL"):
            rt.memcpy_d2h(target, 3, (0, 0, 1, 1), 4, streaming=1)
        del target
        gc.collect()
        others = [np.full(4, 9, np.uint32) for _ in range(100)]  # would take the memory over
        self.assertNotIn(kept, [o.ctypes.data for o in others])
        rt.memcpy_h2d(2, np.arange(4, dtype=np.uint32), (0, 0, 1, 1), 4, streaming=1)
        rt.stop()
        for o in others:
            self.assertEqual(o.tolist(), [9] * 4)

    def test_runtimes_side_by_side(self):
        a, b = started(self.out), started(self.out)
        ids = a.get_id("words"), b.get_id("words")
        for rt, i, v in ((a, ids[0], 1), (b, ids[1], 2)):
            rt.memcpy_h2d(i, np.full(16, v, np.uint32), (0, 0, 2, 2), 4)
        got = np.zeros(16, np.uint32)
        a.memcpy_d2h(got, ids[0], (0, 0, 2, 2), 4)
        a.close()
        self.assertEqual(got.tolist(), [1] * 16)
        b.memcpy_d2h(got, ids[1], (0, 0, 2, 2), 4)
        self.assertEqual(got.tolist(), [2] * 16)

    def test_threads_have_their_own(self):
        results = []

        def work(value):
            rt = started(self.out)
            got = np.zeros(16, np.uint32)
            for _ in range(20):
                rt.memcpy_h2d(rt.get_id("words"), np.full(16, value, np.uint32), (0, 0, 2, 2), 4)
                rt.launch("turn")
            rt.memcpy_d2h(got, rt.get_id("words"), (0, 0, 2, 2), 4)
            rt.stop()
            results.append((set(got.tolist()), rt.stats().trace_hash, rt.stats().cycles))

        threads = [threading.Thread(target=work, args=(7,)) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(results), 4)
        self.assertTrue(all(r == results[0] for r in results), results)

    def test_after_stop_and_close(self):
        rt = started(self.out)
        words = rt.get_id("words")
        rt.stop()
        a = np.zeros(4, np.uint32)
        for call in (lambda: rt.memcpy_h2d(words, a, (0, 0, 1, 1), 4), lambda: rt.memcpy_d2h(a, words, (0, 0, 1, 1), 4),
                     lambda: rt.launch("turn"), lambda: rt.call("turn", [])):
            with self.assertRaisesRegex(wse.WavetileError, "WT_CLOSED.*after stop"):
                call()
        for call in (rt.load, rt.run, rt.stop):
            with self.assertRaisesRegex(wse.WavetileError, "before"):
                call()
        rt.close()
        rt.close()
        for call in (rt.load, rt.run, rt.stop, rt.info, rt.stats, rt.interrupt, lambda: rt.get_id("words"),
                     lambda: rt.launch("turn"), lambda: rt.task_wait(1), lambda: rt.read_symbol(0, 0, "words")):
            with self.assertRaises(wse.WavetileError):
                call()

    def test_tasks_belong_to_their_runtime(self):
        os.chdir(self.out.parent)
        a, b = SdkRuntime("out"), SdkRuntime("out")
        for rt in (a, b):
            rt.load()
            rt.run()
        task = a.launch("turn", nonblock=True)
        b.launch("turn", nonblock=True)
        with self.assertRaisesRegex(ValueError, "another runtime"):
            b.task_wait(task)
        with self.assertRaisesRegex(TypeError, "not a Task"):
            a.is_task_done(1)
        a.task_wait(task)


class Interrupt(unittest.TestCase):
    def test_ctrl_c_ends_a_long_run(self):
        out = program.compiled("stuck", width=2)
        script = textwrap.dedent(f"""
            import os, signal, threading
            from wavetile import wse
            signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell started us behind
            rt = wse.Runtime({str(out)!r})
            rt.load()
            rt.run()
            threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
            try:
                rt.launch("spin")
            except KeyboardInterrupt:
                print("heard at", rt.stats().cycles > 1000)
        """)
        done = subprocess.run([sys.executable, "-c", script], env=program.environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
        self.assertEqual((done.returncode, done.stdout.strip()), (0, "heard at True"))


if __name__ == "__main__":
    tap.main()
