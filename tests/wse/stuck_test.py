"""A run that cannot go on says why at once; a stall poisons nothing; a fault does."""
import threading
import unittest

import numpy as np
import program
import tap

from wavetile import wse


class Stuck(unittest.TestCase):
    ARCH = "wse3"

    @classmethod
    def setUpClass(cls):
        cls.out = program.compiled("stuck", width=2, arch=cls.ARCH)

    def setUp(self):
        self.rt = wse.Runtime(self.out)
        self.rt.load()
        self.rt.run()

    def failing(self, call, *args, **kwargs):
        with self.assertRaises(wse.WavetileError) as caught:
            call(*args, **kwargs)
        return caught.exception

    def test_a_forgotten_unblock_names_the_pe(self):
        e = self.failing(self.rt.launch, "forget")
        self.assertEqual(e.name, "WT_STALL")
        self.assertIn("launch of 'forget': 1 PE never called unblock_cmd_stream()", e.message)
        self.assertIn("(1,0)", e.message)
        self.assertNotIn("PE (0,0)", e.message)
        self.assertIn("(1,0)", self.rt.report())

    def test_a_wait_for_words_names_operation_queue_and_color(self):
        e = self.failing(self.rt.launch, "wait_for_west")
        self.assertEqual(e.name, "WT_STALL")
        self.assertIn("launch of 'wait_for_west'", e.message)
        self.assertRegex(e.message, r"\(1,0\)")
        self.assertRegex(e.message, r"mov32")
        self.assertRegex(e.message, r"color 2")

    def test_stop_is_stuck_as_well(self):
        self.rt.launch("forget", nonblock=True)
        e = self.failing(self.rt.stop)
        self.assertEqual(e.name, "WT_STALL")
        self.assertIn("forget", e.message)

    def test_polling_a_stuck_launch_says_so(self):
        task = self.rt.launch("forget", nonblock=True)
        with self.assertRaisesRegex(wse.WavetileError, "forget"):
            for _ in range(100):
                self.rt.task_done(task)

    def test_memory_can_be_looked_at_after_a_stall(self):
        self.failing(self.rt.launch, "forget")
        self.assertEqual(self.rt.read_symbol(1, 0, "data"), bytes(16))

    def test_a_program_that_never_ends_can_be_interrupted(self):
        timer = threading.Timer(0.2, self.rt.interrupt)
        timer.start()
        e = self.failing(self.rt.launch, "spin")
        timer.join()
        self.assertEqual(e.name, "WT_INTERRUPTED")
        self.assertGreater(self.rt.stats().cycles, 1000)
        self.assertGreater(int.from_bytes(self.rt.read_symbol(0, 0, "turns"), "little"), 100)

    def test_a_failed_assertion(self):
        self.rt.memcpy_h2d(self.rt.get_id("data"), np.array([1, 2], dtype=np.uint32), (0, 0, 2, 1), 1)
        e = self.failing(self.rt.launch, "fails")
        self.assertEqual(e.name, "WT_FAULT")
        self.assertIn("(1,0)", e.message)
        self.assertIn("pe.csl:", e.message)
        # The chip refuses to go on; reading it stays possible.
        self.assertEqual(self.failing(self.rt.launch, "send_east").name, "WT_FAULT")
        self.assertEqual(self.rt.read_symbol(1, 0, "data")[0], 2)

    def test_a_write_outside_memory(self):
        e = self.failing(self.rt.launch, "outside", np.uint16(11000))
        self.assertEqual(e.name, "WT_FAULT")
        self.assertRegex(e.message, "pe.csl:")

    def test_a_write_to_nowhere(self):
        e = self.failing(self.rt.launch, "outside", np.uint16(0x2ffc))  # between RAM and the registers
        self.assertEqual(e.name, "WT_FAULT")


class StuckOnWse2(Stuck):
    ARCH = "wse2"


if __name__ == "__main__":
    tap.main()
