"""SdkRuntime and its companions, over wavetile.wse."""
import atexit
import enum
import os
import sys
import weakref

import numpy as np

import wavetile
from wavetile import wse


class MemcpyDataType(enum.Enum):
    """Width of the elements that a copy-mode transfer moves; streams carry whole words in both."""

    MEMCPY_32BIT = wse.MEMCPY_32BIT
    MEMCPY_16BIT = wse.MEMCPY_16BIT


class MemcpyOrder(enum.Enum):
    """What varies fastest in the host's array: the element (row major) or the PE's row (column major)."""

    ROW_MAJOR = wse.ROW_MAJOR
    COL_MAJOR = wse.COL_MAJOR


class Task:
    """A command given to a runtime: for is_task_done and task_wait."""

    def __init__(self, runtime, number):
        self._runtime, self._number = runtime, number

    def __repr__(self):
        return f"Task({self._number})"


def _not_yet(name):
    """A name that can be imported, and says what it lacks when it is used."""

    class Meta(type):
        def _refuse(cls):
            raise NotImplementedError(f"{name} is not supported yet: programs are compiled with cslc and run with "
                                      "SdkRuntime(directory)")

        def __call__(cls, *args, **kwargs):
            cls._refuse()

        def __getattr__(cls, member):
            if member.startswith("__"):
                raise AttributeError(member)
            cls._refuse()

    return Meta(name, (), {"__doc__": f"{name}: not supported yet.", "__module__": __name__})


SdkLayout = _not_yet("SdkLayout")
SdkTarget = _not_yet("SdkTarget")
SimfabConfig = _not_yet("SimfabConfig")
SdkCompileArtifacts = _not_yet("SdkCompileArtifacts")
SdkExecutionPlatform = _not_yet("SdkExecutionPlatform")
Color = _not_yet("Color")
Edge = _not_yet("Edge")
Route = _not_yet("Route")
RoutingPosition = _not_yet("RoutingPosition")
PortId = _not_yet("PortId")
get_platform = _not_yet("get_platform")
get_simulator = _not_yet("get_simulator")
get_system = _not_yet("get_system")
get_edge_routing = _not_yet("get_edge_routing")

_LEVELS = {"ERROR": 0, "WARNING": 1, "INFO": 2, "DEBUG": 3}
_LEVEL_NAMES = {number: name for name, number in _LEVELS.items()}

# The last run of each artifact directory, by its real path: where debug_util finds it.
_runs = {}


# Runtimes between run() and stop(), which ends every program: what is left at exit is an error, unless the script
# itself ended with one.
_running = weakref.WeakSet()


@atexit.register
def _tell_unstopped():
    for runtime in _running if not hasattr(sys, "last_value") else ():
        print(f"ERROR: the program of '{runtime._bindir}' was not ended with stop(): commands may not have been done",
              file=sys.stderr)


def _as_array(data, symbol, dtype):
    """The bytes of a symbol as an array that the caller may write to."""
    dtype = np.dtype(dtype)
    if len(data) % dtype.itemsize:
        raise ValueError(f"'{symbol}' has {len(data)} bytes, no whole number of {dtype}")
    return np.frombuffer(data, dtype=dtype).copy()


def _find_run(bindir):
    return _runs.get(os.path.realpath(bindir))


