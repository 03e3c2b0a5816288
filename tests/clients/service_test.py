#!/usr/bin/env python3
"""Stopping and starting the object manager, while the disks serve on and over a restart."""

import pathlib
import subprocess
import tempfile
import threading
import unittest

import cim
import commands
import daemon

ENABLED, DISABLED, SHUT_DOWN, NO_CHANGE = "2", "3", "4", "5"
IN_USE = "6"
SHUTTING_DOWN_ERROR = 28  # CIM_ERR_SERVER_IS_SHUTTING_DOWN
STATES = ("Started", "EnabledState", "RequestedState")


class ServiceTest(daemon.DaemonTest):
    @classmethod
    def prepare(cls):
        cls.daemon.create_user()
        cls.daemon.create_disk("data", 64 * commands.MIB)
        cls.iqn = cls.daemon.create_target("data", "data")
        cls.keys = cls.daemon.manager_keys()

    def manager(self):
        return self.daemon.cim.get(daemon.INTEROP, daemon.MANAGER, self.keys)

    def states(self):
        facts = self.manager()
        return tuple(facts[name] for name in STATES)

    def invoke(self, method, client=None, **parameters):
        return (client or self.daemon.cim).invoke(daemon.INTEROP, daemon.MANAGER, self.keys, method, **parameters)

    def request(self, state, **parameters):
        return self.invoke("RequestStateChange", RequestedState=state, **parameters)

    def ports_take_connections(self):
        return [daemon.connects(port) for port in (self.daemon.http_port, self.daemon.https_port)]

    def assert_stopped(self):
        self.assertEqual(self.states(), ("FALSE", DISABLED, DISABLED))
        self.daemon.wait_for(lambda: not any(self.ports_take_connections()), "ports stay open")

    def assert_started(self):
        self.assertEqual(self.states(), ("TRUE", ENABLED, ENABLED))
        self.assertEqual(self.ports_take_connections(), [True, True])


