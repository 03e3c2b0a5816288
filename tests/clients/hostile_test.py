#!/usr/bin/env python3
"""Bytes that mean harm, on every door. After each, everybody else is still served."""

import base64
import contextlib
import errno
import os
import pathlib
import random
import select
import socket
import unittest

import cim
import commands
import daemon

IDLE_CONNECTIONS = 300
LARGE_REQUESTS = 40
LARGE_REQUESTS_KIB = 300 * 1024
RESIDENT_GROWTH_KIB = 48 * 1024
PROCESSOR_SECONDS_MAX = 1.5
LOGIN_KEYS = b"InitiatorName=iqn.2026-11.test:raw\0SessionType=Discovery\0AuthMethod=None\0"


def pdu(opcode, flags=0, data=b"", length=None):
    """A PDU with a header segment of 48 bytes; `length` lies about the data segment."""
    header = bytearray(48)
    header[0], header[1] = opcode, flags
    header[8:14] = b"\x80\x00\x00\x00\x00\x01"  # the ISID of a login: random, so that no authority is asked for
    header[5:8] = (len(data) if length is None else length).to_bytes(3, "big")
    return bytes(header) + data + bytes(-len(data) % 4)


def login(data=LOGIN_KEYS, length=None):
    return pdu(0x43, 0x83, data, length)  # immediate, transit from security negotiation to full feature phase


