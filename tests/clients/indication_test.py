#!/usr/bin/env python3
"""Indications from the daemon to a listener: over HTTP, through restarts, and past a listener that is dead."""

import json
import queue
import socket
import subprocess
import threading
import unittest
import xml.etree.ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cim
import commands
import daemon

ANSWER = (
    '<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="{}" PROTOCOLVERSION="1.0">'
    '<SIMPLEEXPRSP><EXPMETHODRESPONSE NAME="ExportIndication"/></SIMPLEEXPRSP></MESSAGE></CIM>'
)
PATIENCE = 30


class Listener:
    """Somebody else's listener: Python's HTTP server and XML parser."""

    def __init__(self, port=0, tls=None):
        self.arrived = queue.Queue()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                root = xml.etree.ElementTree.fromstring(self.rfile.read(int(self.headers["Content-Length"])))
                listener.arrived.put((dict(self.headers), root.find(".//EXPPARAMVALUE/INSTANCE")))
                body = ANSWER.format(root.find("MESSAGE").get("ID")).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("CIMExport", "MethodResponse")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def next(self):
        return self.arrived.get(timeout=PATIENCE)


def value(instance, name):
    return instance.findtext(f"PROPERTY[@NAME='{name}']/VALUE")


def embedded(text):
    """An embedded instance: its class and its values by name."""
    element = xml.etree.ElementTree.fromstring(text)
    return element.get("CLASSNAME"), cim.parse_instance(element)


