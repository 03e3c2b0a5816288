#!/usr/bin/env python3
"""Sessions of several connections, recovery, logouts and task management, PDU by PDU (RFC 7143, RFC 7144)."""

import random
import unittest

import iscsi
import sessions
from sessions import (CHECK_CONDITION, COMPLETE, DATA_DIGEST_ERROR, DATA_OR_R2T, GOOD, NO_SUCH_SESSION, NO_TASK,
                      SNACK_REJECT, STATUS, TEST_UNIT_READY)

STILL_ALLEGIANT, NO_REASSIGNMENT, NOT_SUPPORTED, SUCCEEDED = 3, 4, 5, 7
UNKNOWN_COMMAND = b"\xff" + bytes(5)
TOO_MANY_CONNECTIONS = 0x0206
LEVEL_2 = {"MaxConnections": 2, "ErrorRecoveryLevel": 2}


class Sessions(sessions.SessionTest):
    SETTINGS = {"MaxConnectionsPerSession": 2, "ErrorRecoveryLevel": 2}
    pattern = random.Random(1).randbytes(64 * 512)

    def tearDown(self):
        leader = self.leader()
        self.assertTrue(leader.ping(), "another session is served on")
        self.assertEqual(leader.log_out(), COMPLETE)

    # Several connections

    def test_commands_start_in_the_order_of_the_session(self):
        first = self.leader(MaxConnections=4)
        self.assertEqual(first.answers["MaxConnections"], "2")
        second = self.join(first)
        self.write_pattern(first, self.pattern)
        early = first.make_command(TEST_UNIT_READY)
        late = second.read_blocks(0, 64)
        second.send(second.request(iscsi.NOP_OUT, data=b"x", immediate=True, target_tag=iscsi.NO_TAG))
        self.assertEqual(second.receive().opcode, iscsi.NOP_IN, "the read waits for the CmdSN before it")
        first.send(early)
        answer = first.receive()
        self.assertEqual((answer["tag"], answer.status), (early["tag"], GOOD))
        pdus = second.receive_until(iscsi.SCSI_RESPONSE)
        self.assertEqual({pdu["tag"] for pdu in pdus}, {late["tag"]}, "answered where it was asked")
        self.assertEqual(self.data_of(pdus), self.pattern)

    def test_a_session_has_its_connections_and_no_more(self):
        first = self.leader(MaxConnections=2)
        self.join(first)
        with self.assertRaises(iscsi.LoginRefused) as refused:
            self.join(first, 2)
        self.assertEqual(refused.exception.status, TOO_MANY_CONNECTIONS)
        stranger = iscsi.Session(self.daemon.iscsi_port, self.iqn, isid=0x777)
        stranger.tsih = first.session.tsih ^ 0x4000
        with self.assertRaises(iscsi.LoginRefused) as refused:
            stranger.connect()
        self.assertEqual(refused.exception.status, NO_SUCH_SESSION)
        self.assertTrue(first.ping())

    def test_a_login_with_the_same_cid_replaces_a_connection(self):
        first = self.leader(MaxConnections=2)
        second = self.join(first)
        again = self.join(first)
        self.assertTrue(second.is_closed())
        self.assertTrue(again.ping() and first.ping())

    # Logout

    def test_logout_of_another_connection(self):
        first = self.leader(MaxConnections=2)
        second = self.join(first)
        self.assertEqual(first.log_out(1, 9), 1, "there is no such CID")
        self.assertEqual(first.log_out(2, 1), 2, "not at this level")
        self.assertEqual(first.log_out(1, 1), COMPLETE)
        self.assertTrue(second.is_closed() and first.ping())
        self.assertTrue(self.join(first).ping(), "its place is free")

    def test_logout_of_the_session_ends_every_connection(self):
        first = self.leader(MaxConnections=2)
        second = self.join(first)
        self.assertEqual(second.log_out(0), COMPLETE)
        self.assertTrue(first.is_closed() and second.is_closed())
        with self.assertRaises(iscsi.LoginRefused) as refused:
            self.join(first)
        self.assertEqual(refused.exception.status, NO_SUCH_SESSION)

    # Level 1

    def test_data_and_status_are_sent_again(self):
        connection = self.leader(ErrorRecoveryLevel=1)
        self.assertEqual(connection.answers["ErrorRecoveryLevel"], "1")
        self.write_pattern(connection, self.pattern)
        read = connection.read_blocks(0, 64)
        sent = connection.receive_until(iscsi.SCSI_RESPONSE)
        self.assertEqual(self.data_of(sent), self.pattern)
        connection.snack(DATA_OR_R2T, read["tag"], 3, 2)
        again = [connection.receive(), connection.receive()]
        self.assertEqual([(pdu["data_sn"], pdu["offset"], pdu.data) for pdu in again],
                         [(pdu["data_sn"], pdu["offset"], pdu.data) for pdu in sent[3:5]])
        connection.command(UNKNOWN_COMMAND)
        bad = connection.receive()
        self.assertEqual(bad.status, CHECK_CONDITION)
        connection.snack(STATUS, iscsi.NO_TAG, bad["status_sn"], 1)
        repeated = connection.receive()
        self.assertEqual((repeated.status, repeated["status_sn"], repeated.data),
                         (bad.status, bad["status_sn"], bad.data))
        connection.acknowledge(bad)
        connection.snack(DATA_OR_R2T, read["tag"], 0, 1)
        refused = connection.receive()
        self.assertEqual((refused.opcode, refused.response), (iscsi.REJECT, SNACK_REJECT), "it was acknowledged")
        self.assertEqual(refused.data[:1], bytes([iscsi.SNACK]), "with the header that was rejected")

    def test_lost_data_is_asked_for_again(self):
        connection = self.leader(ErrorRecoveryLevel=1, DataDigest="CRC32C,None")
        data = self.pattern[:8192]
        command = connection.write_blocks(100, 16)
        r2t = connection.receive()
        connection.snack(DATA_OR_R2T, command["tag"], 0, 1)
        self.assertEqual(connection.receive()["target_tag"], r2t["target_tag"], "the R2T again")
        connection.data_out(r2t, data[:4096], 0, 0, final=False)
        connection.data_out(r2t, data[4096:], 4096, 1, break_digest=True)
        refused, recovery = connection.receive(), connection.receive()
        self.assertEqual((refused.opcode, refused.response), (iscsi.REJECT, DATA_DIGEST_ERROR))
        self.assertEqual((recovery.opcode, recovery["offset"], recovery["desired"]), (iscsi.R2T, 4096, 4096))
        connection.data_out(recovery, data[4096:])
        self.assertEqual(connection.receive().status, GOOD)
        connection.read_blocks(100, 16)
        self.assertEqual(self.data_of(connection.receive_until(iscsi.SCSI_RESPONSE)), data)

    def test_level_0_has_no_snack(self):
        connection = self.leader()
        read = connection.read_blocks(0, 8)
        connection.receive_until(iscsi.SCSI_RESPONSE)
        connection.snack(DATA_OR_R2T, read["tag"], 0, 1)
        refused = connection.receive()
        self.assertEqual((refused.opcode, refused.response), (iscsi.REJECT, SNACK_REJECT))
        self.assertEqual(connection.manage(iscsi.REASSIGN, read["tag"])[0], NO_REASSIGNMENT)

    # Level 2

    def test_tasks_of_a_failed_connection_are_taken_over(self):
        first = self.leader(**LEVEL_2)
        self.write_pattern(first, self.pattern)
        second = self.join(first)
        read, write = first.read_blocks(0, 64), first.write_blocks(200, 8)
        first.receive_until(iscsi.R2T)
        self.assertEqual(second.manage(iscsi.REASSIGN, write["tag"])[0], STILL_ALLEGIANT)
        first.close()
        event = second.receive()
        self.assertEqual((event.opcode, event.header[36]), (iscsi.ASYNC, 2), "a connection was dropped")
        response, before = second.manage(iscsi.REASSIGN, write["tag"])
        self.assertEqual((response, before), (COMPLETE, []), "nothing of the task comes before")
        r2t = second.receive()
        self.assertEqual((r2t.opcode, r2t["tag"]), (iscsi.R2T, write["tag"]))
        second.data_out(r2t, self.pattern[:4096])
        self.assertEqual(second.receive().status, GOOD)
        self.assertEqual(second.manage(iscsi.REASSIGN, read["tag"], data_sn=3)[0], COMPLETE)
        pdus = second.receive_until(iscsi.SCSI_RESPONSE)
        self.assertEqual((pdus[0]["data_sn"], pdus[0]["offset"]), (3, 3 * 4096))
        self.assertEqual(self.data_of(pdus), self.pattern[3 * 4096:])
        self.assertEqual(second.manage(iscsi.REASSIGN, read["tag"] + 1000)[0], NO_TASK)
        second.read_blocks(200, 8)
        self.assertEqual(self.data_of(second.receive_until(iscsi.SCSI_RESPONSE)), self.pattern[:4096])

    def test_the_only_connection_comes_back(self):
        first = self.leader(ErrorRecoveryLevel=2)
        write = first.write_blocks(300, 8)
        first.receive_until(iscsi.R2T)
        first.close()
        again = self.join(first, 0)
        self.assertEqual(again.manage(iscsi.REASSIGN, write["tag"])[0], COMPLETE)
        again.data_out(again.receive_until(iscsi.R2T)[-1], self.pattern[:4096])
        self.assertEqual(again.receive().status, GOOD)

    def test_a_connection_is_removed_for_recovery(self):
        first = self.leader(**LEVEL_2)
        second = self.join(first)
        write = second.write_blocks(400, 8)
        second.receive_until(iscsi.R2T)
        self.assertEqual(first.log_out(2, 1), COMPLETE)
        self.assertTrue(second.is_closed())
        self.assertEqual(first.manage(iscsi.REASSIGN, write["tag"])[0], COMPLETE)
        first.data_out(first.receive_until(iscsi.R2T)[-1], self.pattern[:4096])
        self.assertEqual(first.receive_until(iscsi.SCSI_RESPONSE)[-1].status, GOOD)

    def test_a_session_of_the_same_name_replaces_one_that_waits(self):
        first = self.leader(ErrorRecoveryLevel=2)
        first.write_blocks(500, 8)
        first.receive_until(iscsi.R2T)
        first.close()
        self.isid -= 1  # the same names again, as a new session
        again = self.leader(ErrorRecoveryLevel=2)
        self.assertNotEqual(again.session.tsih, first.session.tsih)
        self.assertEqual(again.manage(iscsi.ABORT_TASK, 2)[0], NO_TASK)

    # Task management

    def test_query_functions(self):
        connection = self.leader(iSCSIProtocolLevel=2)
        self.assertEqual(connection.answers["iSCSIProtocolLevel"], "2")
        write = connection.write_blocks(0, 8)
        r2t = connection.receive()
        self.assertEqual(connection.manage(iscsi.QUERY_TASK, write["tag"])[0], SUCCEEDED)
        self.assertEqual(connection.manage(iscsi.QUERY_TASK, write["tag"] + 50)[0], COMPLETE)
        self.assertEqual(connection.manage(iscsi.QUERY_TASK_SET)[0], SUCCEEDED)
        connection.data_out(r2t, self.pattern[:4096])
        self.assertEqual(connection.receive().status, GOOD)
        self.assertEqual(connection.manage(iscsi.QUERY_TASK_SET)[0], COMPLETE)
        self.assertEqual(connection.manage(iscsi.QUERY_EVENT)[0], COMPLETE)

    def test_a_nexus_reset_ends_the_tasks_of_the_nexus(self):
        connection, other = self.leader(iSCSIProtocolLevel=2, TaskReporting="FastAbort"), self.leader()
        write = connection.write_blocks(0, 8)
        connection.receive_until(iscsi.R2T)
        self.assertEqual(connection.manage(iscsi.NEXUS_RESET)[0], COMPLETE)
        self.assertEqual(connection.manage(iscsi.QUERY_TASK, write["tag"])[0], COMPLETE)
        connection.command(TEST_UNIT_READY)
        attention = connection.receive()
        self.assertEqual((attention.status, attention.data[4] & 0xF), (CHECK_CONDITION, 6))
        other.command(TEST_UNIT_READY)
        self.assertEqual(other.receive().status, GOOD, "another nexus has noticed nothing")

    def test_functions_of_rfc_7144_are_negotiated(self):
        connection = self.leader()
        for function in (iscsi.QUERY_TASK, iscsi.QUERY_TASK_SET, iscsi.NEXUS_RESET, iscsi.QUERY_EVENT):
            with self.subTest(function=function):
                self.assertEqual(connection.manage(function, 1)[0], NOT_SUPPORTED)
        self.assertEqual(connection.manage(99)[0], NOT_SUPPORTED)

    def test_abort_task_and_reset(self):
        connection = self.leader()
        write = connection.write_blocks(0, 8)
        r2t = connection.receive()
        self.assertEqual(connection.manage(iscsi.ABORT_TASK, write["tag"])[0], COMPLETE)
        connection.data_out(r2t, self.pattern[:4096])
        self.assertTrue(connection.ping(), "data that was on its way is dropped")
        self.assertEqual(connection.manage(iscsi.ABORT_TASK, write["tag"])[0], NO_TASK)
        self.assertEqual(connection.manage(iscsi.LU_RESET)[0], COMPLETE)
        connection.command(TEST_UNIT_READY)
        self.assertEqual(connection.receive().status, CHECK_CONDITION, "a unit attention")

    def test_a_cold_reset_closes_the_connection(self):
        first = self.leader(MaxConnections=2)
        self.assertEqual(first.manage(iscsi.COLD_RESET)[0], COMPLETE)
        self.assertTrue(first.is_closed())


if __name__ == "__main__":
    unittest.main()
