"""Tenstorrent devices from Python: the C ABI of ttm.h, with objects, exceptions and buffers.

    from wavetile import ttm

    with ttm.Device() as device:
        l1 = device.buffer(2048, kind="l1")
        source, target = device.buffer(50 * 2048, 2048), device.buffer(50 * 2048, 2048)
        source.write(data)                                  # bytes, numpy array, any buffer
        program = device.program()
        kernel = program.dataflow("copy.cpp", (0, 0), compile_args=source.accessor + target.accessor)
        kernel.args((0, 0), l1.address, source.address, target.address, 50)
        program.launch()
        data = target.read(dtype="float32")                 # numpy array; bytes without dtype

Cores are (x, y); ranges are ((x0, y0), (x1, y1)), both ends included; a list of either is a set of
cores. Every call raises WavetileError when it fails; its `name` is the status ("WT_STALL").
"""
import collections
import ctypes as C
import functools
import operator
import os
import threading

from ._lib import WavetileError, check, function, options

_HANDLE, _U32, _U64 = C.c_void_p, C.c_uint32, C.c_uint64
_OUT = C.POINTER(C.c_void_p)
_U64_OUT = C.POINTER(_U64)


class Core(C.Structure):
    _fields_ = [("x", _U32), ("y", _U32)]


class CoreRange(C.Structure):
    _fields_ = [("start", Core), ("end", Core)]


_PRINT_FN = C.CFUNCTYPE(None, C.c_void_p, C.c_char_p)


class DeviceOptions(C.Structure):
    _fields_ = [("struct_size", _U32), ("no_dprint", _U32), ("transport", C.c_char_p),
                ("max_cycles", _U64), ("print", _PRINT_FN), ("print_user", C.c_void_p),
                ("harvested_columns", _U32), ("timeout_ms", _U32)]


class DeviceInfo(C.Structure):
    _fields_ = [("struct_size", _U32), ("num_cbs", _U32), ("arch", C.c_char * 16),
                ("compute_grid", Core), ("logical_grid", Core), ("eth_cores", _U32),
                ("dram_channels", _U32), ("dram_channel_size", _U64),
                ("dram_alignment", _U32), ("l1_banks", _U32), ("l1_size", _U64),
                ("l1_unreserved_base", _U64), ("l1_alignment", _U32),
                ("max_runtime_args", _U32)]


class DeviceStats(C.Structure):
    _fields_ = [("struct_size", _U32), ("deterministic", _U32), ("cycles", _U64),
                ("order_hash", _U64), ("instructions", _U64), ("kernel_cycles", _U64)]


class BufferOptions(C.Structure):
    _fields_ = [("struct_size", _U32), ("allocation", _U32)]


class Page(C.Structure):
    """Where a page lies: its bank, the logical core (L1) or (channel, 0), the address there."""
    _fields_ = [("bank", _U32), ("core", Core), ("address", _U64)]


class CbIndex(C.Structure):
    _fields_ = [("index", _U32), ("format", _U32), ("page_size", _U32)]


class CbOptions(C.Structure):
    _fields_ = [("struct_size", _U32), ("buffer", _HANDLE)]


class Define(C.Structure):
    _fields_ = [("name", C.c_char_p), ("value", C.c_char_p)]


class NamedArg(C.Structure):
    _fields_ = [("name", C.c_char_p), ("value", _U32)]


_KERNEL_FIELDS = [("compile_args", C.POINTER(_U32)), ("num_compile_args", C.c_size_t),
                  ("named_args", C.POINTER(NamedArg)), ("num_named_args", C.c_size_t),
                  ("defines", C.POINTER(Define)), ("num_defines", C.c_size_t), ("opt_level", _U32),
                  ("reserved", _U32)]


class DataflowOptions(C.Structure):
    _fields_ = [("struct_size", _U32), ("processor", _U32), ("noc", _U32),
                ("dynamic_noc", _U32)] + _KERNEL_FIELDS


class ComputeOptions(C.Structure):
    _fields_ = [("struct_size", _U32), ("math_fidelity", _U32), ("fp32_dest_acc", _U32),
                ("dst_full_sync", _U32), ("bfp8_pack_precise", _U32), ("math_approx", _U32),
                ("unpack_to_dest_fp32", _U64)] + _KERNEL_FIELDS


class LaunchOptions(C.Structure):
    _fields_ = [("struct_size", _U32), ("no_wait", _U32), ("max_cycles", _U64)]


