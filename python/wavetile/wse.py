"""wse.h through ctypes: run a compiled CSL program on the simulated wafer.

`Runtime` has the C functions as methods, with numpy arrays where C has words. The package `cerebras` puts the
vendor's names on top of it.
"""
import ctypes
import operator
from ctypes import POINTER, Structure, Union, byref, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint32, c_uint64
from ctypes import c_void_p

import numpy as np

from ._lib import WavetileError, check, function, options

WT_LIMIT = -12

MEMCPY_32BIT, MEMCPY_16BIT = 0, 1
ROW_MAJOR, COL_MAJOR = 0, 1
ARCH_WSE2, ARCH_WSE3 = 2, 3
ARG_INT, ARG_FLOAT, ARG_BOOL, ARG_I16, ARG_U16, ARG_I32, ARG_U32, ARG_F16, ARG_F32 = range(9)
SYMBOL_FUNC, SYMBOL_VAR, SYMBOL_STREAM = range(3)

# A blocking call simulates this many cycles at a time, so that Ctrl-C is heard in between, on a large wafer too.
_SLICE = 1_000


class RuntimeOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("threads", c_uint32), ("max_cycles", c_uint64), ("sim_log", c_char_p)]


class Info(Structure):
    _fields_ = [("struct_size", c_uint32), ("arch", c_int32), ("width", c_uint32), ("height", c_uint32),
                ("offset_x", c_uint32), ("offset_y", c_uint32), ("fabric_width", c_uint32),
                ("fabric_height", c_uint32), ("channels", c_uint32), ("symbols", c_uint32)]


class Symbol(Structure):
    _fields_ = [("struct_size", c_uint32), ("id", c_int32), ("kind", c_int32), ("immutable", c_int32),
                ("name", c_char_p), ("type", c_char_p), ("input_count", c_uint32)]


class Region(Structure):
    _fields_ = [("x", c_int32), ("y", c_int32), ("width", c_int32), ("height", c_int32)]


class CopyOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("streaming", c_int32), ("data_type", c_int32), ("order", c_int32),
                ("nonblock", c_int32)]


class LaunchOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("nonblock", c_int32)]


class _ArgValue(Union):
    _fields_ = [("i", c_int64), ("f", c_double)]


class Arg(Structure):
    _fields_ = [("type", c_int32), ("value", _ArgValue)]


class Stats(Structure):
    _fields_ = [("struct_size", c_uint32), ("instances", c_uint32), ("cycles", c_uint64), ("tile_cycles", c_uint64),
                ("instructions", c_uint64), ("elements", c_uint64), ("wavelets", c_uint64), ("trace_hash", c_uint64),
                ("memory", c_uint64)]


_open = function("wse_runtime_open", c_char_p, POINTER(RuntimeOptions), POINTER(c_void_p))
_close = function("wse_runtime_close", c_void_p, restype=None)
_load = function("wse_runtime_load", c_void_p)
_run = function("wse_runtime_run", c_void_p)
_stop = function("wse_runtime_stop", c_void_p)
_interrupt = function("wse_runtime_interrupt", c_void_p)
_info = function("wse_runtime_info", c_void_p, POINTER(Info))
_symbol_at = function("wse_symbol_at", c_void_p, c_uint32, POINTER(Symbol))
_symbol_input = function("wse_symbol_input", c_void_p, c_int32, c_uint32, POINTER(c_char_p), POINTER(c_char_p))
_get_id = function("wse_get_id", c_void_p, c_char_p, POINTER(c_int32))
_task_done = function("wse_task_done", c_void_p, c_uint64, POINTER(c_int32))
_task_wait = function("wse_task_wait", c_void_p, c_uint64)
_COPY_IN = (c_void_p, c_int32, c_void_p, c_size_t, POINTER(Region), c_uint32)
_COPY_END = (POINTER(CopyOptions), POINTER(c_uint64))
_h2d = function("wse_memcpy_h2d", *_COPY_IN, *_COPY_END)
_h2d_rowbcast = function("wse_memcpy_h2d_rowbcast", *_COPY_IN, *_COPY_END)
_h2d_colbcast = function("wse_memcpy_h2d_colbcast", *_COPY_IN, *_COPY_END)
_h2d_stride = function("wse_memcpy_h2d_stride", *_COPY_IN, c_int32, c_int32, *_COPY_END)
_d2h = function("wse_memcpy_d2h", c_void_p, c_void_p, c_size_t, c_int32, POINTER(Region), c_uint32, *_COPY_END)
_launch = function("wse_launch", c_void_p, c_char_p, POINTER(Arg), c_size_t, POINTER(LaunchOptions), POINTER(c_uint64))
_call = function("wse_call", c_void_p, c_char_p, POINTER(c_uint32), c_size_t, POINTER(LaunchOptions), POINTER(c_uint64))
_read_symbol = function("wse_read_symbol", c_void_p, c_int32, c_int32, c_char_p, c_void_p, c_size_t, POINTER(c_size_t))
_stats = function("wse_runtime_stats", c_void_p, POINTER(Stats))
_report = function("wse_report", c_void_p, restype=c_char_p)
_dump_core = function("wse_dump_core", c_void_p, c_char_p)
_dump_elf_core = function("wse_dump_elf_core", c_void_p, c_char_p)


