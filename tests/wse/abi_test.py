"""wavetile.wse against wse.h, as clang reads it."""
import ctypes
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import unittest

import tap

from wavetile import wse

LIBRARY = os.path.abspath(f"{os.environ.get('WT_BUILD', 'build')}/lib/libwavetile.so.0")
STRUCTS = {"RuntimeOptions": "runtime_options", "Info": "info", "Symbol": "symbol", "Region": "region",
           "CopyOptions": "copy_options", "LaunchOptions": "launch_options", "Arg": "arg", "Stats": "stats"}
PREFIXES = {"MEMCPY_": "WSE_MEMCPY_", "ROW_": "WSE_ROW_", "COL_": "WSE_COL_", "ARCH_": "WSE_ARCH_", "ARG_": "WSE_ARG_",
            "SYMBOL_": "WSE_SYMBOL_"}


class Abi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/generated.py"
            done = subprocess.run([f"{os.path.dirname(sys.executable)}/clang2py", "-q", "-i", "-l", LIBRARY,
                                   "--clang-args=-Iinclude", "include/wse.h", "-o", path], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode:
                raise AssertionError(f"clang2py: {done.stdout}")
            spec = importlib.util.spec_from_file_location("generated", path)
            cls.generated = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(cls.generated)

    def test_covers_every_function(self):
        with open("include/wse.h", encoding="utf-8") as f:
            declared = set(re.findall(r"\b(wse_[a-z0-9_]+)\s*\(", re.sub(r"//.*", "", f.read())))
        wrapped = {f.__name__: f for f in vars(wse).values() if hasattr(f, "argtypes")}
        self.assertEqual(declared, set(wrapped))
        for name, mine in wrapped.items():
            theirs = getattr(self.generated, name).argtypes or []
            self.assertEqual([ctypes.sizeof(t) for t in mine.argtypes], [ctypes.sizeof(t) for t in theirs], name)

    def test_structs_have_the_layout_of_the_header(self):
        in_header = {n[len("struct_wse_"):] for n in vars(self.generated) if n.startswith("struct_wse_")}
        self.assertEqual(set(STRUCTS.values()), in_header - {"runtime"})
        for mine, theirs in STRUCTS.items():
            a, b = getattr(wse, mine), getattr(self.generated, f"struct_wse_{theirs}")
            self.assertEqual(ctypes.sizeof(a), ctypes.sizeof(b), mine)
            fields = [{n: (getattr(s, n).offset, getattr(s, n).size) for n, *_ in s._fields_ if not n.startswith("PADDING")}
                      for s in (a, b)]
            self.assertEqual(fields[0], fields[1], mine)

    def test_constants_have_the_values_of_the_header(self):
        count = 0
        for name, value in vars(wse).items():
            for mine, theirs in PREFIXES.items():
                if name.startswith(mine):
                    self.assertEqual(value, getattr(self.generated, theirs + name[len(mine):]), name)
                    count += 1
        self.assertGreater(count, 15)


if __name__ == "__main__":
    tap.main()