_RANGES = C.POINTER(CoreRange), C.c_size_t

_device_create = function("ttm_device_create", _U32, C.POINTER(DeviceOptions), _OUT)
_device_close = function("ttm_device_close", _HANDLE)
_device_reset = function("ttm_device_reset", _HANDLE)
_device_interrupt = function("ttm_device_interrupt", _HANDLE)
_device_info = function("ttm_device_info", _HANDLE, C.POINTER(DeviceInfo))
_device_stats = function("ttm_device_stats", _HANDLE, C.POINTER(DeviceStats))
_device_report = function("ttm_device_report", _HANDLE, C.c_char_p, C.c_size_t, C.POINTER(C.c_size_t))
_worker_core = function("ttm_worker_core_from_logical_core", _HANDLE, Core, C.POINTER(Core))
_set_root_dir = function("ttm_set_root_dir", C.c_char_p)
_buffer_create = function("ttm_buffer_create_interleaved", _HANDLE, _U64, _U64, _U32,
                          C.POINTER(BufferOptions), _OUT)
_buffer_destroy = function("ttm_buffer_destroy", _HANDLE)
_buffer_write = function("ttm_buffer_write", _HANDLE, _U64, C.c_void_p, _U64)
_buffer_read = function("ttm_buffer_read", _HANDLE, _U64, C.c_void_p, _U64)
_buffer_address = function("ttm_buffer_address", _HANDLE, _U64_OUT)
_buffer_size = function("ttm_buffer_size", _HANDLE, _U64_OUT)
_buffer_page_size = function("ttm_buffer_page_size", _HANDLE, _U64_OUT)
_buffer_page = function("ttm_buffer_page", _HANDLE, _U64, C.POINTER(Page))
_tensor_accessor_args = function("ttm_tensor_accessor_args", _HANDLE, C.POINTER(_U32), C.c_size_t,
                                 C.POINTER(C.c_size_t))
_l1_write = function("ttm_l1_write", _HANDLE, Core, _U32, _U64, C.c_void_p, _U64)
_l1_read = function("ttm_l1_read", _HANDLE, Core, _U32, _U64, C.c_void_p, _U64)
_dram_write = function("ttm_dram_channel_write", _HANDLE, _U32, _U64, C.c_void_p, _U64)
_dram_read = function("ttm_dram_channel_read", _HANDLE, _U32, _U64, C.c_void_p, _U64)
_program_create = function("ttm_program_create", _HANDLE, _OUT)
_program_destroy = function("ttm_program_destroy", _HANDLE)
_cb_create = function("ttm_cb_create", _HANDLE, *_RANGES, _U32, C.POINTER(CbIndex), C.c_size_t,
                      C.POINTER(CbOptions), _OUT)
_cb_address = function("ttm_cb_address", _HANDLE, _U64_OUT)
_semaphore_create = function("ttm_semaphore_create", _HANDLE, *_RANGES, _U32, C.POINTER(_U32))
_dataflow = function("ttm_kernel_create_dataflow", _HANDLE, C.c_char_p, *_RANGES,
                     C.POINTER(DataflowOptions), _OUT)
_dataflow_text = function("ttm_kernel_create_dataflow_from_string", _HANDLE, C.c_char_p, *_RANGES,
                          C.POINTER(DataflowOptions), _OUT)
_compute = function("ttm_kernel_create_compute", _HANDLE, C.c_char_p, *_RANGES,
                    C.POINTER(ComputeOptions), _OUT)
_compute_text = function("ttm_kernel_create_compute_from_string", _HANDLE, C.c_char_p, *_RANGES,
                         C.POINTER(ComputeOptions), _OUT)
_set_runtime_args = function("ttm_set_runtime_args", _HANDLE, *_RANGES, C.POINTER(_U32), C.c_size_t)
_set_common_runtime_args = function("ttm_set_common_runtime_args", _HANDLE, C.POINTER(_U32), C.c_size_t)
_program_launch = function("ttm_program_launch", _HANDLE, C.POINTER(LaunchOptions))
_program_wait = function("ttm_program_wait", _HANDLE)

FORMATS = {"float32": 0, "float16": 1, "bfp8": 2, "bfp4": 3, "tf32": 4, "float16_b": 5, "bfloat16": 5,
           "bfp8_b": 6, "bfp4_b": 7, "int32": 8, "uint16": 9, "lf8": 10, "bfp2": 11, "int8": 14, "bfp2_b": 15,
           "uint32": 24, "fp8_e4m3": 26, "uint8": 30}
