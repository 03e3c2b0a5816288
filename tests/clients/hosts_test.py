#!/usr/bin/env python3
"""What hosts send when they find a disk and begin to use it, and our answers to the byte: tests/golden/hosts.

Run with --update it writes the answers anew; what has changed is then a change on the wire, to be looked at."""

import os
import pathlib
import sys
import unittest

import commands
import daemon
import iscsi

GOLDEN = pathlib.Path(os.environ.get("LUNARIA_GOLDEN", pathlib.Path(__file__).resolve().parents[1] / "golden/hosts"))
IQN = "iqn.2026-11.org.example:disk"
UPDATE = "--update" in sys.argv
SIMPLE, READ, WRITE = 0x01, 0x40, 0x20
STATUSES = {0x00: "good", 0x02: "check", 0x04: "condition met", 0x08: "busy", 0x18: "conflict"}
RESIDUALS = {0x02: "underflow", 0x04: "overflow"}
BYTES_PER_LINE = 32


class Host(iscsi.Connection):
    """A connection that logs in as the golden file says."""

    isid = bytes(6)

    def log_in(self, keys):
        pass

    def login(self, current, following, text):
        pdu = iscsi.Pdu(iscsi.LOGIN | iscsi.IMMEDIATE, 0x80 | current << 2 | following, as_text(text),
                        command_sn=self.session.command_sn, expected_status_sn=self.expected_status_sn)
        pdu.header[8:14] = self.isid
        self.send(pdu)
        answer = self.receive()
        self.expected_status_sn = answer["status_sn"] + 1
        self.session.tsih = int.from_bytes(answer.header[14:16], "big")
        status = int.from_bytes(answer.header[36:38], "big")
        said = f"status {status:04x}" if status else from_text(answer.data)
        for pair in said.split() if not status else ():
            name, value = pair.split("=", 1)
            self.answers[name] = value
        return [said]

    def text(self, text):
        self.send(self.request(iscsi.TEXT, data=as_text(text), immediate=True, target_tag=iscsi.NO_TAG))
        return [from_text(self.receive_until(iscsi.TEXT_RESPONSE)[-1].data)]

    def scsi(self, cdb, length, data):
        """The outcome of a command, and the data that it brought."""
        pdu = self.request(iscsi.SCSI_COMMAND, iscsi.FINAL | SIMPLE | (WRITE if data else READ if length else 0),
                           length=len(data) or length)
        pdu.header[32:32 + len(cdb)] = cdb
        if self.answers.get("ImmediateData") == "Yes":
            pdu.data = data
        self.send(pdu)
        received = b""
        while (answer := self.receive()).opcode != iscsi.SCSI_RESPONSE:
            if answer.opcode == iscsi.R2T:
                self.data_out(answer, data[answer["offset"]:answer["offset"] + answer["desired"]])
                continue
            received += answer.data
            if answer.flags & 1:
                break
        self.expected_status_sn = answer["status_sn"] + 1
        return self.outcome(answer), received

    def outcome(self, answer):
        said = STATUSES.get(answer.status, f"status {answer.status:02x}")
        if answer.status == 2:
            sense = answer.data[2:]
            said += f" {sense[2] & 0xF:x}/{sense[12]:02x}{sense[13]:02x}"
            if sense[0] & 0x80:
                said += f", information {int.from_bytes(sense[3:7], 'big')}"
        for bit, name in RESIDUALS.items():
            if answer.flags & bit:
                said += f", {name} {answer['residual']}"
        return said


def as_text(pairs):
    return b"".join(pair.encode() + b"\0" for pair in pairs)


def from_text(data):
    return " ".join(part.decode() for part in data.split(b"\0") if part)


def sent_data(word):
    """Data-out as golden files write it: hexadecimal, or NUMBERxBYTE."""
    count, repeated, byte = word.partition("x")
    return bytes.fromhex(byte) * int(count) if repeated else bytes.fromhex(word)


class Hosts(daemon.DaemonTest):
    @classmethod
    def prepare(cls):
        cls.daemon.create_disk("disk", 16 * commands.MIB)
        cls.daemon.create_target("target", "disk")
        cls.daemon.set_target("target", TargetIQN=IQN)
        disk = cls.daemon.disk("disk")
        # What is another each time, by the letters that stand for its bytes.
        cls.known = {"nn": bytes.fromhex(disk["NAA"]), "ss": disk["SerialNumber"].encode()}
        cls.words = {"{iqn}": IQN, "{portal}": cls.daemon.portal}

    def render(self, data):
        """Lines of 32 bytes in groups of four; NUMBERxBYTE for longer data that is the same everywhere."""
        if len(data) > BYTES_PER_LINE and data == data[:1] * len(data):
            return [f"{len(data)}x{data[0]:02x}"]
        shown = [f"{byte:02x}" for byte in data]
        for letters, value in self.known.items():
            at = data.find(value)
            while at >= 0:
                shown[at:at + len(value)] = [letters] * len(value)
                at = data.find(value, at + 1)
        lines = [shown[at:at + BYTES_PER_LINE] for at in range(0, len(shown), BYTES_PER_LINE)]
        return [" ".join("".join(line[at:at + 4]) for at in range(0, len(line), 4)) for line in lines]

    def carry_out(self, host, line):
        """What came of a step, as lines."""
        for word, value in self.words.items():
            line = line.replace(word, value)
        step, *words = line.split()
        if step == "isid":
            host.isid = bytes.fromhex(words[0])
            return []
        if step == "login":
            return host.login(int(words[0]), int(words[1]), words[2:])
        if step == "text":
            return host.text(words)
        if step == "logout":
            return [f"response {host.log_out()}"]
        if step == "ping":
            return ["answered" if host.ping() else "something else"]
        self.assertEqual(step, "scsi")
        direction = next((at for at, word in enumerate(words) if word in ("in", "out")), len(words))
        cdb = bytes.fromhex("".join(words[:direction]))
        way, *amount = words[direction:] or ["none"]
        outcome, data = host.scsi(cdb, int(amount[0]) if way == "in" else 0,
                                  sent_data(amount[0]) if way == "out" else b"")
        return [outcome, *self.render(data)]

    def play(self, text):
        """The golden file with the answers that came."""
        host, lines = None, []
        for line in text.splitlines():
            if line.startswith("="):
                continue
            lines.append(line)
            if line == "connect":
                host = Host(iscsi.Session(self.daemon.iscsi_port, IQN), 0, {})
                self.addCleanup(host.close)
            elif line and not line.startswith("#"):
                for answer in self.carry_out(host, line):
                    for word, value in self.words.items():
                        answer = answer.replace(value, word)
                    lines.append(f"= {answer}")
        return "\n".join(lines) + "\n"

    def test_every_exchange_is_what_it_was(self):
        files = sorted(GOLDEN.glob("*.txt"))
        self.assertGreaterEqual(len(files), 3)
        for file in files:
            with self.subTest(host=file.stem):
                expected = file.read_text()
                played = self.play(expected)
                if UPDATE:
                    file.write_text(played)
                self.assertEqual(played.splitlines(), expected.splitlines())


if __name__ == "__main__":
    unittest.main(argv=[word for word in sys.argv if word != "--update"])
