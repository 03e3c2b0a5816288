#!/usr/bin/env python3
"""Runs the checks of the tree.

  tools/check.py                  all
  tools/check.py words layers     those two
  tools/check.py --only quick     those that take a second or two in all (the rest: --only slow)

Exit status 0: nothing to mend (warnings do not count). 1: findings, one a line, as path:line: text.
"""

import argparse
import pathlib
import sys
import time

import check_documents
import check_files
import check_format
import check_headers
import check_layers
import check_tidy
import check_words
from source_tree import SourceTree

QUICK = {
    "files": check_files.check,
    "layers": check_layers.check,
    "words": check_words.check,
    "documents": check_documents.check,
    "format": check_format.check,
}
SLOW = {"headers": check_headers.check, "tidy": check_tidy.check}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=f"any of: {' '.join([*QUICK, *SLOW])}")
    parser.add_argument("--only", choices=["quick", "slow"])
    parser.add_argument("--root", default=pathlib.Path(__file__).parent.parent, help="the tree to check")
    arguments = parser.parse_args()
    known = {"quick": QUICK, "slow": SLOW}.get(arguments.only, QUICK | SLOW)
    unknown = set(arguments.checks) - set(known)
    if unknown:
        parser.error(f"no such check: {' '.join(sorted(unknown))}")

    tree = SourceTree(arguments.root)
    failed = []
    for name in arguments.checks or known:
        started = time.monotonic()
        findings = list(known[name](tree))
        errors = [finding for finding in findings if not finding.warning]
        verdict = f"{len(errors)} to mend" if errors else "ok"
        print(f"check {name:<10} {verdict:<12} {time.monotonic() - started:6.1f} s", flush=True)
        for finding in findings:
            print(f"  {finding}", flush=True)
        if errors:
            failed.append(name)
    if failed:
        print(f"checks failed: {' '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