class IndicationTest(daemon.DaemonTest):
    @classmethod
    def prepare(cls):
        cls.daemon.create_user()

    def lunaria(self, *words, **options):
        return commands.output(daemon.command_line(), "--socket", self.daemon.socket_path, *words, **options)

    def subscribe(self, port, *words):
        self.lunaria("cim", "subscribe", f"http://127.0.0.1:{port}", "--name", "test", *words)
        self.addCleanup(self.lunaria, "cim", "unsubscribe", "test")

    def subscribe_as(self, user, port):
        remote = ["--server", f"http://127.0.0.1:{self.daemon.http_port}", "--user", user, "--password-file", "-"]
        commands.output(daemon.command_line(), *remote, "cim", "subscribe", f"http://127.0.0.1:{port}",
                        "--name", user, input=daemon.PASSWORD + "\n")
        self.addCleanup(self.lunaria, "cim", "unsubscribe", user)

    def test_the_path_proves_itself(self):
        self.assertIn("An indication arrived", self.lunaria("cim", "subscribe", "--test"))
        self.assertEqual(json.loads(self.lunaria("cim", "instances", "CIM_IndicationSubscription", "--json")), [])
        self.assertEqual(json.loads(self.lunaria("cim", "instances", "CIM_ListenerDestinationCIMXML", "--json")), [])

    def test_another_listener_hears_of_a_disk(self):
        listener = Listener()
        self.addCleanup(listener.close)
        self.subscribe(listener.port, "--query", "SELECT * FROM CIM_InstIndication WHERE SourceInstance ISA WT_Disk")
        self.daemon.create_disk("heard", commands.MIB)
        headers, instance = listener.next()
        self.assertEqual(headers["CIMExport"], "MethodRequest")
        self.assertEqual(headers["CIMExportMethod"], "ExportIndication")
        self.assertEqual(instance.get("CLASSNAME"), "CIM_InstCreation")
        self.assertEqual(value(instance, "SequenceNumber"), "0")
        self.assertIn('CLASSNAME="WT_Disk"', value(instance, "SourceInstance"))
        self.lunaria("disk", "set", "heard", "--description", "new words")
        _, instance = listener.next()
        self.assertEqual(instance.get("CLASSNAME"), "CIM_InstModification")
        self.assertEqual(value(instance, "SequenceNumber"), "1")
        self.assertNotIn("new words", value(instance, "PreviousInstance"))
        self.assertIn("new words", value(instance, "SourceInstance"))

    def test_what_waits_survives_a_kill_and_a_dead_listener_slows_nobody(self):
        gone = Listener()
        gone.close()
        self.subscribe(gone.port, "--query", "SELECT * FROM CIM_InstCreation WHERE SourceInstance ISA LUNARIA_Disk")
        for number in range(20):
            self.daemon.create_disk(f"waits{number}", commands.MIB)
        self.daemon.kill()  # what was answered is in the queue
        listener = Listener(gone.port)
        self.addCleanup(listener.close)
        self.daemon.start()
        names = [value(listener.next()[1], "SourceInstanceModelPath") for _ in range(20)]
        self.assertEqual(names, [f'root/lunaria:LUNARIA_Disk.Name="waits{number}"' for number in range(20)])

    def listen(self, count, *words):
        process = subprocess.Popen(
            [daemon.command_line(), "--socket", self.daemon.socket_path, "cim", "listen", "--count", str(count), *words],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        self.assertIn("Listening at", process.stdout.readline())
        return process

    def test_listen_prints_what_happens(self):
        process = self.listen(1, "--query", "SELECT * FROM CIM_InstCreation WHERE SourceInstance ISA LUNARIA_Disk")
        self.daemon.create_disk("seen", commands.MIB)
        line = process.communicate(timeout=PATIENCE)[0]
        self.assertRegex(line, r'created root/lunaria:LUNARIA_Disk.Name="seen"')
        self.assertEqual(process.returncode, 0)
        self.assertEqual(json.loads(self.lunaria("cim", "instances", "CIM_IndicationFilter", "--json",
                                                 "--filter", "Name LIKE 'lunaria-listen:.*'")), [])

    def test_listen_that_is_killed_leaves_nothing_for_good(self):
        space = "root/interop"
        self.daemon.cim.create(space, "CIM_IndicationFilter", Name="lunaria-listen:1700000000-1",
                               Query="SELECT * FROM CIM_InstCreation", QueryLanguage="DMTF:CQL")
        process = self.listen(1)
        filters = [each["Name"] for each in self.daemon.cim.names(space, "CIM_IndicationFilter")]
        self.assertEqual(len([name for name in filters if name.startswith("lunaria-listen:")]), 1, filters)
        self.assertNotIn("lunaria-listen:1700000000-1", filters)
        name = next(name for name in filters if name.startswith("lunaria-listen:"))
        self.addCleanup(self.lunaria, "cim", "unsubscribe", name)
        process.kill()
        process.communicate()
        subscription, = json.loads(self.lunaria("cim", "instances", "CIM_IndicationSubscription", "--json"))
        self.assertEqual(subscription["properties"]["SubscriptionDuration"], 300)
        self.assertLessEqual(subscription["properties"]["SubscriptionTimeRemaining"], 300)

    def test_an_initiator_with_a_wrong_secret_is_an_alert(self):
        listener = Listener()
        self.addCleanup(listener.close)
        self.subscribe(listener.port, "--query", "SELECT * FROM CIM_AlertIndication")
        iqn = self.daemon.create_target("guarded")
        self.daemon.set_target("guarded", CHAPUserName="user", CHAPSecret="the right secret", EnableCHAP=True)
        for _ in range(3):
            self.assertNotEqual(
                commands.run("iscsi-inq", self.daemon.url(iqn, credentials="user%a wrong secret@")).returncode, 0)
        _, instance = listener.next()
        self.assertEqual(value(instance, "MessageID"), "Lunaria:InitiatorLoginFailed")
        self.assertEqual(value(instance, "AlertingManagedElement"), 'root/lunaria:LUNARIA_Target.Name="guarded"')
        self.assertRegex(value(instance, "Message"), f"at 127.0.0.1 could not prove who it is to target {iqn}: CHAP failed$")
        for secret in (b"a wrong secret", b"the right secret"):
            self.assertNotIn(secret, xml.etree.ElementTree.tostring(instance))
        self.assertTrue(listener.arrived.empty(), "once a minute at most")

    def test_a_portal_that_does_not_open_at_the_start_is_an_alert(self):
        listener = Listener()
        self.addCleanup(listener.close)
        self.subscribe(listener.port, "--query", "SELECT * FROM CIM_AlertIndication")
        with socket.socket() as holder:
            holder.bind(("127.0.0.2", 0))
            port = holder.getsockname()[1]
            self.lunaria("portal", "set", "127.0.0.2", "--port", port, "--listen", "on")
            self.addCleanup(self.lunaria, "portal", "set", "127.0.0.2", "--listen", "off")
            self.assertEqual(value(listener.next()[1], "MessageID"), "Lunaria:PortalFailed")
            self.assertEqual(self.daemon.stop(), 0)
            self.daemon.start()
            _, instance = listener.next()
            self.assertEqual(value(instance, "MessageID"), "Lunaria:PortalFailed")
            self.assertEqual(value(instance, "AlertingManagedElement"),
                             'root/lunaria:LUNARIA_Portal.Address="127.0.0.2"')
            self.assertIn("in use", value(instance, "Message"))
            failures = {each["address"]: each["failure"] for each in
                        json.loads(self.lunaria("status", "--json"))["portals"]}
            self.assertIn("in use", failures["127.0.0.2"])

    def test_a_method_call_is_told_before_and_after(self):
        listener = Listener()
        self.addCleanup(listener.close)
        self.subscribe(listener.port, "--query", "SELECT * FROM CIM_InstMethodCall WHERE MethodName = 'Resize'")
        self.daemon.create_disk("called", commands.MIB)
        key = {"Name": "called"}
        self.daemon.cim.invoke(daemon.LUNARIA, "LUNARIA_Disk", key, "Resize", Size=2 * commands.MIB)
        before, after = listener.next()[1], listener.next()[1]
        for instance, pre_call, size in ((before, "TRUE", commands.MIB), (after, "FALSE", 2 * commands.MIB)):
            self.assertEqual(instance.get("CLASSNAME"), "CIM_InstMethodCall")
            self.assertEqual(value(instance, "PreCall"), pre_call)
            self.assertEqual(value(instance, "SourceInstanceModelPath"), 'root/lunaria:LUNARIA_Disk.Name="called"')
            self.assertEqual(embedded(value(instance, "SourceInstance"))[1]["Size"], str(size))
            self.assertEqual(embedded(value(instance, "MethodParameters")),
                             ("__MethodParameters", {"Size": str(2 * commands.MIB)}))
        self.assertEqual((value(before, "ReturnValue"), value(after, "ReturnValue")), (None, "0"))
        self.assertEqual(value(after, "ReturnValueType"), "9")

        with self.assertRaises(cim.CimError):
            self.daemon.cim.invoke(daemon.LUNARIA, "LUNARIA_Disk", key, "Resize", Size=commands.MIB)
        after = [listener.next()[1] for _ in range(2)][1]
        cls, error = embedded(after.findtext("PROPERTY.ARRAY[@NAME='Error']/VALUE.ARRAY/VALUE"))
        self.assertEqual((cls, error["CIMStatusCode"]), ("CIM_Error", "4"))
        self.assertIsNone(value(after, "ReturnValue"))

    def test_a_password_is_neither_told_nor_kept_with_what_waits(self):
        gone = Listener()
        gone.close()
        self.subscribe(gone.port, "--query", "SELECT * FROM CIM_InstMethodCall WHERE SourceInstance ISA LUNARIA_User")
        secret = "swordfish of the deep"
        self.daemon.create_user("carol")
        self.daemon.cim.invoke(daemon.LUNARIA, "LUNARIA_User", {"Name": "carol"}, "SetPassword", Password=secret)
        self.assertEqual(self.daemon.stop(), 0)
        kept = b"".join(path.read_bytes() for path in self.daemon.state.iterdir() if path.is_file())
        self.assertIn(b"SetPassword", kept)
        self.assertNotIn(secret.encode(), kept)
        listener = Listener(gone.port)
        self.addCleanup(listener.close)
        self.daemon.start()
        for _ in range(2):
            instance = listener.next()[1]
            self.assertEqual(embedded(value(instance, "MethodParameters")), ("__MethodParameters", {}))

    def test_an_operator_hears_nothing_of_users(self):
        listener = Listener()
        self.addCleanup(listener.close)
        self.daemon.create_user("otto", role="operator")
        self.subscribe_as("otto", listener.port)
        self.daemon.create_user("dora")
        self.daemon.cim.invoke(daemon.LUNARIA, "LUNARIA_User", {"Name": "dora"}, "SetPassword",
                               Password=daemon.PASSWORD)
        self.daemon.create_disk("after", commands.MIB)
        # The first that it hears of is what came last, without a gap before it.
        instance = listener.next()[1]
        self.assertEqual(value(instance, "SequenceNumber"), "0")
        self.assertIn("Disk", value(instance, "SourceInstanceModelPath"))

    def test_a_demoted_administrator_hears_nothing_of_users(self):
        listener = Listener()
        self.addCleanup(listener.close)
        self.daemon.create_user("fallen", role="administrator")
        self.subscribe_as("fallen", listener.port)
        self.lunaria("user", "role", "fallen", "viewer")
        self.daemon.create_user("mora")
        self.daemon.create_disk("later", commands.MIB)
        instance = listener.next()[1]
        self.assertEqual(value(instance, "SequenceNumber"), "0")
        self.assertIn("Disk", value(instance, "SourceInstanceModelPath"))

    def test_namespaces_are_told_of_however_they_are_made(self):
        listener = Listener()
        self.addCleanup(listener.close)
        self.subscribe(listener.port, "--query", "SELECT * FROM CIM_InstIndication WHERE SourceInstance ISA "
                       "CIM_Namespace OR SourceInstance ISA __Namespace", "--namespace", daemon.INTEROP,
                       "--namespace", "root")
        self.daemon.cim.create("root", "__Namespace", Name="told")
        told = [listener.next()[1] for _ in range(2)]
        self.assertEqual([instance.get("CLASSNAME") for instance in told], ["CIM_InstCreation"] * 2)
        self.assertEqual([value(instance, "SourceInstanceModelPath").partition(".")[0] for instance in told],
                         ["root/interop:MSFTSM_Namespace", "root:__Namespace"])
        self.assertEqual(embedded(value(told[0], "SourceInstance"))[1]["Name"], "root/told")
        self.lunaria("cim", "delete-namespace", "root/told")
        told = [listener.next()[1] for _ in range(2)]
        self.assertEqual([instance.get("CLASSNAME") for instance in told], ["CIM_InstDeletion"] * 2)
        self.assertEqual(value(told[1], "SourceInstanceModelPath"), 'root:__Namespace.Name="told"')

    def test_listen_prints_calls_and_namespaces(self):
        self.daemon.create_disk("printed", commands.MIB)
        process = self.listen(2, "--query", "SELECT * FROM CIM_InstMethodCall")
        self.daemon.cim.invoke(daemon.LUNARIA, "LUNARIA_Disk", {"Name": "printed"}, "Resize", Size=2 * commands.MIB)
        before, after = process.communicate(timeout=PATIENCE)[0].splitlines()
        self.assertIn(' calling root/lunaria:LUNARIA_Disk.Name="printed" Resize(Size=2097152)', before)
        self.assertIn(' called root/lunaria:LUNARIA_Disk.Name="printed" Resize(Size=2097152) = 0', after)
        process = self.listen(1, "--query", "SELECT * FROM CIM_InstCreation WHERE SourceInstance ISA CIM_Namespace",
                              "--namespace", daemon.INTEROP)
        self.lunaria("cim", "create-namespace", "root/printed")
        line = process.communicate(timeout=PATIENCE)[0]
        self.assertIn(" created namespace root/printed (root/interop:MSFTSM_Namespace)", line)

    def test_stopping_the_object_manager_is_told(self):
        listener = Listener()
        self.addCleanup(listener.close)
        self.subscribe(listener.port, "--query",
                       "SELECT * FROM CIM_InstModification WHERE SourceInstance ISA MSFTSM_ObjectManager AND "
                       "SourceInstance.Started <> PreviousInstance.Started", "--namespace", daemon.INTEROP)
        self.lunaria("service", "stop")
        self.lunaria("service", "start")
        started = ["TRUE" if '"Started" TYPE="boolean"><VALUE>TRUE' in value(listener.next()[1], "SourceInstance")
                   else "FALSE" for _ in range(2)]
        self.assertEqual(started, ["FALSE", "TRUE"])


if __name__ == "__main__":
    unittest.main()