def _bytes(path):
    return str(path).encode()


def _name(value, what):
    if not isinstance(value, str):
        raise TypeError(f"{what} is {value!r}, not a name")
    return value.encode()


def _integer(value, what, low=-2**31, high=2**31 - 1):
    """An integer as C takes it; ctypes would cut off what does not fit."""
    value = operator.index(value)
    if not low <= value <= high:
        raise ValueError(f"{what} is {value}, not {low} to {high}")
    return value


def _count(value, what):
    return _integer(value, what, 0, 2**32 - 1)


def _region(region):
    return Region(*[_integer(v, what) for v, what in zip(region, ("px", "py", "the width", "the height"))])


def _words(array):
    """Refuses what does not hold 32-bit words of this host."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"a numpy array is needed, not {type(array).__name__}")
    if array.itemsize != 4 or array.dtype.hasobject:
        raise ValueError(f"the array holds {array.dtype}; its elements must have 4 bytes (see memcpy_view)")
    if not array.dtype.isnative:
        raise ValueError(f"the array holds {array.dtype}: its bytes are in the other order")
    return array


def _source(array):
    """The array's words in C order."""
    return np.ascontiguousarray(_words(array))


def _target(array):
    _words(array)
    if not array.flags.c_contiguous or not array.flags.writeable:
        raise ValueError("the array that receives the words must be C-contiguous and writable")
    return array


# numpy's scalar types and the types they are to a launched function; its 64-bit integers are 32-bit ones there.
_TYPED = {np.bool_: ARG_BOOL, np.int16: ARG_I16, np.uint16: ARG_U16, np.int32: ARG_I32, np.uint32: ARG_U32,
          np.int64: ARG_I32, np.uint64: ARG_U32, np.float16: ARG_F16, np.float32: ARG_F32,
          bool: ARG_BOOL, int: ARG_INT, float: ARG_FLOAT}


def _argument(value):
    kind = _TYPED.get(type(value))
    if kind is None:
        raise TypeError(f"an argument of type {type(value).__name__} has no counterpart on the device: use a numpy "
                        "scalar of 16 or 32 bits, an int, a float or a bool")
    if kind in (ARG_FLOAT, ARG_F32):
        return Arg(kind, _ArgValue(f=float(value)))
    if kind == ARG_F16:
        return Arg(kind, _ArgValue(i=int(value.view(np.uint16))))
    if not -2**63 <= int(value) < 2**63:
        raise ValueError(f"{value} does not fit any parameter")
    return Arg(kind, _ArgValue(i=int(value)))


