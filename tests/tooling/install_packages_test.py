"""tools/install_packages.sh, between a false dpkg-query and a false apt-get."""

import os
import subprocess

import sample

SCRIPT = sample.ROOT / "tools" / "install_packages.sh"


class InstallPackages(sample.SampleTest):
    def run_script(self, installed, user=0, sudo=False, apt_code=0):
        """Exit code, output and what apt-get was asked, where the list names `alpha` and `beta-dev`."""
        calls = self.folder / "calls"
        calls.write_text("", encoding="utf-8")
        (self.folder / "packages.txt").write_text("# a comment\nalpha  # why\n\nbeta-dev\n", encoding="utf-8")
        self.program("dpkg-query", "\n".join(f"echo 'installed {name}'" for name in installed) + "\nexit 1")
        self.program("apt-get", f'echo "$@" >> {calls}\nexit {apt_code}')
        self.program("id", f"echo {user}")
        if sudo:
            self.program("sudo", f'echo sudo >> {calls}\nexec "$@"')
        for name in ("sed", "tr", "sort", "grep", "env", "dirname", "sh"):
            target = self.folder / "bin" / name
            if not target.exists():
                os.symlink(f"/usr/bin/{name}", target)
        outcome = subprocess.run(["/bin/sh", str(SCRIPT), str(self.folder / "packages.txt")], text=True,
                                 capture_output=True, check=False, env={"PATH": str(self.folder / "bin")})
        return outcome.returncode, outcome.stdout + outcome.stderr, calls.read_text(encoding="utf-8")

    def program(self, name, text):
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def test_nothing_missing_asks_nobody(self):
        self.assertEqual(self.run_script(["alpha", "beta-dev"], user=1000), (0, "", ""))

    def test_installs_only_what_is_missing(self):
        code, _, calls = self.run_script(["alpha"])
        self.assertEqual(code, 0)
        self.assertIn("install -y --no-install-recommends beta-dev\n", calls)

    def test_a_user_installs_through_sudo(self):
        code, _, calls = self.run_script([], user=1000, sudo=True)
        self.assertEqual(code, 0)
        self.assertTrue(calls.startswith("sudo\n"), calls)
        self.assertIn("alpha beta-dev\n", calls)

    def test_a_user_without_sudo_is_told_the_command(self):
        code, output, calls = self.run_script(["beta-dev"], user=1000)
        self.assertEqual((code, calls), (1, ""))
        self.assertIn("apt-get install -y alpha\n", output)

    def test_a_failed_installation_fails(self):
        code, output, _ = self.run_script([], apt_code=100)
        self.assertEqual(code, 1)
        self.assertIn("could not install: alpha beta-dev", output)

    def test_another_system_is_told_the_list(self):
        self.run_script([])
        os.unlink(self.folder / "bin" / "apt-get")
        outcome = subprocess.run(["/bin/sh", str(SCRIPT), str(self.folder / "packages.txt")], text=True,
                                 capture_output=True, check=False, env={"PATH": str(self.folder / "bin")})
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("not Debian", outcome.stderr)
        self.assertIn("alpha beta-dev", outcome.stderr)
