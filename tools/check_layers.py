#!/usr/bin/env python3
"""Fails on an #include, or a link dependency, that src/layers.txt does not allow."""

import pathlib
import re
import sys

from source_tree import Finding, SourceTree

LAYERS = "src/layers.txt"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.MULTILINE)
# A folder testing/ holds what several tests of its folder share.
TEST_FILE = re.compile(r".*_(test|fuzz|bench)\.(cc|h)|.*/testing/.*")
# What tests may include beyond what their folder may.
TEST_FOLDERS = {"sim"}
# A system library that one folder alone may name.
OWNERS = {"liburing.h": "reactor", "sqlite3.h": "catalogue"}
CMAKE_KEYWORDS = {"HEADERS", "SOURCES", "DEPENDS", "TESTS", "TEST_DEPENDS", "FUZZERS"}


def read_layers(tree):
    """folder -> the folders it may include, itself among them; and what is wrong with the list."""
    layers, findings = {}, []
    for number, line in enumerate((tree.read(LAYERS) or "").splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        folder, _, allowed = line.partition(":")
        for name in allowed.split():
            if name not in layers:
                findings.append(Finding(LAYERS, number, f"{folder} lists {name}, which is not a folder above it"))
        layers[folder] = {folder, *allowed.split()}
    if not layers:
        findings.append(Finding(LAYERS, 1, "no layers: the list is missing or empty"))
    return layers, findings


def check_includes(tree, layers, name):
    folder = name.split("/")[1]
    allowed = layers.get(folder)
    if allowed is None:
        yield Finding(name, 1, f"src/{folder} is not in {LAYERS}")
        return
    if TEST_FILE.fullmatch(name):
        allowed = allowed | TEST_FOLDERS
    for match in INCLUDE.finditer(tree.code(name)):
        kind, header = match.groups()
        line = tree.line_of(name, match.start())
        if kind == "<":
            owner = OWNERS.get(header)
            if owner not in (None, folder):
                yield Finding(name, line, f"only {owner} may include <{header}>")
            continue
        target, slash, _ = header.partition("/")
        if not slash:
            yield Finding(name, line, f'write the path from src/: "{folder}/{header}"')
        elif target not in layers:
            yield Finding(name, line, f'"{header}" is in no folder of {LAYERS}')
        elif target not in allowed:
            yield Finding(name, line, f'{folder} may not include {target} ("{header}")')


def check_links(tree, layers, name):
    """DEPENDS and TEST_DEPENDS of a folder's lunaria_folder() call follow the same list."""
    folder = name.split("/")[1]
    if folder not in layers:
        return
    keyword = ""
    for number, line in enumerate(tree.read(name).splitlines(), 1):
        for word in re.findall(r"[\w:.]+", line.partition("#")[0]):
            if word in CMAKE_KEYWORDS:
                keyword = word
            match = re.fullmatch(r"lunaria_(\w+)", word)
            if not match or match.group(1) not in layers or keyword not in ("DEPENDS", "TEST_DEPENDS"):
                continue
            allowed = layers[folder] | (TEST_FOLDERS if keyword == "TEST_DEPENDS" else set())
            if match.group(1) not in allowed:
                yield Finding(name, number, f"{folder} may not link {word}")


def check(tree):
    layers, findings = read_layers(tree)
    yield from findings
    for name in tree.matching(r"src/[^/]+/.*\.(h|cc)"):
        yield from check_includes(tree, layers, name)
    for name in tree.matching(r"src/[^/]+/CMakeLists\.txt"):
        yield from check_links(tree, layers, name)


if __name__ == "__main__":
    found = list(check(SourceTree(pathlib.Path(__file__).parent.parent)))
    print(*found, sep="\n")
    sys.exit(bool(found))