class Runtime:
    """A program on a simulated wafer. See include/wse.h for what each method does."""

    def __init__(self, artifacts, sim_log=None, threads=0):
        self._rt = c_void_p()
        self._targets = {}  # arrays of d2h commands that are not done: the library will write to them
        opt = options(RuntimeOptions, threads=threads, max_cycles=_SLICE, sim_log=_bytes(sim_log) if sim_log else None)
        check(_open(_bytes(artifacts), byref(opt), byref(self._rt)))

    def close(self):
        if self._rt:
            _close(self._rt)
            self._rt = c_void_p()

    def __del__(self):
        if getattr(self, "_rt", None):
            self.close()

    def _finish(self, status, again):
        """Goes on with a blocking call for as long as it only ran out of its slice of cycles."""
        while status == WT_LIMIT:
            status = again()
        check(status)

    def load(self):
        check(_load(self._rt))

    def run(self):
        check(_run(self._rt))

    def stop(self):
        self._finish(_stop(self._rt), lambda: _stop(self._rt))
        self._targets.clear()

    def interrupt(self):
        check(_interrupt(self._rt))

    def info(self):
        info = options(Info)
        check(_info(self._rt, byref(info)))
        return info

    def symbols(self):
        """The exported names, as a list of Symbol."""
        found = []
        for i in range(self.info().symbols):
            symbol = options(Symbol)
            check(_symbol_at(self._rt, i, byref(symbol)))
            found.append(symbol)
        return found

    def symbol_inputs(self, symbol_id):
        """(name, type) of each parameter of an exported function."""
        symbol = options(Symbol)
        check(_symbol_at(self._rt, symbol_id, byref(symbol)))
        found = []
        for i in range(symbol.input_count):
            name, kind = c_char_p(), c_char_p()
            check(_symbol_input(self._rt, symbol_id, i, byref(name), byref(kind)))
            found.append((name.value.decode(), kind.value.decode()))
        return found

    def get_id(self, name):
        symbol = c_int32()
        check(_get_id(self._rt, _name(name, "the symbol"), byref(symbol)))
        return symbol.value

    def task_done(self, task):
        done = c_int32()
        check(_task_done(self._rt, task, byref(done)))
        if done.value:
            self._targets.pop(task, None)
        return bool(done.value)

    def task_wait(self, task):
        self._finish(_task_wait(self._rt, task), lambda: _task_wait(self._rt, task))
        self._targets.pop(task, None)

    def _submit(self, f, *args, target=None, nonblock=False):
        """Calls f(..., &task); a blocking one is waited for to its end. Returns the task."""
        task = c_uint64()
        status = f(self._rt, *args, byref(task))
        if target is not None and task.value:
            self._targets[task.value] = target  # also when the wait ends early: the command stays in the list
        self._finish(status, lambda: _task_wait(self._rt, task))
        if not nonblock:
            self._targets.pop(task.value, None)
        return task.value

    def _copy_in(self, f, dest, src, region, elems, extra=(), **opt):
        src = _source(src)
        return self._submit(f, _integer(dest, "the destination"), src.ctypes.data, src.size, byref(_region(region)),
                            _count(elems, "elem_per_pe"), *extra, byref(options(CopyOptions, **opt)))

    def memcpy_h2d(self, dest, src, region, elems, **opt):
        """region: (x, y, width, height); opt: streaming, data_type, order, nonblock."""
        return self._copy_in(_h2d, dest, src, region, elems, **opt)

    def memcpy_h2d_rowbcast(self, dest, src, region, elems, **opt):
        return self._copy_in(_h2d_rowbcast, dest, src, region, elems, **opt)

    def memcpy_h2d_colbcast(self, dest, src, region, elems, **opt):
        return self._copy_in(_h2d_colbcast, dest, src, region, elems, **opt)

    def memcpy_h2d_stride(self, dest, src, region, elems, row_stride, col_stride, **opt):
        strides = _integer(row_stride, "row_stride"), _integer(col_stride, "col_stride")
        return self._copy_in(_h2d_stride, dest, src, region, elems, strides, **opt)

    def memcpy_d2h(self, dest, src, region, elems, **opt):
        dest = _target(dest)
        return self._submit(_d2h, dest.ctypes.data, dest.size, _integer(src, "the source"), byref(_region(region)),
                            _count(elems, "elem_per_pe"), byref(options(CopyOptions, **opt)), target=dest,
                            nonblock=opt.get("nonblock", False))

    def launch(self, function_name, *args, nonblock=False):
        values = (Arg * len(args))(*[_argument(a) for a in args])
        return self._submit(_launch, _name(function_name, "the function"), values, len(args),
                            byref(options(LaunchOptions, nonblock=nonblock)))

    def call(self, function_name, words, nonblock=False):
        words = [_integer(w, "an argument", high=2**32 - 1) & 0xffffffff for w in words]
        values = (c_uint32 * len(words))(*words)
        return self._submit(_call, _name(function_name, "the function"), values, len(words),
                            byref(options(LaunchOptions, nonblock=nonblock)))

    def read_symbol(self, x, y, name):
        """The bytes of a global symbol of the PE at (x, y) of the program's rectangle."""
        x, y, name, size = _integer(x, "x"), _integer(y, "y"), _name(name, "the symbol"), c_size_t()
        check(_read_symbol(self._rt, x, y, name, None, 0, byref(size)))
        data = (ctypes.c_uint8 * size.value)()
        check(_read_symbol(self._rt, x, y, name, data, size.value, byref(size)))
        return bytes(data)

    def stats(self):
        stats = options(Stats)
        check(_stats(self._rt, byref(stats)))
        return stats

    def report(self):
        return _report(self._rt).decode(errors="replace")

    def dump_core(self, path):
        check(_dump_core(self._rt, _bytes(path)))

    def dump_elf_core(self, path):
        check(_dump_elf_core(self._rt, _bytes(path)))


__all__ = ["Runtime", "WavetileError", "Info", "Symbol", "Stats", "MEMCPY_32BIT", "MEMCPY_16BIT", "ROW_MAJOR",
           "COL_MAJOR", "ARCH_WSE2", "ARCH_WSE3", "SYMBOL_FUNC", "SYMBOL_VAR", "SYMBOL_STREAM"]
