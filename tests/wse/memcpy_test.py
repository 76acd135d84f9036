"""Copy mode: orders, regions, broadcasts, strides, 16 and 32 bits, and what is refused."""
import unittest

import numpy as np
import program
import tap

import wavetile
from wavetile import wse

W, H, N = 4, 3, 5


def value(x, y, k):
    return 10000 * y + 100 * x + k


class Copies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = program.compiled("memory", program.params(width=W, height=H, n=N), width=W, height=H)

    def setUp(self):
        self.rt = wse.Runtime(self.out)
        self.words, self.halves = self.rt.get_id("words"), self.rt.get_id("halves")
        self.rt.load()
        self.rt.run()

    def whole(self, **opt):
        """The array `words` of every PE, as [y][x][k]."""
        back = np.zeros(W * H * N, dtype=np.uint32)
        self.rt.memcpy_d2h(back, self.words, (0, 0, W, H), N, **opt)
        return back.reshape(H, W, N)

    def test_row_major(self):
        sent = np.array([value(x, y, k) for y in range(H) for x in range(W) for k in range(N)], dtype=np.int32)
        self.rt.memcpy_h2d(self.words, sent, (0, 0, W, H), N)
        for y in range(H):
            for x in range(W):
                one = np.zeros(N, dtype=np.uint32)
                self.rt.memcpy_d2h(one, self.words, (x, y, 1, 1), N)
                self.assertEqual(one.tolist(), [value(x, y, k) for k in range(N)])

    def test_column_major_has_the_row_fastest(self):
        sent = np.array([value(x, y, k) for k in range(N) for x in range(W) for y in range(H)], dtype=np.uint32)
        self.rt.memcpy_h2d(self.words, sent, (0, 0, W, H), N, order=wse.COL_MAJOR)
        self.assertEqual(self.whole()[2, 1].tolist(), [value(1, 2, k) for k in range(N)])
        back = np.zeros(W * H * N, dtype=np.uint32)
        self.rt.memcpy_d2h(back, self.words, (0, 0, W, H), N, order=wse.COL_MAJOR)
        self.assertEqual(back.tolist(), sent.tolist())

    def test_elements_of_another_width_warn_once(self):
        said = []
        wavetile.set_log(lambda level, line: said.append(line), 1)
        try:
            for _ in range(2):
                self.rt.memcpy_h2d(self.halves, np.zeros(2, np.uint32), (0, 0, 1, 1), 2)
                self.rt.memcpy_d2h(np.zeros(2, np.uint32), self.words, (0, 0, 1, 1), 2, data_type=wse.MEMCPY_16BIT)
                self.rt.memcpy_d2h(np.zeros(2, np.uint32), self.halves, (0, 0, 1, 1), 2, data_type=wse.MEMCPY_16BIT)
        finally:
            wavetile.set_log(None)
        self.assertEqual(said, ["'halves' is [*]i16 and is copied in elements of 32 bits (MEMCPY_32BIT)",
                                "'words' is [*]u32 and is copied in elements of 16 bits (MEMCPY_16BIT)"])

    def test_region(self):
        self.rt.memcpy_h2d(self.words, np.arange(1, 13, dtype=np.uint32), (1, 1, 2, 2), 3)
        all_words = self.whole()
        self.assertEqual(all_words[1:, 1:3, :3].ravel().tolist(), list(range(1, 13)))
        self.assertEqual(int(all_words.sum()), sum(range(1, 13)))  # nothing else was touched

    def test_row_broadcast(self):
        sent = np.arange(H * N, dtype=np.uint32)
        self.rt.memcpy_h2d_rowbcast(self.words, sent, (0, 0, W, H), N)
        np.testing.assert_array_equal(self.whole(), np.repeat(sent.reshape(H, 1, N), W, axis=1))

    def test_column_broadcast_both_orders(self):
        sent = np.arange(W * N, dtype=np.uint32).reshape(W, N)
        expected = np.repeat(sent.reshape(1, W, N), H, axis=0)
        self.rt.memcpy_h2d_colbcast(self.words, sent, (0, 0, W, H), N)
        np.testing.assert_array_equal(self.whole(), expected)
        self.rt.memcpy_h2d_colbcast(self.words, sent.T + 1, (0, 0, W, H), N, order=wse.COL_MAJOR)
        np.testing.assert_array_equal(self.whole(), expected + 1)

    def test_stride(self):
        # Columns 0 and 3, rows 0 and 2; the array is [column][row][element].
        sent = np.arange(1, 2 * 2 * N + 1, dtype=np.uint32).reshape(2, 2, N)
        self.rt.memcpy_h2d_stride(self.words, sent, (0, 0, W, H), N, 3, 2)
        expected = np.zeros((H, W, N), dtype=np.uint32)
        expected[0::2, 0::3] = sent.transpose(1, 0, 2)
        np.testing.assert_array_equal(self.whole(), expected)

    def test_sixteen_bits(self):
        sent = np.array([0x1234ffff, 2, 0xffff8000, 4, 5], dtype=np.uint32)
        self.rt.memcpy_h2d(self.halves, sent, (2, 1, 1, 1), N, data_type=wse.MEMCPY_16BIT)
        back = np.full(N, 0xdeadbeef, dtype=np.uint32)
        self.rt.memcpy_d2h(back, self.halves, (2, 1, 1, 1), N, data_type=wse.MEMCPY_16BIT)
        self.assertEqual(back.tolist(), [0xffff, 2, 0x8000, 4, 5])  # the upper halves are zero
        self.rt.launch("turn")
        self.rt.memcpy_d2h(back, self.halves, (2, 1, 1, 1), N, data_type=wse.MEMCPY_16BIT)
        self.assertEqual(back.astype(np.uint16).view(np.int16).tolist(), [1, -2, -0x8000, -4, -5])

    def test_launch_runs_on_every_pe_of_the_rectangle(self):
        self.rt.launch("turn")
        expected = [[[100 * y + x] * N for x in range(W)] for y in range(H)]
        self.assertEqual(self.whole().tolist(), expected)

    def test_the_pointer_is_followed_at_the_copy(self):
        self.rt.memcpy_h2d(self.words, np.arange(W * H * N, dtype=np.uint32), (0, 0, W, H), N)
        self.rt.launch("forward")
        back = np.zeros(1, dtype=np.uint32)
        self.rt.memcpy_d2h(back, self.words, (0, 0, 1, 1), 1)
        self.assertEqual(back[0], 1)

    def test_constants_and_scalars(self):
        back = np.zeros(4, dtype=np.uint32)
        self.rt.memcpy_d2h(back, self.rt.get_id("constants"), (3, 2, 1, 1), 4, data_type=wse.MEMCPY_16BIT)
        self.assertEqual(back.tolist(), [10, 20, 30, 40])
        self.rt.launch("turn")
        self.rt.memcpy_d2h(back[:1], self.rt.get_id("scalar"), (0, 0, 1, 1), 1)
        self.assertEqual(back[0], 8)

    def test_nonblocking_commands_keep_their_order_and_their_data(self):
        sent = np.full(W * H * N, 5, dtype=np.uint32)
        self.rt.memcpy_h2d(self.words, sent, (0, 0, W, H), N, nonblock=True)
        sent[:] = 9  # too late: the source was copied
        self.rt.launch("turn", nonblock=True)
        back = np.zeros(W * H * N, dtype=np.uint32)
        task = self.rt.memcpy_d2h(back, self.words, (0, 0, W, H), N, nonblock=True)
        self.rt.task_wait(task)
        self.assertTrue(self.rt.task_done(task))
        self.assertEqual(back.reshape(H, W, N)[2, 3].tolist(), [5 + 203] * N)

    def test_polling_comes_to_an_end(self):
        task = self.rt.launch("turn", nonblock=True)
        polls = 0
        while not self.rt.task_done(task):
            polls += 1
            self.assertLess(polls, 1000)

    def test_reading_beyond_a_symbol_is_harmless(self):
        back = np.zeros(N + 1, dtype=np.uint32)
        self.rt.memcpy_d2h(back, self.words, (0, 0, 1, 1), N + 1)

    def test_stop_finishes_what_was_begun(self):
        back = np.zeros(W * H * N, dtype=np.uint32)
        self.rt.launch("turn", nonblock=True)
        self.rt.memcpy_d2h(back, self.words, (0, 0, W, H), N, nonblock=True)
        self.rt.stop()
        self.assertEqual(back[-1], 203)
        self.assertEqual(np.frombuffer(self.rt.read_symbol(3, 2, "words"), dtype=np.uint32).tolist(), [203] * N)

    def test_determinism(self):
        def hash_of_run():
            rt = wse.Runtime(self.out)
            rt.load()
            rt.run()
            rt.launch("turn")
            rt.stop()
            stats = rt.stats()
            return stats.cycles, stats.trace_hash

        self.assertEqual(hash_of_run(), hash_of_run())


