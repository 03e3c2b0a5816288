#!/usr/bin/env python3
"""The object manager through wbemcli: every operation that it knows."""

import unittest

import commands
import daemon

HOST = 'root/wmi:WT_Host.HostName="demo"'
METHOD = 'root/wmi:WT_IDMethod.HostName="demo",Method=4,Value="iqn.2024-01.example:a"'
DISK = 'root/lunaria:LUNARIA_Disk.Name="demo"'
BOXES = """
class MY_Part { string Name; };
class MY_Box { [Key] string Id; [Write] string Label; [Write, EmbeddedInstance("MY_Part")] string Part; };
instance of MY_Box { Id = "b"; Label = "old"; Part = "instance of MY_Part { Name = \\"wheel\\"; };"; };
"""


class Wbemcli(daemon.DaemonTest):
    demo = True

    @classmethod
    def prepare(cls):
        cls.daemon.create_user()

    def run_operation(self, operation, path, *arguments, options=()):
        url = f"http://{daemon.USER}:{daemon.PASSWORD}@127.0.0.1:{self.daemon.http_port}/{path}"
        return commands.run("wbemcli", operation, "-nl", *options, url, *arguments)

    def lunaria(self, *words, **options):
        return commands.output(daemon.command_line(), "--socket", self.daemon.socket_path, *words, **options)

    def output(self, *words, **options):
        done = self.run_operation(*words, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def assert_refused(self, code, *words):
        done = self.run_operation(*words)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"Cim: ({code}) ", done.stderr)

    def test_classes(self):
        self.assertIn("WTD", self.output("gc", "root/wmi:WT_Disk"))
        self.assertIn("WT_Disk", self.output("gcd", "root/wmi:WT_Disk"))
        self.assertIn("root/wmi:WT_Portal\n", self.output("ecn", "root/wmi"))
        self.assertIn("WT_Portal", self.output("ec", "root/wmi"))
        self.assert_refused(6, "gc", "root/wmi:WT_None")
        self.assert_refused(7, "dc", "root/wmi:WT_Host")

    def test_instances_are_read(self):
        self.assertIn('WT_Host.HostName="demo"', self.output("ein", "root/wmi:WT_Host"))
        self.assertIn('-Name="demo"', self.output("ei", "root/lunaria:LUNARIA_Disk"))
        self.assertIn('-HostName="demo"', self.output("gi", HOST))
        self.assertIn("-Description=", self.output("gi", HOST, "Description"))
        self.assertIn("demo", self.output("gp", HOST, "HostName"))
        self.assert_refused(6, "gi", HOST.replace("demo", "none"))
        self.assert_refused(12, "gp", HOST, "Colour")

    def test_instances_are_made_changed_and_deleted(self):
        self.assertIn("iqn.2024-01.example:a", self.output(
            "ci", METHOD, 'HostName="demo",Method=4,Value="iqn.2024-01.example:a"'))
        self.assertIn("iqn.2024-01.example:a", self.output("ein", "root/wmi:WT_IDMethod"))
        self.assert_refused(11, "ci", METHOD, 'HostName="demo",Method=4,Value="iqn.2024-01.example:a"')
        self.output("di", METHOD)
        self.assert_refused(6, "di", METHOD)
        self.output("mi", DISK, "Description=changed")
        self.assertEqual(self.daemon.disk("demo")["Description"], "changed")
        self.output("sp", DISK, "Description=again")
        self.assertEqual(self.daemon.disk("demo")["Description"], "again")

    def test_instances_that_hold_others_are_changed(self):
        # It reads what is embedded as text, and sends that text back.
        self.lunaria("mof", "compile", "-", "--namespace", "root/boxes", "--create-namespaces", input=BOXES)
        box = 'root/boxes:MY_Box.Id="b"'
        self.output("mi", box, "Label=new")
        self.output("sp", box, "Label=newer")
        shown = self.lunaria("cim", "get", box)
        self.assertIn("newer", shown)
        self.assertIn("MY_Part", shown)
        self.assertIn("wheel", shown)
        self.assert_refused(13, "mi", box, "Part=nothing")

    def test_associations_are_followed(self):
        for operation in ("ai", "ain", "ri", "rin"):
            with self.subTest(operation=operation):
                self.assertEqual(self.output(operation, HOST), "")
        self.assert_refused(4, "ain", 'root/wmi:WT_None.Name="x"')

    def test_methods_are_called(self):
        keys = ",".join(f'{name}="{value}"' for name, value in self.daemon.manager_keys().items())
        path = f"root/interop:MSFTSM_ObjectManager.{keys}"
        self.assertRegex(self.output("cm", path, "StartService"), r"StartService: 0\b")
        self.assertIn("<VALUE>0</VALUE>", self.output("cmx", path, "StartService"))


if __name__ == "__main__":
    unittest.main()
