#!/usr/bin/env python3
"""The object manager through wbemcli, and HTTP by hand with curl."""

import socket
import unittest

import cim
import commands
import daemon


class Http(daemon.DaemonTest):
    demo = True

    @classmethod
    def prepare(cls):
        cls.daemon.create_user()
        cls.body = cim.intrinsic_message(daemon.WMI, "EnumerateInstanceNames",
                                         {"ClassName": '<CLASSNAME NAME="WT_Host"/>'})
        cls.headers = ("CIMOperation: MethodCall", "CIMMethod: EnumerateInstanceNames", "CIMObject: root/wmi",
                       "Content-Type: application/xml")

    def wbemcli(self, operation, path, *arguments, password=daemon.PASSWORD):
        url = f"http://{daemon.USER}:{password}@127.0.0.1:{self.daemon.http_port}/{path}"
        return commands.run("wbemcli", operation, "-nl", url, *arguments)

    def test_wbemcli_reads_classes_names_and_instances(self):
        self.assertIn("WTD", self.wbemcli("gc", "root/wmi:WT_Disk").stdout)
        classes = self.wbemcli("ecn", "root/wmi").stdout
        for name in ("WT_Disk", "WT_Host", "WT_Portal", "WT_Session"):
            self.assertIn(f"root/wmi:{name}\n", classes)
        self.assertIn('WT_Host.HostName="demo"', self.wbemcli("ein", "root/wmi:WT_Host").stdout)
        self.assertIn('-Name="demo"', self.wbemcli("ei", "root/lunaria:LUNARIA_Disk").stdout)
        self.assertIn("-Description=", self.wbemcli("gi", 'root/wmi:WT_Host.HostName="demo"', "Description").stdout)

    def test_wbemcli_changes_an_instance(self):
        path = 'root/lunaria:LUNARIA_Disk.Name="demo"'
        changed = self.wbemcli("mi", path, "Description=changed")
        self.assertEqual(changed.returncode, 0, changed.stderr)
        self.assertEqual(self.daemon.disk("demo")["Description"], "changed")

    def test_wbemcli_calls_a_method(self):
        keys = ",".join(f'{name}="{value}"' for name, value in self.daemon.manager_keys().items())
        called = self.wbemcli("cm", f"root/interop:MSFTSM_ObjectManager.{keys}", "StartService")
        self.assertRegex(called.stdout, r"StartService: 0\b")

    def test_wbemcli_is_refused_with_a_wrong_password(self):
        refused = self.wbemcli("gc", "root/wmi:WT_Disk", password="not it at all")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("Invalid username/password", refused.stderr)

    def curl(self, *arguments, user=f"{daemon.USER}:{daemon.PASSWORD}", headers=None, tls=False):
        """Status, and everything that curl prints: the headers of the answer and its body."""
        port = self.daemon.https_port if tls else self.daemon.http_port
        words = ["curl", "-sS", "-i", "-k", *(["-u", user] if user else [])]
        for header in self.headers if headers is None else headers:
            words += ["-H", header]
        text = commands.output(*words, *arguments, f"{'https' if tls else 'http'}://127.0.0.1:{port}/cimom")
        finals = [line for line in text.splitlines() if line.startswith("HTTP/1.") and " 100 " not in line]
        return int(finals[-1].split()[1]), text

    def post(self, *arguments, **options):
        return self.curl("--data-binary", self.body, *arguments, **options)

    def assert_answered(self, answer):
        self.assertEqual(answer[0], 200, answer[1])
        self.assertIn("<KEYVALUE", answer[1])

    def test_a_plain_post_over_http_and_https(self):
        self.assert_answered(self.post())
        self.assert_answered(self.post(tls=True))

    def test_without_credentials_there_is_a_challenge(self):
        status, text = self.post(user=None)
        self.assertEqual(status, 401)
        self.assertRegex(text, r"(?im)^www-authenticate: basic realm=")

    def test_other_methods_are_refused(self):
        for method in ("GET", "PUT", "DELETE"):
            with self.subTest(method=method):
                self.assertEqual(self.curl("-X", method)[0], 405)

    def test_headers_that_contradict_the_message(self):
        for wrong in ("CIMMethod: GetInstance", "CIMObject: root/interop", "CIMOperation: Something"):
            name = wrong.split(":")[0]
            kept = [header for header in self.headers if not header.startswith(name)]
            with self.subTest(wrong=wrong):
                status, text = self.post(headers=[*kept, wrong])
                self.assertEqual(status, 400, text)
                self.assertRegex(text, r"(?im)^cimerror: (header-mismatch|unsupported-operation)")

    def test_chunked_expected_and_old_requests(self):
        self.assert_answered(self.post(headers=[*self.headers, "Transfer-Encoding: chunked"]))
        status, text = self.post(headers=[*self.headers, "Expect: 100-continue"])
        self.assertIn("100 Continue", text)
        self.assert_answered((status, text))
        self.assert_answered(self.post("--http1.0"))

    def test_headers_beyond_every_measure(self):
        status, text = self.post("-H", "X-Large: " + "x" * 100_000)
        self.assertIn(status, (400, 413, 431), text[:300])
        self.assert_answered(self.post())

    def test_a_request_that_never_ends_its_headers(self):
        with socket.create_connection(("127.0.0.1", self.daemon.http_port), timeout=30) as connection:
            connection.sendall(b"POST /cimom HTTP/1.1\r\nHost: x\r\n")
            self.assert_answered(self.post())


if __name__ == "__main__":
    unittest.main()