class Hostile(daemon.DaemonTest):
    @classmethod
    def prepare(cls):
        cls.daemon.create_user()
        cls.daemon.create_disk("target", 16 * commands.MIB)
        cls.iqn = cls.daemon.create_target("target", "target")

    def tearDown(self):
        commands.qemu_io(self.daemon.url(self.iqn), "write -P 0x21 0 64k", "flush", "read -P 0x21 0 16k")
        self.assertEqual(self.daemon.http().names(daemon.INTEROP, daemon.MANAGER), [self.daemon.manager_keys()])

    def talk(self, port, *parts):
        """Sends the parts and half closes. Returns all that is answered until the daemon closes."""
        answer = b""
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            with contextlib.suppress(ConnectionError):
                for part in parts:
                    connection.sendall(part)
                self.half_close(connection)
                while piece := connection.recv(65536):
                    answer += piece
        return answer

    @staticmethod
    def half_close(connection):
        """Ends our direction. The daemon may have reset the connection already, which is an answer too."""
        try:
            connection.shutdown(socket.SHUT_WR)
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                raise

    def test_a_login_of_ours_is_answered(self):
        answer = self.talk(self.daemon.iscsi_port, login())
        self.assertEqual((answer[0] & 0x3F, answer[36:38]), (0x23, b"\0\0"))

    def test_garbage_instead_of_a_login(self):
        source = random.Random(3)
        for length in (1, 47, 48, 49, 512, 100_000):
            with self.subTest(length=length):
                answer = self.talk(self.daemon.iscsi_port, source.randbytes(length))
                self.assertLess(len(answer), 4096)

    def test_every_opcode_before_login(self):
        for opcode in range(0x40):
            if opcode != 0x03:
                with self.subTest(opcode=opcode):
                    self.assertNotIn(b"TargetName", self.talk(self.daemon.iscsi_port, pdu(opcode, 0x80, b"x" * 8)))

    def test_truncated_logins(self):
        whole = login()
        for length in range(1, len(whole), 7):
            with self.subTest(length=length):
                self.assertEqual(self.talk(self.daemon.iscsi_port, whole[:length]), b"")

    def test_huge_lengths_take_no_memory(self):
        before = self.daemon.resident_kib()
        for length in (0xFFFFFF, 0x800000, 65537):
            with self.subTest(length=length):
                self.talk(self.daemon.iscsi_port, login(b"A=B\0", length), bytes(100_000))
        self.talk(self.daemon.iscsi_port, login(), pdu(0x04, 0x80, b"SendTargets=All\0", 0xFFFFFF), bytes(100_000))
        self.assertLess(self.daemon.resident_kib() - before, RESIDENT_GROWTH_KIB)

    def test_keys_without_end(self):
        name = b"InitiatorName=" + b"i" * 4000 + b"\0"
        for data in (b"A" * 8000, b"=" * 8000, b"\0" * 8000, b"X-a=1\0" * 1300, name):
            with self.subTest(data=data[:16]):
                answer = self.talk(self.daemon.iscsi_port, login(data))
                self.assertFalse(answer[36:38] == b"\0\0" and answer[1] & 0x83 == 0x83, answer[:48])

    def test_connections_that_never_log_in(self):
        before = self.daemon.resident_kib()
        with contextlib.ExitStack() as stack:
            for _ in range(IDLE_CONNECTIONS):
                connection = socket.create_connection(("127.0.0.1", self.daemon.iscsi_port), timeout=30)
                stack.enter_context(connection).sendall(login()[:20])
            commands.output("iscsi-inq", self.daemon.url(self.iqn))
            self.assertLess(self.daemon.resident_kib() - before, RESIDENT_GROWTH_KIB)

    def post(self, body):
        headers = {"CIMOperation": "MethodCall", "CIMMethod": "GetInstance", "CIMObject": "root/interop"}
        return self.daemon.http().post(body, headers)

    def test_malformed_xml(self):
        for body in ("", "<", "<CIM>", "no xml", "<a></b>", "\0", "<CIM " + "a='b' " * 1000 + "/>", "<a>" * 20_000,
                     cim.message("<IMETHODCALL/>"), cim.message("")[:-20]):
            with self.subTest(body=body[:40]):
                status, _, answer = self.post(body)
                self.assertTrue(status in (400, 413) or b"<ERROR" in answer, (status, answer[:200]))

    def test_entities_do_not_grow(self):
        levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
        before = self.daemon.resident_kib()
        bomb = f'<!DOCTYPE CIM [<!ENTITY e0 "bomb">{levels}]><CIM>&e11;</CIM>'
        status, _, answer = self.post('<?xml version="1.0"?>' + bomb)
        self.assertTrue(status == 400 or b"<ERROR" in answer, (status, answer[:200]))
        self.assertLess(self.daemon.resident_kib() - before, RESIDENT_GROWTH_KIB)

    @staticmethod
    def request_head(length):
        credentials = base64.b64encode(f"{daemon.USER}:{daemon.PASSWORD}".encode()).decode()
        return ("POST /cimom HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCIMOperation: MethodCall\r\n"
                "CIMMethod: GetInstance\r\nCIMObject: root/interop\r\n"
                f"Authorization: Basic {credentials}\r\nContent-Length: {length}\r\n\r\n").encode()

    def test_large_requests_of_many_clients_share_what_there_is(self):
        # Each takes some 20 MiB while its last octet is not there.
        body = b"<CIM A='" + b"x" * (7 * commands.MIB)
        before = self.daemon.resident_kib()
        with contextlib.ExitStack() as stack:
            connections = []
            for _ in range(LARGE_REQUESTS):
                connection = socket.create_connection(("127.0.0.1", self.daemon.http_port), timeout=30)
                connections.append(stack.enter_context(connection))
                with contextlib.suppress(ConnectionError):
                    connection.sendall(self.request_head(len(body) + 1) + body)
            self.assertEqual(self.daemon.http().names(daemon.INTEROP, daemon.MANAGER), [self.daemon.manager_keys()])
            answered, _, _ = select.select(connections, [], [], 0)
            self.assertIn(b"HTTP/1.1 503 ", {connection.recv(13) for connection in answered})
            self.assertLess(len(answered), LARGE_REQUESTS, "none was taken")
            self.assertLess(self.daemon.resident_kib() - before, LARGE_REQUESTS_KIB)

    def test_long_tokens_hold_nobody_up(self):
        # Expat begins such a token anew with every piece: minutes of work for one request, unless it is held back.
        body = b"<CIM A='" + b"x" * (7 * commands.MIB) + b"'/>"
        for piece in (700, 100_000):
            head = self.request_head(len(body))
            before = self.processor_seconds()
            parts = [body[at:at + piece] for at in range(0, len(body), piece)]
            answer = self.talk(self.daemon.http_port, head, *parts)
            self.assertTrue(answer.startswith(b"HTTP/1.1 501"), answer[:200])
            self.assertLess(self.processor_seconds() - before, PROCESSOR_SECONDS_MAX)

    def processor_seconds(self):
        ticks = pathlib.Path(f"/proc/{self.daemon.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def test_wrong_credentials_look_alike(self):
        answers = []
        for user, password in ((daemon.USER, "wrong password"), ("nobody", daemon.PASSWORD)):
            status, headers, body = self.daemon.http(user, password).post(
                cim.intrinsic_message(daemon.INTEROP, "EnumerateInstanceNames", {}), {
                    "CIMOperation": "MethodCall", "CIMMethod": "EnumerateInstanceNames", "CIMObject": daemon.INTEROP})
            self.assertEqual(status, 401)
            answers.append((headers.get("WWW-Authenticate"), body))
        self.assertEqual(len(set(answers)), 1, answers)
        self.assertTrue(answers[0][0].startswith("Basic"))
        self.assertNotIn("wrong password", self.daemon.log())


if __name__ == "__main__":
    unittest.main()
