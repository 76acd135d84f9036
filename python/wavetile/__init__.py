"""Wavetile: Tenstorrent and Cerebras programs on any machine.

`wavetile.ttm` drives Tenstorrent devices; the package `cerebras` has the vendor's own module names.
"""
from ._lib import WavetileError, set_log, version

__all__ = ["WavetileError", "set_log", "version"]
__version__ = version()
