"""Runs an artifact until nothing moves and shows symbols of PE (0, 0), for the cases of tests/csl/run."""
import numpy as np

from wavetile import wse


DTYPES = {"bool": "<u2", "f16": "<f2", "f32": "<f4", "i8": "i1", "u8": "u1"}


def show(data, kind):
    values = np.frombuffer(data, dtype=DTYPES.get(kind) or f"<{kind[0]}{int(kind[1:]) // 8}")
    return " ".join(repr(float(v)) if kind[0] == "f" else str(int(v)) for v in values)


def run(artifacts, wanted):
    """`wanted`: "name: type" for each symbol. The lines of the case's expectation."""
    lines = []
    rt = wse.Runtime(artifacts)
    try:
        rt.load()
        rt.run()
        try:
            rt.stop()
        except wse.WavetileError as e:
            lines.append(f"stopped: {e}")
        for one in wanted:
            if ":" not in one or one.startswith("stopped"):
                continue
            name, kind = (part.strip() for part in one.split(":", 1))
            lines.append(f"{name}: {kind} = {show(rt.read_symbol(0, 0, name), kind)}")
    finally:
        rt.close()
    return lines
