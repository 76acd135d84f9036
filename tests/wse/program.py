"""What the tests of whole programs share: compiling a folder of tests/wse/programs and opening the result."""
import os
import pathlib
import subprocess
import tempfile

BUILD = pathlib.Path(os.environ.get("WT_BUILD", "build")).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "tests" / "wse" / "programs"
ARCHS = ("wse2", "wse3")


def environment():
    """This process's, with the tools and packages of the build."""
    return dict(os.environ, PATH=f"{BUILD}/bin:{os.environ['PATH']}", PYTHONPATH=str(ROOT / "python"))


def cslc(folder, out, *flags, layout="layout.csl"):
    """Runs cslc in a folder; returns what it printed and its exit code."""
    done = subprocess.run([f"{BUILD}/bin/cslc", layout, *flags, "-o", str(out)], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    return done.stdout, done.returncode


def compiled(name, *flags, arch="wse3", width=1, height=1, memcpy=True):
    """Compiles programs/NAME for a rectangle of the size given; returns the artifact directory."""
    out = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}.")) / "out"
    fixed = [f"--fabric-dims={width + 7},{height + 2}", "--fabric-offsets=4,1"]
    if arch:
        fixed.append(f"--arch={arch}")
    if memcpy:
        fixed += ["--memcpy", "--channels=1"]
    said, code = cslc(PROGRAMS / name, out, *fixed, *flags)
    if code:
        raise AssertionError(f"cslc failed on {name}:\n{said}")
    return out


def params(**values):
    return "--params=" + ",".join(f"{k}:{v}" for k, v in values.items())
