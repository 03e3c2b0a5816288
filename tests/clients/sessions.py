"""What the tests of sessions share: connections that are ready for use, and the numbers of RFC 7143 and SAM-5."""

import commands
import daemon
import iscsi

GOOD, CHECK_CONDITION, TASK_ABORTED = 0x00, 0x02, 0x40
COMPLETE, NO_TASK = 0, 1
DATA_OR_R2T, STATUS, DATA_ACK, RESEGMENTED = range(4)
DATA_DIGEST_ERROR, SNACK_REJECT = 0x02, 0x03
TEST_UNIT_READY = bytes(6)
NO_SUCH_SESSION = 0x020A


class SessionTest(daemon.DaemonTest):
    """A daemon with one disk of 16 MiB at `iqn`; `SETTINGS` are the target's. Each session has an ISID of its own."""

    SETTINGS = {}

    @classmethod
    def prepare(cls):
        cls.daemon.create_disk("disk", 16 * commands.MIB)
        cls.iqn = cls.daemon.create_target("target", "disk")
        cls.daemon.cim.modify(daemon.LUNARIA, "LUNARIA_Target", {"Name": "target"}, **cls.SETTINGS)

    def setUp(self):
        self.isid = 1

    def leader(self, **keys):
        """The first connection of a new session, whose unit attention has been taken."""
        self.isid += 1
        connection = iscsi.Session(self.daemon.iscsi_port, self.iqn, isid=self.isid).connect(**keys)
        self.addCleanup(connection.close)
        connection.command(TEST_UNIT_READY)
        connection.acknowledge(connection.receive_until(iscsi.SCSI_RESPONSE)[-1])
        return connection

    def join(self, leader, cid=1, **keys):
        connection = leader.session.connect(cid, **keys)
        self.addCleanup(connection.close)
        return connection

    def write_pattern(self, connection, pattern):
        """Writes whole blocks from the first on, burst by burst."""
        connection.write_blocks(0, len(pattern) // 512)
        while (pdu := connection.receive()).opcode == iscsi.R2T:
            connection.data_out(pdu, pattern[pdu["offset"]:pdu["offset"] + pdu["desired"]])
        self.assertEqual((pdu.opcode, pdu.status), (iscsi.SCSI_RESPONSE, GOOD))

    def data_of(self, pdus):
        return b"".join(pdu.data for pdu in pdus if pdu.opcode == iscsi.DATA_IN)
