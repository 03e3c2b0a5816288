#!/usr/bin/env python3
"""CHAP as libiscsi speaks it: one-way and mutual, and everything that must not get in."""

import unittest

import commands
import daemon

NAME, SECRET = "initiator-user", "initiator-secret"
TARGET_NAME, TARGET_SECRET = "target-user", "target-secret-16"


class Chap(daemon.DaemonTest):
    @classmethod
    def prepare(cls):
        cls.daemon.create_disk("guarded", 16 * commands.MIB)
        cls.iqn = cls.daemon.create_target("one-way", "guarded")
        cls.daemon.set_target("one-way", CHAPUserName=NAME, CHAPSecret=SECRET, EnableCHAP=True)
        cls.mutual = cls.daemon.create_target("mutual", "guarded")
        cls.daemon.set_target("mutual", CHAPUserName=NAME, CHAPSecret=SECRET, EnableCHAP=True,
                              ReverseCHAPUserName=TARGET_NAME, ReverseCHAPSecret=TARGET_SECRET, EnableReverseCHAP=True)

    def inquire(self, iqn, user=None, secret=None, target_secret=None):
        """iscsi-inq with libiscsi's CHAP settings in the URL."""
        url = self.daemon.url(iqn, credentials=f"{user}%{secret}@" if user else "")
        if target_secret:
            url += f"?target_user={TARGET_NAME}&target_password={target_secret}"
        done = commands.run("iscsi-inq", url)
        return done.returncode == 0 and "Vendor:LUNARIA" in done.stdout, done.stdout + done.stderr

    def assert_served(self, served):
        self.assertTrue(served[0], served[1])

    def assert_refused(self, served):
        self.assertFalse(served[0], served[1])
        self.assertIn("Authentication", served[1])

    def test_the_right_secret_is_served(self):
        self.assert_served(self.inquire(self.iqn, NAME, SECRET))

    def test_wrong_secrets_names_and_none_are_refused(self):
        for user, secret in ((NAME, SECRET[:-1] + "x"), (NAME, "another-secret-1"), ("somebody", SECRET), (None, None)):
            with self.subTest(user=user, secret=secret):
                self.assert_refused(self.inquire(self.iqn, user, secret))
        self.assert_served(self.inquire(self.iqn, NAME, SECRET))

    def test_mutual_authentication_is_served(self):
        self.assert_served(self.inquire(self.mutual, NAME, SECRET, TARGET_SECRET))

    def test_the_initiator_finds_out_a_target_with_another_secret(self):
        served, text = self.inquire(self.mutual, NAME, SECRET, "some-other-word1")
        self.assertFalse(served, text)
        self.assert_served(self.inquire(self.mutual, NAME, SECRET, TARGET_SECRET))

    def test_data_flows_behind_chap(self):
        url = self.daemon.url(self.iqn, credentials=f"{NAME}%{SECRET}@")
        commands.qemu_io(url, "write -P 0x77 1M 64k", "flush", "read -P 0x77 1M 64k")

    def test_secrets_are_neither_read_nor_logged(self):
        facts = self.daemon.target("mutual")
        for name in ("CHAPSecret", "ReverseCHAPSecret"):
            self.assertTrue(facts[name])
            self.assertNotIn(facts[name], (SECRET, TARGET_SECRET))
        for secret in (SECRET, TARGET_SECRET):
            self.assertNotIn(secret, self.daemon.log())

    def test_refusals_are_logged_with_the_peer(self):
        self.assert_refused(self.inquire(self.iqn, NAME, "another-secret-1"))
        self.daemon.wait_for_log(r"iscsi\.login\.\w+ peer=127\.0\.0\.1")


if __name__ == "__main__":
    unittest.main()
