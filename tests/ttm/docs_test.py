"""What docs/ttm.md tells its readers to type works as it stands there."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

import tap


def page():
    with open("docs/ttm.md") as f:
        return f.read()


def block(first_line):
    """The indented block that begins with this line."""
    found = re.search(rf"^    {re.escape(first_line)}\n((?:    .*\n|\n)*)", page(), re.M)
    return first_line + "\n" + textwrap.dedent(found.group(1))


def command(start):
    """The inline code that begins so."""
    return re.search(rf"`({re.escape(start)}[^`]*)`", page()).group(1)


class Docs(unittest.TestCase):
    def test_the_python_program(self):
        done = subprocess.run([sys.executable, "-c", block("import os")], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    @unittest.skipUnless(os.environ.get("WT_BUILD", "build") == "build", "the command names build/lib")
    def test_the_c_program_and_its_commands(self):
        with tempfile.TemporaryDirectory() as dir:
            for name in ("include", "build"):
                os.symlink(os.path.abspath(name), f"{dir}/{name}")
            with open(f"{dir}/hello.c", "w") as f:
                f.write(block("#include <stdio.h>"))
            prefix = f"{dir}/opt"
            subprocess.run(["sh", "tests/install.sh", "build", prefix], check=True, capture_output=True)
            env = dict(os.environ, PKG_CONFIG_PATH=f"{prefix}/lib/pkgconfig", PWD=dir)
            for compile in (command("cc -Iinclude"), command("cc hello.c") + f" -Wl,-rpath,{prefix}/lib"):
                with self.subTest(compile):
                    done = subprocess.run(["sh", "-c", f"{compile} && ./hello"], cwd=dir, env=env,
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                    self.assertEqual(done.stdout, "the kernel wrote 42\n")
            shutil.rmtree(prefix)

    def test_every_variable_is_in_the_table(self):
        read = set()
        for folder in ("src/base", "src/ttm", "python/wavetile"):
            for root, _, names in os.walk(folder):
                for name in names:
                    with open(f"{root}/{name}", errors="replace") as f:
                        read |= set(re.findall(r'(?:getenv|env_set|environ\.get|environ)[\(\[]\s*"(\w+)"', f.read()))
        listed = set(re.findall(r"^\| (`.*?) \|", page()[page().index("## Environment variables"):], re.M))
        listed = set(re.findall(r"`(\w+)`", " ".join(listed)))
        self.assertEqual(read - {"PATH", "HOME", "XDG_CACHE_HOME"}, listed)


if __name__ == "__main__":
    tap.main()
