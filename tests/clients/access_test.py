#!/usr/bin/env python3
"""Who may log in, where, and what it sees: set up with `lunaria`, found out with libiscsi from hosts of their own."""

import json
import subprocess
import threading
import unittest

import cim
import commands
import daemon
import network

A, B = "iqn.2004-01.org.example:a", "iqn.2004-01.org.example:b"
MACS = ("02:00:5e:00:53:01", "02:00:5e:00:53:02", "02:00:5e:00:53:03")


class AccessTest(daemon.DaemonTest):
    """A daemon with two disks, on loopback and on a segment with hosts `near`, `other` and `far`."""

    @classmethod
    def prepare(cls):
        cls.lunaria("portal", "set", network.SERVER, "--port", cls.daemon.iscsi_port, "--listen", "on")
        cls.lunaria("portal", "set", network.SERVER_V6, "--port", cls.daemon.iscsi_port, "--listen", "on")
        for disk in ("one", "two"):
            cls.lunaria("disk", "create", disk, "--size", "16MiB")

    @classmethod
    def try_lunaria(cls, *words, input=None):
        return commands.run(daemon.command_line(), "--socket", cls.daemon.socket_path, *words, input=input)

    @classmethod
    def lunaria(cls, *words, input=None):
        """What a command that must succeed prints, as JSON."""
        done = cls.try_lunaria(*words, "--json", input=input)
        if done.returncode != 0:
            raise AssertionError(f"lunaria {' '.join(map(str, words))}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def make_target(self, *rule):
        """A target of the test's own with both disks and one rule; returns its name and IQN."""
        name = self._testMethodName.removeprefix("test_").replace("_", "-")
        iqn = self.lunaria("target", "create", name)["iqn"]
        self.addCleanup(self.delete_target, name)
        for disk in ("one", "two"):
            self.lunaria("map", name, disk)
        if rule:
            self.lunaria("allow", name, *rule)
        return name, iqn

    def delete_target(self, name):
        self.daemon.wait_for(lambda: self.try_lunaria("target", "delete", name).returncode == 0, "sessions stay")

    def inquire(self, iqn, host=None, name=A, portal=None, lun=0, credentials=""):
        """iscsi-inq: whether it logged in and was served, and what it said."""
        portal = portal or (network.SERVER if host else "127.0.0.1")
        url = f"iscsi://{credentials}{portal}:{self.daemon.iscsi_port}/{iqn}/{lun}"
        done = commands.run(*(host.inside if host else ()), "iscsi-inq", "-i", name, url)
        return done.returncode == 0 and "Vendor:LUNARIA" in done.stdout, done.stdout + done.stderr

    def discover(self, host=None, name=A, portal=None, credentials=""):
        portal = portal or (network.SERVER if host else "127.0.0.1")
        done = commands.run(*(host.inside if host else ()), "iscsi-ls", "-i", name,
                            f"iscsi://{credentials}{portal}:{self.daemon.iscsi_port}")
        return done.stdout + done.stderr

    def assert_served(self, *arguments, **options):
        served, text = self.inquire(*arguments, **options)
        self.assertTrue(served, text)

    def assert_refused(self, *arguments, **options):
        served, text = self.inquire(*arguments, **options)
        self.assertFalse(served, text)
        return text

    def sessions(self, iqn):
        return [session for session in self.daemon.cim.instances(daemon.WMI, "WT_Session")
                if session["HostTargetIQN"] == iqn]

    def hold_session(self, iqn):
        """A session of QEMU's that stays; ends with the test."""
        process = subprocess.Popen(["qemu-io", "-f", "raw", self.daemon.url(iqn)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(lambda: (process.kill(), process.communicate()))
        self.daemon.wait_for(lambda: self.sessions(iqn), "no session")
        return process


class Hosts(AccessTest):
    """Addresses, cards and names of hosts."""

    @classmethod
    def setUpClass(cls):
        cls.segment = network.Segment(*MACS)
        cls.near, cls.other, cls.far = cls.segment.hosts
        network.put_behind(cls.far, cls.near)
        super().setUpClass()
        cls.names = network.NameServer(cls.daemon.directory)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.segment.close()

    def test_a_card_is_let_in_over_both_protocols(self):
        _, iqn = self.make_target("--mac", self.near.mac.upper().replace(":", "-"))
        self.assert_served(iqn, self.near)
        self.assert_served(iqn, self.near, portal=f"[{network.SERVER_V6}]")
        self.assertIn(iqn, self.discover(self.near))
        self.assertNotIn(iqn, self.discover(self.other))
        self.assertIn("not found", self.assert_refused(iqn, self.other).lower())
        self.assert_refused(iqn)

    def test_a_router_does_not_lend_its_card(self):
        _, iqn = self.make_target("--mac", self.near.mac)
        self.assert_refused(iqn, self.far)
        self.assertNotIn(iqn, self.discover(self.far))

    def test_prefixes_that_overlap(self):
        name, iqn = self.make_target("--address", f"{self.other.address}/32")
        for prefix in ("192.0.2.0/30", "192.0.2.2/31", "2001:db8::3/128", "10.0.0.0/8"):
            self.lunaria("allow", name, "--address", prefix)
        for host in (self.near, self.other):
            self.assert_served(iqn, host)
        self.assert_served(iqn, self.other, portal=f"[{network.SERVER_V6}]")
        self.assert_refused(iqn, self.near, portal=f"[{network.SERVER_V6}]")
        self.assert_refused(iqn, self.far)
        for prefix in ("192.0.2.0/30", "192.0.2.2/31"):
            self.lunaria("deny", name, "--address", prefix)
        self.assert_refused(iqn, self.near)
        self.assert_served(iqn, self.other)

    def test_a_name_means_its_addresses(self):
        self.names.answers["near.example.com"] = [self.near.address, self.near.address_v6]
        name, iqn = self.make_target("--dns", "Near.example.com.")
        self.assert_served(iqn, self.near)
        self.assert_served(iqn, self.near, portal=f"[{network.SERVER_V6}]")
        self.assert_refused(iqn, self.other)
        rule, = self.lunaria("access", "list", name)
        self.assertEqual((rule["initiator"], rule["method"]), ("near.example.com", "dns"))
        self.assertEqual(sorted(rule["addresses"]), sorted([self.near.address, self.near.address_v6]))
        # After kill -9 and without the name service, it means what it meant.
        self.names.is_silent = True
        self.daemon.kill()
        self.daemon.start()
        self.assert_served(iqn, self.near)
        self.names.is_silent = False

    def test_names_that_do_not_exist_let_nobody_in(self):
        name, iqn = self.make_target("--dns", "nowhere.example.com")
        self.assertEqual(self.lunaria("access", "list", name)[0]["failure"], "there is no such name")
        self.assert_refused(iqn, self.near)

    def test_a_silent_name_service_delays_no_login(self):
        name, iqn = self.make_target("--address", self.other.address)
        self.names.is_silent = True
        asked = self.names.asked
        made = threading.Thread(target=self.lunaria, args=("allow", name, "--dns", "late.example.com"))
        made.start()
        self.daemon.wait_for(lambda: self.names.asked > asked, "the name service is not asked")
        self.assert_served(iqn, self.other)
        self.lunaria("disk", "list")
        made.join()
        rule = next(each for each in self.lunaria("access", "list", name) if each["method"] == "dns")
        self.assertIn("does not answer", rule["failure"])
        self.assert_refused(iqn, self.near)
        self.assert_served(iqn, self.other)
        self.names.answers["late.example.com"] = [self.near.address]
        self.names.is_silent = False
        self.daemon.wait_for(lambda: self.inquire(iqn, self.near)[0], "the name is not asked for again", seconds=40)

    def test_thousands_of_rules(self):
        name, iqn = self.make_target("--address", self.near.address)
        for number in range(3000):
            value, method = ((f"10.{number // 250}.{number % 250}.0/{24 + number % 9}", 2) if number % 2 else
                             (f"iqn.2004-01.org.example:{number}", 4))
            self.daemon.cim.create(daemon.WMI, "WT_IDMethod", HostName=name, Method=cim.Sint32(method), Value=value)
        self.assert_served(iqn, self.near)
        self.assert_refused(iqn, self.other)
        self.assert_served(iqn, self.other, name="iqn.2004-01.org.example:2998")


class Portals(AccessTest):
    """Portal groups, redirects and proof at discovery, on loopback."""

    @classmethod
    def setUpClass(cls):
        network.ip("link", "set", "lo", "up")
        network.ip("address", "add", f"{network.SERVER}/24", "dev", "lo")
        network.ip("address", "add", f"{network.SERVER_V6}/64", "dev", "lo", "nodad")
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        network.ip("address", "delete", f"{network.SERVER}/24", "dev", "lo")
        network.ip("address", "delete", f"{network.SERVER_V6}/64", "dev", "lo")

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.lunaria("portal-group", "create", 2, "--description", "second")
        cls.lunaria("portal", "set", "127.0.0.2", "--port", cls.daemon.iscsi_port, "--listen", "on", "--group", 2)

    def test_discovery_shows_all_ways_with_their_tags(self):
        _, iqn = self.make_target("--iqn", A)
        port = self.daemon.iscsi_port
        text = self.discover(portal="127.0.0.2")
        addresses = [line.split("Portal:")[1].strip() for line in text.splitlines() if iqn in line]
        # libiscsi lists backwards: the portal that was asked comes first on the wire.
        self.assertEqual(addresses[-1], f"127.0.0.2:{port},2", text)
        self.assertIn(f"127.0.0.1:{port},1", addresses)
        # Who comes from elsewhere cannot use loopback addresses.
        self.assertNotIn("127.0.0.", self.discover(portal=network.SERVER))
        self.assertNotIn(iqn, self.discover(name=B))

    def test_a_target_is_offered_at_one_group(self):
        name, iqn = self.make_target("--iqn", A)
        self.lunaria("target", "set", name, "--portal-group", 2)
        self.assert_served(iqn, portal="127.0.0.2")
        self.assertIn("not found", self.assert_refused(iqn).lower())
        self.assertNotIn(f"{self.daemon.portal},1", self.discover(portal="127.0.0.1"))
        self.lunaria("target", "set", name, "--all-portal-groups")
        self.assert_served(iqn)

    def test_sessions_are_dropped_when_their_portal_group_is_left(self):
        name, iqn = self.make_target("--anyone")
        self.hold_session(iqn)
        self.lunaria("target", "set", name, "--portal-group", 2)
        self.daemon.wait_for(lambda: not self.sessions(iqn), "the session stays")

    def test_redirects_are_followed(self):
        name, iqn = self.make_target("--iqn", A)
        there = f"127.0.0.2:{self.daemon.iscsi_port}"
        self.lunaria("redirect", "set", name, there, "--group", 1)
        before = len(self.daemon.log())
        self.assert_served(iqn)
        self.daemon.wait_for_log("status=0101", before)
        # libiscsi follows the temporary kind only, and says what it was told.
        self.lunaria("redirect", "set", name, there, "--group", 1, "--permanent")
        self.assertIn("moved permanently", self.assert_refused(iqn))
        circle = self.try_lunaria("redirect", "set", name, f"127.0.0.1:{self.daemon.iscsi_port}", "--group", 2)
        self.assertIn("for ever", circle.stderr)
        self.lunaria("redirect", "delete", name, "--group", 1)
        self.assert_served(iqn)

    def test_discovery_asks_for_proof_in_one_group(self):
        _, iqn = self.make_target("--iqn", A)
        self.lunaria("portal-group", "set", 2, "--chap-user", "finder", "--chap-secret-file", "-",
                     input="0123456789abcdef\n")
        self.addCleanup(self.lunaria, "portal-group", "set", 2, "--no-chap")
        self.assertIn(iqn, self.discover(portal="127.0.0.1"))
        self.assertNotIn(iqn, self.discover(portal="127.0.0.2"))
        self.assertIn(iqn, self.discover(portal="127.0.0.2", credentials="finder%0123456789abcdef@"))
        self.assertNotIn(iqn, self.discover(portal="127.0.0.2", credentials="finder%0123456789abcdeX@"))
        self.assert_served(iqn, portal="127.0.0.2")
        self.assertNotIn("0123456789abcdef", self.daemon.log())

    def test_initiators_have_secrets_of_their_own(self):
        name, iqn = self.make_target("--anyone")
        self.lunaria("target", "set", name, "--chap-user", "shared", "--chap-secret-file", "-",
                     input="shared-secret-1\n")
        self.lunaria("initiator", "create", B, "--chap-user", "b", "--chap-secret-file", "-", input="secret-of-b-12\n")
        self.addCleanup(self.lunaria, "initiator", "delete", B)
        self.assert_served(iqn, credentials="shared%shared-secret-1@")
        self.assert_refused(iqn, name=B, credentials="shared%shared-secret-1@")
        self.assert_served(iqn, name=B, credentials="b%secret-of-b-12@")
        self.assert_refused(iqn, credentials="b%secret-of-b-12@")
        self.lunaria("initiator", "set", B, "--enabled", "off")
        self.assert_refused(iqn, name=B, credentials="b%secret-of-b-12@")
        self.assertNotIn(iqn, self.discover(name=B))

    def test_sessions_end_with_their_last_rule(self):
        name, iqn = self.make_target("--anyone")
        self.lunaria("allow", name, "--address", "127.0.0.0/8")
        self.hold_session(iqn)
        self.lunaria("deny", name, "--anyone")
        self.assertTrue(self.sessions(iqn))
        self.lunaria("deny", name, "--address", "127.0.0.0/8")
        self.daemon.wait_for(lambda: not self.sessions(iqn), "the session stays")


class Masks(AccessTest):
    """What each initiator sees of a target."""

    @classmethod
    def setUpClass(cls):
        network.ip("link", "set", "lo", "up")
        super().setUpClass()

    @classmethod
    def prepare(cls):
        for disk in ("one", "two"):
            cls.lunaria("disk", "create", disk, "--size", "16MiB")

    def luns(self, iqn, name):
        text = commands.output("iscsi-ls", "-s", "-i", name, f"iscsi://{self.daemon.portal}")
        seen, numbers = False, []
        for line in text.splitlines():
            seen = iqn in line if line.startswith("Target:") else seen
            if seen and line.startswith("Lun:"):
                numbers.append(int(line.split()[0].removeprefix("Lun:")))
        return numbers

    def test_each_initiator_sees_its_own(self):
        name, iqn = self.make_target("--anyone")
        self.lunaria("mapping", "set", name, "one", "--named-only", "on")
        self.lunaria("mask", "add", name, "one", A, "--lun", 7)
        self.lunaria("mask", "add", name, "two", A, "--lun", 0)
        self.assertEqual(self.luns(iqn, A), [0, 7])
        self.assertEqual(self.luns(iqn, B), [1])
        self.assert_served(iqn, name=A, lun=7)
        self.assert_refused(iqn, name=B, lun=0)
        taken = self.try_lunaria("mask", "add", name, "one", B, "--lun", 1)
        self.assertEqual(taken.returncode, 6, taken.stderr)
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.luns(iqn, A), [0, 7])
        self.lunaria("mask", "remove", name, "one", A)
        self.assertEqual(self.luns(iqn, A), [0])

    def options(self, iqn, lun, name):
        host, port = self.daemon.portal.split(":")
        return (f"driver=raw,file.driver=iscsi,file.transport=tcp,file.portal={host}:{port},file.target={iqn},"
                f"file.lun={lun},file.initiator-name={name}")

    def test_read_only_refuses_writes_of_whom_it_is_for(self):
        name, iqn = self.make_target("--anyone")
        self.lunaria("mask", "add", name, "one", A, "--read-only")
        writing = commands.run("qemu-io", "--image-opts", self.options(iqn, 0, A), "-c", "write 0 4k")
        self.assertNotEqual(writing.returncode, 0, writing.stdout)
        commands.output("qemu-io", "-r", "--image-opts", self.options(iqn, 0, A), "-c", "read 0 4k")
        commands.output("qemu-io", "--image-opts", self.options(iqn, 0, B), "-c", "write 0 4k")
        self.lunaria("mapping", "set", name, "one", "--read-only", "on")
        writing = commands.run("qemu-io", "--image-opts", self.options(iqn, 0, B), "-c", "write 0 4k")
        self.assertNotEqual(writing.returncode, 0, writing.stdout)


if __name__ == "__main__":
    network.enter()
    unittest.main()
