#!/usr/bin/env python3
"""Encrypted disks: what the image holds, what kill -9 leaves, and keys that are thrown away."""

import pathlib
import unittest

import commands
import daemon
import initiator

ROUNDS = 6
LENGTH = 64 * 1024
BLOCK = 512
CRYPTOGRAPHIC_ERASE = bytes([0x48, 0x03, 0, 0, 0, 0, 0, 0, 0, 0])


class Encryption(unittest.TestCase):
    def setUp(self):
        self.daemon = daemon.Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        commands.output(daemon.command_line(), "--socket", self.daemon.socket_path, "disk", "create", "secret",
                        "--size", "16MiB", "--encrypted")
        self.iqn = self.daemon.create_target("target", "secret")
        self.url = self.daemon.url(self.iqn)

    def image(self):
        return pathlib.Path(self.daemon.disk("secret")["Path"]).read_bytes()[:LENGTH]

    def restart(self):
        self.daemon.kill()
        self.daemon.start()

    def session(self):
        session = initiator.Session(self.daemon.iscsi_port, self.iqn, "iqn.2026-11.test:host")
        self.addCleanup(session.close)
        return session

    def read(self):
        """What the first blocks hold."""
        status, data = self.session().run(bytes([0x28, 0, 0, 0, 0, 0, 0, 0, 8, 0]), read=8 * BLOCK)
        self.assertEqual(status, initiator.GOOD)
        return [data[at:at + BLOCK] for at in range(0, len(data), BLOCK)]

    def test_the_image_holds_nothing_readable(self):
        commands.qemu_io(self.url, f"write -P 0x5A 0 {LENGTH}", "flush")
        image = self.image()
        blocks = {image[at:at + BLOCK] for at in range(0, LENGTH, BLOCK)}
        self.assertEqual(len(blocks), LENGTH // BLOCK, "equal blocks look different")
        self.assertNotIn(bytes([0x5A]) * 16, image)
        self.restart()
        self.assertTrue(self.daemon.disk("secret")["Encrypted"])
        commands.qemu_io(self.url, f"read -P 0x5A 0 {LENGTH}")
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log())

    def test_an_erased_disk_takes_other_data(self):
        commands.qemu_io(self.url, f"write -P 0x5A 0 {LENGTH}", "flush")
        self.assertEqual(self.session().run(CRYPTOGRAPHIC_ERASE)[0], initiator.GOOD)
        self.assertNotIn(bytes([0x5A]) * BLOCK, self.read())
        self.assertFalse(any(self.image()), "what nobody can read takes no space")
        commands.qemu_io(self.url, f"write -P 0x5B 0 {LENGTH}", "flush")
        self.restart()
        commands.qemu_io(self.url, f"read -P 0x5B 0 {LENGTH}")
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log())

    def test_a_kill_while_the_key_changes_leaves_one_of_the_two(self):
        old, new = 0, 0
        for number in range(ROUNDS):
            pattern = 0x10 + number
            commands.qemu_io(self.url, f"write -P {pattern} 0 {LENGTH}", "flush")
            before = self.daemon.log().count("scsi.erasure.begun")
            self.session().send(CRYPTOGRAPHIC_ERASE)
            if number % 2:
                self.daemon.wait_for(lambda: self.daemon.log().count("scsi.erasure.begun") > before, "it begins")
            self.restart()
            readable = [block == bytes([pattern]) * BLOCK for block in self.read()]
            self.assertIn(readable, ([True] * 8, [False] * 8), f"round {number}")
            old, new = old + readable[0], new + (not readable[0])
            commands.qemu_io(self.url, f"write -P {pattern} 0 {LENGTH}", "flush")
            self.restart()
            commands.qemu_io(self.url, f"read -P {pattern} 0 {LENGTH}")
        print(f"the old key stayed {old} times, the new one was there {new} times")
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log())


if __name__ == "__main__":
    unittest.main()
