"""The CSL library on the wafer, against numpy in double precision."""
import os
import pathlib
import unittest

import numpy as np
import program
import tap

from cerebras.sdk.debug.debug_util import debug_util
from cerebras.sdk.runtime.sdkruntimepybind import MemcpyDataType, MemcpyOrder, SdkRuntime

N = 400
COPY = dict(streaming=False, order=MemcpyOrder.ROW_MAJOR, data_type=MemcpyDataType.MEMCPY_32BIT, nonblock=False)
HALF = dict(COPY, data_type=MemcpyDataType.MEMCPY_16BIT)
(SQRT, INV, INVSQRT, EXP, LOG, SIN, COS, TANH, POW, FLOOR, CEIL, ABS, SIG, SIGN, MAX, MIN, FSCALE, CLASS,
 DIVIDE) = range(19)


def ulps(got, exact):
    """Distance in units of the last place of the correctly rounded result."""
    rounded = np.abs(exact.astype(np.float32)).astype(np.float64)
    unit = np.maximum(2.0 ** (np.floor(np.log2(np.maximum(rounded, 2.0**-126))) - 23), 2.0**-149)
    return np.abs(got.astype(np.float64) - exact) / unit


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = program.compiled("library", program.params(n=N), "--max-inlined-iterations=1000", width=2)
        os.chdir(cls.out.parent)  # sim.log is written to the working directory

    def setUp(self):
        self.runner = SdkRuntime(str(self.out))
        self.runner.load()
        self.runner.run()

    def get(self, name, dtype, x=0):
        words = np.zeros(N, dtype=np.uint32)
        half = np.dtype(dtype).itemsize == 2
        self.runner.memcpy_d2h(words, self.runner.get_id(name), x, 0, 1, 1, N, **(HALF if half else COPY))
        return words.astype(np.uint16).view(dtype) if half else words.view(dtype)

    def f32(self, which, x, y=0.0):
        xs = np.resize(np.array(x, dtype=np.float32), N)
        ys = np.resize(np.array(y, dtype=np.float32), N)
        self.runner.memcpy_h2d(self.runner.get_id("x"), xs, 0, 0, 1, 1, N, **COPY)
        self.runner.memcpy_h2d(self.runner.get_id("y"), np.tile(ys, 2), 0, 0, 2, 1, N, **COPY)
        self.runner.launch("math_f32", np.uint16(which), nonblock=False)
        return self.get("r", np.float32), xs.astype(np.float64), ys.astype(np.float64)

    def within(self, limit, which, function, low, high, log_scale=False):
        rng = np.random.default_rng(which)
        x = np.exp(rng.uniform(np.log(low), np.log(high), N)) if log_scale else rng.uniform(low, high, N)
        got, x, _ = self.f32(which, x)
        self.assertLess(ulps(got, function(x)).max(), limit)

    def test_correctly_rounded(self):
        self.within(0.5001, SQRT, np.sqrt, 1e-30, 1e30, log_scale=True)
        self.within(0.5001, INV, lambda x: 1 / x, 1e-30, 1e30, log_scale=True)

    def test_within_a_few_units(self):
        self.within(1.5, INVSQRT, lambda x: 1 / np.sqrt(x), 1e-30, 1e30, log_scale=True)
        self.within(1, EXP, np.exp, -87, 88)
        self.within(1, EXP, np.exp, -0.5, 0.5)
        self.within(1, LOG, np.log, 1e-38, 1e38, log_scale=True)
        self.within(1, LOG, np.log, 0.7, 1.4)
        self.within(1.5, SIN, np.sin, -3.2, 3.2)
        self.within(1.5, COS, np.cos, -3.2, 3.2)
        self.within(2, TANH, np.tanh, -8, 8)
        self.within(2, TANH, np.tanh, -0.4, 0.4)

    def test_circular_functions_of_large_numbers(self):
        x = np.random.default_rng(1).uniform(-51000, 51000, N)
        got, x, _ = self.f32(SIN, x)
        np.testing.assert_allclose(got, np.sin(x), atol=1e-7, rtol=0)
        got, x, _ = self.f32(COS, x)
        np.testing.assert_allclose(got, np.cos(x), atol=1e-7, rtol=0)

    def test_power(self):
        rng = np.random.default_rng(2)
        got, x, y = self.f32(POW, np.exp(rng.uniform(-5, 5, N)), rng.uniform(-17, 17, N))
        self.assertLess(ulps(got, x**y).max(), 2)
        got, x, y = self.f32(POW, [-2, -2, -2, 0, 0, 2, 1, 5, -8], [3, 2, 0.5, 2, -1, 200, 1e30, 0, -1])
        expected = [-8, 4, np.nan, 0, np.inf, np.inf, 1, 1, -0.125]
        np.testing.assert_array_equal(got[:9], np.array(expected, dtype=np.float32))

    def test_special_values(self):
        inf, nan = np.inf, np.nan
        for which, x, expected in (
                (EXP, [0, 100, -200, inf, -inf, nan, -100], [1, inf, 0, inf, 0, nan, np.exp(np.float64(-100))]),
                (LOG, [1, 0, -1, inf, nan], [0, -inf, nan, inf, nan]),
                (SQRT, [0, 4, inf, -1], [0, 2, inf, nan]),
                (SIN, [0, inf, nan], [0, nan, nan]),
                (TANH, [0, inf, -inf, nan, 20], [0, 1, -1, nan, 1]),
                (INV, [0, inf, 2], [inf, 0, 0.5]),
                (CLASS, [nan, inf, 1], [1, 2, 3]),
                (SIGN, [-3, 0, 9], [-1, 0, 1]),
                (SIG, [12, -0.75, 0, 1e-45], [1.5, -1.5, 0, 1])):
            got, _, _ = self.f32(which, x)
            np.testing.assert_array_equal(got[:len(x)], np.array(expected, dtype=np.float32), f"function {which}")

    def test_zero_keeps_its_sign(self):
        for which in (SQRT, SIN, TANH, FLOOR, CEIL, SIG, SIGN):
            got, _, _ = self.f32(which, [0.0, -0.0])
            self.assertEqual(got[:2].view(np.uint32).tolist(), [0, 0x80000000], f"function {which}")

    def test_exact_functions(self):
        rng = np.random.default_rng(3)
        x = np.concatenate([rng.uniform(-1000, 1000, N - 8), [0.0, -0.0, 0.5, -0.5, 8388609, -8388609, 1e30, -1e-30]])
        for which, function in ((FLOOR, np.floor), (CEIL, np.ceil), (ABS, np.abs)):
            got, exact, _ = self.f32(which, x)
            np.testing.assert_array_equal(got, function(exact).astype(np.float32))
        got, a, b = self.f32(MAX, [1, np.nan, 3, -1], [2, 5, np.nan, -2])
        np.testing.assert_array_equal(got[:4], [2, 5, 3, -1])
        got, a, b = self.f32(MIN, [1, np.nan, 3, -1], [2, 5, np.nan, -2])
        np.testing.assert_array_equal(got[:4], [1, 5, 3, -2])
        got, a, b = self.f32(DIVIDE, rng.uniform(-10, 10, N), rng.uniform(1, 10, N))
        np.testing.assert_array_equal(got, (a.astype(np.float32) / b.astype(np.float32)))

    def test_scaling_rounds_once(self):
        x = [1.0, 1.5, 1.0000001, 1.9999999, 3.4e38, 1.0, 1e-45, -1.7]
        s = [10, -149, -140, -130, -276, 127, 200, -145]
        got, _, _ = self.f32(FSCALE, x, s)
        expected = np.ldexp(np.array(x, dtype=np.float32).astype(np.float64), s).astype(np.float32)
        np.testing.assert_array_equal(got[:8], expected)

    def test_halves(self):
        x = np.random.default_rng(4).uniform(0.01, 9, N).astype(np.float16)
        for which, function in enumerate((np.sqrt, lambda v: 1 / v, np.exp, np.floor, np.abs,
                                          lambda v: np.maximum(v, 1))):
            self.runner.memcpy_h2d(self.runner.get_id("h"), x.view(np.uint16).astype(np.uint32), 0, 0, 1, 1, N, **HALF)
            self.runner.launch("math_f16", np.uint16(which), nonblock=False)
            got, exact = self.get("h", np.float16), function(x.astype(np.float64))
            if which == 2:
                np.testing.assert_allclose(got, exact, rtol=2**-10)
            else:
                np.testing.assert_array_equal(got, exact.astype(np.float16), f"function {which}")

    def test_control_payloads(self):
        self.runner.launch("control", nonblock=False)
        adv, rst, trd, none = 1, 2, 3, 31 << 16
        words = self.get("words", np.uint32)
        self.assertEqual(words[:6].tolist(), [
            5 << 16,
            none | (adv | 4) << 22 | 0x1234,
            5 << 16 | rst << 22 | 7,
            none | adv << 22 | (rst | 4) << 25 | trd << 28 | 1,
            5 << 16 | 4 << 25 | 1 | sum(4 << (3 * i - 8) for i in range(3, 8)),
            none | adv << 22 | adv << 25 | adv << 28 | sum(adv << (3 * i - 8) for i in range(3, 8)),
        ])

    def test_random_numbers(self):
        self.runner.launch("random", nonblock=False)
        uniform, normal = self.get("r", np.float32), self.get("y", np.float32)
        half, words = self.get("h", np.float16), self.get("words", np.uint32)
        self.assertTrue(((uniform >= -1) & (uniform < 3)).all() and ((half >= 0) & (half < 1)).all())
        seeded = self.get("x", np.float32)
        self.assertEqual(seeded[:2].tolist(), seeded[2:4].tolist())
        self.assertNotEqual(seeded[0], seeded[1])
        self.assertLess(int(words.max()), 32)
        self.assertGreater(len(set(uniform.tolist())), N * 0.99)
        self.assertLess(abs(uniform.mean() - 1), 5 * 4 / 12**0.5 / N**0.5)
        self.assertLess(abs(normal.mean()), 5 / N**0.5)
        self.assertLess(abs(normal.std() - 1), 5 / (2 * N)**0.5)

    def test_the_rest(self):
        self.runner.launch("rest", nonblock=False)
        words = self.get("words", np.uint32, x=1)
        self.assertEqual(words[:5].tolist(), [1, 0, 1, 1, 211])
        self.assertGreater(words[5], 0)
        self.assertEqual(words[6], 0)
        self.assertEqual(self.runner.coord_logical_to_physical((1, 0)), (5, 1))
        self.runner.stop()

        # debug_util finds the run by the directory, and reads it in fabric coordinates.
        looked = debug_util(str(self.out) + "/../out")
        trace = looked.read_trace(5, 1, "all")
        stamp = trace.pop(12)
        self.assertEqual(trace, [True, 200, -3, 60000, -300, 1.5, 3000000000, -5, -0.5, "odd", "even", "", 77,
                                 2**64 - 2, -2**63])
        self.assertGreater(stamp, 0)
        self.assertEqual(looked.read_trace(4, 1, "short"), [1, 2])
        self.assertEqual(looked.get_symbol_rect(((4, 1), (2, 1)), "words", np.uint32)[:, 0, 0].tolist(), [0, 1])
        self.assertEqual(self.runner.read_symbol(1, 0, "words", dtype="uint32")[0], 1)

        # sim.log has the lines that ended.
        lines = sorted(line.split(" ", 1)[1] for line in pathlib.Path("sim.log").read_text().splitlines())
        self.assertEqual(len(lines), 4)
        self.assertTrue(all(line.startswith("@") for line in pathlib.Path("sim.log").read_text().splitlines()))
        text = "\n".join(lines)
        self.assertEqual(text.count("n=42 002A 0000000000000101 4000000000 0000BEEF"), 2)
        self.assertIn("PE(1,0): 42 0000002A 0000000000000010 1.5", text)
        self.assertNotIn("never", text)
        self.assertNotIn("dropped", text)

    def test_core_files(self):
        self.runner.launch("rest", nonblock=False)
        self.runner.stop()
        self.runner.dump_core("corefile.cs1")
        head, _, memory = pathlib.Path("corefile.cs1").read_bytes().partition(b"\n")
        self.assertEqual((head, len(memory)), (b"wavetile-core 1 2 1", 2 * 49152))
        self.runner.dump_elf_core("core.elf")
        elf = pathlib.Path("core.elf").read_bytes()
        self.assertEqual((elf[:4], elf[16], len(elf)), (b"\x7fELF", 4, 64 + 2 * 56 + 2 * 49152))
        self.assertEqual(elf[64 + 2 * 56:], memory)


