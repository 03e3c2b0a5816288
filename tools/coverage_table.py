#!/usr/bin/env python3
"""Reads llvm-cov's summary (JSON) from standard input; prints lines, lines run and their share per folder and file."""

import collections
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    folders, files = collections.defaultdict(lambda: [0, 0]), []
    for entry in json.load(sys.stdin)["data"][0]["files"]:
        path = pathlib.Path(entry["filename"])
        if not path.is_relative_to(ROOT / "src"):
            continue
        name = path.relative_to(ROOT)
        lines = entry["summary"]["lines"]
        files.append((str(name), lines["count"], lines["covered"]))
        for key in (f"{name.parts[0]}/{name.parts[1]}/", "all"):
            folders[key][0] += lines["count"]
            folders[key][1] += lines["covered"]
    for name, count, covered in [*sorted(files), *((key, *value) for key, value in sorted(folders.items()))]:
        print(f"{name:<56} {count:>6} {covered:>6} {100 * covered / max(count, 1):>6.1f} %")


if __name__ == "__main__":
    main()
