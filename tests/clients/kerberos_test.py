#!/usr/bin/env python3
"""Kerberos tickets (HTTP Negotiate) of a real KDC, shown by curl, by hand and by lunaria."""

import base64
import json
import os
import re
import time
import unittest

import cim
import commands
import daemon
import kerberos

HOST = "localhost"


class Answer:
    """What curl prints with -i."""

    def __init__(self, text):
        head, _, self.body = text.replace("\r\n", "\n").rpartition("\n\n")
        finals = [line for line in head.splitlines() if line.startswith("HTTP/1.") and " 100 " not in line]
        self.status = int(finals[-1].split()[1]) if finals else 0
        self.text = text

    def challenges(self):
        return re.findall(r"(?im)^www-authenticate: *(.*?)\r?$", self.text)

    def proof(self):
        found = [value for value in self.challenges() if value.lower().startswith("negotiate ")]
        return found[0].split()[1] if found else ""


class KerberosTest(unittest.TestCase):
    """One KDC and one daemon that trusts REALM."""

    @classmethod
    def setUpClass(cls):
        cls.kdc = kerberos.Kdc()
        cls.daemons = []
        try:
            cls.kdc.start()
            os.environ["KRB5_CONFIG"] = cls.kdc.environment["KRB5_CONFIG"]
            for name in ("alice", "vera", "stranger"):
                cls.kdc.add_principal(name)
            cls.kdc.add_principal("backup/night")
            cls.kdc.add_principal("alice", kerberos.OTHER_REALM)
            cls.keytab = cls.kdc.keytab("keytab")
            cls.daemon = cls.start_daemon("--kerberos-keytab", str(cls.keytab), "--kerberos-realms", kerberos.REALM,
                                          "--kerberos-roles", f"backup/night@{kerberos.REALM}=viewer")
            cls.daemon.create_user()
            cls.daemon.create_user("alice", role="administrator")
            cls.daemon.create_user("vera", role="viewer")
        except BaseException:
            cls.end()
            raise

    @classmethod
    def start_daemon(cls, *arguments):
        started = daemon.Daemon(*arguments)
        cls.daemons.append(started)
        started.start()
        return started

    @classmethod
    def end(cls):
        statuses = [each.close() for each in cls.daemons]
        cls.kdc.close()
        return statuses

    @classmethod
    def tearDownClass(cls):
        statuses = cls.end()
        if any(statuses):
            raise AssertionError(f"lunariad ended with {statuses}")

    body = cim.intrinsic_message(daemon.LUNARIA, "EnumerateInstanceNames",
                                 {"ClassName": '<CLASSNAME NAME="LUNARIA_Target"/>'})
    headers = ("CIMOperation: MethodCall", "CIMMethod: EnumerateInstanceNames", "CIMObject: root/lunaria",
               "Content-Type: application/xml")

    def curl(self, *arguments, environment=None, server=None, tls=False):
        server = server or self.daemon
        port = server.https_port if tls else server.http_port
        words = ["curl", "-sS", "-i", "-k", "--data-binary", self.body]
        for header in self.headers:
            words += ["-H", header]
        done = commands.run(*words, *arguments, f"{'https' if tls else 'http'}://{HOST}:{port}/cimom",
                            environment=environment or self.kdc.environment)
        return Answer(done.stdout)

    def negotiate(self, environment, **options):
        return self.curl("--negotiate", "-u", ":", environment=environment, **options)

    def show(self, value, **options):
        return self.curl("-H", f"Authorization: {value}", **options)

    def lunaria(self, *arguments, environment):
        return commands.run(daemon.command_line(), "--server", f"http://{HOST}:{self.daemon.http_port}", "--negotiate",
                            *arguments, environment=environment)

    def assert_refusal_logged(self, pattern, server=None):
        """As the last refusal of a login."""
        server = server or self.daemon
        def is_last():
            lines = [line for line in server.log().splitlines() if "management.login.refused" in line]
            return bool(lines) and re.search(pattern, lines[-1])
        server.wait_for(is_last, f"the last refusal that is logged has {pattern}")


