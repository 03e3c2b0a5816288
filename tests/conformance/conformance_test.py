#!/usr/bin/env python3
"""Runs libiscsi's iscsi-test-cu and compares every case with expected.txt, both ways."""

import pathlib
import re
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "clients"))

import commands
import daemon

VERDICTS = ("PASS", "SKIP", "FAIL")


def read_expected():
    """Verdict by case. Whatever is not a PASS must have its reason."""
    expected = {}
    for number, line in enumerate((HERE / "expected.txt").read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            verdict, case, *reason = line.split(maxsplit=2)
            if verdict not in VERDICTS or case in expected or (verdict == "PASS") != (not reason):
                raise ValueError(f"expected.txt:{number}: {line}")
            expected[case] = verdict
    return expected


def read_verdicts(text):
    """(verdict by case, what was printed by case) of iscsi-test-cu's output."""
    verdicts, printed = {}, {}
    for suite in re.split(r"^Suite: ", text, flags=re.MULTILINE)[1:]:
        suite_name = suite.split("\n", 1)[0].strip()
        for test in re.split(r"^  Test: ", suite.split("\nRun Summary")[0], flags=re.MULTILINE)[1:]:
            name, rest = test.split(" ...", 1)
            case = f"{suite_name}.{name}"
            ends = re.findall(r"^(passed|FAILED)|(?<!\[)(passed|FAILED)$", rest, re.MULTILINE)
            failed = any("FAILED" in end for end in ends)
            verdicts[case] = "FAIL" if failed or not ends else "SKIP" if "[SKIPPED]" in rest else "PASS"
            printed[case] = rest.strip()
    return verdicts, printed


class Conformance(daemon.DaemonTest):
    @classmethod
    def prepare(cls):
        cls.daemon.create_disk("conformance", 1024 * commands.MIB)
        cls.iqn = cls.daemon.create_target("conformance", "conformance")

    def test_every_case_ends_as_expected(self):
        done = commands.run("iscsi-test-cu", "--dataloss", "--test=ALL", self.daemon.url(self.iqn), seconds=800)
        verdicts, printed = read_verdicts(done.stdout)
        deviations = [f"{verdict} {case} (expected {expected.get(case, 'nothing')}): {printed[case]}"
                      for expected in [read_expected()] for case, verdict in verdicts.items()
                      if expected.get(case) != verdict]
        missing = sorted(set(read_expected()) - set(verdicts))
        self.assertEqual((deviations, missing), ([], []), done.stderr)

    def test_the_disk_is_as_good_as_before(self):
        commands.qemu_io(self.daemon.url(self.iqn), "write -P 0x42 0 64k", "flush", "read -P 0x42 0 64k")


class Verdicts(unittest.TestCase):
    TEXT = """
Suite: First
  Test: Good ...passed
  Test: Left ...    [SKIPPED] no such thing
passed
  Test: Bad ...    [FAILED] why
FAILED
    1. a.c:1  - CU_ASSERT
Suite: Second
  Test: Warned ...    [FAILED] something on the way
passed    [FAILED] something more

Run Summary:    Type  Total
"""

    def test_each_is_read(self):
        self.assertEqual(read_verdicts(self.TEXT)[0], {"First.Good": "PASS", "First.Left": "SKIP", "First.Bad": "FAIL",
                                                       "Second.Warned": "PASS"})


if __name__ == "__main__":
    unittest.main()
