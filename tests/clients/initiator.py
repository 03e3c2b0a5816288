"""A plain initiator over iscsi.py: one session of one connection, one command at a time, any CDB."""

import iscsi

GOOD, CHECK_CONDITION, CONFLICT = 0x00, 0x02, 0x18


class Session:
    """Logged in, with the unit attention of a new session taken."""

    def __init__(self, port, iqn, initiator):
        self.connection = iscsi.Session(port, iqn, initiator).connect(InitialR2T="No", ImmediateData="Yes")
        self.run(bytes(6))

    def send(self, cdb, data=b"", read=0):
        """Sends a command, `data` with it, and does not wait for its answer."""
        pdu = self.connection.make_command(cdb, read, len(data))
        pdu.data = data
        self.connection.send(pdu)

    def run(self, cdb, data=b"", read=0):
        """(status, data-in) of a command."""
        self.send(cdb, data, read)
        pdus = self.connection.receive_until(iscsi.SCSI_RESPONSE)
        self.connection.expected_status_sn = pdus[-1]["status_sn"] + 1
        return pdus[-1].status, b"".join(pdu.data for pdu in pdus if pdu.opcode == iscsi.DATA_IN)

    def close(self):
        self.connection.close()
