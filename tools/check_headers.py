"""Fails on headers that do not compile alone, or that no folder's CMakeLists.txt lists.

A header that some source includes before everything else compiles alone when that source compiles, which the tidy check
and the dev build see; the others are compiled here, but for those that are as they were in the commit that was checked
whole, with all that they include (checked_commit.py).
"""

import re

import checked_commit
import compile_database
from source_tree import Finding


# Headers that only tests include: beside the code, but no part of the product.
FOR_TESTS = re.compile(r"/testing/|/test_[^/]*\.h$|_test\.h$|_for_test\.h$|/fault_vfs\.h$")
FIRST_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+[<"]([^>"]+)[>"]', re.MULTILINE)


def included_first(tree):
    """The headers that a source of the product includes first."""
    for name in tree.matching(r"src/.*\.cc"):
        match = FIRST_INCLUDE.search(tree.code(name))
        if match:
            yield f"src/{match.group(1)}"


def check(tree, every=False):
    """`every`: also those that the record of the checked commit speaks for."""
    headers = {name for name in tree.matching(r"src/[^/]+/.*\.h") if not FOR_TESTS.search(name)}
    if not headers:
        return
    try:
        database = compile_database.load(tree.root)
    except compile_database.ConfigureError as error:
        yield compile_database.not_configured(error)
        return
    units = {}
    for unit in database:
        # CMake writes one source per header of a verified header set, which includes just that header.
        match = re.search(r"_verify_interface_header_sets/(.+\.h)\.cxx$", unit.name)
        if match and f"src/{match.group(1)}" in headers:
            units[f"src/{match.group(1)}"] = unit
    for name in sorted(headers - set(units)):
        yield Finding(name, 1, "no CMakeLists.txt lists it among its HEADERS")
    results = compile_database.Results(tree.root, "headers", [])
    found = set()
    proven = set(included_first(tree))
    changed = None if every else checked_commit.changed_since(tree.root)
    wanted = set(units) if changed is None else checked_commit.reaching(tree, changed, set(units))
    chosen = [unit for name, unit in units.items() if name in wanted and name not in proven]
    for unit, code, output in results.run(chosen, lambda unit: [*unit.flags(), "-fsyntax-only", unit.file]):
        errors = list(compile_database.diagnostics(tree.root, unit.folder, output))
        for path, line, _, text in errors:
            found.add(Finding(path, line, f"header alone: {text}"))
        if code != 0 and not errors:
            found.add(Finding(unit.name, 1, output.strip()))
    yield from sorted(found)
