"""The tree keeps its shape: include arrows, ASCII sources, no trailing blanks, docs that speak of the project."""
import glob
import os
import re
import subprocess
import unittest

import tap

# A room may include itself and what stands to the right of it.
ARROWS = {
    "base": {"base"},
    "riscv": {"riscv", "base"},
    "ttm/chip": {"ttm/chip", "ttm/lib", "riscv", "base"},
    "ttm/build": {"ttm/build", "ttm/lib", "riscv", "base"},
    "ttm/host": {"ttm/host", "ttm/build", "ttm/chip", "ttm/lib", "riscv", "base"},
    "wse/chip": {"wse/chip", "base"},
    "wse/build": {"wse/build", "wse/chip", "base"},
    "wse/host": {"wse/host", "wse/chip", "base"},
}


def room_of(path):
    parts = path.split("/")
    return parts[0] if parts[0] in ("base", "riscv", "cli") else "/".join(parts[:2])


class Style(unittest.TestCase):
    def test_include_arrows(self):
        wrong = []
        for source in glob.glob("src/**/*.[ch]", recursive=True) + glob.glob("src/**/*.def", recursive=True):
            room = room_of(source[len("src/"):])
            if room in ("cli", "ttm/lib", "wse/lib"):
                continue
            for line in open(source, encoding="utf-8"):
                found = re.match(r'#include "((?:base|riscv|ttm|wse)/[^"]+)"', line)
                if found and room_of(found.group(1)) not in ARROWS[room]:
                    wrong.append(f"{source}: {found.group(1)}")
        self.assertEqual(wrong, [])

    def test_hosts_see_one_header_of_their_chip(self):
        wrong = []
        for source in glob.glob("src/*/host/*.[ch]"):
            for line in open(source, encoding="utf-8"):
                found = re.match(r'#include "(?:ttm|wse)/chip/([^"]+)"', line)
                if found and found.group(1) not in ("chip.h", "object.h"):
                    wrong.append(f"{source}: {found.group(1)}")
        self.assertEqual(wrong, [])

    def test_text(self):
        wrong = []
        for path in subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.split():
            if path in ("LICENSE",) or not os.path.isfile(path) or path.endswith(".png"):
                continue
            data = open(path, "rb").read()
            if re.search(rb"[ \t]\n", data):
                wrong.append(f"{path}: blanks at the end of a line")
            if b"\t" in data and os.path.basename(path) != "Makefile":
                wrong.append(f"{path}: tab")
            if data and not data.endswith(b"\n"):
                wrong.append(f"{path}: no newline at the end")
            # What the lexer says of other bytes has cases of its own.
            foreign = path.startswith("tests/csl/error/syntax_")
            if path.endswith((".c", ".h", ".def", ".csl", ".py", ".sh")) and not foreign and not data.isascii():
                wrong.append(f"{path}: not ASCII")
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    tap.main()
