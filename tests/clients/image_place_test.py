#!/usr/bin/env python3
"""Where whose images may be: an operator reads no file of the server over iSCSI, by whatever method and name."""

import pathlib
import subprocess
import unittest

import cim
import commands
import daemon

SIZE = 2 * commands.MIB
ACCESS_DENIED = 2
OLGA = "olga"


class ImagePlace(unittest.TestCase):
    def setUp(self):
        self.daemon = daemon.Daemon()
        self.addCleanup(self.daemon.close)
        self.images = self.daemon.directory / "images"
        self.outside = self.daemon.directory / "outside"
        for folder in (self.images, self.outside, self.daemon.directory / "images2"):
            folder.mkdir()
        # A link that the settings name is followed.
        named = self.daemon.directory / "named"
        named.symlink_to(self.images)
        self.daemon.arguments += ["--image-directories", f"{named}/"]
        self.secret = commands.make_image(self.outside / "secret", SIZE, seed=1)
        self.daemon.start()
        self.daemon.create_user(OLGA, role="operator")
        self.olga = self.daemon.http(OLGA)

    def import_disk(self, client, path):
        client.invoke(daemon.LUNARIA, "LUNARIA_Disk", None, "Import", Path=str(path))

    def ways(self, path):
        """Every method that takes the path of an image."""
        path = str(path)
        yield "Import", lambda: self.import_disk(self.olga, path)
        yield "Create", lambda: self.olga.invoke(daemon.LUNARIA, "LUNARIA_Disk", None, "Create", Name="x", Path=path,
                                                 Kind="thin", Size=SIZE)
        yield "ImportWTDisk", lambda: self.olga.invoke(daemon.WMI, "WT_Disk", None, "ImportWTDisk", DevicePath=path)
        yield "NewWTDisk", lambda: self.olga.invoke(daemon.WMI, "WT_Disk", None, "NewWTDisk", DevicePath=path,
                                                    SizeInMB=2)
        yield "CreateVhdWTDisk", lambda: self.olga.invoke(daemon.WMI, "WT_Disk", None, "CreateVhdWTDisk",
                                                          DevicePath=path, VhdType=3, MaxInternalSize=SIZE)

    def refusals(self, path):
        texts = set()
        for method, call in self.ways(path):
            with self.subTest(path=path, method=method), self.assertRaises(cim.CimError) as caught:
                call()
            self.assertEqual(caught.exception.code, ACCESS_DENIED, str(caught.exception))
            texts.add(str(caught.exception).replace(str(path), "PATH"))
        return texts

    def test_an_operator_is_refused_everywhere_else_in_the_same_words(self):
        link = self.images / "link"
        link.symlink_to(self.secret)
        (self.images / "folder").symlink_to(self.outside)
        beside = commands.make_image(self.daemon.directory / "images2" / "beside", SIZE, seed=2)
        denied = [self.secret, self.outside / "none", self.outside, link, self.images / "folder/secret", beside,
                  f"/proc/self/root{self.secret}", f"/proc/{self.daemon.process.pid}/root{self.secret}",
                  "/proc/self/exe", "/etc/shadow", "/etc/nothing", "/dev/null"]
        texts = set.union(*(self.refusals(path) for path in denied))
        self.assertEqual(len(texts), 1, texts)
        self.assertIn("image-directories", texts.pop())
        self.assertEqual(self.daemon.cim.names(daemon.LUNARIA, "LUNARIA_Disk"), [])
        self.assertEqual(sorted(path.name for path in self.outside.iterdir()), ["secret"])
        self.daemon.wait_for_log(r"service.change action=disk.import object=\S*secret result=permission_denied user=olga")

    def test_an_operator_may_have_images_where_the_settings_say(self):
        image = commands.make_image(self.images / "deep.raw", SIZE, seed=3)
        self.import_disk(self.olga, image)
        self.assertEqual(self.daemon.disk("deep")["Path"], str(self.images.resolve() / "deep.raw"))
        self.olga.invoke(daemon.LUNARIA, "LUNARIA_Disk", None, "Create", Name="made", Kind="thin", Size=SIZE,
                         Path=str(self.images / "a/made.img"))
        self.olga.invoke(daemon.LUNARIA, "LUNARIA_Disk", None, "Create", Name="own", Kind="thin", Size=SIZE)
        kept = self.daemon.disk("own")["Path"]
        self.olga.delete(daemon.LUNARIA, "LUNARIA_Disk", {"Name": "own"})
        self.import_disk(self.olga, kept)
        iqn = self.daemon.create_target("t", "deep")
        commands.output("qemu-img", "compare", "-f", "raw", "-F", "raw", image, self.daemon.url(iqn))

    def test_an_administrator_may_have_images_everywhere(self):
        self.daemon.create_user()
        self.import_disk(self.daemon.http(), self.secret)
        self.assertEqual(self.daemon.disk("secret")["Path"], str(self.secret))

    def test_the_command_line_says_what_to_do(self):
        password = self.daemon.directory / "password"
        password.write_text(daemon.PASSWORD + "\n")
        done = subprocess.run([daemon.command_line(), "--server", f"http://127.0.0.1:{self.daemon.http_port}", "--user",
                               OLGA, "--password-file", password, "disk", "import", self.secret],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("Ask an administrator", done.stderr)

    def test_a_place_must_be_an_absolute_path(self):
        done = subprocess.run([daemon.program(), "--image-directories", "images", "--print-config"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("absolute paths", done.stderr)

    def test_places_come_from_flags_the_environment_and_the_file(self):
        settings = pathlib.Path(self.daemon.directory) / "settings.toml"
        settings.write_text('image-directories = ["/srv/file/", "/dev/vg0"]\n')
        for arguments, environment, expected in (
                ((), {}, "'/srv/file', '/dev/vg0'"),
                ((), {"LUNARIA_IMAGE_DIRECTORIES": "/srv/variable"}, "'/srv/variable'"),
                (("--image-directories", "/srv//flag", "/dev/sdb"), {}, "'/srv/flag', '/dev/sdb'")):
            done = subprocess.run([daemon.program(), "--config", settings, "--print-config", *arguments],
                                  env=environment, capture_output=True, text=True, timeout=60, check=False)
            self.assertIn(f"image-directories = [ {expected} ]", done.stdout, done.stderr)


if __name__ == "__main__":
    unittest.main()
