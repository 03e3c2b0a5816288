#!/usr/bin/env python3
"""Disks through the programs that people use: libiscsi's tools, QEMU's and fio."""

import pathlib
import re
import tempfile
import unittest

import commands
import daemon

MIB = commands.MIB
SIZE = 64 * MIB


class Disks(daemon.DaemonTest):
    ipv6 = True

    @classmethod
    def prepare(cls):
        cls.daemon.create_disk("plain", SIZE)
        cls.daemon.create_disk("large-blocks", SIZE, LogicalBlockSize=4096)
        cls.daemon.create_disk("memory", SIZE, Kind="ram")
        cls.daemon.create_disk("direct", SIZE, Kind="preallocated", Caching="direct")
        cls.iqn = cls.daemon.create_target("disks", "plain", "large-blocks", "memory", "direct")

    def test_discovery_lists_every_portal_and_disk(self):
        text = commands.output("iscsi-ls", "-s", f"iscsi://{self.daemon.portal}")
        port = self.daemon.iscsi_port
        for address in ("127.0.0.1", "[::1]"):
            self.assertIn(f"Target:{self.iqn} Portal:{address}:{port},1", text)
        self.assertEqual(sorted(re.findall(r"Lun:(\d+) +Type:DIRECT_ACCESS", text)), sorted("01230123"))

    def test_inquiry_shows_the_identity_that_management_shows(self):
        facts = self.daemon.disk("plain")
        text = commands.output("iscsi-inq", self.daemon.url(self.iqn))
        self.assertIn("Vendor:LUNARIA", text)
        self.assertIn("Peripheral Qualifier:CONNECTED", text)
        serial = commands.output("iscsi-inq", "-e", "1", "-c", "128", self.daemon.url(self.iqn))
        self.assertIn(facts["SerialNumber"], serial)
        names = commands.output("iscsi-inq", "-e", "1", "-c", "131", self.daemon.url(self.iqn))
        self.assertIn(f"naa.{facts['NAA'].lower()}", names.lower())

    def test_capacity_in_blocks_of_each_size(self):
        for lun, block in ((0, 512), (1, 4096)):
            text = commands.output("iscsi-readcapacity16", self.daemon.url(self.iqn, lun))
            self.assertIn(f"RETURNED LOGICAL BLOCK ADDRESS:{SIZE // block - 1}\n", text)
            self.assertIn(f"LOGICAL BLOCK LENGTH IN BYTES:{block}\n", text)
            self.assertIn(f"Total size:{SIZE}", text)

    def test_an_image_written_in_reads_back_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            image = commands.make_image(pathlib.Path(folder) / "image", SIZE, seed=1)
            for lun in range(4):
                with self.subTest(lun=lun):
                    url = self.daemon.url(self.iqn, lun)
                    commands.output("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image, url)
                    commands.output("qemu-img", "compare", "-f", "raw", "-F", "raw", image, url)

    def test_a_difference_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            image = commands.make_image(pathlib.Path(folder) / "image", SIZE, seed=2)
            url = self.daemon.url(self.iqn)
            commands.output("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image, url)
            commands.qemu_io(url, "write -P 0x11 1M 4k", "write -P 0x22 5M 4k", "flush")
            compared = commands.run("qemu-img", "compare", "-f", "raw", "-F", "raw", image, url)
            self.assertEqual(compared.returncode, 1, compared.stdout)

    def test_patterns_and_zeroes_read_back(self):
        for lun in range(4):
            with self.subTest(lun=lun):
                url = self.daemon.url(self.iqn, lun)
                commands.qemu_io(url, "write -P 0xa5 8M 1M", "write -z 9M 64k", "write -f -P 0x5a 16M 64k", "flush")
                self.read_back(url, (0xa5, 8 * MIB), (0, 9 * MIB), (0x5a, 16 * MIB))

    def test_discarded_blocks_of_thin_disks_read_as_zeroes(self):
        for lun in range(3):
            with self.subTest(lun=lun):
                url = self.daemon.url(self.iqn, lun)
                commands.qemu_io(url, "write -P 0xa5 8M 1M", "flush", "discard 8M 64k", "flush")
                self.read_back(url, (0, 8 * MIB), (0xa5, 8 * MIB + 65536))

    def test_discards_give_space_back(self):
        commands.qemu_io(self.daemon.url(self.iqn), "write -P 0x99 32M 8M", "flush")
        before = int(self.daemon.disk("plain")["AllocatedSize"])
        commands.qemu_io(self.daemon.url(self.iqn), "discard 32M 8M", "flush")
        self.assertLessEqual(int(self.daemon.disk("plain")["AllocatedSize"]), before - 8 * MIB)

    def read_back(self, url, *expected):
        """(byte, offset): 64 KiB at the offset hold that byte. Read in parts, as QEMU 7.2 ends itself over reads
        of 32 KiB or more from a disk of 4096 byte blocks (the length of its GET LBA STATUS is not whole blocks)."""
        commands.qemu_io(url, *(f"read -P {byte} {offset + part} 16k" for byte, offset in expected
                                for part in range(0, 65536, 16384)))

    def test_a_wrong_pattern_is_found(self):
        commands.qemu_io(self.daemon.url(self.iqn), "write -P 0x33 0 4k")
        with self.assertRaisesRegex(AssertionError, "Pattern verification failed"):
            commands.qemu_io(self.daemon.url(self.iqn), "read -P 0x34 0 4k")

    def test_fio_verifies_what_it_wrote(self):
        with tempfile.TemporaryDirectory() as folder:
            for lun in (0, 3):
                with self.subTest(lun=lun), commands.nbd_export(self.daemon.url(self.iqn, lun), folder) as export:
                    job = pathlib.Path(folder) / "job"
                    job.write_text(commands.fio_job(export, "32M"))
                    text = commands.output("fio", job, seconds=120)
                    self.assertIn("err= 0", text)
                    self.assertRegex(text, r"READ: .*io=3[0-9.]+MiB")
                    self.assertRegex(text, r"WRITE: .*io=3[0-9.]+MiB")
                    export.unlink(missing_ok=True)

    def test_the_ipv6_portal_serves_the_same_disk(self):
        commands.qemu_io(self.daemon.url(self.iqn), "write -P 0x66 20M 64k", "flush")
        commands.output("iscsi-inq", self.daemon.url(self.iqn, address="[::1]"))
        discovered = commands.output("iscsi-ls", f"iscsi://[::1]:{self.daemon.iscsi_port}")
        self.assertIn(self.iqn, discovered)
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "copy"
            commands.output("qemu-img", "convert", "-f", "raw", "-O", "raw", self.daemon.url(self.iqn, address="[::1]"),
                            copy)
            with open(copy, "rb") as file:
                file.seek(20 * MIB)
                self.assertEqual(file.read(65536), b"\x66" * 65536)

    def test_unknown_targets_and_units_are_refused(self):
        unknown = commands.run("iscsi-inq", self.daemon.url(self.iqn + "-not"))
        self.assertNotEqual(unknown.returncode, 0)
        self.assertIn("Target not found", unknown.stdout + unknown.stderr)
        missing = commands.run("iscsi-readcapacity16", self.daemon.url(self.iqn, 9))
        self.assertNotEqual(missing.returncode, 0)
        self.assertIn("LOGICAL_UNIT_NOT_SUPPORTED", missing.stdout + missing.stderr)


if __name__ == "__main__":
    unittest.main()
