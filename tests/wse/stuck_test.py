"""A run that cannot go on says why at once; a stall poisons nothing; a fault does."""
import re
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


class Reports(unittest.TestCase):
    """Each way to wait for ever is told in words that lead to the mistake."""
    ARCH = "wse3"
    UNBLOCK = r"has not called unblock_cmd_stream\(\) since the launch"
    QUEUE = {"wse2": "its input queue", "wse3": "input queue 2"}

    @classmethod
    def setUpClass(cls):
        cls.out = program.compiled("deadlock", width=2, arch=cls.ARCH)

    def expect(self, function, *lines):
        rt = wse.Runtime(self.out)
        rt.load()
        rt.run()
        with self.assertRaises(wse.WavetileError) as caught:
            rt.launch(function)
        self.assertEqual(caught.exception.name, "WT_STALL")
        said = caught.exception.message.splitlines()
        for line in lines:
            self.assertTrue(any(re.fullmatch(line, s) for s in said), f"no line '{line}' in\n" + "\n".join(said))

    def test_a_queue_that_nobody_reads(self):
        self.expect("full_queue",
                    r"PE \(0,0\): launch of 'full_queue' waits in @mov32 \(pe\.csl:\d+\): output queue 2 is full "
                    r"\(color 2\); \d+ of 64 elements done",
                    r"PE \(0,0\): \d words in output queue 2, color 2: the router of PE \(1,0\) is full",
                    r"PE \(1,0\): 2 words of color 2 from WEST in the router: the input queue is full",
                    rf"PE \(1,0\): \d words of color 2 in {self.QUEUE[self.ARCH]}: no task is bound to it and no "
                    "operation reads it")

    def test_two_that_wait_for_each_other(self):
        self.expect("each_other",
                    r"PE \(0,0\): launch of 'each_other' waits in @mov32 \(pe\.csl:\d+\): no word on color 3.*",
                    r"PE \(1,0\): launch of 'each_other' waits in @mov32 \(pe\.csl:\d+\): no word on color 2.*")

    def test_a_task_that_nothing_unblocks(self):
        self.expect("blocked_task", r"PE \(0,0\): " + self.UNBLOCK,
                    r"PE \(0,0\): task 'locked' \(11\) is active but blocked: nothing unblocks it")

    def test_a_fifo_that_nobody_empties(self):
        self.expect("full_fifo",
                    r"PE \(1,0\): microthread 2, @mov32 \(pe\.csl:\d+\): FIFO 'fifo' is full; 8 of 64 elements done",
                    rf"PE \(1,0\): \d words of color 2 in {self.QUEUE[self.ARCH]}: microthread 2, which reads it, waits")

    def test_routes_that_lead_nowhere(self):
        self.expect("wrong_route",
                    r"PE \(0,0\): \d words in output queue 3, color 3: the color is not routed from the RAMP here",
                    r"PE \(1,0\): \d words in output queue 3, color 3: its route leads EAST, off the rectangle")

    def test_two_operations_on_one_microthread(self):
        self.expect("one_microthread",
                    r"PE \(0,0\): launch of 'one_microthread', pe\.csl:\d+: waits for microthread 3, which another "
                    "operation holds")

    def test_nothing_left_to_run(self):
        self.expect("nothing", r"PE \(1,0\): " + self.UNBLOCK + ", and nothing is left on it that could")


class ReportsOnWse2(Reports):
    ARCH = "wse2"


class StuckOnWse2(Stuck):
    ARCH = "wse2"


if __name__ == "__main__":
    tap.main()
