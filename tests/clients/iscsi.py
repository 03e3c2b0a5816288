"""A raw iSCSI initiator (RFC 7143): sends the PDUs that a test makes, and hides nothing that comes."""

import socket

SCSI_COMMAND, TASK_MANAGEMENT, DATA_OUT, LOGOUT, SNACK = 0x01, 0x02, 0x05, 0x06, 0x10
NOP_OUT, TEXT, LOGIN = 0x00, 0x04, 0x03
NOP_IN, SCSI_RESPONSE, TASK_RESPONSE, LOGIN_RESPONSE, TEXT_RESPONSE = 0x20, 0x21, 0x22, 0x23, 0x24
DATA_IN, LOGOUT_RESPONSE, R2T, ASYNC, REJECT = 0x25, 0x26, 0x31, 0x32, 0x3F
(ABORT_TASK, ABORT_TASK_SET, CLEAR_ACA, CLEAR_TASK_SET, LU_RESET, WARM_RESET, COLD_RESET, REASSIGN, QUERY_TASK,
 QUERY_TASK_SET, NEXUS_RESET, QUERY_EVENT) = range(1, 13)
NO_TAG = 0xFFFFFFFF
IMMEDIATE, FINAL = 0x40, 0x80
SECONDS = 20


def crc32c(data):
    """The digest of RFC 7143 13.1, as its four bytes on the wire."""
    value = 0xFFFFFFFF
    for byte in data:
        value = CRC_TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    return (value ^ 0xFFFFFFFF).to_bytes(4, "little")


def crc_entry(value):
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value


CRC_TABLE = [crc_entry(value) for value in range(256)]


def padded(data):
    return data + bytes(-len(data) % 4)


class Pdu:
    """A header of 48 bytes with its data segment."""

    def __init__(self, opcode, flags=FINAL, data=b"", **numbers):
        """`numbers`: four-byte fields by name, see NUMBERS."""
        self.header, self.data = bytearray(48), data
        self.header[0], self.header[1] = opcode, flags
        for name, value in numbers.items():
            self[name] = value

    NUMBERS = {"tag": 16, "length": 20, "target_tag": 20, "referenced": 20, "status_sn": 24, "command_sn": 24,
               "expected_status_sn": 28, "expected_command_sn": 28, "max_command_sn": 32, "referenced_sn": 32,
               "data_sn": 36, "offset": 40, "begin": 40, "desired": 44, "run": 44, "residual": 44}

    def __getitem__(self, name):
        at = self.NUMBERS[name]
        return int.from_bytes(self.header[at:at + 4], "big")

    def __setitem__(self, name, value):
        at = self.NUMBERS[name]
        self.header[at:at + 4] = (value & 0xFFFFFFFF).to_bytes(4, "big")

    @property
    def opcode(self):
        return self.header[0] & 0x3F

    @property
    def flags(self):
        return self.header[1]

    @property
    def response(self):
        """Of a task management, logout or SCSI response; the reason of a Reject."""
        return self.header[2]

    @property
    def status(self):
        return self.header[3]

    def __repr__(self):
        return f"{self.header.hex()} + {len(self.data)} bytes"


class LoginRefused(Exception):
    """The login status is `status`: class and detail (RFC 7143 11.13.5)."""

    def __init__(self, status):
        super().__init__(f"login status {status:04x}")
        self.status = status


class Session:
    """What the connections of a session have in common."""

    def __init__(self, port, iqn, initiator="iqn.2026-11.test:raw", isid=1):
        self.port, self.iqn, self.initiator, self.isid = port, iqn, initiator, isid
        self.tsih, self.command_sn, self.last_tag = 0, 1, 0

    def connect(self, cid=0, **keys):
        return Connection(self, cid, keys)

    def next_tag(self):
        self.last_tag += 1
        return self.last_tag


