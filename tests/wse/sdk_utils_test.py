"""cerebras.sdk.sdk_utils, the geometry types and the names that wait for SdkLayout."""
import unittest

import numpy as np
import tap

from cerebras.geometry.geometry import IntRectangle, IntVector
from cerebras.sdk import sdk_utils


class MemcpyView(unittest.TestCase):
    def test_reads_the_low_half(self):
        words = np.array([0x0001ffff, 0x00020003], dtype=np.uint32)
        self.assertEqual(sdk_utils.memcpy_view(words, np.dtype(np.int16)).tolist(), [-1, 3])
        self.assertEqual(sdk_utils.memcpy_view(words, np.dtype(np.uint8)).tolist(), [0xff, 3])

    def test_writes_through_and_keeps_the_high_half(self):
        words = np.full((2, 3), 0xabcd0000, dtype=np.uint32)
        view = sdk_utils.memcpy_view(words, np.dtype(np.float16))
        self.assertEqual(view.shape, (2, 3))
        view[1, ::2] = 1.0
        self.assertEqual(words.tolist(), [[0xabcd0000] * 3, [0xabcd3c00, 0xabcd0000, 0xabcd3c00]])

    def test_of_a_strided_array(self):
        words = np.arange(12, dtype=np.int32).reshape(3, 4)[:, ::2]
        self.assertEqual(sdk_utils.memcpy_view(words, np.dtype(np.int16)).tolist(), words.tolist())

    def test_same_width(self):
        words = np.array([0x3f800000], dtype=np.uint32)
        self.assertEqual(sdk_utils.memcpy_view(words, np.dtype(np.float32))[0], 1.0)

    def test_refuses_other_sizes(self):
        with self.assertRaisesRegex(RuntimeError, "4 bytes, not 2"):
            sdk_utils.memcpy_view(np.zeros(3, np.int16), np.dtype(np.int16))
        with self.assertRaisesRegex(RuntimeError, "8 bytes"):
            sdk_utils.memcpy_view(np.zeros(3, np.int32), np.dtype(np.float64))


class InputArray(unittest.TestCase):
    def test_zero_extension(self):
        words = sdk_utils.input_array_to_u32(np.array([-1, 2], dtype=np.int16), None, 2)
        self.assertEqual((words.dtype, words.tolist()), (np.uint32, [0xffff, 2]))

    def test_index_in_the_high_half(self):
        words = sdk_utils.input_array_to_u32(np_arr=np.ones(4, np.float16), sentinel=1, fast_dim_sz=3)
        self.assertEqual(words.tolist(), [0x3c00, 0x13c00, 0x23c00, 0x3c00])

    def test_words_are_reinterpreted(self):
        self.assertEqual(sdk_utils.input_array_to_u32(np.array([1.0], np.float32), 1, 1).tolist(), [0x3f800000])

    def test_the_manual_names_the_array_otherwise(self):
        self.assertEqual(sdk_utils.input_array_to_u32(arr=np.ones(1, np.int16), sentinel=None, fast_dim_sz=1).tolist(), [1])
        with self.assertRaisesRegex(TypeError, "takes an array"):
            sdk_utils.input_array_to_u32(sentinel=None, fast_dim_sz=1)

    def test_refuses_other_shapes(self):
        with self.assertRaises(AssertionError):
            sdk_utils.input_array_to_u32(np.zeros((2, 2), np.int16), None, 2)


class Cycles(unittest.TestCase):
    def test_difference_of_packed_stamps(self):
        stamps = np.array([0xfff0, 0x0001, 0x0002, 0x0010, 0x0003, 0x0002], dtype=np.uint16)
        packed = stamps.view(np.float32)
        self.assertEqual(sdk_utils.calculate_cycles(packed), 0x20000 + 0x10 - 0xfff0)

    def test_words_of_any_type_and_shape(self):
        stamps = np.array([5, 0, 0, 9, 0, 0], dtype=np.uint16)
        for packed in (stamps.view(np.uint32), stamps.view(np.int32).reshape(3, 1), list(stamps.view(np.float32))):
            self.assertEqual(sdk_utils.calculate_cycles(packed), 4)
        with self.assertRaisesRegex(ValueError, "not 2"):
            sdk_utils.calculate_cycles(np.zeros(2, np.float32))

    def test_forty_eight_bits(self):
        self.assertEqual(sdk_utils.make_u48(np.array([1, 2, 0xffff], np.uint16)), 0xffff00020001)


class Scalars(unittest.TestCase):
    def test_cast(self):
        self.assertEqual(sdk_utils.cast_uint32(np.int16(-1)), 0xffff)
        self.assertEqual(sdk_utils.cast_uint32(1.0), 0x3f800000)
        self.assertEqual(sdk_utils.cast_uint32(7), 7)
        with self.assertRaises(RuntimeError):
            sdk_utils.cast_uint32("7")


class Geometry(unittest.TestCase):
    def test_vectors(self):
        self.assertEqual(IntVector(1, 2) + IntVector(3, 4), IntVector(4, 6))
        self.assertEqual(IntVector(3, 4) - IntVector(1, 2), IntVector(2, 2))

    def test_the_lower_right_corner_is_exclusive(self):
        r = IntRectangle(IntVector(1, 1), IntVector(3, 2))
        self.assertEqual((r.width, r.height), (2, 1))
        self.assertIn(IntVector(2, 1), r)
        self.assertNotIn(IntVector(3, 1), r)


if __name__ == "__main__":
    tap.main()
