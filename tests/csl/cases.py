"""Compiler tests: one case per .csl file, its expectation in the comments at its end.

A case is a program and, after the line `//~ WHAT [cslc options]`, what must come out of it, each line behind `// `:

    error   the diagnostics of compiling it, one `file:line:column: severity: text` per line
    ok      the warnings and notes of a program that compiles (usually none)
    run     `name: type = values` for symbols of PE (0, 0) after the program has run until nothing moves
    ir      the output of cslc, usually with --emit=ast, --emit=ir or --emit=bytecode

A case may hold several files: `//--- name.csl` starts another one. A case without `layout` is a PE program, and a layout
of one PE is put around it. `make bless T=csl/error/name` rewrites what is expected.
"""
import os
import re
import subprocess
import sys
import tempfile

BUILD = os.environ.get("WT_BUILD", "build")
CSLC = os.path.abspath(f"{BUILD}/bin/cslc")
HERE = os.path.dirname(os.path.abspath(__file__))
LAYOUT = """layout {{
  @set_rectangle(1, 1);
  @set_tile_code(0, 0, "{name}");
}}
"""
MARK = re.compile(r"^//~ (error|ok|run|ir)\b ?(.*)$", re.M)


class Case:
    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as f:
            text = f.read()
        mark = MARK.search(text)
        if not mark:
            raise ValueError(f"{path} has no line '//~ error', '//~ ok', '//~ run' or '//~ ir'")
        self.source, self.what, self.options = text[:mark.start()], mark[1], mark[2].split()
        self.expected = [line[3:] for line in text[mark.end():].splitlines() if line.startswith("//")]

    def bless(self, lines):
        with open(self.path, "w", encoding="utf-8", errors="surrogateescape", newline="") as f:
            options = " ".join([self.what] + self.options)
            f.write(self.source + f"//~ {options}\n" + "".join(f"// {line}".rstrip() + "\n" for line in lines))

    def write_files(self, folder):
        """Splits the case into its files; returns the one to compile."""
        parts = re.split(r"^//--- (\S+)\n", self.source, flags=re.M)
        files = {self.name: parts[0], **dict(zip(parts[1::2], parts[2::2]))}
        main = self.name
        if not re.search(r"\blayout\s*\{", parts[0]) and "--emit=ast" not in self.options and "--emit=tokens" not in self.options:
            main = "layout.csl"
            files[main] = LAYOUT.format(name=self.name)
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8", errors="surrogateescape", newline="") as f:
                f.write(text)
        return main

    def run(self):
        """What came out, as lines, and a complaint or None."""
        with tempfile.TemporaryDirectory() as folder:
            main = self.write_files(folder)
            done = subprocess.run([CSLC, main, *self.options, "-o", "out"], cwd=folder, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            out = done.stdout.decode("utf-8", "replace").splitlines()
            err = done.stderr.decode("utf-8", "replace").splitlines()
            err = [line.replace(os.path.abspath(BUILD), "build") for line in err]
            said = [line for line in err if re.match(r"(\S+:\d+:\d+|cslc): (error|warning|note): ", line)]
            want_code = 1 if self.what == "error" else 0
            if done.returncode != want_code:
                return said, f"cslc ended with {done.returncode}, not {want_code}:\n" + "\n".join(err[-20:])
            if self.what in ("error", "ok"):
                return said, None
            if self.what == "ir":
                return out, None
            import machine
            return machine.run(os.path.join(folder, "out"), [line.split(" =")[0] for line in self.expected]), None


def main(kind):
    wanted = os.environ.get("WT_CASE", "")
    if wanted == f"csl/{kind}_test":  # the program itself: all its cases
        wanted = ""
    folder = os.path.join(HERE, kind)
    names = sorted(n for n in os.listdir(folder) if n.endswith(".csl")
                   and f"csl/{kind}/{n}".startswith(wanted[:len(f"csl/{kind}/{n}")]))
    failed = 0
    for number, name in enumerate(names, 1):
        case = Case(os.path.join(folder, name))
        try:
            lines, complaint = case.run()
        except Exception as e:  # a crash of the compiler or of the machine is a failure of this case
            lines, complaint = [], f"{type(e).__name__}: {e}"
        if os.environ.get("WT_BLESS") and not complaint:
            case.bless(lines)
            case.expected = lines
        good = not complaint and [line.rstrip() for line in lines] == [line.rstrip() for line in case.expected]
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {kind}/{name}", flush=True)
        if good:
            continue
        for line in (complaint or "").splitlines():
            print("# " + line)
        for line in case.expected:
            if line not in lines:
                print("# -" + line)
        for line in lines:
            if line not in case.expected:
                print("# +" + line)
    print(f"1..{len(names)}")
    sys.exit(1 if failed else 0)
