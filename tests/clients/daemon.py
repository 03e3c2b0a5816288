"""Runs lunariad for a test: a state directory of its own, free loopback ports, a bounded wait until it serves."""

import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import cim

LUNARIA = "root/lunaria"
WMI = "root/wmi"
INTEROP = "root/interop"
MANAGER = "MSFTSM_ObjectManager"
USER, PASSWORD = "admin", "correct horse battery"
START_SECONDS = 30
STOP_SECONDS = 30
# Below the range from which the kernel takes the ports of clients, so that none of theirs is one of ours.
PORTS = range(18000, 32000)


def program():
    """The daemon under test: LUNARIAD, else that of the release build."""
    built = pathlib.Path(__file__).resolve().parents[2] / "build/release/src/daemon/lunariad"
    return os.environ.get("LUNARIAD", str(built))


def command_line():
    """`lunaria`: LUNARIA, else that of the release build."""
    built = pathlib.Path(__file__).resolve().parents[2] / "build/release/src/cli/lunaria"
    return os.environ.get("LUNARIA", str(built))


def free_ports(count):
    """Ports of 127.0.0.1 and ::1 on which nobody listens now."""
    found = []
    for port in random.Random(os.getpid() ^ time.monotonic_ns()).sample(PORTS, 1000):
        try:
            for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                with socket.socket(family) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind((address, port))
        except OSError:
            continue
        found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free ports")


def connects(port, address="127.0.0.1"):
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=5):
        return True
    return False


class Daemon:
    """One state directory and the daemon that runs on it, which may be stopped, killed and started again."""

    def __init__(self, *arguments, demo=False, ipv6=False):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="lunaria-"))
        self.state = self.directory / "var"
        self.socket_path = str(self.directory / "cim.sock")
        self.log_path = self.directory / "log"
        self.iscsi_port, self.http_port, self.https_port = free_ports(3)
        self.portal = f"127.0.0.1:{self.iscsi_port}"
        self.process = None
        self.arguments = ["--state-directory", str(self.state), "--socket", self.socket_path,
                          "--iscsi-address", self.portal,
                          "--http-address", f"127.0.0.1:{self.http_port}",
                          "--https-address", f"127.0.0.1:{self.https_port}", *arguments]
        self.arguments += ["--iscsi-address", f"[::1]:{self.iscsi_port}"] if ipv6 else []
        self.arguments += ["--demo"] if demo else []
        self.cim = cim.Client(self.socket_path)

    def start(self, management=True):
        """Starts the daemon and returns when iSCSI and (unless told) the object manager's ports take connections."""
        with open(self.log_path, "ab") as log:
            before = log.tell()
            self.process = subprocess.Popen([program(), *self.arguments], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        ports = [self.iscsi_port, self.http_port, self.https_port] if management else [self.iscsi_port]
        deadline = time.monotonic() + START_SECONDS
        # The kernel keeps the listeners of a process that was just killed for a moment: a connection is no proof yet.
        while not (b"daemon.started" in self.log_path.read_bytes()[before:] and all(connects(port) for port in ports)
                   and self.answers_locally()):
            if self.ends_within(0.02) or time.monotonic() > deadline:
                raise AssertionError(f"lunariad does not serve (exit status {self.process.poll()}):\n{self.log()}")

    def answers_locally(self):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(self.socket_path)
            return True
        return False

    def ends_within(self, seconds):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return self.process.poll() is not None

    def wait_for(self, condition, what, seconds=20):
        """Returns when condition() holds; the daemon must live meanwhile."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.ends_within(0.02) or time.monotonic() > deadline:
                raise AssertionError(f"{what} (exit status {self.process.poll()}):\n{self.log()}")

    def stop(self):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def kill(self):
        """SIGKILL; nothing of the process is left to write anything."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def log(self):
        """What is there until now: lines are written by a thread of their own, a moment after the answer."""
        return self.log_path.read_text(errors="replace")

    def wait_for_log(self, pattern, after=0):
        """Until the log has it, from that character on."""
        self.wait_for(lambda: re.search(pattern, self.log()[after:]), f"the log has {pattern}")

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def close(self):
        """Ends what still runs and removes the state. Returns the exit status if it was left to this call."""
        status = self.stop() if self.process and self.process.poll() is None else None
        shutil.rmtree(self.directory, ignore_errors=True)
        return status

    # What administrators do, through the Unix socket.

    def manager_keys(self):
        return self.cim.names(INTEROP, MANAGER)[0]

    def create_user(self, name=USER, password=PASSWORD, role="administrator"):
        self.cim.invoke(LUNARIA, "LUNARIA_User", None, "Create", Name=name, Password=password, Role=role)

    def http(self, user=USER, password=PASSWORD, tls=False):
        port = self.https_port if tls else self.http_port
        return cim.Client(address=("127.0.0.1", port), user=user, password=password, tls=tls)

    def create_disk(self, name, size, **parameters):
        parameters.setdefault("Kind", "thin")
        self.cim.invoke(LUNARIA, "LUNARIA_Disk", None, "Create", Name=name, Size=size, **parameters)

    def disk(self, name):
        return self.cim.get(LUNARIA, "LUNARIA_Disk", {"Name": name})

    def create_target(self, name, *disks, initiator="*"):
        """A target that offers `disks` from LUN 0 on, open to `initiator`. Returns its IQN."""
        self.cim.invoke(WMI, "WT_Host", None, "NewHost", HostName=name)
        for disk in disks:
            self.cim.create(LUNARIA, "LUNARIA_Mapping", TargetName=name, DiskName=disk)
        self.allow(name, initiator)
        return self.target(name)["TargetIQN"]

    def allow(self, target, initiator):
        self.cim.create(WMI, "WT_IDMethod", HostName=target, Method=cim.Sint32(4), Value=initiator)

    def target(self, name):
        return self.cim.get(WMI, "WT_Host", {"HostName": name})

    def set_target(self, name, **values):
        self.cim.modify(WMI, "WT_Host", {"HostName": name}, **values)

    def url(self, iqn, lun=0, credentials="", address="127.0.0.1"):
        return f"iscsi://{credentials}{address}:{self.iscsi_port}/{iqn}/{lun}"


class DaemonTest(unittest.TestCase):
    """Tests that share one daemon. It must end with status 0 when they are through."""

    arguments = ()
    demo = False
    ipv6 = False

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(*cls.arguments, demo=cls.demo, ipv6=cls.ipv6)
        try:
            cls.daemon.start()
            cls.prepare()
        except BaseException:
            cls.daemon.close()
            raise

    @classmethod
    def prepare(cls):
        """What the tests of the class need beyond an empty daemon."""

    @classmethod
    def tearDownClass(cls):
        log, process = cls.daemon.log, cls.daemon.process
        text = log() if process.poll() is not None else ""
        status = cls.daemon.close()
        if (process.returncode if status is None else status) != 0:
            raise AssertionError(f"lunariad ended with status {process.returncode}:\n{text}")

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            print(f"--- last lines of the log after {self.id()}")
            print("\n".join(self.daemon.log().splitlines()[-30:]), flush=True)
        return result
