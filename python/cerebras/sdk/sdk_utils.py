"""Conversions between numpy arrays and the 32-bit words that memcpy carries, and time stamps."""
import numpy as np


def memcpy_view(arr, datatype):
    """A view of an array of 4-byte elements as `datatype`, of 1, 2 or 4 bytes: the low part of each element.

    The view is writable where the array is, and has its shape.
    """
    datatype = np.dtype(datatype)
    if arr.itemsize != 4:
        raise RuntimeError(f"memcpy_view: the array's elements must have 4 bytes, not {arr.itemsize}")
    if datatype.itemsize not in (1, 2, 4):
        raise RuntimeError(f"memcpy_view: {datatype} has {datatype.itemsize} bytes, not 1, 2 or 4")
    low = np.dtype({"names": ["low"], "formats": [datatype], "itemsize": 4})
    return arr.view(low)["low"]


def cast_uint32(x):
    """A scalar of 16 or 32 bits as the word that carries it."""
    if isinstance(x, (np.float16, np.int16, np.uint16)):
        return np.uint32(x.view(np.uint16))
    if isinstance(x, (np.float32, np.int32, np.uint32)):
        return x.view(np.uint32)
    if isinstance(x, int):
        return np.uint32(x)
    if isinstance(x, float):
        return np.float32(x).view(np.uint32)
    raise RuntimeError(f"type of x {type(x)} is not supported")


def input_array_to_u32(np_arr=None, sentinel=None, fast_dim_sz=None, *, arr=None):
    """A one-dimensional array as words: 4-byte elements as they are, 2-byte ones in the low half.

    The high half is zero if `sentinel` is None, else the element's index modulo `fast_dim_sz`. The vendor's code
    calls the array np_arr, its manual arr.
    """
    np_arr = arr if np_arr is None else np_arr
    if np_arr is None or (sentinel is not None and fast_dim_sz is None):
        raise TypeError("input_array_to_u32 takes an array, a sentinel or None, and the size of the fastest dimension")
    assert np_arr.ndim == 1, f"array must be flat, but has shape {np_arr.shape}"
    if np_arr.itemsize == 4:
        return np_arr.view(np.uint32)
    assert np_arr.itemsize == 2, "only 16 and 32 bit input tensors supported"
    words = np_arr.view(np.uint16).astype(np.uint32)
    if sentinel is not None:
        words |= (np.arange(np_arr.size, dtype=np.uint32) % np.uint32(fast_dim_sz)) << np.uint32(16)
    return words


def float_to_hex(f):
    """The bits of a float32 as hexadecimal text."""
    return hex(int(np.float32(f).view(np.uint32)))


def make_u48(words):
    """A 48-bit number from three 16-bit words, the least significant first."""
    low, middle, high = (int(w) for w in words)
    return np.int64(low | middle << 16 | high << 32)


def sub_ts(words):
    """Cycles between two time stamps: three words of the start, then three of the end."""
    return make_u48(words[3:]) - make_u48(words[0:3])


def calculate_cycles(timestamp_buf):
    """Cycles between two time stamps that a program packed into three 32-bit words."""
    words = np.asarray(timestamp_buf)
    if words.itemsize != 4:  # a list of Python floats
        words = words.astype(np.float32)
    if words.size < 3:
        raise ValueError(f"calculate_cycles: two time stamps take three 32-bit words, not {words.size}")
    return sub_ts(words.ravel()[:3].view(np.uint16))
