"""Runs the tests: run.py BUILD [PATH-PREFIX]

A test is a program that prints TAP: build/tests/DIR/x_test (cmocka) or tests/DIR/x_test.{py,sh}. Each
runs in the root of the checkout with a private home, cache and temporary folder, two at a time. A line per program;
a failure shows what it printed and the command that repeats it. Closes with 'N passed, N failed'.
"""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile
import time

TIMEOUT_S = 600


def tests_under(build, prefix):
    found = []
    for source in sorted(glob.glob("tests/*/*_test.*")):
        name, kind = os.path.splitext(source)
        short = name[len("tests/"):]
        family = short[:-len("_test")]  # csl/error_test.py runs the cases csl/error/*
        if kind not in (".c", ".py", ".sh") or not (short.startswith(prefix) or prefix.startswith((short, family + "/"))):
            continue
        command = {".c": [f"{build}/{name}"], ".py": [sys.executable, source], ".sh": ["sh", source]}[kind]
        found.append((short, command))
    return found


def sanitizer_runtime(build, command):
    """What a foreign executable (Python) must load first when it opens a sanitized library."""
    name = {"build/san": "libasan.so", "build/tsan": "libtsan.so"}.get(build)
    if name is None or command[0] != sys.executable:
        return {}
    found = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return {"LD_PRELOAD": found.stdout.strip(), "ASAN_OPTIONS": "detect_leaks=0"}  # Python leaks by design


def environment(home, prefix):
    env = dict(os.environ, HOME=home, XDG_CACHE_HOME=f"{home}/cache", TMPDIR=f"{home}/tmp", WT_CASE=prefix,
               CMOCKA_MESSAGE_OUTPUT="TAP", PYTHONPATH="python:tests", PYTHONDONTWRITEBYTECODE="1")
    for name in ("WT_HARD", "WT_TINY"):
        if not env.get(name):
            env.pop(name, None)
    os.makedirs(env["TMPDIR"])
    return env


def run_test(build, short, command, prefix):
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="wavetile-test.") as home:
        try:
            env = dict(environment(home, prefix), **sanitizer_runtime(build, command))
            done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=TIMEOUT_S)
            code, text = done.returncode, done.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired as e:
            code, text = -1, (e.stdout or b"").decode(errors="replace") + f"\ntimed out after {TIMEOUT_S} s"
    lines = re.findall(r"^(not )?ok \d+(.*)", text, re.M)
    skipped = sum(" # SKIP" in rest for _, rest in lines)  # cmocka says "not ok" and names no case
    failed = sum(bool(no) and " # SKIP" not in rest for no, rest in lines)
    passed = len(lines) - skipped - failed
    if code != 0 and failed == 0:
        failed = 1  # it died before it could say so
    if passed + failed + skipped == 0:
        failed, text = 1, text + "\nprinted no TAP line"
    seconds = time.monotonic() - start
    return short, command, passed, failed, skipped, text, seconds


def main():
    build, prefix = sys.argv[1], (sys.argv[2:] or [""])[0]
    prefix = prefix[len("tests/"):] if prefix.startswith("tests/") else prefix
    passed = failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        jobs = [pool.submit(run_test, build, short, command, prefix) for short, command in tests_under(build, prefix)]
        for job in jobs:
            short, command, good, bad, left, text, seconds = job.result()
            passed, failed, skipped = passed + good, failed + bad, skipped + left
            print(f"{'FAIL' if bad else 'ok  '}  {short:32} {good:5} passed {bad:3} failed  {seconds:6.1f}s"
                  f"{f'  {left} skipped' if left else ''}", flush=True)
            if bad:
                print(text[-6000:].rstrip())
                print(f"again: make check T={short}   (the command alone: {' '.join(command)})", flush=True)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed + skipped else 0


sys.exit(main())
