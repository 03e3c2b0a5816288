#!/usr/bin/env python3
"""clang-tidy over the sources that differ from the last commit that was checked whole; fixing is left to people.

  tools/check_tidy.py              those, and one source for each header that differs
  tools/check_tidy.py --all        every source that is built, and every header alone; when nothing is found, records the
                                   commit that is checked out
  tools/check_tidy.py 'src/scsi/.*'

Reading all of it takes a third of an hour on two processors, most of it in the declarations of system headers, so a run
trusts what checked_commit.py says of the commit in tools/checked_commit.txt.

Sources of tests get a shorter list of checks: most of the time of a check goes into the thousands of declarations of
gtest's headers, and most of what the others find is about interfaces.
"""

import pathlib
import re
import sys

import check_headers
import checked_commit
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


def sources_for(tree, names, sources):
    """The sources among `names`, and one that reads each header among them: its own, or the first that includes it."""
    chosen = names & sources
    for name in sorted(names):
        if not re.fullmatch(r"(src|tests|bench)/.*\.h", name) or not (tree.root / name).is_file():
            continue
        included = re.compile(r'#[ \t]*include[ \t]+"' + re.escape(name.split("/", 1)[1]) + '"')
        own = name.removesuffix(".h") + ".cc"
        readers = [own] if own in sources else [source for source in sorted(sources)
                                                if included.search(tree.code(source))]
        chosen.update(readers[:1])
    return chosen


def check(tree, only=None):
    """`only`: a regular expression that the whole name of a source must match; without it, what is not checked yet."""
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
    changed = checked_commit.changed_since(tree.root) if only is None else None
    wanted = set(units) if changed is None else sources_for(tree, changed, set(units))
    chosen = [unit for name, unit in units.items() if name in wanted and re.fullmatch(only or ".*", name)]
    results = compile_database.Results(tree.root, "tidy", [tree.read(".clang-tidy")])
    found = set()
    for unit, code, output in results.run(chosen, lambda unit: command(tree.root, unit)):
        found |= findings_of(tree.root, unit, code, output)
    yield from sorted(found)


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    word = sys.argv[1] if len(sys.argv) > 1 else None
    tree = SourceTree(root)
    if word == "--all":
        reported = [*check_headers.check(tree, every=True), *check(tree, ".*")]
    else:
        reported = list(check(tree, word))
    print(*reported, sep="\n")
    if any(not finding.warning for finding in reported):
        return 1
    if word == "--all":
        return checked_commit.record(root) or 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
