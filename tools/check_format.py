#!/usr/bin/env python3
"""Fails on C++ that clang-format would write differently; --fix rewrites it."""

import argparse
import pathlib
import re
import subprocess
import sys

from source_tree import Finding, SourceTree

CLANG_FORMAT = "clang-format-19"


def check(tree):
    if not tree.cpp_files:
        return
    outcome = subprocess.run([CLANG_FORMAT, "--dry-run", "-Werror", *tree.cpp_files], cwd=tree.root, text=True,
                             capture_output=True, check=False)
    first = {}
    for match in re.finditer(r"^(.+?):(\d+):\d+: error: .*-Wclang-format-violations", outcome.stderr, re.MULTILINE):
        first.setdefault(match.group(1), int(match.group(2)))
    for name, line in first.items():
        yield Finding(name, line, "not as clang-format writes it: make format")
    if outcome.returncode != 0 and not first:
        yield Finding(".clang-format", 1, outcome.stderr.strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fix", action="store_true", help="rewrite the files in place")
    arguments = parser.parse_args()
    tree = SourceTree(pathlib.Path(__file__).parent.parent)
    if arguments.fix:
        return subprocess.run([CLANG_FORMAT, "-i", *tree.cpp_files], cwd=tree.root, check=False).returncode
    found = list(check(tree))
    print(*found, sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
