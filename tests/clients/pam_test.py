#!/usr/bin/env python3
"""Users of PAM: the real helper over pam_wrapper with its pam_matrix module, groups from nss_wrapper; broken helpers."""

import glob
import os
import pathlib
import shlex
import tempfile
import time
import unittest

import cim
import daemon

HELPER = os.environ.get("LUNARIA_PAM",
                        str(pathlib.Path(__file__).resolve().parents[2] / "build/release/src/pam/lunaria-pam"))
PASSWORD = "correct horse battery"
PASSWD = ("ada:x:5001:5001::/:/bin/false", "otto:x:5002:5001::/:/bin/false", "vera:x:5003:5003::/:/bin/false",
          "nora:x:5004:5001::/:/bin/false")
GROUP = ("users:x:5001:", "storage-admins:x:5002:ada", "viewers:x:5003:", "storage-operators:x:5004:otto,ada")
GROUPS = ("--pam-administrators", "storage-admins", "--pam-operators", "storage-operators", "--pam-viewers", "viewers")


def library(name):
    return glob.glob(f"/usr/lib/*/{name}")[0]


class System:
    """A machine of its own for PAM: a service, users and groups, and the helper that sees them."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.users = self.directory / "passdb"
        self.set_password("ada", "otto", "vera", "nora")
        (self.directory / "services").mkdir()
        matrix = f"required {library('pam_wrapper/pam_matrix.so')} passdb={self.users}"
        (self.directory / "services" / "lunaria").write_text(f"auth {matrix}\naccount {matrix}\n")
        (self.directory / "passwd").write_text("\n".join(PASSWD) + "\n")
        (self.directory / "group").write_text("\n".join(GROUP) + "\n")
        self.helper = self.script("helper", self.environment() + f"exec {shlex.quote(HELPER)}")

    def environment(self):
        values = {"LD_PRELOAD": f"{library('libpam_wrapper.so')} {library('libnss_wrapper.so')}", "PAM_WRAPPER": "1",
                  "PAM_WRAPPER_SERVICE_DIR": self.directory / "services",
                  "NSS_WRAPPER_PASSWD": self.directory / "passwd", "NSS_WRAPPER_GROUP": self.directory / "group"}
        return "".join(f"export {name}={shlex.quote(str(value))}\n" for name, value in values.items())

    def set_password(self, *users, password=PASSWORD):
        self.users.write_text("".join(f"{user}:{password}:lunaria\n" for user in users))

    def script(self, name, text):
        path = self.directory / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o700)
        return str(path)


class Pam(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="lunaria-pam-")
        self.addCleanup(directory.cleanup)
        self.system = System(directory.name)

    def start(self, helper=None):
        self.daemon = daemon.Daemon("--pam-service", "lunaria", "--pam-helper", helper or self.system.helper, *GROUPS)
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def refuse(self, user, password, status=401):
        with self.assertRaises(cim.HttpError) as refused:
            self.daemon.http(user, password).names(daemon.WMI, "WT_Host")
        self.assertEqual(refused.exception.status, status)
        return refused.exception

    def test_a_group_makes_the_role(self):
        self.start()
        self.daemon.http("vera", PASSWORD).names(daemon.WMI, "WT_Host")
        with self.assertRaises(cim.CimError):
            self.daemon.http("vera", PASSWORD).invoke(daemon.WMI, "WT_Host", None, "NewHost", HostName="t")
        self.daemon.http("otto", PASSWORD, tls=True).invoke(daemon.WMI, "WT_Host", None, "NewHost", HostName="t")
        with self.assertRaises(cim.CimError):
            self.daemon.http("otto", PASSWORD).names(daemon.LUNARIA, "LUNARIA_User")
        self.daemon.http("ada", PASSWORD).names(daemon.LUNARIA, "LUNARIA_User")
        self.refuse("nora", PASSWORD)
        self.daemon.wait_for_log("management.pam.no_role user=nora")

    def test_whoever_pam_does_not_let_in_stays_out_and_learns_nothing(self):
        self.start()
        self.daemon.create_user()
        answers = {}
        for user in ("ada", "mallory", daemon.USER):
            begun = time.monotonic()
            answers[user] = str(self.refuse(user, "wrong"))
            self.assertGreaterEqual(time.monotonic() - begun, 2)
        self.assertEqual(len(set(answers.values())), 1, answers)
        self.daemon.http("ada", PASSWORD).names(daemon.WMI, "WT_Host")

    def test_the_catalogue_goes_before_pam(self):
        self.start()
        self.daemon.create_user("ada", password="another password", role="viewer")
        self.refuse("ada", PASSWORD)
        self.daemon.http("ada", "another password").names(daemon.WMI, "WT_Host")

    def test_the_audit_trail_says_that_pam_let_them_in(self):
        self.start()
        self.daemon.http("otto", PASSWORD).invoke(daemon.WMI, "WT_Host", None, "NewHost", HostName="t")
        path = pathlib.Path(self.daemon.state) / "audit" / "audit.jsonl"
        self.daemon.wait_for(lambda: '"authentication":"pam"' in path.read_text(), "it does not say so")
        self.assertNotIn(PASSWORD, path.read_text() + self.daemon.log())

    def test_the_daemon_itself_does_not_link_pam(self):
        self.start()
        maps = pathlib.Path(f"/proc/{self.daemon.process.pid}/maps").read_text()
        self.assertNotIn("libpam", maps)
        self.daemon.http("vera", PASSWORD).names(daemon.WMI, "WT_Host")
        self.assertNotIn("libpam", pathlib.Path(f"/proc/{self.daemon.process.pid}/maps").read_text())

    def test_a_helper_that_hangs_is_ended_while_others_are_served(self):
        pid = self.system.directory / "pid"
        self.start(self.system.script("hang", f"echo $$ > {pid}; exec sleep 1000"))
        self.daemon.create_user()
        hanging = self.daemon.http("ada", PASSWORD)
        self.assertRaises(TimeoutError, cim.Client(address=hanging.address, user="ada", password=PASSWORD,
                                                   timeout=1).names, daemon.WMI, "WT_Host")
        self.daemon.http().names(daemon.WMI, "WT_Host")
        self.daemon.wait_for(lambda: "management.pam.failed" in self.daemon.log(), "it is not ended")
        self.assertFalse(pathlib.Path(f"/proc/{pid.read_text().strip()}/cmdline").exists())

    def test_helpers_that_die_or_talk_nonsense_let_nobody_in(self):
        for name, text in (("dies", "exit 1"), ("crashes", "kill -SEGV $$"), ("lies", "echo good root"),
                           ("talks", "while :; do echo good administrator; done")):
            self.start(self.system.script(name, text))
            self.refuse("ada", PASSWORD)
            self.daemon.wait_for_log("management.pam.failed")
            self.assertEqual(self.daemon.close(), 0)

    def test_a_service_that_is_not_there_is_the_servers_fault_and_lets_nobody_in(self):
        (self.system.directory / "services" / "lunaria").write_text("auth required pam_nonexistent.so\n")
        self.start()
        self.refuse("ada", PASSWORD)
        self.daemon.wait_for_log("management.pam.failed user=ada")

    def test_settings_that_let_nobody_in_are_refused(self):
        broken = daemon.Daemon("--pam-service", "lunaria")
        self.addCleanup(broken.close)
        with self.assertRaises(AssertionError) as refused:
            broken.start()
        self.assertIn("pam-administrators", str(refused.exception))


if __name__ == "__main__":
    unittest.main()
