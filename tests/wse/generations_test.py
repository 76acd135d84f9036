"""The same program in the styles of three generations of the SDK."""
import unittest

import numpy as np
import program
import tap

from wavetile import wse

SIZE, ADD = 6, 3
VALUES = np.array([1, -2, 300, -400, 5, 32760], dtype=np.int16)


class GenerationA(unittest.TestCase):
    """SDK 2.10: two 16-bit values in a word, but not to the host."""

    def check_on(self, arch):
        out = program.compiled("generation_a", program.params(size=SIZE, MEMCPYH2D_ID=0, MEMCPYD2H_ID=1), "--sdk=2.10",
                               arch=arch, width=2)
        rt = wse.Runtime(out)
        rt.load()
        rt.run()
        rt.launch("start", np.int16(ADD))
        rt.memcpy_h2d(0, VALUES.view(np.uint32), (0, 0, 1, 1), SIZE // 2, streaming=True, nonblock=True)
        words = np.zeros(SIZE, dtype=np.uint32)
        rt.memcpy_d2h(words, 1, (1, 0, 1, 1), SIZE, streaming=True)
        scaled = np.zeros(SIZE, dtype=np.float32)
        rt.memcpy_d2h(scaled, rt.get_id("scaled"), (1, 0, 1, 1), SIZE)
        rt.stop()
        expected = VALUES + np.int16(ADD)
        self.assertEqual(words.tolist(), expected.view(np.uint16).tolist())  # upper halves zero
        self.assertEqual(scaled.tolist(), (expected.astype(np.float32) * 2 + 1).tolist())

    def test_wse2(self):
        self.check_on("wse2")

    def test_wse3(self):
        self.check_on("wse3")


class GenerationB(unittest.TestCase):
    """SDK 1.1 to 1.4: a 16-bit value to a word."""

    def check_on(self, arch):
        out = program.compiled("generation_b", program.params(size=SIZE, MEMCPYH2D_ID=0, MEMCPYD2H_ID=1), arch=arch,
                               width=2)
        rt = wse.Runtime(out)
        rt.load()
        rt.run()
        rt.launch("start", np.int16(ADD))
        rt.memcpy_h2d(0, VALUES.astype(np.uint32), (0, 0, 1, 1), SIZE, streaming=True, nonblock=True)
        words = np.zeros(SIZE, dtype=np.uint32)
        rt.memcpy_d2h(words, 1, (1, 0, 1, 1), SIZE, streaming=True)
        rt.stop()
        self.assertEqual(words.tolist(), (VALUES + np.int16(ADD)).view(np.uint16).tolist())

    def test_wse2(self):
        self.check_on("wse2")

    def test_wse3(self):
        self.check_on("wse3")


class GenerationC(unittest.TestCase):
    """Before SDK 1.1: a color for launches, fabric DSDs without queues, WSE-2 by default."""

    FLAGS = (program.params(size=SIZE, LAUNCH_ID=8, MEMCPYH2D_ID=0),)

    def test_runs(self):
        out = program.compiled("generation_c", *self.FLAGS, arch=None, width=2)
        rt = wse.Runtime(out)
        rt.load()
        rt.run()
        rt.launch("start", np.int16(ADD))
        rt.memcpy_h2d(0, VALUES.astype(np.uint32), (0, 0, 1, 1), SIZE, streaming=True)
        words = np.zeros(SIZE, dtype=np.uint32)
        rt.memcpy_d2h(words, rt.get_id("values"), (1, 0, 1, 1), SIZE, data_type=wse.MEMCPY_16BIT)
        rt.stop()
        self.assertEqual(words.tolist(), (VALUES + np.int16(2 * ADD)).view(np.uint16).tolist())

    def test_a_launch_color_is_an_error_on_wse3(self):
        said, code = program.cslc(program.PROGRAMS / "generation_c", "/dev/null/none", *self.FLAGS, "--arch=wse3",
                                  "--fabric-dims=9,3", "--fabric-offsets=4,1", "--memcpy", "--channels=1")
        self.assertNotEqual(code, 0)
        self.assertRegex(said, "wse3|WSE-3")


if __name__ == "__main__":
    tap.main()
