#!/usr/bin/env python3
"""The HTTPS port as openssl and curl see it: versions, ciphers, certificates that change, clients with certificates."""

import pathlib
import re
import shutil
import stat
import tempfile
import unittest

import certificates
import cim
import commands
import daemon


class TlsTest(daemon.DaemonTest):
    def s_client(self, *arguments, port=None):
        """What openssl prints of a handshake."""
        done = commands.run("openssl", "s_client", "-connect", f"127.0.0.1:{port or self.daemon.https_port}",
                            *arguments, input="")
        return done.stdout + done.stderr

    def presented(self):
        """SHA-256 of the certificate that new connections get, as openssl writes it."""
        certificate = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", self.s_client(), re.DOTALL)
        done = commands.run("openssl", "x509", "-noout", "-fingerprint", "-sha256", input=certificate[0])
        return done.stdout.strip().partition("=")[2]


class Handshakes(TlsTest):
    def test_versions(self):
        for version in ("tls1_2", "tls1_3"):
            name = version.replace("tls1_", "TLSv1.")
            self.assertRegex(self.s_client(f"-{version}"), rf"(?m)^New, {name}, Cipher is ")
        for version in ("tls1", "tls1_1"):
            # openssl itself offers old versions only at security level 0.
            text = self.s_client(f"-{version}", "-cipher", "ALL:@SECLEVEL=0")
            self.assertRegex(text, "(?i)alert protocol version", text)
            self.assertIn("Cipher is (NONE)", text)

    def test_ciphers_without_forward_secrecy_or_authentication_of_data_are_refused(self):
        for cipher in ("AES128-GCM-SHA256", "AES256-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384",
                       "ECDHE-RSA-AES128-SHA256", "AECDH-AES128-SHA", "PSK-AES128-GCM-SHA256"):
            with self.subTest(cipher=cipher):
                self.assertIn("Cipher is (NONE)", self.s_client("-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0"))

    def test_nothing_is_compressed_and_nobody_renegotiates(self):
        self.assertIn("Compression: NONE", self.s_client("-tls1_2"))
        done = commands.run("openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{self.daemon.https_port}",
                            input="R\n")
        self.assertRegex(done.stdout + done.stderr, "(?i)no.?renegotiation|unexpected|alert|closed")

    def test_plain_http_on_the_port_is_no_answer(self):
        done = commands.run("curl", "-sS", "-i", f"http://127.0.0.1:{self.daemon.https_port}/cimom")
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("HTTP/1.1 200", done.stdout)

    def test_the_first_start_makes_a_certificate_of_its_own(self):
        directory = self.daemon.state / "tls"
        key = directory / "key.pem"
        self.assertEqual(stat.S_IMODE(key.stat().st_mode) & 0o077, 0, "nobody else may read the key")
        text = commands.output("openssl", "x509", "-noout", "-text", "-in", directory / "certificate.pem")
        self.assertIn("IP Address:127.0.0.1", text)
        self.assertIn("CA:FALSE", text)

    def test_the_fingerprint_is_that_of_the_certificate(self):
        printed = commands.output(daemon.program(), "--state-directory", self.daemon.state, "--print-fingerprint")
        self.assertEqual(printed.strip(), self.presented())

    def test_lunaria_trusts_a_fingerprint_and_no_other(self):
        self.daemon.create_user()
        words = [daemon.command_line(), "--server", f"https://127.0.0.1:{self.daemon.https_port}", "--user",
                 daemon.USER, "--password-file", "-", "disk", "list"]
        right = commands.run(*words, "--fingerprint", self.presented(), input=daemon.PASSWORD + "\n")
        self.assertEqual(right.returncode, 0, right.stderr)
        for wrong in (("--fingerprint", ":".join(["AB"] * 32)), ()):
            refused = commands.run(*words, *wrong, input=daemon.PASSWORD + "\n")
            self.assertEqual(refused.returncode, 3, refused.stderr)
            self.assertIn("--print-fingerprint", refused.stderr)