_OPT_LEVELS = {None: 0, "O0": 1, "O1": 2, "O2": 3, "O3": 4, "Os": 5, "Ofast": 6, "Oz": 7}
_FIDELITIES = {None: 0, "LoFi": 1, "HiFi2": 2, "HiFi3": 3, "HiFi4": 4}
_NOCS = {None: 0, 0: 1, 1: 2}
_KINDS = {"dram": 0, "l1": 1}
_CORE_TYPES = {"worker": 0, "eth": 1}
_ALLOCATIONS = {None: 0, "bottom_up": 1, "top_down": 2}


def _choice(table, name, what):
    if name not in table:
        names = ", ".join(str(k) for k in table if k is not None)
        raise ValueError(f"{name!r} is no {what}: one of {names}")
    return table[name]


def _unsigned(value, what, bits=32):
    """An integer of Python or numpy that fits; ctypes would cut off what does not."""
    number = operator.index(value)
    if not 0 <= number < 1 << bits:
        raise ValueError(f"{what} is {number}: it must fit {bits} bits without sign")
    return number


def _text(value, what):
    """A string, or path, as bytes that end where C thinks they do."""
    data = os.fsencode(value) if isinstance(value, os.PathLike) else value
    data = data.encode(errors="surrogateescape") if isinstance(data, str) else bytes(data)
    if b"\0" in data:
        raise ValueError(f"{what} holds a NUL character")
    return data


def _core(core):
    x, y = core
    return Core(_unsigned(x, "x of a core"), _unsigned(y, "y of a core"))


def _core_type(name):
    return _choice(_CORE_TYPES, name, "core type")


def _ranges(cores):
    """(x, y), ((x0, y0), (x1, y1)) or a list of either, as the arguments of a call."""
    def one(c):
        start, end = c if isinstance(c[0], (tuple, list)) else (c, c)
        return CoreRange(_core(start), _core(end))

    listed = list(cores) if isinstance(cores, list) else [cores]
    array = (CoreRange * len(listed))(*map(one, listed))
    return array, len(array)


def _word(value):
    number = operator.index(value)
    if not -1 << 31 <= number < 1 << 32:
        raise ValueError(f"the argument {number} does not fit 32 bits")
    return number & 0xffffffff


def _words(values):
    array = (_U32 * len(values))(*map(_word, values))
    return array, len(array)


def _view(data):
    view = memoryview(data)
    if view.format.endswith("O"):
        raise TypeError("an array of Python objects has no bytes to copy")
    return view


def _contiguous(data):
    """The address and size of anything that has the buffer protocol, and what keeps it alive."""
    view = _view(data)
    if view.nbytes == 0:
        return None, 0, view
    if view.c_contiguous and not view.readonly:
        array = (C.c_char * view.nbytes).from_buffer(view)
        return C.addressof(array), view.nbytes, array
    copy = C.c_char_p(data if isinstance(data, bytes) else view.tobytes())
    return C.cast(copy, C.c_void_p), view.nbytes, copy


def _receive(read, size, dtype):
    """What read(address, size) fetches: bytes, or with `dtype` an array of one's own."""
    data = bytearray(size)
    memory = (C.c_char * size).from_buffer(data)
    check(read(C.addressof(memory), size))
    del memory
    if dtype is None:
        return bytes(data)
    import numpy
    return numpy.frombuffer(data, dtype=dtype)


@functools.lru_cache(maxsize=None)
def _tuple_type(struct):
    names = [name for name, *_ in struct._fields_ if name != "struct_size"]
    return collections.namedtuple(struct.__name__, names)


def _plain(struct):
    """A struct that the library filled, as a named tuple."""
    def plain(value):
        return _plain(value) if isinstance(value, C.Structure) else \
            value.decode() if isinstance(value, bytes) else value

    kind = _tuple_type(type(struct))
    return kind(*(plain(getattr(struct, n)) for n in kind._fields))


class _Worker:
    """The thread that makes calls for the main one. It is kept: to start one costs as much as many launches."""
    _idle = None  # and the process it belongs to: a fork has no such thread

    @classmethod
    def get(cls):
        idle, cls._idle = cls._idle, None
        return idle if idle and idle.pid == os.getpid() else cls()

    def __init__(self):
        self.pid, self.go, self.done = os.getpid(), threading.Lock(), threading.Event()
        self.go.acquire()
        self.done.set()
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self):
        while True:
            self.go.acquire()
            try:
                check(self.call())
            except BaseException as e:
                self.raised = e
            self.done.set()

    def start(self, call):
        self.call, self.raised = call, None
        self.done.clear()
        self.go.release()

    def join(self):
        """Waits until the call is over and returns what it raised, if anything. A signal may come at any
        point in here: waiting once more is fine."""
        self.done.wait()
        raised = self.raised
        self.call = self.raised = None
        type(self)._idle = self
        return raised


