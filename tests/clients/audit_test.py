#!/usr/bin/env python3
"""The audit trail: who changed what, from where, with what result; and what must never be in it."""

import json
import pathlib
import socket
import struct
import tempfile
import unittest

import cim
import daemon

CHANGE = "9cf513d23e3d4dd0a27178e9bc3ef2e6"
REFUSED_LOGIN = "00cbf1a6856b44c2979c2051c3d512a4"
SECRET = "Xyzzy-plugh-31"


class Journal:
    """What listens in systemd's place: Journal Native Protocol."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="lunaria-journal-")
        self.path = f"{self.directory.name}/socket"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(10)

    def read(self):
        """The fields of one entry."""
        fields, rest = {}, self.socket.recv(1 << 20)
        while rest:
            name, rest = rest.split(b"\n", 1)
            length = struct.unpack("<Q", rest[:8])[0]
            fields[name.decode()] = rest[8:8 + length].decode()
            rest = rest[8 + length + 1:]
        return fields

    def close(self):
        self.socket.close()
        self.directory.cleanup()


class Audit(unittest.TestCase):
    def setUp(self):
        self.journal = Journal()
        self.addCleanup(self.journal.close)
        self.daemon = daemon.Daemon("--audit-journal", self.journal.path)
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def lines(self):
        path = pathlib.Path(self.daemon.state) / "audit" / "audit.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]

    def last(self, **wanted):
        """The last record in the file that has these members; waits for it."""
        found = []

        def is_there():
            found[:] = [line for line in self.lines() if wanted.items() <= line.items()]
            return found

        self.daemon.wait_for(is_there, f"there is no record with {wanted}")
        return found[-1]

    def test_a_method_call_is_in_the_journal_before_it_is_answered_and_in_the_file(self):
        self.daemon.create_disk("d", 1 << 20)
        entry = self.journal.read()
        self.assertEqual(entry["MESSAGE_ID"], CHANGE)
        self.assertEqual((entry["LUNARIA_OPERATION"], entry["LUNARIA_METHOD"]), ("InvokeMethod", "Create"))
        self.assertEqual((entry["LUNARIA_CLASS"], entry["LUNARIA_NAMESPACE"]), ("LUNARIA_Disk", daemon.LUNARIA))
        self.assertEqual((entry["LUNARIA_RESULT"], entry["LUNARIA_RETURN_VALUE"]), ("ok", "0"))
        self.assertEqual(entry["LUNARIA_TRANSPORT"], "unix")
        self.assertRegex(entry["LUNARIA_PEER"], r"^unix uid=\d+ pid=\d+$")
        line = self.last(method="Create")
        for name, value in line.items():
            if isinstance(value, str):
                self.assertEqual(value, entry[f"LUNARIA_{name.upper()}"])

    def test_a_change_over_https_names_the_user_the_role_and_the_object(self):
        self.daemon.create_user("olga", role="operator")
        client = self.daemon.http("olga", tls=True)
        client.invoke(daemon.WMI, "WT_Host", None, "NewHost", HostName="t")
        client.modify(daemon.WMI, "WT_Host", {"HostName": "t"}, Description="changed")
        line = self.last(operation="ModifyInstance")
        self.assertEqual((line["user"], line["role"], line["authentication"]), ("olga", "operator", "password"))
        self.assertEqual((line["front"], line["transport"]), ("cim-xml", "https"))
        self.assertRegex(line["peer"], r"^127\.0\.0\.1:\d+$")
        self.assertIn('HostName="t"', line["object"])
        self.assertEqual(line["elements"], ["Description"])
        self.assertEqual(line["result"], "ok")

    def test_what_a_role_does_not_allow_is_recorded_reads_included(self):
        self.daemon.create_user("vera", role="viewer")
        client = self.daemon.http("vera")
        with self.assertRaises(cim.CimError):
            client.invoke(daemon.WMI, "WT_Host", None, "NewHost", HostName="t")
        self.assertEqual(self.last(user="vera", method="NewHost")["result"], "CIM_ERR_ACCESS_DENIED")
        with self.assertRaises(cim.CimError):
            client.names(daemon.LUNARIA, "LUNARIA_User")
        self.assertEqual(self.last(user="vera", operation="EnumerateInstanceNames")["result"], "CIM_ERR_ACCESS_DENIED")
        client.names(daemon.LUNARIA, "LUNARIA_Disk")
        self.daemon.create_disk("d", 1 << 20)
        self.last(method="Create", **{"class": "LUNARIA_Disk"})
        self.assertEqual(len([line for line in self.lines() if line.get("user") == "vera"]), 2)

    def test_a_refused_login_is_recorded_without_the_password(self):
        self.daemon.create_user()
        with self.assertRaises(cim.HttpError):
            self.daemon.http(password=SECRET).names(daemon.WMI, "WT_Host")
        line = self.last(operation="Authenticate")
        self.assertEqual((line["user"], line["result"], line["reason"]), (daemon.USER, "refused", "wrong-credentials"))
        self.assertEqual(line["transport"], "http")
        entries = [self.journal.read(), self.journal.read()]
        self.assertEqual(entries[1]["MESSAGE_ID"], REFUSED_LOGIN)
        self.assertNotIn(SECRET, json.dumps(entries))

    def test_no_secret_is_anywhere(self):
        self.daemon.create_user("sam", password=SECRET)
        self.daemon.cim.invoke(daemon.WMI, "WT_Host", None, "NewHost", HostName="t")
        self.daemon.set_target("t", EnableCHAP=True, CHAPUserName="chap", CHAPSecret=SECRET)
        self.last(operation="ModifyInstance")
        self.assertEqual(self.daemon.stop(), 0)
        everything = [path for path in self.daemon.directory.rglob("*") if path.is_file()]
        for path in everything:
            if "audit" in str(path) or path.name == "log":
                self.assertNotIn(SECRET.encode(), path.read_bytes(), path)
        self.assertIn("CHAPSecret", self.lines()[-1]["elements"])

    def test_records_stay_through_kill_9_and_the_file_goes_on(self):
        self.daemon.create_disk("a", 1 << 20)
        self.last(method="Create")
        self.daemon.kill()
        self.daemon.start()
        self.daemon.create_disk("b", 1 << 20)
        self.daemon.wait_for(lambda: len(self.lines()) == 2, "the second record is not there")


if __name__ == "__main__":
    unittest.main()