def significand(x):
    return np.where((x == 0) | ~np.isfinite(x), x, 2 * np.frexp(x)[0])


def kind(x):
    bits = x.astype(np.float16).view(np.uint16)
    return np.where(np.isnan(x), 4, np.where(np.isinf(x), 3, np.where(bits >> 15 != 0, 1, 0)))


@unittest.skipIf(np.finfo(np.longdouble).nmant < 63, "no reference: long double is no wider than double here")
class EveryHalf(unittest.TestCase):
    """The 16-bit functions are correctly rounded, on every input."""

    def test_all(self):
        runner = SdkRuntime(str(program.compiled("halves")))
        runner.load()
        runner.run()
        h, every = runner.get_id("h"), np.arange(65536, dtype=np.uint32)
        x = every.astype(np.uint16).view(np.float16)
        signaling = np.isnan(x) & (every & 0x200 == 0)
        exact = x.astype(np.longdouble)
        functions = (np.sqrt, lambda v: 1 / v, lambda v: 1 / np.sqrt(v), np.exp, np.log, np.sin, np.cos, np.tanh,
                     np.floor, np.ceil, np.abs, np.sign, significand, kind)
        for which, function in enumerate(functions):
            got = np.zeros(65536, np.uint32)
            for at in range(0, 65536, 16384):
                part = slice(at, at + 16384)
                runner.memcpy_h2d(h, every[part], 0, 0, 1, 1, 16384, **HALF)
                runner.launch("apply", np.uint16(which), nonblock=False)
                runner.memcpy_d2h(got[part], h, 0, 0, 1, 1, 16384, **HALF)
            got = got.astype(np.uint16).view(np.float16)
            with np.errstate(all="ignore"):
                expected = function(exact).astype(np.float16)
            if function is kind:
                expected = np.where(signaling, np.float16(5), expected)
            told = ~(np.abs(exact) >= 16384 * np.pi) if function in (np.sin, np.cos) else np.full(65536, True)
            bad = told & (got != expected) & ~(np.isnan(got) & np.isnan(expected))
            self.assertEqual(every[bad].tolist(), [], f"function {which}")
            zeros = told & (expected == 0) & (function is not np.sign)
            self.assertEqual(every[zeros & (np.signbit(got) != np.signbit(expected))].tolist(), [], f"zeros of {which}")
        runner.stop()


if __name__ == "__main__":
    tap.main()
