#!/usr/bin/env python3
"""Indications over HTTPS: whom the daemon trusts; and listeners that never answer, when it stops."""

import contextlib
import pathlib
import shutil
import socket
import tempfile
import time
import unittest

import certificates
import commands
import daemon
import indication_test

QUERY = "SELECT * FROM CIM_InstCreation WHERE SourceInstance ISA LUNARIA_Disk"
# Less than one step of a delivery may take, and more than a stop does.
STOP_SECONDS_MAX = 4


class IndicationTlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="lunaria-ca-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.trusted = certificates.Authority(cls.directory, "trusted")
        cls.stranger = certificates.Authority(cls.directory, "stranger")

    def setUp(self):
        self.daemon = daemon.Daemon("--indication-authorities", str(self.trusted.path))
        self.addCleanup(self.end)
        self.daemon.start()

    def end(self):
        status = self.daemon.close()
        self.assertIn(status, (0, None))

    def lunaria(self, *words):
        return commands.output(daemon.command_line(), "--socket", self.daemon.socket_path, *words)

    def subscribe(self, url):
        self.lunaria("cim", "subscribe", url, "--name", "test", "--query", QUERY)

    def listen(self, authority, alternative):
        listener = indication_test.Listener(tls=authority.server_context("listener", alternative))
        self.addCleanup(listener.close)
        return listener

    def assert_refused(self, listener, reason):
        self.subscribe(f"https://127.0.0.1:{listener.port}")
        self.daemon.create_disk("told", commands.MIB)
        self.daemon.wait_for_log("indication.not_delivered.*\n")
        line = next(line for line in self.daemon.log().splitlines() if "indication.not_delivered" in line)
        self.assertRegex(line, reason)
        self.assertIn(str(listener.port), line)
        self.assertTrue(listener.arrived.empty(), "nothing is told to whom nobody trusts")

    def test_a_trusted_listener_hears(self):
        listener = self.listen(self.trusted, "IP:127.0.0.1")
        self.subscribe(f"https://127.0.0.1:{listener.port}/path")
        for name in ("first", "second"):
            self.daemon.create_disk(name, commands.MIB)
            instance = listener.next()[1]
            self.assertIn(name, indication_test.value(instance, "SourceInstanceModelPath"))

    def test_a_listener_is_known_by_its_name(self):
        listener = self.listen(self.trusted, "DNS:localhost")
        self.subscribe(f"https://localhost:{listener.port}")
        self.daemon.create_disk("named", commands.MIB)
        self.assertIn("named", indication_test.value(listener.next()[1], "SourceInstanceModelPath"))

    def test_an_untrusted_issuer_is_refused(self):
        self.assert_refused(self.listen(self.stranger, "IP:127.0.0.1"), "(?i)certificate")

    def test_another_name_is_refused(self):
        self.assert_refused(self.listen(self.trusted, "DNS:other.example"), "(?i)mismatch")

    def test_a_listener_without_tls_is_refused(self):
        listener = indication_test.Listener()
        self.addCleanup(listener.close)
        self.assert_refused(listener, "(?i)reason=")

    def stop_while_waiting_for(self, url, is_waiting):
        """Stops the daemon in the middle of a delivery; what was to be told must be told by the next run."""
        self.subscribe(url)
        self.daemon.create_disk("kept-for-" + url.partition(":")[0], commands.MIB)
        self.daemon.wait_for(is_waiting, "the delivery has begun")
        before = time.monotonic()
        self.assertEqual(self.daemon.stop(), 0)
        self.assertLess(time.monotonic() - before, STOP_SECONDS_MAX)

    def test_a_listener_that_never_answers_does_not_hold_up_the_stop(self):
        for scheme in ("http", "https"):
            with self.subTest(scheme=scheme), socket.create_server(("127.0.0.1", 0)) as silent:
                port = silent.getsockname()[1]
                silent.settimeout(indication_test.PATIENCE)
                taken = []

                def begun():
                    if not taken:
                        taken.append(silent.accept()[0])
                        taken[0].recv(1)
                    return True
                self.stop_while_waiting_for(f"{scheme}://127.0.0.1:{port}", begun)
                taken[0].close()
                silent.close()
                tls = self.trusted.server_context("listener", "IP:127.0.0.1") if scheme == "https" else None
                listener = indication_test.Listener(port, tls=tls)
                self.daemon.start()
                self.assertIn("kept", indication_test.value(listener.next()[1], "SourceInstanceModelPath"))
                self.lunaria("cim", "unsubscribe", "test")
                listener.close()

    def test_a_listener_that_takes_no_connection_does_not_hold_up_the_stop(self):
        with contextlib.ExitStack() as stack:
            full = stack.enter_context(socket.socket())
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            port = full.getsockname()[1]
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))  # the queue is full now

            def is_connecting():
                waiting = f"0100007F:{port:04X} 02"  # /proc/net/tcp: SYN_SENT
                return waiting in pathlib.Path("/proc/net/tcp").read_text()
            self.stop_while_waiting_for(f"http://127.0.0.1:{port}", is_connecting)


if __name__ == "__main__":
    unittest.main()