class StopAndStart(ServiceTest):
    def setUp(self):
        self.invoke("StartService")

    def wbemcli_path(self):
        bindings = ",".join(f'{name}="{value}"' for name, value in self.keys.items())
        return (f"http://{daemon.USER}:{daemon.PASSWORD}@127.0.0.1:{self.daemon.http_port}/{daemon.INTEROP}:"
                f"{daemon.MANAGER}.{bindings}")

    def test_stop_from_afar_under_load_costs_initiators_nothing(self):
        logins = self.logins() + 1
        with tempfile.TemporaryDirectory() as folder, commands.nbd_export(self.daemon.url(self.iqn), folder) as export:
            job = pathlib.Path(folder) / "job"
            job.write_text(commands.fio_job(export, "32M", rate="100m,8m"))
            with subprocess.Popen(["fio", str(job)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True) as load:
                self.addCleanup(lambda: load.poll() is None and load.kill())
                self.daemon.wait_for(lambda: self.logins() == logins, "no session")
                sessions = self.sessions()
                answer = commands.output("wbemcli", "cm", self.wbemcli_path(), "StopService")
                self.assertRegex(answer, r"StopService: 0\b")
                self.assert_stopped()
                self.assertEqual(self.invoke("StartService"), "0")
                self.assert_started()
                self.assertEqual(self.sessions(), sessions)
                self.assertIsNone(load.poll(), "the load was over before the object manager had stopped and started")
                text = load.communicate(timeout=120)[0]
            self.assertEqual(load.returncode, 0, text)
            self.assertIn("err= 0", text)
            self.assertEqual(self.logins(), logins, "an initiator lost its session")

    def sessions(self):
        return self.daemon.cim.names(daemon.WMI, "WT_Session")

    def logins(self):
        return self.daemon.log().count("iscsi.session.opened")

    def test_while_stopped_only_the_object_manager_answers_and_only_locally(self):
        self.assertEqual(self.invoke("StopService", self.daemon.http()), "0")
        self.assert_stopped()
        with self.assertRaises(OSError):
            self.daemon.http().names(daemon.INTEROP, daemon.MANAGER)
        self.assertEqual(self.daemon.manager_keys(), self.keys)
        self.assertEqual(self.manager()["OperationalStatus"], ["10"])
        for call in (lambda: self.daemon.cim.instances(daemon.WMI, "WT_Disk"),
                     lambda: self.daemon.cim.names(daemon.WMI, "WT_Host"),
                     lambda: self.daemon.disk("data"),
                     lambda: self.daemon.create_disk("more", commands.MIB),
                     lambda: self.daemon.create_user("late")):
            with self.assertRaises(cim.CimError) as caught:
                call()
            self.assertEqual(caught.exception.code, SHUTTING_DOWN_ERROR)
        commands.output("iscsi-inq", self.daemon.url(self.iqn))
        self.assertEqual(self.invoke("StartService"), "0")
        self.assert_started()
        self.assertEqual(self.daemon.disk("data")["Name"], "data")
        self.assertEqual(self.daemon.http().names(daemon.INTEROP, daemon.MANAGER), [self.keys])

    def stop(self):
        """Stops, or finds the object manager stopped, where StopService is not among what is still answered."""
        try:
            return self.invoke("StopService")
        except cim.CimError as error:
            self.assertEqual(error.code, SHUTTING_DOWN_ERROR)
            return "stopped"

    def test_stop_while_stopped_and_start_while_started(self):
        self.assertEqual(self.invoke("StartService"), "0")
        self.assert_started()
        self.assertEqual(self.stop(), "0")
        self.assertEqual(self.stop(), "stopped")
        self.assertEqual(self.request(3), "0")
        self.assert_stopped()
        self.assertEqual(self.invoke("StartService"), "0")
        self.assertEqual(self.invoke("StartService"), "0")
        self.assert_started()

    def at_once(self, *methods):
        """The answers to calls that start together."""
        answers, barrier = [None] * len(methods), threading.Barrier(len(methods))

        def call(index, method):
            barrier.wait(10)
            answers[index] = self.stop() if method == "StopService" else self.invoke(method)

        threads = [threading.Thread(target=call, args=pair) for pair in enumerate(methods)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return answers

    def test_two_at_once_end_in_one_state(self):
        for _ in range(3):
            answers = self.at_once("StopService", "StopService")
            self.assertIn("0", answers)
            self.assertLessEqual(set(answers), {"0", IN_USE, "stopped"})
            self.assert_stopped()
            answers = self.at_once("StartService", "StartService")
            self.assertIn("0", answers)
            self.assertLessEqual(set(answers), {"0", IN_USE})
            self.assert_started()

    def test_stop_and_start_at_once_leave_what_the_record_says(self):
        for _ in range(5):
            answers = self.at_once("StopService", "StartService")
            self.assertLessEqual(set(answers), {"0", IN_USE, "stopped"})
            facts = self.states()
            self.assertIn(facts, (("FALSE", DISABLED, DISABLED), ("TRUE", ENABLED, ENABLED)))
            expected = [facts[0] == "TRUE"] * 2
            self.daemon.wait_for(lambda: self.ports_take_connections() == expected, f"not {expected}")
            self.invoke("StartService")

    def test_every_value_of_request_state_change(self):
        for state in (2, 2, 3, 3, 2):
            with self.subTest(state=state):
                self.assertEqual(self.request(state), "0")
                (self.assert_started if state == 2 else self.assert_stopped)()
        for state, answer in ((0, "5"), (1, "5"), (5, "5"), (6, "1"), (7, "1"), (8, "1"), (9, "1"), (10, "1"),
                              (11, "1"), (12, "5"), (13, "5"), (40000, "5")):
            with self.subTest(state=state):
                self.assertEqual(self.request(state), answer)
        self.assertEqual(self.request(3, TimeoutPeriod="00000000000030.000000:000"), "4098")
        self.assert_started()
        self.assertEqual(self.request(2, TimeoutPeriod="00000000000000.000000:000"), "0")

    def test_the_time_of_the_last_change_moves(self):
        self.invoke("StopService")
        stopped = self.manager()["TimeOfLastStateChange"]
        self.invoke("StartService")
        started = self.manager()["TimeOfLastStateChange"]
        self.assertRegex(stopped, r"^\d{14}\.\d{6}[+-]\d{3}$")
        self.assertGreater(started, stopped)


class Restart(unittest.TestCase):
    def setUp(self):
        self.daemon = daemon.Daemon(demo=True)
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.keys = self.daemon.manager_keys()

    def manager(self):
        return self.daemon.cim.get(daemon.INTEROP, daemon.MANAGER, self.keys)

    def invoke(self, method, **parameters):
        return self.daemon.cim.invoke(daemon.INTEROP, daemon.MANAGER, self.keys, method, **parameters)

    def restart(self, management):
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log())
        self.daemon.start(management)
        self.assertEqual(self.daemon.manager_keys(), self.keys)
        return {name: self.manager()[name] for name in (*STATES, "EnabledDefault")}

    def test_the_default_decides_and_the_request_is_still_recorded(self):
        self.assertEqual(self.invoke("StopService"), "0")
        self.assertEqual(self.restart(management=True), {"Started": "TRUE", "EnabledState": ENABLED,
                                                         "RequestedState": DISABLED, "EnabledDefault": "2"})
        self.daemon.cim.modify(daemon.INTEROP, daemon.MANAGER, self.keys, EnabledDefault=cim.Uint16(3))
        self.assertEqual(self.invoke("StartService"), "0")
        self.assertEqual(self.restart(management=False), {"Started": "FALSE", "EnabledState": DISABLED,
                                                          "RequestedState": ENABLED, "EnabledDefault": "3"})
        self.assertFalse(daemon.connects(self.daemon.http_port))
        commands.output("iscsi-ls", f"iscsi://{self.daemon.portal}")
        self.assertEqual(self.invoke("StartService"), "0")
        self.assertTrue(daemon.connects(self.daemon.http_port))

    def test_kill_after_stop_keeps_the_request(self):
        self.assertEqual(self.invoke("StopService"), "0")
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.manager()["RequestedState"], DISABLED)

    def test_shut_down_ends_the_process_in_order(self):
        answer = self.invoke("RequestStateChange", RequestedState=4)
        self.assertIn(answer, ("0", "4096"))
        self.assertEqual(self.daemon.process.wait(daemon.STOP_SECONDS), 0, self.daemon.log())
        self.daemon.start()
        self.assertEqual(self.manager()["RequestedState"], SHUT_DOWN)


if __name__ == "__main__":
    unittest.main()
