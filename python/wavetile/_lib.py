"""Finds and loads libwavetile.so; what all modules over the C ABI share: errors and the log."""
import ctypes
import os
import pathlib

_SONAME = "libwavetile.so.0"


def _candidates():
    """Where the library can be: $WT_LIBRARY alone; else beside this package, then where the system looks."""
    if os.environ.get("WT_LIBRARY"):
        return [os.environ["WT_LIBRARY"]]
    here = pathlib.Path(__file__).resolve()
    installed = here.parents[4] / "lib" / _SONAME  # PREFIX/share/wavetile/python/wavetile/_lib.py
    checkout = here.parents[2] / os.environ.get("WT_BUILD", "build") / "lib" / _SONAME
    return [str(p) for p in (checkout, installed) if p.exists()] + [_SONAME]


def _load():
    reasons = []
    for path in _candidates():
        try:
            return ctypes.CDLL(path)
        except OSError as e:
            reasons.append(str(e))
    raise ImportError("cannot load libwavetile: " + "; ".join(reasons)
                      + " (build it with `make`, or set WT_LIBRARY to the file)")


lib = _load()


class WavetileError(RuntimeError):
    """A call failed. `status` is the number, `name` its name ("WT_FAULT"), `message` what was wrong."""

    def __init__(self, status, name, message):
        super().__init__(f"{name}: {message}")
        self.status, self.name, self.message = status, name, message


def function(name, *argtypes, restype=ctypes.c_int32):
    """A function of the library with its types. Calls release the GIL."""
    f = getattr(lib, name)
    f.argtypes, f.restype = argtypes, restype
    return f


_status_name = function("wt_status_name", ctypes.c_int32, restype=ctypes.c_char_p)
_status_text = function("wt_status_text", ctypes.c_int32, restype=ctypes.c_char_p)
_last_error = function("wt_last_error", restype=ctypes.c_char_p)
_version = function("wt_version", restype=ctypes.c_char_p)

_LOG_FN = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p)
_set_log_callback = function("wt_set_log_callback", _LOG_FN, ctypes.c_void_p, ctypes.c_int32, restype=None)
_log_callbacks = None, None  # alive: the latest, and the one before, which may be running

LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG = range(4)


def check(status):
    """Raises WavetileError unless `status` is WT_OK."""
    if status != 0:
        raise WavetileError(status, _status_name(status).decode(), _last_error().decode(errors="replace"))


def status_text(status):
    """What a status code means, in words."""
    return _status_text(status).decode()


def version():
    """The version of the loaded library."""
    return _version().decode()


def set_log(fn, level=LOG_INFO):
    """Sends log lines of `level` and more urgent to fn(level, line); None: to nobody."""
    global _log_callbacks

    def emit(_, at, line):
        fn(at, line.decode(errors="replace"))

    callback = _LOG_FN(emit) if fn else _LOG_FN()
    _set_log_callback(callback, None, level)
    _log_callbacks = callback, _log_callbacks[0]


def options(struct, **values):
    """An options struct with `struct_size` set and the members that are given; None leaves a default."""
    s = struct(struct_size=ctypes.sizeof(struct))
    for name, value in values.items():
        if value is not None:
            setattr(s, name, value)
    return s
