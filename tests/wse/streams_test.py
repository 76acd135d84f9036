"""Streaming: words to and from tasks, regions and orders, concurrency of both directions."""
import unittest

import numpy as np
import program
import tap

from wavetile import wse

W, H = 3, 2
IN, OUT = 2, 3


class Streams(unittest.TestCase):
    ARCH = "wse3"

    @classmethod
    def setUpClass(cls):
        cls.out = program.compiled("echo", program.params(width=W, height=H), width=W, height=H, arch=cls.ARCH)

    def setUp(self):
        self.rt = wse.Runtime(self.out)
        self.rt.load()
        self.rt.run()

    def send(self, words, region, elems, **opt):
        return self.rt.memcpy_h2d(IN, words, region, elems, streaming=True, **opt)

    def receive(self, region, elems, **opt):
        words = np.zeros(region[2] * region[3] * elems, dtype=np.uint32)
        self.rt.memcpy_d2h(words, OUT, region, elems, streaming=True, **opt)
        return words

    def test_one_pe_keeps_the_order_of_words(self):
        self.send(np.arange(50, dtype=np.uint32), (1, 1, 1, 1), 50, nonblock=True)
        self.assertEqual(self.receive((1, 1, 1, 1), 50).tolist(), [(17 << 16) + i for i in range(50)])

    def test_every_pe_gets_its_own(self):
        sent = np.arange(W * H * 4, dtype=np.uint32)
        self.send(sent, (0, 0, W, H), 4, nonblock=True)
        back = self.receive((0, 0, W, H), 4).reshape(H, W, 4)
        numbers = np.arange(H).reshape(H, 1, 1) * 16 + np.arange(W).reshape(1, W, 1)
        np.testing.assert_array_equal(back >> 16, np.broadcast_to(numbers, back.shape))
        np.testing.assert_array_equal(back & 0xffff, sent.reshape(H, W, 4))

    def test_column_major(self):
        sent = np.arange(W * H * 2, dtype=np.uint32)
        self.send(sent, (0, 0, W, H), 2, order=wse.COL_MAJOR, nonblock=True)
        back = self.receive((0, 0, W, H), 2, order=wse.COL_MAJOR)
        np.testing.assert_array_equal(back & 0xffff, sent)

    def test_all_32_bits_travel_in_16_bit_mode(self):
        self.send(np.array([0x00050007], dtype=np.uint32), (0, 0, 1, 1), 1, data_type=wse.MEMCPY_16BIT, nonblock=True)
        self.assertEqual(self.receive((0, 0, 1, 1), 1, data_type=wse.MEMCPY_16BIT)[0], 0x00050007)

    def test_row_broadcast(self):
        self.rt.memcpy_h2d_rowbcast(IN, np.array([5, 6], dtype=np.uint32), (0, 0, W, H), 1, streaming=True, nonblock=True)
        back = self.receive((0, 0, W, H), 1).reshape(H, W) & 0xffff
        self.assertEqual(back.tolist(), [[5] * W, [6] * W])

    def test_stride(self):
        self.rt.memcpy_h2d_stride(IN, np.array([5, 6], dtype=np.uint32), (0, 1, W, 1), 1, 2, 1, streaming=True,
                                  nonblock=True)
        self.assertEqual(int(self.receive((0, 1, 1, 1), 1)[0]) & 0xffff, 5)
        self.assertEqual(int(self.receive((2, 1, 1, 1), 1)[0]) & 0xffff, 6)

    def test_words_wait_for_the_host_to_ask(self):
        self.send(np.arange(3, dtype=np.uint32), (0, 0, 1, 1), 3)
        self.assertEqual(self.receive((0, 0, 1, 1), 1).tolist(), [0])
        self.assertEqual(self.receive((0, 0, 1, 1), 2).tolist(), [1, 2])

    def test_a_copy_sees_what_the_stream_did(self):
        self.send(np.zeros(7, dtype=np.uint32), (2, 0, 1, 1), 7, nonblock=True)
        count = np.zeros(1, dtype=np.uint32)
        self.rt.memcpy_d2h(count, self.rt.get_id("count"), (2, 0, 1, 1), 1)
        self.assertEqual(count[0], 7)

    def test_words_that_never_come_are_a_stall(self):
        self.send(np.zeros(2, dtype=np.uint32), (0, 0, 1, 1), 2)
        words = np.zeros(3, dtype=np.uint32)
        with self.assertRaisesRegex(wse.WavetileError, r"WT_STALL: (.|\n)*d2h from streaming color 3: 2 of 3 words came"):
            self.rt.memcpy_d2h(words, OUT, (0, 0, 1, 1), 3, streaming=True)
        # Nothing is lost: the host sends the missing word and waits again.
        task = self.send(np.zeros(1, dtype=np.uint32), (0, 0, 1, 1), 1)
        self.rt.task_wait(task)
        self.rt.stop()

    def test_directions_are_told_apart(self):
        with self.assertRaisesRegex(wse.WavetileError, "color 3 streams in the other direction"):
            self.rt.memcpy_h2d(OUT, np.zeros(1, np.uint32), (0, 0, 1, 1), 1, streaming=True)


class StreamsOnWse2(Streams):
    ARCH = "wse2"


if __name__ == "__main__":
    tap.main()
