#!/usr/bin/env python3
"""Thin disks and the space they take: thresholds that every initiator hears of, once."""

import unittest

import cim
import daemon
import iscsi

MIB = 1 << 20
TEST_UNIT_READY = b"\0" * 6
CHECK_CONDITION, GOOD = 2, 0
SOFT_THRESHOLD = (6, 0x38, 0x07)


class Space(daemon.DaemonTest):
    @classmethod
    def prepare(cls):
        cls.daemon.create_disk("thin", 64 * MIB)
        cls.iqn = cls.daemon.create_target("space", "thin")

    def connect(self, isid):
        connection = iscsi.Session(self.daemon.iscsi_port, self.iqn, isid=isid).connect()
        self.addCleanup(connection.close)
        self.attentions(connection)
        return connection

    @staticmethod
    def judged(pdu):
        """Status and, after CHECK CONDITION, sense key with its two codes."""
        sense = pdu.data[2:]
        return (sense[2] & 0xF, sense[12], sense[13]) if pdu.status == CHECK_CONDITION else pdu.status

    def attentions(self, connection):
        """What a nexus has yet to hear, until there is no more."""
        heard = []
        while True:
            connection.command(TEST_UNIT_READY)
            heard.append(self.judged(connection.receive()))
            if heard[-1] == GOOD:
                return heard[:-1]

    def write(self, connection, mebibytes):
        """Writes each of these; returns what came instead of GOOD."""
        heard = []
        for mebibyte in mebibytes:
            connection.write_blocks(mebibyte * 2048, 2048)
            while (pdu := connection.receive()).opcode == iscsi.R2T:
                connection.data_out(pdu, b"\xA5" * pdu["desired"])
            if (answer := self.judged(pdu)) != GOOD:
                heard.append(answer)
        return heard

    def test_used_space_that_meets_its_threshold_is_told_to_everybody_once(self):
        self.daemon.cim.modify(daemon.LUNARIA, "LUNARIA_Disk", {"Name": "thin"}, UsedThreshold=cim.Uint64(8 * MIB))
        first, second = self.connect(1), self.connect(2)
        self.assertEqual(self.write(first, range(4)) + self.attentions(second), [], "the file takes 4 MiB")
        heard = self.write(first, range(4, 14))
        self.daemon.wait_for(lambda: "service.disk_space_reached" in self.daemon.log(), "the threshold was not noticed")
        self.assertEqual(heard + self.attentions(first), [SOFT_THRESHOLD])
        self.assertEqual(self.attentions(second), [SOFT_THRESHOLD])
        self.assertEqual(self.write(first, range(14, 24)) + self.attentions(first) + self.attentions(second), [])


if __name__ == "__main__":
    unittest.main()
