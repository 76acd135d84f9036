"""SdkRuntime as scripts know it, what it refuses, and cs_python's choice of an interpreter."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import program
import tap

from cerebras.sdk.debug.debug_util import debug_util
from cerebras.sdk.runtime import sdkruntimepybind as sdk
from cerebras.sdk.runtime.sdkruntimepybind import MemcpyDataType, MemcpyOrder, SdkRuntime


class Runtime(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = program.compiled("memory", program.params(width=2, height=2, n=4), width=2, height=2)
        os.chdir(cls.out.parent)

    def test_a_session(self):
        runner = SdkRuntime("out", simfab_numthreads=2, suppress_simfab_trace=True, msg_level="ERROR")
        words = runner.get_id("words")
        runner.load()
        runner.run()
        # Any 4-byte type, any shape, strided too; a two-dimensional target.
        sent = np.arange(32, dtype=np.float32).reshape(4, 8)[:, ::2]
        runner.memcpy_h2d(words, sent, 0, 0, 2, 2, 4, streaming=False, data_type=MemcpyDataType.MEMCPY_32BIT,
                          order=MemcpyOrder.ROW_MAJOR, nonblock=False)
        back = np.zeros((16, 1), dtype=np.uint32)
        task = runner.memcpy_d2h(back, words, 0, 0, 2, 2, 4, streaming=False, data_type=MemcpyDataType.MEMCPY_32BIT,
                                 order=MemcpyOrder.ROW_MAJOR, nonblock=True)
        runner.task_wait(task)
        self.assertTrue(runner.is_task_done(task))
        np.testing.assert_array_equal(back.view(np.float32).ravel(), sent.ravel())
        runner.call("turn", [], nonblock=False)
        runner.stop()
        self.assertEqual(runner.coord_logical_to_physical((1, 1)), (5, 2))
        self.assertEqual(debug_util("out").get_symbol(5, 2, "scalar", np.uint32).tolist(), [8])
        self.assertFalse(pathlib.Path("sim.log").exists())  # nothing was printed

    def test_keywords_may_be_left_out(self):
        runner = SdkRuntime("out")
        runner.load()
        runner.run()
        runner.memcpy_h2d(runner.get_id("words"), np.zeros(4, np.uint32), 0, 0, 1, 1, 4)
        runner.launch("turn")
        runner.stop()

    def refused(self, kind, pattern, call, *args, **kwargs):
        with self.assertRaisesRegex(kind, pattern):
            call(*args, **kwargs)

    def test_what_is_not_supported_yet_says_so(self):
        self.refused(NotImplementedError, "memcpy_required=False is not supported yet", SdkRuntime, "out", memcpy_required=False)
        self.refused(NotImplementedError, "platform. is not supported yet", SdkRuntime, "out", object())
        self.refused(NotImplementedError, "SdkLayout is not supported yet", sdk.SdkLayout, None)
        self.refused(NotImplementedError, "SimfabConfig is not supported yet", sdk.SimfabConfig, dump_core=True)
        self.refused(NotImplementedError, "get_platform is not supported yet", sdk.get_platform, None)
        self.refused(NotImplementedError, "SdkTarget is not supported yet", lambda: sdk.SdkTarget.WSE3)
        for name in ("Color", "Edge", "Route", "RoutingPosition", "get_edge_routing"):
            self.refused(NotImplementedError, f"{name} is not supported yet", getattr(sdk, name), "x")
        runner = SdkRuntime("out")
        self.refused(NotImplementedError, "direct links", runner.send, "port", np.zeros(1, np.uint32))

    def test_bad_arguments(self):
        self.refused(RuntimeError, "simulated wafer only", SdkRuntime, "out", cmaddr="1.2.3.4:9000")
        self.refused(ValueError, "simfab_numthreads is 65", SdkRuntime, "out", simfab_numthreads=65)
        self.refused(ValueError, "msg_level", SdkRuntime, "out", msg_level="LOUD")
        self.refused(TypeError, "unexpected", SdkRuntime, "out", cmadr=None)
        runner = SdkRuntime("out")
        runner.load()
        runner.run()
        words, a = runner.get_id("words"), np.zeros(4, np.uint32)
        self.refused(TypeError, "MemcpyOrder", runner.memcpy_h2d, words, a, 0, 0, 1, 1, 4, order=0)
        self.refused(TypeError, "MemcpyDataType", runner.memcpy_h2d, words, a, 0, 0, 1, 1, 4, data_type=32)
        self.refused(TypeError, "unexpected", runner.memcpy_h2d, words, a, 0, 0, 1, 1, 4, nonblocking=True)
        self.refused(ValueError, "simfab_numthreads is '5'", SdkRuntime, "out", simfab_numthreads="5")
        self.refused(TypeError, "the symbol is 7, not a name", runner.get_id, 7)
        self.refused(TypeError, f"the function is {words}, not a name", runner.launch, words)
        self.refused(ValueError, "'scalar' has 4 bytes, no whole number of float64", runner.read_symbol, 0, 0, "scalar",
                     dtype="float64")

    def test_a_program_without_stop_is_told(self):
        script = ("from cerebras.sdk.runtime.sdkruntimepybind import SdkRuntime\n"
                  "runner = SdkRuntime('out')\nrunner.load()\nrunner.run()\n")
        for end, pattern in (("", r"^ERROR: the program of 'out' was not ended with stop\(\)"), ("runner.stop()", r"^$"),
                             ("1 / 0", r"^Traceback[^$]*ZeroDivisionError: division by zero\n$")):
            done = subprocess.run([sys.executable, "-c", script + end], env=program.environment(), text=True,
                                  stderr=subprocess.PIPE, timeout=60, check=False)
            self.assertRegex(done.stderr, pattern)

    def test_debug_util_needs_a_run(self):
        self.refused(RuntimeError, "no program of 'elsewhere' has been loaded", debug_util, "elsewhere")

    def test_debug_util_speaks_of_the_fabric(self):
        runner = SdkRuntime("out")
        runner.load()
        runner.run()
        runner.stop()
        looked = debug_util("out")
        self.refused(RuntimeError, r"PE \(0,0\) of the fabric is none of the program's, whose 2 x 2 PEs begin at \(4, 1\)",
                     looked.get_symbol, 0, 0, "words", np.uint32)
        self.refused(RuntimeError, r"PE \(6,1\)", looked.get_symbol_rect, ((4, 1), (3, 1)), "words", np.uint32)
        self.refused(RuntimeError, r"PE \(4,1\) of the fabric: .*did you mean 'words'", looked.get_symbol, 4, 1, "word", np.uint32)
        self.refused(RuntimeError, r"PE \(5,2\) of the fabric records no trace 'none'", looked.read_trace, 5, 2, "none")


@tap.needs_shell
class CsPython(unittest.TestCase):
    def run_it(self, *args, **env):
        done = subprocess.run([program.BUILD / "bin" / "cs_python", *args], env={**os.environ, "PYTHONPATH": "", **env},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        return done.returncode, done.stdout

    def test_runs_a_script_with_the_packages(self):
        script = ("import cerebras.sdk.sdk_utils, numpy as np, sys\n"
                  "print(np.__version__, (np.array([1], np.uint8) + 300).dtype, sys.argv[1:])")
        code, said = self.run_it("-c", script, "a", "b c")
        self.assertEqual(code, 0, said)
        self.assertRegex(said, r"^(1\.2[456]|2\.[01])\.\d+ uint16 \['a', 'b c'\]$")

    def test_passes_the_exit_code_on(self):
        self.assertEqual(self.run_it("-c", "import sys; sys.exit(7)")[0], 7)

    def test_takes_the_python_it_is_told(self):
        code, said = self.run_it("-c", "import sys; print(sys.executable)", WT_PYTHON=sys.executable)
        self.assertEqual((code, said.strip()), (0, sys.executable))

    def test_says_what_to_install(self):
        # A copy without a venv beside it, and no Python with numpy on the path.
        with tempfile.TemporaryDirectory() as root:
            home = pathlib.Path(root)
            (home / "bin").mkdir()
            (home / "share/wavetile/python/wavetile").mkdir(parents=True)
            (home / "share/wavetile/python/wavetile/wse.py").touch()
            (home / "tools").mkdir()
            for tool in ("readlink", "dirname", "sh"):
                (home / "tools" / tool).symlink_to(f"/usr/bin/{tool}")
            script = (program.BUILD / "bin" / "cs_python").read_text().replace("/usr/bin/python3", "/nonexistent/python3")
            (home / "bin" / "cs_python").write_text(script)
            done = subprocess.run(["/bin/sh", home / "bin" / "cs_python", "x.py"], env={"PATH": str(home / "tools")},
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("no Python with numpy 1.24, 1.25 or 1.26", done.stdout)
            self.assertIn("apt-get install python3-numpy", done.stdout)


if __name__ == "__main__":
    tap.main()