class _Handle:
    """A handle of the library. Closing twice is fine; so is leaving a `with` block."""
    _destroy = None

    def __init__(self, handle):
        self._open = handle

    @property
    def _handle(self):
        if self._open is None:
            raise ValueError(f"the {type(self).__name__.lower()} is closed")
        return self._open

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        handle, self._open = self._open, None
        if handle is not None:
            check(type(self)._destroy(handle))

    def __del__(self):
        handle, self._open = getattr(self, "_open", None), None
        if handle is not None:
            type(self)._destroy(handle)

    def _out(self, fn, ctype):
        value = ctype()
        check(fn(self._handle, C.byref(value)))
        return value.value


class Device(_Handle):
    """A chip: the model, or with `transport` the simulator in that libttsim.so.

    `print` receives each line that kernels DPRINT; by default they go to standard output. What it
    raises comes out of the call that was running. It must not use the device.
    """
    _destroy = _device_close

    def __init__(self, index=0, transport=None, print=print, max_cycles=0, harvested_columns=0,
                 timeout_ms=0):
        failures = self._failures = []

        def emit(_, line):
            try:
                print(line.decode(errors="replace"))
            except BaseException as e:
                failures.append(e)

        self._print = _PRINT_FN(emit) if print else _PRINT_FN()
        o = options(DeviceOptions, no_dprint=not print, print=self._print,
                    transport=None if transport is None else _text(transport, "the transport"),
                    max_cycles=_unsigned(max_cycles, "max_cycles", 64),
                    harvested_columns=_unsigned(harvested_columns, "harvested_columns"),
                    timeout_ms=_unsigned(timeout_ms, "timeout_ms"))
        handle = C.c_void_p()
        check(_device_create(_unsigned(index, "the device's index"), C.byref(o), C.byref(handle)))
        super().__init__(handle)

    def _run(self, call):
        """Makes a call that may take long, so that Ctrl-C ends it.

        Python handles signals on its main thread and not inside C, so there another thread makes
        the call.
        """
        if threading.current_thread() is threading.main_thread():
            self._run_aside(call)
        else:
            check(call())
        if self._failures:
            failure = self._failures[0]
            self._failures.clear()
            raise failure

    def _run_aside(self, call):
        worker = _Worker.get()
        try:
            worker.start(call)
            raised = worker.join()
        except BaseException:  # KeyboardInterrupt, or what a handler of another signal raised
            if not worker.done.is_set():
                self.interrupt()
            worker.join()
            raise
        if raised:
            raise raised

    def buffer(self, size, page_size=None, kind="dram", allocation=None):
        """An interleaved buffer; one page unless `page_size` says otherwise."""
        o = options(BufferOptions, allocation=_choice(_ALLOCATIONS, allocation, "allocation"))
        handle = C.c_void_p()
        size = _unsigned(size, "the size", 64)
        page_size = size if page_size is None else _unsigned(page_size, "the page size", 64)
        check(_buffer_create(self._handle, size, page_size, _choice(_KINDS, kind, "kind of buffer"),
                             C.byref(o), C.byref(handle)))
        return Buffer(self, handle)

    def program(self):
        handle = C.c_void_p()
        check(_program_create(self._handle, C.byref(handle)))
        return Program(self, handle)

    def reset(self):
        """Boots again: the way back after a fault or a stall."""
        check(_device_reset(self._handle))

    def interrupt(self):
        """From another thread: makes a running launch or wait raise WT_INTERRUPTED."""
        check(_device_interrupt(self._handle))

    @property
    def info(self):
        """A named tuple: arch, compute_grid, dram_channels, ... as in ttm_device_info_t."""
        info = options(DeviceInfo)
        check(_device_info(self._handle, C.byref(info)))
        return _plain(info)

    @property
    def stats(self):
        """A named tuple: cycles, order_hash, kernel_cycles, ... as in ttm_device_stats_t."""
        stats = options(DeviceStats)
        check(_device_stats(self._handle, C.byref(stats)))
        return _plain(stats)

    def report(self):
        """Who waits for what, a line per hart."""
        n = C.c_size_t()
        check(_device_report(self._handle, None, 0, C.byref(n)))
        text = C.create_string_buffer(n.value + 1)
        check(_device_report(self._handle, text, n.value + 1, None))
        return text.value.decode(errors="replace")

    def worker_core_from_logical_core(self, core):
        """The NoC coordinates (x, y) of a logical core."""
        noc = Core()
        check(_worker_core(self._handle, _core(core), C.byref(noc)))
        return noc.x, noc.y

    def write_l1(self, core, address, data, core_type="worker"):
        p, n, keep = _contiguous(data)
        at = _core(core), _core_type(core_type), _unsigned(address, "the address", 64)
        check(_l1_write(self._handle, *at, p, n))

    def read_l1(self, core, address, size, core_type="worker", dtype=None):
        at = _core(core), _core_type(core_type), _unsigned(address, "the address", 64)
        return _receive(lambda p, n: _l1_read(self._handle, *at, p, n), size, dtype)

    def write_dram_channel(self, channel, address, data):
        p, n, keep = _contiguous(data)
        at = _unsigned(channel, "the channel"), _unsigned(address, "the address", 64)
        check(_dram_write(self._handle, *at, p, n))

    def read_dram_channel(self, channel, address, size, dtype=None):
        at = _unsigned(channel, "the channel"), _unsigned(address, "the address", 64)
        return _receive(lambda p, n: _dram_read(self._handle, *at, p, n), size, dtype)