class Refusals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = program.compiled("memory", program.params(width=W, height=H, n=N), width=W, height=H)

    def setUp(self):
        self.rt = wse.Runtime(self.out)
        self.words = self.rt.get_id("words")

    def run_it(self):
        self.rt.load()
        self.rt.run()

    def refused(self, pattern, call, *args, kind=wse.WavetileError, **kwargs):
        with self.assertRaisesRegex(kind, pattern):
            call(*args, **kwargs)

    def test_order_of_life(self):
        a = np.zeros(1, dtype=np.uint32)
        self.refused(r"run\(\) before load\(\)", self.rt.run)
        self.refused(r"before load\(\) and run\(\)", self.rt.memcpy_h2d, self.words, a, (0, 0, 1, 1), 1)
        self.refused(r"stop\(\) before", self.rt.stop)
        self.rt.load()
        self.refused("loads once", self.rt.load)
        self.rt.run()
        self.refused("runs once", self.rt.run)
        self.rt.stop()
        self.refused(r"after stop\(\)", self.rt.launch, "turn")
        self.refused("was called before", self.rt.stop)

    def test_names(self):
        self.refused("did you mean 'words'", self.rt.get_id, "word")
        self.run_it()
        self.refused("did you mean 'turn'", self.rt.launch, "trun")
        self.refused("'words' is a variable, not a function", self.rt.launch, "words")
        self.refused("'turn' is not a variable", self.rt.memcpy_h2d, self.rt.get_id("turn"), np.zeros(1, np.uint32),
                     (0, 0, 1, 1), 1)
        self.refused("no symbol has the id 99", self.rt.memcpy_h2d, 99, np.zeros(1, np.uint32), (0, 0, 1, 1), 1)
        self.refused("did you mean 'halves'", self.rt.read_symbol, 0, 0, "halve")

    def test_regions(self):
        self.run_it()
        a = np.zeros(4, dtype=np.uint32)
        self.refused("leaves the program's rectangle of 4 x 3", self.rt.memcpy_h2d, self.words, a, (3, 0, 2, 2), 1)
        self.refused("leaves", self.rt.memcpy_h2d, self.words, a, (-1, 0, 2, 2), 1)
        self.refused("empty", self.rt.memcpy_h2d, self.words, a, (0, 0, 0, 1), 1)
        self.refused("must be positive", self.rt.memcpy_h2d, self.words, a, (0, 0, 1, 1), 0)
        self.refused("strides of 0 and 1", self.rt.memcpy_h2d_stride, self.words, a, (0, 0, 1, 1), 4, 0, 1)
        self.refused(r"PE \(4,0\) is outside", self.rt.read_symbol, 4, 0, "words")

    def test_arrays(self):
        self.run_it()
        self.refused("memcpy_h2d of 'words': the array has 5 words; 2 x 1 PEs of 3 elements take 6", self.rt.memcpy_h2d, self.words, np.zeros(5, np.uint32), (0, 0, 2, 1), 3)
        self.refused("memcpy_d2h of 'words': the array has 7 words; 2 x 1 PEs of 3 elements take 6", self.rt.memcpy_d2h, np.zeros(7, np.uint32), self.words, (0, 0, 2, 1), 3)
        self.refused("3 rows of 2 elements take 6", self.rt.memcpy_h2d_rowbcast, self.words, np.zeros(8, np.uint32),
                     (0, 0, 4, 3), 2)
        self.refused("4 columns of 2 elements take 8", self.rt.memcpy_h2d_colbcast, self.words, np.zeros(6, np.uint32),
                     (0, 0, 4, 3), 2)
        self.refused("more than a PE can hold", self.rt.memcpy_h2d, self.words, np.zeros(1, np.uint32), (0, 0, 1, 1), 50000)
        self.refused("4 bytes", self.rt.memcpy_h2d, self.words, np.zeros(6, np.int16), (0, 0, 2, 1), 3, kind=ValueError)
        self.refused("4 bytes", self.rt.memcpy_d2h, np.zeros(6), self.words, (0, 0, 2, 1), 3, kind=ValueError)
        self.refused("numpy array", self.rt.memcpy_h2d, self.words, [1, 2], (0, 0, 2, 1), 1, kind=TypeError)
        strided = np.zeros(12, dtype=np.uint32)[::2]
        self.refused("contiguous and writable", self.rt.memcpy_d2h, strided, self.words, (0, 0, 2, 1), 3, kind=ValueError)
        frozen = np.zeros(6, dtype=np.uint32)
        frozen.flags.writeable = False
        self.refused("contiguous and writable", self.rt.memcpy_d2h, frozen, self.words, (0, 0, 2, 1), 3, kind=ValueError)
        self.rt.memcpy_h2d(self.words, strided, (0, 0, 2, 1), 3)  # a source may be strided

    def test_constants_cannot_be_written(self):
        self.run_it()
        self.refused("cannot be written", self.rt.memcpy_h2d, self.rt.get_id("constants"), np.zeros(4, np.uint32),
                     (0, 0, 1, 1), 4)

    def test_writing_beyond_memory(self):
        self.run_it()
        n = 20000
        self.refused(r"more than the memory of PE \(0,0\) holds", self.rt.memcpy_h2d, self.words, np.zeros(n, np.uint32),
                     (0, 0, 1, 1), n)

    def test_streaming_needs_a_streaming_color(self):
        self.run_it()
        self.refused("no streaming color", self.rt.memcpy_h2d, 5, np.zeros(1, np.uint32), (0, 0, 1, 1), 1, streaming=True)

    def test_artifacts(self):
        self.refused("not a directory", wse.Runtime, "/nonexistent/out")
        self.refused("no compiled program", wse.Runtime, self.out.parent)


if __name__ == "__main__":
    tap.main()