class Tickets(KerberosTest):
    def test_curl_shows_a_ticket_over_http_and_https(self):
        alice = self.kdc.log_in("alice")
        for tls in (False, True):
            answer = self.negotiate(alice, tls=tls)
            self.assertEqual(answer.status, 200, answer.text)
            self.assertIn("<IRETURNVALUE", answer.text)
            self.assertTrue(base64.b64decode(answer.proof(), validate=True), "the server proves itself")

    def test_both_schemes_are_offered_basic_first(self):
        answer = self.curl()
        self.assertEqual(answer.status, 401)
        basic, negotiate = answer.challenges()
        self.assertTrue(basic.startswith("Basic realm="), basic)
        self.assertEqual(negotiate, "Negotiate")
        [mechanism] = self.daemon.cim.instances("root/interop", "CIM_CIMXMLCommunicationMechanism")
        self.assertEqual(mechanism["AuthenticationMechanismsSupported"], ["3", "1"])

    def test_passwords_are_taken_as_before(self):
        self.assertEqual(self.curl("-u", f"{daemon.USER}:{daemon.PASSWORD}").status, 200)
        self.assertEqual(self.curl("-u", f"{daemon.USER}:not that one").status, 401)
        base = f"http://{daemon.USER}:{daemon.PASSWORD}@{HOST}:{self.daemon.http_port}"
        classes = commands.run("wbemcli", "ecn", "-nl", f"{base}/{daemon.LUNARIA}")
        self.assertIn("LUNARIA_Disk", classes.stdout, classes.stderr)

    def test_a_ticket_is_good_for_one_request(self):
        token = self.kdc.tokens(self.kdc.log_in("alice"))[0]
        first = self.show(token)
        self.assertEqual(first.status, 200, first.text)
        again = self.show(token)
        self.assertEqual(again.status, 401, again.text)
        self.assertIn("Negotiate", again.challenges())
        self.assert_refusal_logged("(?i)replay")

    def test_a_replay_is_known_after_a_restart(self):
        server = self.start_daemon("--kerberos-keytab", str(self.keytab), "--kerberos-realms", kerberos.REALM)
        server.create_user("alice")
        token = self.kdc.tokens(self.kdc.log_in("alice"))[0]
        self.assertEqual(self.show(token, server=server).status, 200)
        server.kill()
        server.start()
        self.assertEqual(self.show(token, server=server).status, 401)

    def test_a_connection_keeps_no_credentials(self):
        alice = self.kdc.log_in("alice")
        token = self.kdc.tokens(alice)[0]
        url = f"http://{HOST}:{self.daemon.http_port}/cimom"
        words = ["curl", "-sS", "-i", "--data-binary", self.body]
        for header in self.headers:
            words += ["-H", header]
        done = commands.run(*words, "-H", f"Authorization: {token}", url, "--next", "-sS", "-i", "--data-binary",
                            self.body, *[word for header in self.headers for word in ("-H", header)], url,
                            "-w", "connections=%{num_connects}", environment=alice)
        statuses = re.findall(r"(?m)^HTTP/1\.1 (\d+)", done.stdout)
        self.assertEqual(statuses, ["200", "401"], done.stdout)
        self.assertIn("connections=0", done.stdout, "it was the same connection")

    def test_a_principal_without_a_user_is_refused(self):
        answer = self.negotiate(self.kdc.log_in("stranger"))
        self.assertEqual(answer.status, 403, answer.text)
        self.assertIn("lunaria user add stranger", answer.text)
        self.assert_refusal_logged(f"stranger@{kerberos.REALM}")

    def test_a_realm_that_is_not_trusted_is_refused(self):
        answer = self.negotiate(self.kdc.log_in("alice", kerberos.OTHER_REALM))
        self.assertEqual(answer.status, 403, answer.text)
        self.assert_refusal_logged(f"alice@{kerberos.OTHER_REALM}.*kerberos-realms")

    def test_garbage_is_refused(self):
        for raw in (b"x", b"`" * 100, b"NTLMSSP\0\1\0\0\0", os.urandom(4000)):
            answer = self.show("Negotiate " + base64.b64encode(raw).decode())
            self.assertIn(answer.status, (401, 429), answer.text)
        for text in ("Negotiate", "Negotiate ???", "Negotiate YGA", "Negotiate " + "A" * 16_008):
            answer = self.show(text)
            self.assertEqual(answer.status, 400, answer.text)
        self.assertEqual(self.show("Negotiate " + "A" * 60_000).status, 431)

    def test_a_damaged_ticket_is_refused(self):
        scheme, text = self.kdc.tokens(self.kdc.log_in("alice"))[0].split()
        raw = bytearray(base64.b64decode(text))
        raw[len(raw) // 2] ^= 1
        answer = self.show(f"{scheme} {base64.b64encode(raw).decode()}")
        self.assertIn(answer.status, (401, 429), answer.text)

    def test_a_viewer_may_look_and_change_nothing(self):
        for name in ("vera", "backup/night"):
            environment = self.kdc.log_in(name)
            listed = self.lunaria("disk", "list", environment=environment)
            self.assertEqual(listed.returncode, 0, listed.stderr)
            refused = self.lunaria("disk", "create", "theirs", "--size", "1MiB", environment=environment)
            self.assertEqual(refused.returncode, 4, refused.stderr)
        self.assertFalse(any(name["Name"] == "theirs" for name in self.daemon.cim.names(daemon.LUNARIA,
                                                                                       "LUNARIA_Disk")))

    def test_lunaria_changes_things_with_a_ticket(self):
        alice = self.kdc.log_in("alice")
        made = self.lunaria("disk", "create", "hers", "--size", "1MiB", environment=alice)
        self.assertEqual(made.returncode, 0, made.stderr)
        shown = self.lunaria("--json", "disk", "list", environment=alice)
        self.assertIn("hers", [disk["name"] for disk in json.loads(shown.stdout)])
        self.daemon.wait_for_log("disk.create.*alice.*hers|disk.create.*hers.*alice")

    def test_lunaria_without_a_ticket_says_what_to_do(self):
        nobody = {**self.kdc.environment, "KRB5CCNAME": f"FILE:{self.kdc.directory}/nothing"}
        refused = self.lunaria("status", environment=nobody)
        self.assertEqual(refused.returncode, 4)
        self.assertIn("kinit", refused.stderr)
        stranger = self.lunaria("status", environment=self.kdc.log_in("stranger"))
        self.assertEqual(stranger.returncode, 4)
        self.assertIn("lunaria user add stranger", stranger.stderr)
        both = self.lunaria("--user", "alice", "status", environment=nobody)
        self.assertEqual(both.returncode, 2)

    def test_lunaria_does_not_take_an_answer_without_proof(self):
        with kerberos.Catcher() as catcher:
            done = commands.run(daemon.command_line(), "--server", f"http://{HOST}:{catcher.port}", "--negotiate",
                                "status", environment=self.kdc.log_in("alice"))
        self.assertEqual(done.returncode, 3)
        self.assertIn("not proved", done.stderr)


class Keys(KerberosTest):
    def test_stale_tickets_are_refused(self):
        strict = dict(os.environ)
        os.environ["KRB5_CONFIG"] = str(self.kdc.write_config("strict.conf", clockskew="2"))
        try:
            server = self.start_daemon("--kerberos-keytab", str(self.keytab), "--kerberos-realms", kerberos.REALM)
        finally:
            os.environ["KRB5_CONFIG"] = strict["KRB5_CONFIG"]
        server.create_user("alice")
        tokens = self.kdc.tokens(self.kdc.log_in("alice"), 12)
        made = time.monotonic()

        def refused():
            """Shows each token once, half a second after the one before."""
            is_due = time.monotonic() - made > 0.5 * (12 - len(tokens))
            return is_due and self.show(tokens.pop(), server=server).status == 401
        server.wait_for(refused, "a ticket that grows old is refused")
        self.assert_refusal_logged("(?i)skew|expired", server)

    def test_keys_may_be_exchanged_while_it_runs(self):
        self.assertEqual(self.negotiate(self.kdc.log_in("alice")).status, 200)
        self.keytab.rename(self.keytab.with_suffix(".away"))
        self.assertEqual(self.negotiate(self.kdc.log_in("alice")).status, 503)
        self.assertEqual(self.curl("-u", f"{daemon.USER}:{daemon.PASSWORD}").status, 200)
        self.keytab.with_suffix(".away").rename(self.keytab)
        held = self.kdc.log_in("alice")
        self.assertEqual(self.negotiate(held).status, 200)
        self.kdc.admin(f"ktadd -k {self.keytab} {kerberos.SERVICE}")
        self.assertEqual(self.negotiate(held).status, 200, "tickets under the old key are good while the keytab has it")
        self.assertEqual(self.negotiate(self.kdc.log_in("alice")).status, 200, "as are those under the new one")

    def test_tickets_for_another_service_are_refused(self):
        other = f"HTTP/{HOST}.second@{kerberos.REALM}"
        self.kdc.admin(f"addprinc -randkey {other}")
        both = self.kdc.keytab("both")
        self.kdc.keytab("both", other)
        for principal, status in ((other, 401), (kerberos.SERVICE, 200)):
            server = self.start_daemon("--kerberos-keytab", str(both), "--kerberos-realms", kerberos.REALM,
                                       "--kerberos-principal", principal)
            server.create_user("alice")
            answer = self.negotiate(self.kdc.log_in("alice"), server=server)
            self.assertEqual(answer.status, status, answer.text)
            if status == 401:
                self.assert_refusal_logged(re.escape(other), server)

    def test_without_a_keytab_there_is_no_negotiate(self):
        server = self.start_daemon()
        server.create_user("alice")
        answer = self.negotiate(self.kdc.log_in("alice"), server=server)
        self.assertEqual(answer.status, 401)
        self.assertEqual([value.split()[0] for value in answer.challenges()], ["Basic"])

    def test_settings_that_do_not_fit_are_refused_at_the_start(self):
        for arguments, reason in (
                (("--kerberos-keytab", "/nonexistent/keytab", "--kerberos-realms", "X"), "/nonexistent/keytab"),
                (("--kerberos-keytab", str(self.keytab)), "kerberos-realms"),
                (("--kerberos-realms", "X"), "kerberos-keytab"),
                (("--kerberos-keytab", str(self.keytab), "--kerberos-realms", kerberos.REALM, "--kerberos-principal",
                  f"HTTP/elsewhere@{kerberos.REALM}"), "HTTP/elsewhere"),
                (("--kerberos-keytab", str(self.keytab), "--kerberos-roles", "alice=root"), "alice=root")):
            unstarted = daemon.Daemon(*arguments)
            done = commands.run(daemon.program(), *unstarted.arguments)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(reason, done.stderr)
            unstarted.close()


if __name__ == "__main__":
    unittest.main()