class Buffer(_Handle):
    """Memory of a device: an interleaved buffer."""
    _destroy = _buffer_destroy

    def __init__(self, device, handle):
        super().__init__(handle)
        self.device = device

    address = property(lambda self: self._out(_buffer_address, _U64))
    size = property(lambda self: self._out(_buffer_size, _U64))
    page_size = property(lambda self: self._out(_buffer_page_size, _U64))

    @property
    def accessor(self):
        """The compile-time arguments of a TensorAccessor over this buffer."""
        n = C.c_size_t()
        words = (_U32 * 64)()
        check(_tensor_accessor_args(self._handle, words, len(words), C.byref(n)))
        return list(words[:n.value])

    def page(self, index):
        """Where page `index` lies: (bank, core, address), as in ttm_page_t."""
        page = Page()
        check(_buffer_page(self._handle, _unsigned(index, "the page", 64), C.byref(page)))
        return _plain(page)

    def write(self, data, offset=0):
        """Copies bytes, a numpy array or any buffer to the device."""
        p, n, keep = _contiguous(data)
        check(_buffer_write(self._handle, _unsigned(offset, "the offset", 64), p, n))

    def read(self, size=None, offset=0, dtype=None):
        """The bytes from `offset` on, as bytes or as a numpy array of `dtype`."""
        offset = _unsigned(offset, "the offset", 64)
        size = max(self.size - offset, 0) if size is None else size
        return _receive(lambda p, n: _buffer_read(self._handle, offset, p, n), size, dtype)

    def read_into(self, out, offset=0):
        """Fills a writable buffer or array."""
        view = _view(out)
        if view.readonly or not view.c_contiguous:
            raise ValueError("what is read into must be writable and C-contiguous")
        if view.nbytes:
            array = (C.c_char * view.nbytes).from_buffer(view)
            offset = _unsigned(offset, "the offset", 64)
            check(_buffer_read(self._handle, offset, C.byref(array), view.nbytes))