class Connection:
    """One TCP connection, logged in. `expected_status_sn` is what its requests say: it moves only with acknowledge()."""

    def __init__(self, session, cid, keys):
        self.session, self.cid = session, cid
        self.expected_status_sn, self.digest, self.answers = 0, False, {}
        self.socket = socket.create_connection(("127.0.0.1", session.port), timeout=SECONDS)
        try:
            self.log_in(keys)
        except BaseException:
            self.socket.close()
            raise

    def log_in(self, keys):
        offered = {"InitiatorName": self.session.initiator, "TargetName": self.session.iqn, "SessionType": "Normal",
                   "InitialR2T": "Yes", "ImmediateData": "No", "MaxRecvDataSegmentLength": 4096, **keys}
        if self.session.tsih:  # keys of the whole session belong to its first connection
            offered = {name: value for name, value in offered.items() if name not in ("InitialR2T", "ImmediateData")}
        data = b"".join(f"{name}={value}\0".encode() for name, value in offered.items())
        for _ in range(4):
            pdu = Pdu(LOGIN | IMMEDIATE, 0x87, data, command_sn=self.session.command_sn,
                      expected_status_sn=self.expected_status_sn)
            pdu.header[8:14] = (0x80 << 40 | self.session.isid).to_bytes(6, "big")
            pdu.header[14:16] = self.session.tsih.to_bytes(2, "big")
            pdu.header[20:22] = self.cid.to_bytes(2, "big")
            self.send(pdu)
            answer = self.receive()
            status = int.from_bytes(answer.header[36:38], "big")
            if status:
                raise LoginRefused(status)
            self.answers.update(part.split("=", 1) for part in answer.data.decode().split("\0") if part)
            self.expected_status_sn = answer["status_sn"] + 1
            if answer.flags & 0x83 == 0x83:
                break
            data = b""
        else:
            raise AssertionError("a login without end")
        self.session.tsih = int.from_bytes(answer.header[14:16], "big")
        self.digest = self.answers.get("DataDigest") == "CRC32C"

    # Bytes

    def send(self, pdu, break_digest=False):
        pdu.header[5:8] = len(pdu.data).to_bytes(3, "big")
        data = padded(pdu.data)
        if data and self.digest:
            digest = crc32c(data)
            data += bytes([digest[0] ^ break_digest]) + digest[1:]
        self.socket.sendall(bytes(pdu.header) + data)
        return pdu

    def read(self, length):
        data = b""
        while len(data) < length:
            piece = self.socket.recv(length - len(data))
            if not piece:
                raise ConnectionError("the daemon closed the connection")
            data += piece
        return data

    def receive(self):
        """The next PDU, whatever it is."""
        pdu = Pdu(0)
        pdu.header[:] = self.read(48)
        length = int.from_bytes(pdu.header[5:8], "big")
        segment = self.read(length + -length % 4)
        if segment and self.digest and self.read(4) != crc32c(segment):
            raise AssertionError("a wrong data digest")
        pdu.data = segment[:length]
        return pdu

    def receive_until(self, *opcodes):
        """All PDUs up to and with the first of `opcodes`, or a Data-In that carries a status for SCSI_RESPONSE."""
        found = []
        while True:
            found.append(self.receive())
            if found[-1].opcode in opcodes:
                return found
            if SCSI_RESPONSE in opcodes and found[-1].opcode == DATA_IN and found[-1].flags & 1:
                return found

    def is_closed(self):
        """Whether nothing but the end comes any more."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self):
        self.socket.close()

    # Requests; each returns the PDU that was sent.

    def request(self, opcode, flags=FINAL, data=b"", immediate=False, **numbers):
        pdu = Pdu(opcode | (IMMEDIATE if immediate else 0), flags, data, command_sn=self.session.command_sn,
                  expected_status_sn=self.expected_status_sn)
        pdu["tag"] = self.session.next_tag()
        for name, value in numbers.items():
            pdu[name] = value
        if not immediate:
            self.session.command_sn += 1
        return pdu

    def make_command(self, cdb, read=0, write=0, **numbers):
        direction = (0x40 if read else 0) | (0x20 if write else 0)
        pdu = self.request(SCSI_COMMAND, FINAL | direction | 1, length=read or write, **numbers)
        pdu.header[32:32 + len(cdb)] = cdb
        return pdu

    def command(self, cdb, read=0, write=0):
        return self.send(self.make_command(cdb, read, write))

    def read_blocks(self, lba, count):
        return self.command(b"\x28\0" + lba.to_bytes(4, "big") + b"\0" + count.to_bytes(2, "big") + b"\0", 512 * count)

    def write_blocks(self, lba, count):
        return self.command(b"\x2a\0" + lba.to_bytes(4, "big") + b"\0" + count.to_bytes(2, "big") + b"\0",
                            write=512 * count)

    def data_out(self, r2t, data, offset=None, data_sn=0, final=True, break_digest=False):
        """Data for an R2T: `data` is all that it asks for, unless `offset` says where in the command it belongs."""
        return self.send(Pdu(DATA_OUT, FINAL if final else 0, data, tag=r2t["tag"], target_tag=r2t["target_tag"],
                             expected_status_sn=self.expected_status_sn, data_sn=data_sn,
                             offset=r2t["offset"] if offset is None else offset), break_digest)

    def snack(self, kind, tag, begin, run, snack_tag=NO_TAG):
        return self.send(Pdu(SNACK, FINAL | kind, tag=tag, target_tag=snack_tag, begin=begin, run=run,
                             expected_status_sn=self.expected_status_sn))

    def manage(self, function, referenced=NO_TAG, **numbers):
        """Sends a task management function for LUN 0; returns its response code and what came before it."""
        self.send(self.request(TASK_MANAGEMENT, FINAL | function, immediate=True, referenced=referenced, **numbers))
        pdus = self.receive_until(TASK_RESPONSE)
        return pdus[-1].response, pdus[:-1]

    def log_out(self, reason=0, cid=0):
        """The response of a logout: 0 closes the session, 1 the connection `cid`, 2 removes it for recovery."""
        pdu = self.request(LOGOUT, FINAL | reason, immediate=True)
        pdu.header[20:22] = cid.to_bytes(2, "big")
        self.send(pdu)
        return self.receive_until(LOGOUT_RESPONSE)[-1].response

    def acknowledge(self, pdu):
        """Says that `pdu`, which has a StatSN, and all before it have come."""
        self.expected_status_sn = pdu["status_sn"] + 1
        self.send(Pdu(NOP_OUT | IMMEDIATE, tag=NO_TAG, target_tag=NO_TAG, command_sn=self.session.command_sn,
                      expected_status_sn=self.expected_status_sn))

    def ping(self):
        self.send(self.request(NOP_OUT, data=b"alive?", immediate=True, target_tag=NO_TAG))
        return self.receive_until(NOP_IN)[-1].data == b"alive?"
