#!/usr/bin/env python3
"""What a target does when data, numbers or connections get lost, PDU by PDU (RFC 7143 7, 11.16, 13.18 to 13.20)."""

import random
import unittest

import commands
import daemon
import iscsi
import sessions
from sessions import (CHECK_CONDITION, COMPLETE, DATA_ACK, DATA_DIGEST_ERROR, DATA_OR_R2T, GOOD, NO_SUCH_SESSION,
                      RESEGMENTED, SNACK_REJECT, TASK_ABORTED, TEST_UNIT_READY)

ABORTED_COMMAND, COMMAND_TIMEOUT = 0x0B, b"\x2e\x02"
INVALID_DATA_ACK = 0x08
ACKNOWLEDGE = 0x40  # the A bit of a Data-In
CONNECTIONS = 16
BURST = 8192
SEGMENT = 4096


class Recovery(sessions.SessionTest):
    SETTINGS = {"ErrorRecoveryLevel": 2, "MaxConnectionsPerSession": CONNECTIONS, "InitialR2T": False}
    pattern = random.Random(2).randbytes(64 * 512)

    def fill(self):
        """Writes the pattern to the first 64 blocks."""
        connection = self.leader()
        self.write_pattern(connection, self.pattern)
        connection.log_out()

    def read_back(self, connection, lba, count):
        connection.read_blocks(lba, count)
        return self.data_of(connection.receive_until(iscsi.SCSI_RESPONSE))

    # Level 1: within a connection

    def test_acknowledged_data_is_not_sent_again(self):
        self.fill()
        connection = self.leader(ErrorRecoveryLevel=1, MaxBurstLength=BURST)
        read = connection.read_blocks(0, 64)
        sent = connection.receive_until(iscsi.SCSI_RESPONSE)
        asking = [pdu for pdu in sent if pdu.flags & ACKNOWLEDGE]
        self.assertEqual([pdu["data_sn"] for pdu in asking], [1, 3, 5], "at the end of each burst but the last")
        tag = asking[0]["target_tag"]
        connection.snack(DATA_ACK, read["tag"], 4, 0, snack_tag=tag)
        connection.snack(DATA_OR_R2T, read["tag"], 3, 1)
        refused = connection.receive()
        self.assertEqual((refused.opcode, refused.response), (iscsi.REJECT, SNACK_REJECT))
        connection.snack(DATA_OR_R2T, read["tag"], 4, 0)
        again = [connection.receive() for _ in range(4)]
        self.assertEqual([(pdu["data_sn"], pdu.data) for pdu in again], [(pdu["data_sn"], pdu.data) for pdu in sent[4:8]])
        connection.snack(DATA_ACK, read["tag"], 5, 0, snack_tag=tag ^ 1)
        refused = connection.receive()
        self.assertEqual((refused.opcode, refused.response), (iscsi.REJECT, INVALID_DATA_ACK))
        self.assertTrue(connection.ping())

    def test_data_is_cut_anew_for_a_shorter_segment(self):
        self.fill()
        connection = self.leader(ErrorRecoveryLevel=1)
        read = connection.read_blocks(0, 64)
        self.assertEqual(self.data_of(connection.receive_until(iscsi.SCSI_RESPONSE)), self.pattern)
        connection.send(connection.request(iscsi.TEXT, data=b"MaxRecvDataSegmentLength=2048\0", immediate=True,
                                           target_tag=iscsi.NO_TAG))
        connection.receive_until(iscsi.TEXT_RESPONSE)
        connection.snack(DATA_OR_R2T, read["tag"], 0, 1)
        self.assertEqual(connection.receive().response, SNACK_REJECT, "the numbers mean other data now")
        connection.snack(RESEGMENTED, read["tag"], 0, 0, snack_tag=0x5A)
        pdus = connection.receive_until(iscsi.SCSI_RESPONSE)
        self.assertEqual(self.data_of(pdus), self.pattern)
        self.assertEqual({len(pdu.data) for pdu in pdus[:-1]}, {2048})
        self.assertEqual((pdus[-1].opcode, pdus[-1]["length"]), (iscsi.SCSI_RESPONSE, 0x5A), "the SNACK tag")

    def test_a_command_with_broken_immediate_data_may_be_sent_again(self):
        connection = self.leader(ErrorRecoveryLevel=1, DataDigest="CRC32C,None", ImmediateData="Yes")
        data = self.pattern[:SEGMENT]
        write = connection.make_command(b"\x2a\0" + (700).to_bytes(4, "big") + b"\0\0\x08\0", write=SEGMENT)
        write.data = data
        connection.send(write, break_digest=True)
        refused = connection.receive()
        self.assertEqual((refused.opcode, refused.response), (iscsi.REJECT, DATA_DIGEST_ERROR))
        self.assertEqual(refused["expected_command_sn"], write["command_sn"], "the command does not count")
        connection.send(write)
        self.assertEqual(connection.receive().status, GOOD)
        self.assertEqual(self.read_back(connection, 700, 8), data)

    def test_unsolicited_data_that_broke_is_asked_for(self):
        connection = self.leader(ErrorRecoveryLevel=1, DataDigest="CRC32C,None", InitialR2T="No")
        self.assertEqual(connection.answers["InitialR2T"], "No")
        data = self.pattern[:2 * SEGMENT]
        write = connection.make_command(b"\x2a\0" + (800).to_bytes(4, "big") + b"\0\0\x10\0", write=len(data))
        write.header[1] &= ~iscsi.FINAL
        connection.send(write)
        unsolicited = iscsi.Pdu(0, tag=write["tag"], target_tag=iscsi.NO_TAG)
        connection.data_out(unsolicited, data[:SEGMENT], 0, 0, final=False, break_digest=True)
        connection.data_out(unsolicited, data[SEGMENT:], SEGMENT, 1)
        self.assertEqual(connection.receive().response, DATA_DIGEST_ERROR)
        r2t = connection.receive()
        self.assertEqual((r2t.opcode, r2t["offset"], r2t["desired"]), (iscsi.R2T, 0, SEGMENT), "and nothing else")
        connection.data_out(r2t, data[:SEGMENT])
        self.assertEqual(connection.receive().status, GOOD)
        self.assertEqual(self.read_back(connection, 800, 16), data)

    def test_a_sequence_that_ends_too_early_is_asked_for(self):
        connection = self.leader(ErrorRecoveryLevel=1)
        data = self.pattern[:4 * SEGMENT]
        connection.write_blocks(900, 32)
        r2t = connection.receive()
        for number, begin in ((0, 0), (2, 2 * SEGMENT), (3, 3 * SEGMENT)):  # DataSN 1 is lost
            connection.data_out(r2t, data[begin:begin + SEGMENT], begin, number, final=number == 3)
        again = connection.receive()
        self.assertEqual((again.opcode, again["offset"], again["desired"]), (iscsi.R2T, SEGMENT, SEGMENT))
        self.assertEqual(again["data_sn"], r2t["data_sn"] + 1, "R2TSN counts")
        connection.data_out(again, data[SEGMENT:2 * SEGMENT])
        response = connection.receive()
        self.assertEqual((response.status, response["data_sn"]), (GOOD, 2), "ExpDataSN: two R2Ts were sent")
        self.assertEqual(self.read_back(connection, 900, 32), data)

    # Data in any order

    def test_sequences_and_their_data_may_come_in_any_order(self):
        connection = self.leader(DataSequenceInOrder="No", DataPDUInOrder="No", MaxOutstandingR2T=4,
                                 MaxBurstLength=BURST)
        self.assertEqual((connection.answers["DataSequenceInOrder"], connection.answers["DataPDUInOrder"]),
                         ("No", "No"))
        outstanding = int(connection.answers["MaxOutstandingR2T"])
        self.assertGreater(outstanding, 1)
        connection.write_blocks(1000, 64)
        r2ts, answered = [], 0
        while answered < len(self.pattern) // BURST:
            while len(r2ts) < min(outstanding, len(self.pattern) // BURST - answered):
                r2ts.append(connection.receive())
            r2t = r2ts.pop()  # the last first
            for number, begin in enumerate((r2t["offset"] + SEGMENT, r2t["offset"])):
                connection.data_out(r2t, self.pattern[begin:begin + SEGMENT], begin, number, final=number == 1)
            answered += 1
        self.assertEqual(connection.receive().status, GOOD)
        self.assertEqual(self.read_back(connection, 1000, 64), self.pattern)

    def test_data_comes_in_order_unless_agreed_otherwise(self):
        connection = self.leader()
        connection.write_blocks(1100, 16)
        r2t = connection.receive()
        connection.data_out(r2t, self.pattern[:SEGMENT], SEGMENT, 0, final=False)
        self.assertEqual(connection.receive().opcode, iscsi.REJECT)
        self.assertTrue(connection.is_closed(), "level 0 has nothing but the end of the session")

    # Several connections

    def test_sixteen_connections_serve_one_session(self):
        self.fill()
        first = self.leader(MaxConnections=CONNECTIONS)
        self.assertEqual(first.answers["MaxConnections"], str(CONNECTIONS))
        connections = [first, *(self.join(first, cid) for cid in range(1, CONNECTIONS))]
        reads = [connection.make_command(b"\x28\0" + bytes(4) + b"\0\0\x40\0", read=len(self.pattern))
                 for connection in connections]
        for connection, read in reversed(list(zip(connections, reads))):  # the CmdSN that is expected comes last
            connection.send(read)
        for connection, read in zip(connections, reads):
            pdus = connection.receive_until(iscsi.SCSI_RESPONSE)
            self.assertEqual({pdu["tag"] for pdu in pdus}, {read["tag"]})
            self.assertEqual(self.data_of(pdus), self.pattern)
        self.assertEqual(first.log_out(), COMPLETE)
        self.assertTrue(all(connection.is_closed() for connection in connections))

    # Level 2: from one connection to another

    def test_a_half_sent_write_goes_on_elsewhere(self):
        first = self.leader(MaxConnections=2, ErrorRecoveryLevel=2)
        second = self.join(first)
        write = first.write_blocks(1200, 64)
        r2t = first.receive()
        half = len(self.pattern) // 2
        for number, begin in enumerate(range(0, half, SEGMENT)):
            first.data_out(r2t, self.pattern[begin:begin + SEGMENT], begin, number, final=False)
        self.assertTrue(first.ping(), "the data has arrived")
        first.close()
        self.assertEqual(second.receive().opcode, iscsi.ASYNC)
        self.assertEqual(second.manage(iscsi.REASSIGN, write["tag"])[0], COMPLETE)
        rest = second.receive()
        self.assertEqual((rest.opcode, rest["offset"], rest["desired"]), (iscsi.R2T, half, half))
        second.data_out(rest, self.pattern[half:])
        self.assertEqual(second.receive().status, GOOD)
        self.assertEqual(self.read_back(second, 1200, 64), self.pattern)

    def test_an_answer_that_was_lost_comes_elsewhere(self):
        first = self.leader(MaxConnections=2, ErrorRecoveryLevel=2)
        second = self.join(first)
        bad = first.command(b"\xff" + bytes(5))
        first.receive()
        first.close()
        self.assertEqual(second.receive().opcode, iscsi.ASYNC)
        self.assertEqual(second.manage(iscsi.REASSIGN, bad["tag"])[0], COMPLETE)
        response = second.receive()
        self.assertEqual((response["tag"], response.status, response.data[4] & 0xF), (bad["tag"], 2, 5))

    def test_nobody_waits_longer_than_agreed(self):
        other = self.leader()
        first = self.leader(ErrorRecoveryLevel=2, DefaultTime2Wait=0, DefaultTime2Retain=0)
        self.assertEqual(first.answers["DefaultTime2Retain"], "0")
        first.write_blocks(1300, 8)
        first.receive_until(iscsi.R2T)
        before = len(self.daemon.cim.instances(daemon.WMI, "WT_Session"))
        first.close()
        self.daemon.wait_for(lambda: len(self.daemon.cim.instances(daemon.WMI, "WT_Session")) < before,
                             "the session ends after Time2Wait")
        with self.assertRaises(iscsi.LoginRefused) as refused:
            self.join(first, 0)
        self.assertEqual(refused.exception.status, NO_SUCH_SESSION)
        self.assertTrue(other.ping())

    # Disks that go

    def test_commands_to_a_disk_that_is_unmapped_are_answered(self):
        self.daemon.create_disk("going", commands.MIB)
        self.daemon.cim.create(daemon.LUNARIA, "LUNARIA_Mapping", TargetName="target", DiskName="going", LUN=7)
        connection = self.leader()
        lun = (7).to_bytes(2, "big") + bytes(6)
        write = connection.make_command(b"\x2a\0" + bytes(4) + b"\0\0\x08\0", write=SEGMENT)
        write.header[8:16] = lun
        attention = connection.make_command(TEST_UNIT_READY)
        attention.header[8:16] = lun
        attention["command_sn"], write["command_sn"] = write["command_sn"], attention["command_sn"]
        connection.send(attention)
        connection.receive()
        connection.send(write)
        r2t = connection.receive()
        self.assertEqual(r2t.opcode, iscsi.R2T)
        self.daemon.cim.delete(daemon.LUNARIA, "LUNARIA_Mapping", {"TargetName": "target", "DiskName": "going"})
        pdus = connection.receive_until(iscsi.SCSI_RESPONSE)
        self.assertEqual((pdus[-1]["tag"], pdus[-1].status), (write["tag"], TASK_ABORTED))
        connection.data_out(r2t, self.pattern[:SEGMENT])  # was on its way
        connection.send(late := connection.make_command(TEST_UNIT_READY))
        self.assertEqual(connection.receive()["tag"], late["tag"], "the other disk is served on")

    def reserve_out(self, connection, action, key=0, action_key=0):
        """PERSISTENT RESERVE OUT, write exclusive, all registrants."""
        parameters = key.to_bytes(8, "big") + action_key.to_bytes(8, "big") + bytes(8)
        connection.send(connection.make_command(bytes([0x5F, action, 7, 0, 0, 0, 0, 0, len(parameters), 0]),
                                                write=len(parameters)))
        pdu = connection.receive_until(iscsi.R2T, iscsi.SCSI_RESPONSE)[-1]
        if pdu.opcode == iscsi.R2T:
            connection.data_out(pdu, parameters)
            pdu = connection.receive_until(iscsi.SCSI_RESPONSE)[-1]
        return pdu.status

    def test_a_dead_host_is_fenced_off_at_once(self):
        register, preempt_and_abort = 0, 5
        dead, heir = self.leader(), self.leader()
        self.assertEqual(self.reserve_out(dead, register, action_key=0xDEAD), GOOD)
        self.assertEqual(self.reserve_out(heir, register, action_key=0xBEEF), GOOD)
        dead.write_blocks(1400, 8)
        dead.receive_until(iscsi.R2T)  # and not a word from it any more
        self.assertEqual(self.reserve_out(heir, preempt_and_abort, 0xBEEF, 0xDEAD), GOOD)
        self.assertEqual(self.read_back(heir, 1400, 8), bytes(SEGMENT))
        self.assertEqual(self.reserve_out(heir, register, 0xBEEF, 0), GOOD)


class Bounded(daemon.DaemonTest):
    @classmethod
    def prepare(cls):
        cls.daemon.create_disk("disk", 16 * commands.MIB)
        cls.iqn = cls.daemon.create_target("target", "disk")

    def connect(self, isid, **keys):
        connection = iscsi.Session(self.daemon.iscsi_port, self.iqn, isid=isid).connect(**keys)
        self.addCleanup(connection.close)
        connection.command(TEST_UNIT_READY)
        connection.receive()
        return connection


class Time(Bounded):
    arguments = ("--command-timeout-seconds", "1")

    def test_a_command_whose_time_is_over_is_ended(self):
        connection = self.connect(1)
        write = connection.write_blocks(0, 8)
        r2t = connection.receive()
        late = connection.receive()  # the data never comes
        self.assertEqual((late["tag"], late.status, late["data_sn"]), (write["tag"], CHECK_CONDITION, 1))
        self.assertEqual((late.data[4] & 0xF, late.data[14:16]), (ABORTED_COMMAND, COMMAND_TIMEOUT))
        connection.data_out(r2t, bytes(SEGMENT))
        self.assertTrue(connection.ping(), "data that comes after all is dropped")
        connection.command(TEST_UNIT_READY)
        self.assertEqual(connection.receive().status, GOOD)


class Memory(Bounded):
    arguments = ("--buffer-memory-mib", "16")

    def test_who_does_not_read_takes_no_memory_from_others(self):
        blocks = commands.MIB // 512
        greedy = self.connect(2, MaxRecvDataSegmentLength=65536)
        for _ in range(64):
            greedy.read_blocks(0, blocks)
        other = self.connect(3, MaxRecvDataSegmentLength=65536)
        for _ in range(8):
            other.read_blocks(0, blocks)
            pdus = other.receive_until(iscsi.SCSI_RESPONSE)
            self.assertEqual(sum(len(pdu.data) for pdu in pdus), commands.MIB)
        for _ in range(64):
            pdus = greedy.receive_until(iscsi.SCSI_RESPONSE)
            self.assertEqual(sum(len(pdu.data) for pdu in pdus), commands.MIB, "late, and whole")


if __name__ == "__main__":
    unittest.main()