class OwnFiles(TlsTest):
    """Certificate and authorities in files that the tests may exchange."""

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="lunaria-ca-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.authority = certificates.Authority(cls.directory, "clients")
        cls.stranger = certificates.Authority(cls.directory, "stranger")
        cls.certificate, cls.key = cls.directory / "server.pem", cls.directory / "server.key"
        cls.put("first")
        cls.arguments = ("--tls-certificate", str(cls.certificate), "--tls-key", str(cls.key),
                         "--tls-client-authorities", str(cls.authority.path))
        super().setUpClass()

    @classmethod
    def prepare(cls):
        cls.daemon.create_user("carol", role="administrator")
        cls.daemon.create_user("victor", role="viewer")

    @classmethod
    def put(cls, name):
        """Puts another pair into place, as renewals do."""
        made = cls.authority.issue(name, "IP:127.0.0.1")
        for source, target in zip(made, (cls.certificate, cls.key)):
            fresh = target.with_suffix(".new")
            shutil.copyfile(source, fresh)
            fresh.chmod(0o600)
            fresh.rename(target)

    body = cim.intrinsic_message(daemon.LUNARIA, "EnumerateInstanceNames",
                                 {"ClassName": '<CLASSNAME NAME="LUNARIA_Target"/>'})

    def curl(self, pair, *arguments):
        words = ["curl", "-sS", "-i", "--cacert", self.authority.path, "--data-binary", self.body]
        for header in ("CIMOperation: MethodCall", "CIMMethod: EnumerateInstanceNames", "CIMObject: root/lunaria",
                       "Content-Type: application/xml"):
            words += ["-H", header]
        shown = ["--cert", pair[0], "--key", pair[1]] if pair else []
        done = commands.run(*words, *shown, *arguments, f"https://127.0.0.1:{self.daemon.https_port}/cimom")
        found = re.findall(r"(?m)^HTTP/1\.1 (\d+)", done.stdout)
        return int(found[-1]) if found else 0, done.stdout + done.stderr

    def test_a_client_certificate_is_a_user(self):
        self.assertEqual(self.curl(self.authority.issue("carol"))[0], 200)
        status, text = self.curl(self.authority.issue("nobody-here"))
        self.assertEqual(status, 403)
        self.assertIn("lunaria user add nobody-here", text)
        self.assertEqual(self.curl(None)[0], 401, "without one there is a password to give")
        self.assertEqual(self.curl(None, "-u", f"carol:{daemon.PASSWORD}")[0], 200)
        [mechanism] = self.daemon.cim.instances("root/interop", "CIM_CIMXMLCommunicationMechanism")
        self.assertEqual(mechanism["AuthenticationMechanismsSupported"], ["3", "1"])

    def test_a_password_goes_before_a_certificate(self):
        carol = self.authority.issue("carol")
        self.assertEqual(self.curl(carol, "-u", f"victor:{daemon.PASSWORD}")[0], 200)
        self.assertEqual(self.curl(carol, "-u", "victor:not that one")[0], 401)

    def test_certificates_of_others_and_old_ones_end_the_handshake(self):
        for pair in (self.stranger.issue("carol"), self.authority.issue("carol", days=-1)):
            status, text = self.curl(pair)
            self.assertEqual(status, 0, text)
            self.assertRegex(text, "(?i)alert|ssl")

    def test_lunaria_shows_a_certificate(self):
        def run(name, *words):
            certificate, key = self.authority.issue(name)
            return commands.run(daemon.command_line(), "--server", f"https://127.0.0.1:{self.daemon.https_port}",
                                "--ca", self.authority.path, "--certificate", certificate, "--key", key, *words)
        made = run("carol", "disk", "create", "hers", "--size", "1MiB")
        self.assertEqual(made.returncode, 0, made.stderr)
        refused = run("victor", "disk", "create", "his", "--size", "1MiB")
        self.assertEqual(refused.returncode, 4, refused.stderr)
        unknown = run("nobody-here", "disk", "list")
        self.assertEqual(unknown.returncode, 4)
        self.assertIn("lunaria user add nobody-here", unknown.stderr)
        self.assertNotIn("assword", unknown.stderr, "no password was shown, and none would help")

    def test_exchanged_files_are_presented_and_broken_ones_are_not(self):
        before = self.presented()
        self.put("second")
        self.daemon.wait_for(lambda: self.presented() != before, "the new certificate is presented")
        second = self.presented()
        self.key.write_text("no key at all\n")
        self.daemon.wait_for(lambda: "management.certificate.refused" in self.daemon.log(), "the pair is refused")
        self.assertEqual(self.presented(), second)
        self.put("third")
        self.daemon.wait_for(lambda: self.presented() != second, "a good pair is presented again")


if __name__ == "__main__":
    unittest.main()
