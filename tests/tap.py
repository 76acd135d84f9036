"""Runs the unittest cases of the calling script and prints TAP, the protocol of tests/run.py."""
import functools
import subprocess
import sys
import unittest


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.count = 0

    def _line(self, verdict, test, note=""):
        self.count += 1
        print(f"{verdict} {self.count} - {test.id().replace('__main__.', '')}{note}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._line("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line("ok", test, f" # SKIP {reason}")

    def _broken(self, test, err):
        self._line("not ok", test)
        for line in self._exc_info_to_string(err, test).splitlines():
            print(f"# {line}")

    def addError(self, test, err):
        super().addError(test, err)
        self._broken(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._broken(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._broken(subtest, err)


@functools.cache
def shell_starts():
    return subprocess.run(["sh", "-c", "exit 0"], check=False).returncode == 0


def needs_shell(case):
    """Skips a case that starts shell scripts where the preloaded sanitizer kills the shell: dash dies under libtsan."""
    return unittest.skipUnless(shell_starts(), "sh does not start with this LD_PRELOAD")(case)


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = TapResult()
    suite.run(result)
    print(f"1..{result.count}")
    sys.exit(0 if result.wasSuccessful() else 1)
