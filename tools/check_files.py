"""Fails on headers without #pragma once, fuzzers without a corpus and corpora without a fuzzer; warns of long files."""

import pathlib
import re

from source_tree import Finding

LINES_MAX = 600


def check(tree):
    for name in tree.cpp_files:
        if name.endswith(".h") and not re.search(r"^#pragma once$", tree.code(name), re.MULTILINE):
            yield Finding(name, 1, "a header begins with #pragma once")
    for name in tree.matching(r"(src|tests|bench|tools)/.*\.(h|cc|py)"):
        lines = tree.read(name).count("\n")
        if lines > LINES_MAX:
            yield Finding(name, lines, f"{lines} lines; more than {LINES_MAX} is more than one idea", warning=True)

    fuzzers = {pathlib.PurePath(name).stem: name for name in tree.matching(r"(src|tests)/.*_fuzz\.cc")}
    corpora = {name.split("/")[2] for name in tree.matching(r"tests/corpus/[^/]+/.+")
               if (tree.root / name).stat().st_size > 0}
    for fuzzer, name in fuzzers.items():
        if fuzzer not in corpora:
            yield Finding(name, 1, f"no inputs in tests/corpus/{fuzzer}")
    for corpus in sorted(corpora - set(fuzzers)):
        yield Finding(f"tests/corpus/{corpus}", 1, "no fuzzer of that name reads these inputs")
