"""Launches: arguments of every type, what fits and what is refused; the raw form `call`."""
import unittest

import numpy as np
import program
import tap

from wavetile import wse


class Launches(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = program.compiled("arguments")

    def setUp(self):
        self.rt = wse.Runtime(self.out)
        self.rt.load()
        self.rt.run()

    def got(self):
        back = np.zeros(4, dtype=np.uint32)
        self.rt.memcpy_d2h(back, self.rt.get_id("got"), (0, 0, 1, 1), 4)
        return back.tolist()

    def test_numpy_scalars(self):
        self.rt.launch("integers", np.int16(-2), np.uint16(65535), np.int32(-3), np.uint32(2**32 - 1))
        self.assertEqual(self.got(), [2**32 - 2, 65535, 2**32 - 3, 2**32 - 1])

    def test_plain_integers_that_fit(self):
        self.rt.launch("integers", -32768, 0, -2**31, 2**32 - 1)
        self.assertEqual(self.got(), [2**32 - 32768, 0, 2**31, 2**32 - 1])

    def test_64_bit_scalars_are_32_bit_arguments(self):
        self.rt.launch("integers", 1, 2, np.int64(-1), np.uint64(7))
        self.assertEqual(self.got()[2:], [2**32 - 1, 7])

    def test_floats(self):
        self.rt.launch("floats", 1.5, np.float16(-2.0))
        self.assertEqual(self.got()[:2], [0x3fc00000, 0xc000])
        self.rt.launch("floats", np.float32(0.1), np.float16(1))
        self.assertEqual(self.got()[0], int(np.float32(0.1).view(np.uint32)))

    def test_flags(self):
        self.rt.launch("flag", True)
        self.assertEqual(self.got()[0], 1)
        self.rt.launch("flag", np.bool_(False))
        self.assertEqual(self.got()[0], 0)

    def test_many_in_a_row(self):
        tasks = [self.rt.launch("nothing", nonblock=True) for _ in range(20)]
        self.rt.task_wait(tasks[-1])
        self.assertEqual(self.got()[0], 20)

    def test_call_takes_words(self):
        self.rt.call("integers", [0xfffe, 3, 0xfffffffd, 4])
        self.assertEqual(self.got(), [2**32 - 2, 3, 2**32 - 3, 4])
        self.rt.call("nothing", [])

    def test_signatures_can_be_asked_for(self):
        kinds = [kind for _, kind in self.rt.symbol_inputs(self.rt.get_id("integers"))]
        self.assertEqual(kinds, ["i16", "u16", "i32", "u32"])
        by_name = {s.name.decode(): s for s in self.rt.symbols()}
        self.assertEqual(by_name["got"].type, b"[*]u32")
        self.assertEqual((by_name["got"].kind, by_name["flag"].kind), (wse.SYMBOL_VAR, wse.SYMBOL_FUNC))

    def refused(self, pattern, name, *args, kind=wse.WavetileError):
        with self.assertRaisesRegex(kind, pattern):
            self.rt.launch(name, *args)

    def test_number_of_arguments(self):
        self.refused("takes 2 arguments and was given 1", "floats", 1.0)
        self.refused("takes 0 arguments and was given 1", "nothing", 1)
        with self.assertRaisesRegex(wse.WavetileError, "takes 1 argument and was given 0"):
            self.rt.call("flag", [])

    def test_types_of_arguments(self):
        self.refused("argument 1 .*takes i16 and was given u16", "integers", np.uint16(1), 1, 1, 1)
        self.refused("argument 2 .*takes u16 and was given f32", "integers", 1, np.float32(1), 1, 1)
        self.refused("argument 3 .*takes i32 and was given float", "integers", 1, 1, 1.0, 1)
        self.refused("argument 1 .*takes f32 and was given int", "floats", 1, np.float16(1))
        self.refused("argument 2 .*takes f16 and was given f32", "floats", 1.0, np.float32(1))
        self.refused("argument 1 .*takes bool and was given i32", "flag", np.int32(1))
        self.refused("no counterpart", "floats", np.float64(1.0), np.float16(1), kind=TypeError)
        self.refused("no counterpart", "floats", "1", np.float16(1), kind=TypeError)

    def test_ranges_of_arguments(self):
        self.refused("32768 does not fit i16", "integers", 32768, 1, 1, 1)
        self.refused("-1 does not fit u16", "integers", 1, -1, 1, 1)
        self.refused("4294967296 does not fit u32", "integers", 1, 1, 1, 2**32)
        self.refused("does not fit any", "integers", 1, 1, 1, 2**63, kind=ValueError)


if __name__ == "__main__":
    tap.main()
