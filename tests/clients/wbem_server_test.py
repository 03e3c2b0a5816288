#!/usr/bin/env python3
"""The WBEM Server profile of DMTF: from the registered profile to a namespace that a client makes, as pywbem goes."""

import unittest

import cim
import daemon

SERVER, SPACE = "CIM_WBEMServer", "CIM_WBEMServerNamespace"
METHOD = "CreateWBEMServerNamespace"
ACCESS_DENIED, NOT_FOUND, ALREADY_EXISTS, NAMESPACE_NOT_EMPTY, SHUTTING_DOWN_ERROR = 2, 6, 11, 20, 28


class WbemServer(daemon.DaemonTest):
    def names(self, client=None):
        return {each["Name"] for each in (client or self.daemon.cim).instances(daemon.INTEROP, SPACE)}

    def create(self, name, client=None):
        """Makes a namespace through what the profile leads to."""
        client = client or self.daemon.cim
        profile = next(each for each in client.instances(daemon.INTEROP, "CIM_RegisteredProfile")
                       if (each["RegisteredOrganization"], each["RegisteredName"]) == ("2", "WBEM Server"))
        answer = client.intrinsic(
            daemon.INTEROP, "AssociatorNames", ResultClass=f'<CLASSNAME NAME="{SERVER}"/>',
            AssocClass='<CLASSNAME NAME="CIM_ElementConformsToProfile"/>',
            ObjectName=cim.instance_name("MSFTSM_RegisteredProfile", {"InstanceID": profile["InstanceID"]}))
        central = [cim.parse_keys(each) for each in answer.iter("INSTANCENAME")]
        self.assertEqual(len(central), 1)
        return client.invoke(daemon.INTEROP, SERVER, central[0], METHOD,
                             NamespaceTemplate=cim.Embedded(cim.instance(SPACE, {"Name": name})))

    def assert_refused(self, code, call, *arguments):
        with self.assertRaises(cim.CimError) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.code, code)

    def remove(self, name, client=None):
        (client or self.daemon.cim).delete(daemon.INTEROP, SPACE, {"InstanceID": "Lunaria:namespace:" + name})

    def test_a_namespace_is_made_used_kept_and_removed(self):
        self.assertEqual(self.create("root/mine"), "0")
        self.assert_refused(ALREADY_EXISTS, self.create, "root/mine")
        self.daemon.cim.intrinsic("root/mine", "CreateClass", NewClass='<CLASS NAME="T_Thing"/>')
        self.assert_refused(NAMESPACE_NOT_EMPTY, self.remove, "root/mine")
        self.daemon.cim.intrinsic("root/mine", "DeleteClass", ClassName='<CLASSNAME NAME="T_Thing"/>')
        self.daemon.kill()
        self.daemon.start()
        self.assertIn("root/mine", self.names())
        self.remove("root/mine")
        self.assertNotIn("root/mine", self.names())
        self.assert_refused(NOT_FOUND, self.remove, "root/mine")

    def test_only_administrators_make_and_remove_namespaces(self):
        self.daemon.create_user("olga", role="operator")
        olga = self.daemon.http("olga")
        self.assertEqual(self.create("root/kept"), "0")
        self.assert_refused(ACCESS_DENIED, self.create, "root/others", olga)
        self.assert_refused(ACCESS_DENIED, self.remove, "root/kept", olga)
        for cls in ("CIM_Namespace", "MSFTSM_Namespace"):
            with self.assertRaises(cim.CimError) as caught:
                olga.create(daemon.INTEROP, cls, Name="root/others")
            self.assertEqual(caught.exception.code, ACCESS_DENIED, cls)
        with self.assertRaises(cim.CimError) as caught:
            olga.create("root", "__Namespace", Name="others")
        self.assertEqual(caught.exception.code, ACCESS_DENIED)
        self.assertIn("root/kept", self.names(olga))
        self.assertNotIn("root/others", self.names(olga))
        self.remove("root/kept")

    def test_it_is_stopped_and_started_as_the_object_manager(self):
        keys = self.daemon.cim.names(daemon.INTEROP, SERVER)[0]
        self.assertEqual(self.daemon.cim.invoke(daemon.INTEROP, SERVER, keys, "StopService"), "0")
        self.daemon.wait_for(lambda: self.daemon.cim.get(daemon.INTEROP, SERVER, keys)["EnabledState"] == "3",
                             "the end of the stop")
        self.assert_refused(SHUTTING_DOWN_ERROR, self.names)
        self.assertEqual(self.daemon.cim.invoke(daemon.INTEROP, SERVER, keys, "StartService"), "0")
        self.daemon.wait_for(lambda: self.daemon.cim.get(daemon.INTEROP, SERVER, keys)["Started"] == "TRUE",
                             "the end of the start")
        self.assertIn("root/interop", self.names())


if __name__ == "__main__":
    unittest.main()
