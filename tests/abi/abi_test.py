"""The C ABI: headers that compile alone, exports that match them, Python that covers them."""
import ctypes
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import unittest

import numpy
import tap

import wavetile
from wavetile import _lib, ttm

BUILD = os.environ.get("WT_BUILD", "build")
LIBRARY = f"{BUILD}/lib/libwavetile.so.0"
HEADERS = sorted(h for h in os.listdir("include") if h.endswith(".h"))


def declared(header):
    """The functions that a header declares."""
    with open(f"include/{header}") as f:
        text = re.sub(r"//.*", "", f.read())
    return set(re.findall(r"\b((?:wt|ttm|wse)_[a-z0-9_]+)\s*\(", text))


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class Headers(unittest.TestCase):
    def compile(self, compiler, *flags):
        for header in HEADERS:
            done = run(compiler, *flags, "-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                       "-Iinclude", f"include/{header}")
            self.assertEqual(done.returncode, 0, f"{header}: {done.stdout}")

    def test_c99(self):
        self.compile("gcc", "-std=c99", "-x", "c")

    def test_c17(self):
        self.compile("gcc", "-std=c17", "-x", "c")

    def test_cpp11(self):
        self.compile("g++", "-std=c++11", "-x", "c++")

    def test_cpp20(self):
        self.compile("g++", "-std=c++20", "-x", "c++")


class Exports(unittest.TestCase):
    def test_exactly_what_the_headers_declare(self):
        lines = run("nm", "-D", "--defined-only", LIBRARY).stdout.splitlines()
        exported = {line.split()[2].split("@")[0] for line in lines} - {"WAVETILE_0"}
        self.assertEqual(exported, set().union(*map(declared, HEADERS)))

    def test_soname(self):
        self.assertIn("libwavetile.so.0", run("readelf", "-d", LIBRARY).stdout)

    def test_a_c_program_links_and_runs(self):
        with tempfile.TemporaryDirectory() as dir:
            with open(f"{dir}/a.c", "w") as f:
                f.write('#include <ttm.h>\n#include <stdio.h>\nint main(void) { ttm_device_t *d; '
                        'int s = ttm_device_create(99, 0, &d); '
                        'printf("%s %d %s", wt_version(), s, wt_last_error()); }\n')
            lib = os.path.abspath(f"{BUILD}/lib")
            done = run("gcc", "-Iinclude", f"{dir}/a.c", "-o", f"{dir}/a", f"-L{lib}", "-lwavetile", f"-Wl,-rpath,{lib}")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn(f"{wavetile.__version__} -11 there is no device 99", run(f"{dir}/a").stdout)


def generate(dir):
    """What clang2py prints for ttm.h, as a module."""
    path = f"{dir}/generated.py"
    done = run(f"{os.path.dirname(sys.executable)}/clang2py", "-q", "-i", "-l", os.path.abspath(LIBRARY),
               "--clang-args=-Iinclude", "include/ttm.h", "-o", path)
    if done.returncode != 0:
        raise AssertionError(f"clang2py: {done.stdout}")
    spec = importlib.util.spec_from_file_location("generated", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Python(unittest.TestCase):
    """wavetile.ttm against the header, as clang reads it."""

    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory()
        cls.generated = generate(cls.dir.name)

    @classmethod
    def tearDownClass(cls):
        cls.dir.cleanup()

    def test_covers_every_function(self):
        wrapped = {f.__name__: f for module in (_lib, ttm) for f in vars(module).values()
                   if hasattr(f, "argtypes") and hasattr(f, "__name__")}
        for name in declared("ttm.h") | declared("wavetile.h"):
            self.assertIn(name, wrapped)
            expected = getattr(self.generated, name).argtypes or []
            self.assertEqual(len(wrapped[name].argtypes), len(expected), name)
            for mine, clangs in zip(wrapped[name].argtypes, expected):
                self.assertEqual(ctypes.sizeof(mine), ctypes.sizeof(clangs), name)

    def test_structs_have_the_layout_of_the_header(self):
        structs = {"Core": "core", "CoreRange": "core_range", "DeviceOptions": "device_options",
                   "DeviceInfo": "device_info", "DeviceStats": "device_stats", "BufferOptions": "buffer_options",
                   "Page": "page", "CbIndex": "cb_index", "CbOptions": "cb_options", "Define": "define",
                   "NamedArg": "named_arg", "DataflowOptions": "dataflow_options",
                   "ComputeOptions": "compute_options", "LaunchOptions": "launch_options"}
        opaque = {"device", "buffer", "program", "kernel", "cb"}
        in_header = {n[len("struct_ttm_"):] for n in vars(self.generated) if n.startswith("struct_ttm_")} - opaque
        self.assertEqual(set(structs.values()), in_header)
        for mine, theirs in structs.items():
            a, b = getattr(ttm, mine), getattr(self.generated, f"struct_ttm_{theirs}")
            self.assertEqual(ctypes.sizeof(a), ctypes.sizeof(b), mine)
            offsets = [{n: (getattr(s, n).offset, getattr(s, n).size) for n, *_ in s._fields_
                        if not n.startswith("PADDING")} for s in (a, b)]
            self.assertEqual(offsets[0], offsets[1], mine)

    def test_names_have_the_values_of_the_header(self):
        g = vars(self.generated)
        def values(prefix, names):
            return {name: g[prefix + name.upper().replace("BFLOAT16", "FLOAT16_B")] for name in names if name}
        for table, prefix in ((ttm.FORMATS, "TTM_FORMAT_"), (ttm._OPT_LEVELS, "TTM_OPT_"),
                              (ttm._FIDELITIES, "TTM_FIDELITY_"), (ttm._KINDS, "TTM_BUFFER_"),
                              (ttm._CORE_TYPES, "TTM_CORE_"), (ttm._ALLOCATIONS, "TTM_ALLOCATE_")):
            self.assertEqual({k: v for k, v in table.items() if k}, values(prefix, table))

    def test_a_loopback_through_what_clang2py_prints(self):
        g, null = self.generated, None

        def check(status):
            self.assertEqual(status, 0, g.wt_last_error() if status else "")

        def new(kind, create, *args):
            handle = ctypes.POINTER(getattr(g, f"struct_ttm_{kind}"))()
            check(create(*args, ctypes.byref(handle)))
            return handle

        device = new("device", g.ttm_device_create, 0, null)
        buffers = [new("buffer", g.ttm_buffer_create_interleaved, device, size, 2048, where, null)
                   for size, where in ((2048, g.TTM_BUFFER_L1), (50 * 2048, g.TTM_BUFFER_DRAM),
                                       (50 * 2048, g.TTM_BUFFER_DRAM))]
        words, count = (ctypes.c_uint32 * 2)(), ctypes.c_uint64()
        for i in range(2):
            one = ctypes.cast(ctypes.byref(words, 4 * i), ctypes.POINTER(ctypes.c_uint32))
            check(g.ttm_tensor_accessor_args(buffers[1 + i], one, 1, ctypes.byref(count)))
        addresses = []
        for b in buffers:
            address = ctypes.c_uint64()
            check(g.ttm_buffer_address(b, ctypes.byref(address)))
            addresses.append(address.value)
        sent = numpy.random.default_rng(3).integers(0, 65536, 50 * 1024, dtype=numpy.uint16)
        received = numpy.zeros_like(sent)
        check(g.ttm_buffer_write(buffers[1], 0, ctypes.c_void_p(sent.ctypes.data), sent.nbytes))
        program = new("program", g.ttm_program_create, device)
        core = g.struct_ttm_core_range()
        options = g.struct_ttm_dataflow_options(struct_size=ctypes.sizeof(g.struct_ttm_dataflow_options),
                                                compile_args=words, num_compile_args=2)
        path = ctypes.create_string_buffer(b"examples/ttm/kernels/loopback.cpp")
        kernel = new("kernel", g.ttm_kernel_create_dataflow, program,
                     ctypes.cast(path, g.ttm_kernel_create_dataflow.argtypes[1]), ctypes.byref(core), 1,
                     ctypes.byref(options))
        args = (ctypes.c_uint32 * 4)(*addresses, 50)
        check(g.ttm_set_runtime_args(kernel, ctypes.byref(core), 1, args, 4))
        check(g.ttm_program_launch(program, null))
        check(g.ttm_buffer_read(buffers[2], 0, ctypes.c_void_p(received.ctypes.data), received.nbytes))
        self.assertTrue(numpy.array_equal(sent, received))
        check(g.ttm_program_destroy(program))
        for b in buffers:
            check(g.ttm_buffer_destroy(b))
        check(g.ttm_device_close(device))


if __name__ == "__main__":
    tap.main()
