#!/usr/bin/env python3
"""Runs libiscsi's iscsi-test-cu and compares every case with expected.txt, both ways."""

import pathlib
import re
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "clients"))

import commands
import daemon

VERDICTS = ("PASS", "SKIP", "FAIL")


def read_expected():
    """{disk: {case: verdict}}. Whatever is not a PASS must have its reason."""
    expected = {}
    for number, line in enumerate((HERE / "expected.txt").read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            verdict, disk, case, *reason = line.split(maxsplit=3)
            known = {each for cases in expected.values() for each in cases}
            if verdict not in VERDICTS or case in known or (verdict == "PASS") != (not reason):
                raise ValueError(f"expected.txt:{number}: {line}")
            expected.setdefault(disk, {})[case] = verdict
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
    """One disk, with a target of its own, for each configuration that cases ask for."""

    ipv6 = True

    @classmethod
    def prepare(cls):
        MIB = commands.MIB
        cls.disks = {
            "standard": dict(Size=1024 * MIB),
            "4k": dict(Size=1024 * MIB, LogicalBlockSize=4096),
            "small": dict(Size=16 * MIB),
            "large": dict(Size=3072 * MIB),
            "encrypted": dict(Size=16 * MIB, Encrypted=True),
            "removable": dict(Size=64 * MIB, Removable=True),
            "read-only": dict(Size=64 * MIB),
            "solicited": dict(Size=64 * MIB),
            "two-paths": dict(Size=64 * MIB),
        }
        cls.iqns = {}
        for disk, parameters in cls.disks.items():
            cls.daemon.create_disk(disk, parameters.pop("Size"), **parameters)
            cls.iqns[disk] = cls.daemon.create_target(disk, disk)
        # The case that needs it sleeps for a minute between two commands, and answers no NOP-In then.
        cls.daemon.set_target("large", EnforceIdleTimeoutDetection=False)
        cls.daemon.cim.modify(daemon.LUNARIA, "LUNARIA_Target", {"Name": "solicited"}, ImmediateData=False)
        cls.daemon.cim.modify(daemon.LUNARIA, "LUNARIA_Mapping", {"TargetName": "read-only", "DiskName": "read-only"},
                              ReadOnly=True)

    @staticmethod
    def whole_suites(cases):
        """The cases, with suites that run on this disk as a whole under their own name: some of their cases rely on
        what another left behind in the process."""
        elsewhere = {case.split(".")[0] for each in read_expected().values() for case in each if case not in cases}
        return list(dict.fromkeys(case if (suite := case.split(".")[0]) in elsewhere else suite for case in cases))

    def run_cases(self, disk, cases):
        urls = [self.daemon.url(self.iqns[disk])]
        if disk == "two-paths":
            urls.append(self.daemon.url(self.iqns[disk], address="[::1]"))
        with tempfile.NamedTemporaryFile("w") as names:
            names.writelines(f"ALL.{name}\n" for name in self.whole_suites(cases))
            names.flush()
            return commands.run("iscsi-test-cu", "--dataloss", "--allow-sanitize", f"--test={names.name}", *urls,
                                seconds=300)

    def test_every_case_ends_as_expected(self):
        for disk, expected in read_expected().items():
            with self.subTest(disk=disk):
                done = self.run_cases(disk, expected)
                verdicts, printed = read_verdicts(done.stdout)
                deviations = [f"{verdicts.get(case)} {case} (expected {verdict}): {printed.get(case)}"
                              for case, verdict in expected.items() if verdicts.get(case) != verdict]
                self.assertEqual(deviations, [], done.stderr)

    def test_every_case_is_expected_somewhere(self):
        listed = commands.output("iscsi-test-cu", "--list")
        known = set(re.findall(r"^(?:\s*)ALL\.(\S+\.\S+)", listed, re.MULTILINE))
        expected = {case for cases in read_expected().values() for case in cases}
        self.assertEqual(known, expected)

    def test_the_disk_is_as_good_as_before(self):
        commands.qemu_io(self.daemon.url(self.iqns["standard"]), "write -P 0x42 0 64k", "flush", "read -P 0x42 0 64k")


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