class Program(_Handle):
    """Kernels on cores, with their circular buffers and semaphores."""
    _destroy = _program_destroy

    def __init__(self, device, handle):
        super().__init__(handle)
        self.device = device

    def cb(self, cores, size, indices, buffer=None):
        """A circular buffer of `size` bytes: {index: (format, page_size)}, in L1 or in `buffer`."""
        listed = (CbIndex * len(indices))(*(
            CbIndex(_unsigned(i, "a circular buffer's index"), _choice(FORMATS, f, "format"),
                    _unsigned(p, "the page size"))
            for i, (f, p) in indices.items()))
        o = options(CbOptions, buffer=buffer._handle if buffer else None)
        handle = C.c_void_p()
        check(_cb_create(self._handle, *_ranges(cores), _unsigned(size, "the size"), listed,
                         len(listed), C.byref(o), C.byref(handle)))
        return Cb(self, handle)

    def semaphore(self, cores, initial=0):
        """The id of a new semaphore, for get_semaphore."""
        number = _U32()
        check(_semaphore_create(self._handle, *_ranges(cores), _word(initial), C.byref(number)))
        return number.value

    def dataflow(self, path=None, cores=(0, 0), source=None, processor=0, noc=None,
                 dynamic_noc=False, **build):
        """A data-movement kernel, from a file or with `source` from a string, on RISCV_0 or _1.

        Also: compile_args=[...], named_args={...}, defines={...}, opt_level="O2".
        """
        o, keep = _kernel_options(DataflowOptions, **build)
        o.processor, o.noc = _unsigned(processor, "the processor"), _choice(_NOCS, noc, "NoC")
        o.dynamic_noc = dynamic_noc
        return self._kernel(_dataflow, _dataflow_text, path, source, cores, o)

    def compute(self, path=None, cores=(0, 0), source=None, math_fidelity=None, fp32_dest_acc=False,
                dst_full_sync=False, math_approx=False, bfp8_pack_precise=False,
                unpack_to_dest_fp32=0, **build):
        """A compute kernel, as `dataflow`."""
        o, keep = _kernel_options(ComputeOptions, **build)
        o.math_fidelity = _choice(_FIDELITIES, math_fidelity, "math fidelity")
        o.fp32_dest_acc, o.dst_full_sync, o.math_approx = fp32_dest_acc, dst_full_sync, math_approx
        o.bfp8_pack_precise = bfp8_pack_precise
        o.unpack_to_dest_fp32 = _unsigned(unpack_to_dest_fp32, "unpack_to_dest_fp32", 64)
        return self._kernel(_compute, _compute_text, path, source, cores, o)

    def _kernel(self, from_file, from_text, path, source, cores, o):
        if (path is None) == (source is None):
            raise ValueError("a kernel needs a path or a source, one of them")
        create = from_file if source is None else from_text
        text = _text(path, "the path") if source is None else _text(source, "the source")
        handle = C.c_void_p()
        check(create(self._handle, text, *_ranges(cores), C.byref(o), C.byref(handle)))
        return Kernel(self, handle)

    def launch(self, wait=True, max_cycles=0):
        """Runs the program on the device and waits for its end, unless `wait` is false."""
        handle = self._handle
        o = options(LaunchOptions, no_wait=not wait,
                    max_cycles=_unsigned(max_cycles, "max_cycles", 64))
        self.device._run(lambda: _program_launch(handle, C.byref(o)))

    def wait(self):
        """Waits until every core of the program is done."""
        handle = self._handle
        self.device._run(lambda: _program_wait(handle))


def _kernel_options(struct, compile_args=(), named_args=None, defines=None, opt_level=None):
    words, n = _words(list(compile_args))
    named = [NamedArg(_text(k, "the name of an argument"), _word(v))
             for k, v in (named_args or {}).items()]
    defined = [Define(_text(k, "the name of a define"), _text(str(v), "a define"))
               for k, v in (defines or {}).items()]
    named, defined = (NamedArg * len(named))(*named), (Define * len(defined))(*defined)
    o = options(struct, compile_args=words, num_compile_args=n, named_args=named,
                num_named_args=len(named), defines=defined, num_defines=len(defined),
                opt_level=_choice(_OPT_LEVELS, opt_level, "optimisation level"))
    return o, (words, named, defined)


class _Part:
    """What lives as long as its program."""

    def __init__(self, program, handle):
        self.program, self._handle = program, handle

    def _live(self):
        self.program._handle  # raises when the program is closed
        return self._handle


class Kernel(_Part):
    def args(self, cores, *values):
        """The runtime arguments on `cores`: get_arg_val(i)."""
        check(_set_runtime_args(self._live(), *_ranges(cores), *_words(values)))

    def common_args(self, *values):
        """The arguments that all cores share: get_common_arg_val(i)."""
        check(_set_common_runtime_args(self._live(), *_words(values)))


class Cb(_Part):
    @property
    def address(self):
        """Where it lies in L1, after a launch."""
        value = _U64()
        check(_cb_address(self._live(), C.byref(value)))
        return value.value


def set_root_dir(path):
    """The folder to resolve kernel paths and includes against; None: as $TT_METAL_HOME says."""
    check(_set_root_dir(None if path is None else _text(path, "the path")))


__all__ = ["Buffer", "Cb", "Device", "FORMATS", "Kernel", "Program", "WavetileError", "set_root_dir"]
