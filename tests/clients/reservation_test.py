#!/usr/bin/env python3
"""Persistent reservations through kill -9: those that are to persist are there again, the others are gone."""

import unittest

import commands
import daemon
import initiator
from initiator import CONFLICT, GOOD

REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, PREEMPT_AND_ABORT, REGISTER_AND_IGNORE, MOVE = range(8)
WRITE_EXCLUSIVE, EXCLUSIVE_ACCESS = 1, 3
PERSIST = 0x01
WRITE = bytes([0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0])
BLOCK = bytes(512)


class Session(initiator.Session):
    def reserve_out(self, action, key, action_key, kind=0, flags=0):
        parameters = key.to_bytes(8, "big") + action_key.to_bytes(8, "big") + bytes([0, 0, 0, 0, flags, 0, 0, 0])
        return self.run(bytes([0x5F, action, kind, 0, 0, 0, 0, 0, 24, 0]), parameters)[0]

    def keys(self):
        status, data = self.run(bytes([0x5E, 0, 0, 0, 0, 0, 0, 4, 0, 0]), read=1024)
        if status != GOOD:
            raise AssertionError(f"READ KEYS ends with status {status:02x}")
        return [int.from_bytes(data[at:at + 8], "big") for at in range(8, len(data), 8)]

    def write(self):
        return self.run(WRITE, BLOCK)[0]


class Reservations(unittest.TestCase):
    def setUp(self):
        self.daemon = daemon.Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.daemon.create_disk("disk", 16 * commands.MIB)
        self.iqn = self.daemon.create_target("target", "disk")

    def session(self, name):
        session = Session(self.daemon.iscsi_port, self.iqn, f"iqn.2026-11.test:{name}")
        self.addCleanup(session.close)
        return session

    def crash(self):
        self.daemon.kill()
        self.daemon.start()

    def test_those_that_are_to_persist_survive_kill(self):
        first, second = self.session("first"), self.session("second")
        self.assertEqual(first.reserve_out(REGISTER, 0, 0xA, flags=PERSIST), GOOD)
        self.assertEqual(first.reserve_out(RESERVE, 0xA, 0, WRITE_EXCLUSIVE), GOOD)
        self.assertEqual(second.write(), CONFLICT)
        self.crash()
        first, second = self.session("first"), self.session("second")
        self.assertEqual(second.keys(), [0xA])
        self.assertEqual((first.write(), second.write()), (GOOD, CONFLICT))
        self.assertEqual(second.reserve_out(REGISTER, 0, 0xB, flags=PERSIST), GOOD)
        self.assertEqual(second.reserve_out(PREEMPT_AND_ABORT, 0xB, 0xA, EXCLUSIVE_ACCESS), GOOD)
        self.crash()
        first, second = self.session("first"), self.session("second")
        self.assertEqual(second.keys(), [0xB])
        self.assertEqual((first.write(), second.write()), (CONFLICT, GOOD))
        self.assertEqual(second.reserve_out(CLEAR, 0xB, 0), GOOD)
        self.crash()
        first = self.session("first")
        self.assertEqual(first.keys(), [])
        self.assertEqual(first.write(), GOOD)
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log())

    def test_the_others_do_not(self):
        first = self.session("first")
        self.assertEqual(first.reserve_out(REGISTER, 0, 0xA), GOOD)
        self.assertEqual(first.reserve_out(RESERVE, 0xA, 0, EXCLUSIVE_ACCESS), GOOD)
        self.crash()
        second = self.session("second")
        self.assertEqual(second.keys(), [])
        self.assertEqual(second.write(), GOOD)
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log())

    def test_a_stop_in_order_is_no_different(self):
        first = self.session("first")
        self.assertEqual(first.reserve_out(REGISTER, 0, 0xA, flags=PERSIST), GOOD)
        self.assertEqual(first.reserve_out(RESERVE, 0xA, 0, EXCLUSIVE_ACCESS), GOOD)
        first.close()
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log())
        self.daemon.start()
        self.assertEqual(self.session("second").write(), CONFLICT)
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log())


if __name__ == "__main__":
    unittest.main()
