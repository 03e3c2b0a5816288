#!/usr/bin/env python3
"""kill -9 at any moment: what was acknowledged is there, and everything is still called the same."""

import random
import unittest

import cim
import commands
import daemon

ROUNDS = 6
SEED = 20261
DISK_SIZE = 16 * commands.MIB
IDENTITY = ("ID", "SerialNumber", "NAA", "Size", "Kind", "Created")


class Crash(unittest.TestCase):
    def setUp(self):
        self.daemon = daemon.Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.random = random.Random(SEED)

    def identities(self, targets, disks):
        """What must never change: of disks, of targets and of the object manager."""
        return ({name: [self.daemon.disk(name)[field] for field in IDENTITY] for name in disks},
                {name: [self.daemon.target(name)[field] for field in ("TargetIQN", "Guid")] for name in targets},
                self.daemon.manager_keys())

    def test_what_was_acknowledged_survives_kill(self):
        iqns, written, comments = {}, {}, {}
        for number in range(ROUNDS):
            with self.subTest(round=number, seed=SEED):
                name = f"disk-{number}"
                self.daemon.create_disk(name, DISK_SIZE)
                iqns[name] = self.daemon.create_target(name, name)
                for disk in self.random.sample(sorted(iqns), min(2, len(iqns))):
                    offset, pattern = self.random.randrange(0, DISK_SIZE, 65536), self.random.randrange(1, 256)
                    commands.qemu_io(self.daemon.url(iqns[disk]), f"write -P {pattern} {offset} 64k", "flush")
                    written[disk, offset] = pattern
                before = self.identities(iqns, iqns)
                comments[name] = f"written in round {number}"
                self.daemon.cim.modify(daemon.LUNARIA, "LUNARIA_Disk", {"Name": name}, Description=comments[name])
                self.daemon.kill()
                self.daemon.start()
                self.assertEqual(self.identities(iqns, iqns), before)
                self.assertEqual({disk: self.daemon.disk(disk)["Description"] for disk in comments}, comments)
                for (disk, offset), pattern in written.items():
                    commands.qemu_io(self.daemon.url(iqns[disk]), f"read -P {pattern} {offset} 64k")
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log())

    def test_a_disk_without_its_image_fails_alone_and_is_repaired(self):
        for name in ("lost", "kept"):
            self.daemon.create_disk(name, DISK_SIZE)
        iqn = self.daemon.create_target("both", "lost", "kept")
        commands.qemu_io(self.daemon.url(iqn, 0), "write -P 0x51 0 64k", "flush")
        path = self.daemon.disk("lost")["Path"]
        self.daemon.kill()
        aside = self.daemon.directory / "aside"
        image = daemon.pathlib.Path(path).rename(aside)
        self.daemon.start()
        self.assertIn(path, self.daemon.disk("lost")["Failure"])
        self.assertIsNone(self.daemon.disk("kept")["Failure"])
        self.assertNotEqual(commands.run("iscsi-readcapacity16", self.daemon.url(iqn, 0)).returncode, 0)
        commands.qemu_io(self.daemon.url(iqn, 1), "write -P 0x52 0 64k", "flush", "read -P 0x52 0 64k")
        with self.assertRaises(cim.CimError):
            self.repair()
        image.rename(path)
        self.assertEqual(self.repair(), "0")
        self.assertIsNone(self.daemon.disk("lost")["Failure"])
        commands.qemu_io(self.daemon.url(iqn, 0), "read -P 0x51 0 64k")
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log())

    def repair(self):
        return self.daemon.cim.invoke(daemon.LUNARIA, "LUNARIA_Disk", {"Name": "lost"}, "Repair")


if __name__ == "__main__":
    unittest.main()