class SdkRuntime:
    """Runs a compiled program on a simulated wafer: load(), run(), commands, stop().

    bindir: the directory that cslc wrote. cmaddr must be empty. No traces are written, whatever
    suppress_simfab_trace says. simfab_numthreads, 1 to 64, changes no result. msg_level (DEBUG, INFO, WARNING,
    ERROR) selects what goes to standard error.

    Errors are wavetile.WavetileError, a RuntimeError whose text says what, where and what to do, and ValueError or
    TypeError for arguments that make no sense. docs/wse.md tells when commands start and end.
    """

    def __init__(self, bindir, platform=None, *, cmaddr=None, suppress_simfab_trace=False, simfab_numthreads=5,
                 msg_level="WARNING", memcpy_required=True):
        if platform is not None:
            raise NotImplementedError("SdkRuntime(..., platform) is not supported yet: it comes with SdkLayout")
        if not memcpy_required:
            raise NotImplementedError("memcpy_required=False is not supported yet: it comes with SdkLayout")
        if cmaddr:
            raise RuntimeError(f"cmaddr={cmaddr!r}: programs run on the simulated wafer only; leave cmaddr out")
        if not isinstance(simfab_numthreads, (int, np.integer)) or not 1 <= simfab_numthreads <= 64:
            raise ValueError(f"simfab_numthreads is {simfab_numthreads!r}, not 1 to 64")
        if str(msg_level).upper() not in _LEVELS:
            raise ValueError(f"msg_level is {msg_level!r}, not one of {', '.join(_LEVELS)}")
        del suppress_simfab_trace  # no traces are written; accepted for the scripts that ask for none
        wavetile.set_log(lambda level, line: print(f"{_LEVEL_NAMES[level]}: {line}", file=sys.stderr),
                         _LEVELS[str(msg_level).upper()])
        self._bindir = bindir
        self._rt = wse.Runtime(bindir, sim_log=os.path.abspath("sim.log"), threads=int(simfab_numthreads))

    # -- life ---------------------------------------------------------------------------------

    def load(self):
        """Puts the program on the wafer. Once."""
        self._rt.load()
        _runs[os.path.realpath(self._bindir)] = self

    def run(self):
        """Starts the wafer. Once, after load()."""
        self._rt.run()
        _running.add(self)

    def stop(self):
        """Waits for all commands, runs until nothing can move, and ends the program. Memory can still be looked at."""
        self._rt.stop()
        _running.discard(self)

    # -- names and places ---------------------------------------------------------------------

    def get_id(self, symbol):
        """The number of an exported variable or function, for copies. Any time."""
        return self._rt.get_id(symbol)

    def coord_logical_to_physical(self, logical_coords):
        """The place on the fabric of PE (x, y) of the program's rectangle."""
        x, y = logical_coords
        info = self._rt.info()
        return (info.offset_x + x, info.offset_y + y)

    # -- commands -----------------------------------------------------------------------------

    def _copy(self, f, a, b, px, py, w, h, elem_per_pe, *strides, streaming=False,
              data_type=MemcpyDataType.MEMCPY_32BIT, order=MemcpyOrder.ROW_MAJOR, nonblock=False):
        if not isinstance(data_type, MemcpyDataType):
            raise TypeError(f"data_type is {data_type!r}, not a MemcpyDataType")
        if not isinstance(order, MemcpyOrder):
            raise TypeError(f"order is {order!r}, not a MemcpyOrder")
        return Task(self, f(a, b, (px, py, w, h), elem_per_pe, *strides, streaming=bool(streaming),
                            data_type=data_type.value, order=order.value, nonblock=bool(nonblock)))

    def memcpy_h2d(self, dest, src, px, py, w, h, elem_per_pe, **kwargs):
        """Copies an array to the w by h PEs from (px, py), elem_per_pe elements each.

        dest: the id of an exported variable or, with streaming=True, a streaming color. src: exactly w * h * elem_per_pe
        elements of four bytes; a 16-bit element is the low half of one (sdk_utils.memcpy_view).
        Keywords: streaming (False), data_type (MEMCPY_32BIT), order (ROW_MAJOR), nonblock (False).
        """
        return self._copy(self._rt.memcpy_h2d, dest, src, px, py, w, h, elem_per_pe, **kwargs)

    def memcpy_d2h(self, dest, src, px, py, w, h, elem_per_pe, **kwargs):
        """The way back: from a variable or streaming color into a writable, C-contiguous array. As memcpy_h2d."""
        return self._copy(self._rt.memcpy_d2h, dest, src, px, py, w, h, elem_per_pe, **kwargs)

    def memcpy_h2d_rowbcast(self, dest, src, px, py, w, h, elem_per_pe, **kwargs):
        """As memcpy_h2d from h * elem_per_pe elements: each row's go to every PE of that row."""
        return self._copy(self._rt.memcpy_h2d_rowbcast, dest, src, px, py, w, h, elem_per_pe, **kwargs)

    def memcpy_h2d_colbcast(self, dest, src, px, py, w, h, elem_per_pe, **kwargs):
        """As memcpy_h2d from w * elem_per_pe elements: each column's go to every PE of that column."""
        return self._copy(self._rt.memcpy_h2d_colbcast, dest, src, px, py, w, h, elem_per_pe, **kwargs)

    def memcpy_h2d_stride(self, dest, src, px, py, w, h, elem_per_pe, row_stride, col_stride, **kwargs):
        """As memcpy_h2d to every row_stride-th column and col_stride-th row of the region; src is A[xi][eta][elem_per_pe]."""
        return self._copy(self._rt.memcpy_h2d_stride, dest, src, px, py, w, h, elem_per_pe, row_stride,
                          col_stride, **kwargs)

    def launch(self, symbol, *args, nonblock=False):
        """Calls an exported function on every PE; arguments are checked against its signature.

        It is done when every PE has called unblock_cmd_stream(). Arguments: numpy scalars of 16 or 32 bits, int, float, bool.
        """
        return Task(self, self._rt.launch(symbol, *args, nonblock=bool(nonblock)))

    def call(self, symbol, args=(), nonblock=False):
        """The older launch: arguments as 32-bit words, of which only the number is checked."""
        return Task(self, self._rt.call(symbol, list(args), nonblock=bool(nonblock)))

    def _task(self, task_handle):
        if not isinstance(task_handle, Task):
            raise TypeError(f"{task_handle!r} is not a Task")
        if task_handle._runtime is not self:
            raise ValueError("the task was given to another runtime")
        return task_handle._number

    def is_task_done(self, task_handle):
        """Whether a nonblocking command is over. While it is not, 1,000 cycles pass."""
        return self._rt.task_done(self._task(task_handle))

    def task_wait(self, task_handle):
        """Waits for a nonblocking command."""
        self._rt.task_wait(self._task(task_handle))

    # -- looking inside -----------------------------------------------------------------------

    def read_symbol(self, x, y, symbol_name, dtype="uint8"):
        """A global of PE (x, y) of the rectangle as an array, exported or not."""
        return _as_array(self._rt.read_symbol(x, y, symbol_name), symbol_name, dtype)

    def dump_core(self, corefile):
        """Writes all PEs' memory, 49,152 bytes each after a line of text (not the vendor's format)."""
        self._rt.dump_core(corefile)

    def dump_elf_core(self, corefile):
        """Writes an ELF core file with a segment per PE."""
        self._rt.dump_elf_core(corefile)

    # -- direct links -------------------------------------------------------------------------

    def _direct(self, *args, **kwargs):
        raise NotImplementedError("direct links (send, receive, ports) are not supported yet: they come with SdkLayout")

    get_port_id = send = receive = receive_tofile = report_port_infos = _direct
