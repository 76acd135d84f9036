"""Looks into the memory of a run that has stopped."""
import struct

import numpy as np

from cerebras.sdk.runtime import sdkruntimepybind as _runtime
from wavetile import WavetileError


def _parse_trace(buffer):
    """The values in the buffer of the <debug> library (src/wse/lib/debug.csl describes the records)."""
    values, at = [], 0
    while at + 2 <= len(buffer):
        tag, high = chr(buffer[at]), buffer[at + 1]
        if tag not in "?bBhHeiIfqQts":
            raise ValueError(f"word {at // 2} of the trace, 0x{buffer[at]:02x}{high:02x}, begins no record: was it written "
                             "with put_u16 or put_u32?")
        at += 2
        if tag in "?bB":
            values.append(struct.unpack(f"<{tag}", bytes([high]))[0])
            continue
        size = 6 if tag == "t" else high if tag == "s" else struct.calcsize(f"<{tag}")
        data = buffer[at:at + size]
        if len(data) < size:
            break  # the buffer ended within a record
        at += size
        if tag == "t":
            values.append(int.from_bytes(data, "little"))
        elif tag == "s":
            values.append(data.split(b"\0")[0].decode("utf-8", errors="replace"))
        else:
            values.append(struct.unpack(f"<{tag}", data)[0])
    return values


class debug_util:
    """The last run of an artifact directory in this process.

    Coordinates are those of the fabric: PE (0, 0) of the program stands at its --fabric-offsets. Symbols need not be
    exported; a library's are found as "module.name".
    """

    def __init__(self, bindir, cmaddr=None):
        if cmaddr:
            raise RuntimeError(f"cmaddr={cmaddr!r}: only the simulated wafer can be looked into")
        run = _runtime._find_run(bindir)
        if run is None:
            raise RuntimeError(f"no program of '{bindir}' has been loaded in this process: use debug_util after "
                               "SdkRuntime.stop()")
        self._rt = run._rt
        info = self._rt.info()
        self._offset = (info.offset_x, info.offset_y)
        self._size = (info.width, info.height)

    def _place(self, col, row):
        """Where a PE of the fabric stands in the program's rectangle."""
        x, y = int(col) - self._offset[0], int(row) - self._offset[1]
        if not (0 <= x < self._size[0] and 0 <= y < self._size[1]):
            raise RuntimeError(f"PE ({col},{row}) of the fabric is none of the program's, whose {self._size[0]} x "
                               f"{self._size[1]} PEs begin at {self._offset}")
        return x, y

    def get_symbol(self, col, row, symbol, dtype):
        """The value of a symbol of one PE, as an array of `dtype`."""
        x, y = self._place(col, row)
        try:
            return _runtime._as_array(self._rt.read_symbol(x, y, symbol), symbol, dtype)
        except WavetileError as e:
            raise RuntimeError(f"PE ({col},{row}) of the fabric: {e}") from None

    def get_symbol_rect(self, rectangle, symbol, dtype):
        """The same for ((column, row), (width, height)): an array [column][row][element]."""
        (col, row), (width, height) = rectangle
        return np.array([[self.get_symbol(col + i, row + j, symbol, dtype) for j in range(height)]
                         for i in range(width)])

    def read_trace(self, px, py, name):
        """What the PE recorded with the <debug> library under the key `name`, in order: numbers, strings, and
        time stamps as integers."""
        x, y = self._place(px, py)
        buffer = f"$$csl_debug.{name}.buffer"
        try:
            words = int.from_bytes(self._rt.read_symbol(x, y, buffer + "_index"), "little")
        except WavetileError:
            raise RuntimeError(f"PE ({px},{py}) of the fabric records no trace '{name}': its program imports no "
                               "<debug> with that key") from None
        return _parse_trace(self._rt.read_symbol(x, y, buffer)[:2 * words])
