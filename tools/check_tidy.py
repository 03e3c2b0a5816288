#!/usr/bin/env python3
"""clang-tidy over every source that is built; --fix is left to people.

Sources of tests get a shorter list of checks: most of the time of a check goes into the thousands of declarations of
gtest's headers, and most of what the others find is about interfaces.
"""

import pathlib
import re
import sys

import compile_database
from source_tree import Finding, SourceTree

CLANG_TIDY = "clang-tidy-19"
TEST_CHECKS = ",".join([
    "-*", "readability-identifier-naming", "bugprone-use-after-move", "bugprone-dangling-handle",
    "bugprone-unused-raii", "bugprone-string-constructor", "bugprone-sizeof-expression",
    "bugprone-integer-division", "performance-for-range-copy", "misc-coroutine-hostile-raii",
    "cppcoreguidelines-avoid-capturing-lambda-coroutines"])
TEST_SOURCE = re.compile(r"src/.*(_(test|fuzz|bench)\.cc|/testing/.*)|(tests|bench)/.*")


def command(root, unit):
    checks = [f"--checks={TEST_CHECKS}"] if TEST_SOURCE.fullmatch(unit.name) else []
    return [CLANG_TIDY, "-p", str(root / compile_database.BUILD), "--quiet", *checks, unit.file]


def findings_of(root, unit, code, output):
    found = set()
    for path, line, severity, text in compile_database.diagnostics(root, unit.folder, output):
        found.add(Finding(path, line, text.replace(",-warnings-as-errors", ""), warning=severity == "warning"))
    if code != 0 and not any(not finding.warning for finding in found):
        found.add(Finding(unit.name, 1, output.strip() or f"{CLANG_TIDY} ended with {code}"))
    return found


def check(tree, only=None):
    """`only`: a regular expression that the whole name of a source must match."""
    sources = [name for name in tree.cpp_files if name.endswith(".cc")]
    if not sources:
        return
    try:
        database = compile_database.load(tree.root)
    except compile_database.ConfigureError as error:
        yield compile_database.not_configured(error)
        return
    units = {unit.name: unit for unit in database if unit.name in set(sources)}
    for name in sources:
        if name.startswith("src/") and name not in units:
            yield Finding(name, 1, "no target compiles it")
    chosen = [unit for name, unit in units.items() if only is None or re.fullmatch(only, name)]
    results = compile_database.Results(tree.root, "tidy", [tree.read(".clang-tidy")])
    found = set()
    for unit, code, output in results.run(chosen, lambda unit: command(tree.root, unit)):
        found |= findings_of(tree.root, unit, code, output)
    yield from sorted(found)


if __name__ == "__main__":
    pattern = sys.argv[1] if len(sys.argv) > 1 else None
    reported = list(check(SourceTree(pathlib.Path(__file__).parent.parent), pattern))
    print(*reported, sep="\n")
    sys.exit(any(not finding.warning for finding in reported))
