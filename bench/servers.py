"""The servers that a measurement compares: each starts on a free loopback port, pinned to one processor, over a file of
its own, and is gone after stop(). Only processes started here are ever signalled."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

START_SECONDS_MAX = 20


class BenchError(Exception):
    """What keeps the measurement from going on, as one line for people."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_file(path, size_mib):
    """A file full of data, without holes, that lies in the page cache."""
    block = bytearray(os.urandom(1 << 20))
    with open(path, "wb") as file:
        for i in range(size_mib):
            block[0:8] = i.to_bytes(8, "big")
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    with open(path, "rb") as file:
        while file.read(1 << 22):
            pass


def resident_kib(pid):
    """Physical memory of a process, RAM disks and shared pages included."""
    found = re.search(r"^VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii"), re.MULTILINE)
    return int(found.group(1)) if found else 0


class Server:
    """One process. Subclasses say how it is started and how its disk is made."""

    name = ""

    def __init__(self, folder, cpu, size_mib):
        self.folder = pathlib.Path(folder) / self.name
        self.cpu = cpu
        self.size_mib = size_mib
        self.port = free_port()
        self.process = None
        self.url = ""

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.begin()

    def begin(self):
        raise NotImplementedError

    def launch(self, command, environment=None):
        # pylint: disable=consider-using-with  (it lives until stop())
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(["taskset", "-c", str(self.cpu), *map(str, command)], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})})

    def wait_for_port(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        log = (self.folder / "log").read_text(errors="replace")[-2000:]
        self.stop()
        raise BenchError(f"{self.name} does not listen on port {self.port}:\n{log}")

    def command(self, *words):
        outcome = subprocess.run([str(word) for word in words], text=True, capture_output=True, check=False,
                                 stdin=subprocess.DEVNULL)
        if outcome.returncode != 0:
            self.stop()
            raise BenchError(f"{' '.join(map(str, words))}: {outcome.stderr.strip() or outcome.stdout.strip()}")
        return outcome.stdout

    def stop(self):
        if self.process is None:
            return
        for sent in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(sent)
            try:
                self.process.wait(timeout=5)
                break
            except subprocess.TimeoutExpired:
                continue
        shutil.rmtree(self.folder, ignore_errors=True)


class Tgt(Server):
    """Debian's tgt, backing store rdwr: a file through the page cache, as Lunaria's buffered disks are."""

    name = "tgt"
    target = "iqn.2020-01.invalid.bench:tgt"

    def begin(self):
        image = self.folder / "disk"
        make_file(image, self.size_mib)
        control = str(os.getpid() % 30000 + 1)
        self.launch(["tgtd", "-f", "-C", control, "--iscsi", f"portal=127.0.0.1:{self.port}"])
        self.wait_for_port()
        admin = ["tgtadm", "-C", control, "--lld", "iscsi"]
        self.command(*admin, "--op", "new", "--mode", "target", "--tid", "1", "-T", self.target)
        self.command(*admin, "--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", "1", "--bstype", "rdwr",
                     "-b", image)
        self.command(*admin, "--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL")
        self.url = f"iscsi://127.0.0.1:{self.port}/{self.target}/1"

    def stop(self):
        # tgtd ignores SIGTERM while it has targets.
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        super().stop()


class Lunaria(Server):
    """lunariad with the disk that --demo makes (a thin file through the page cache), filled once through iSCSI."""

    name = "lunaria"

    def __init__(self, folder, cpu, size_mib, build):
        super().__init__(folder, cpu, size_mib)
        self.build = build

    def begin(self):
        self.launch([self.build / "src/daemon/lunariad", "--demo", "--state-directory", self.folder / "state",
                     "--iscsi-address", f"127.0.0.1:{self.port}", "--http-address", "none", "--https-address", "none"])
        self.wait_for_port()
        self.url = self.wait_for_url()
        self.command(self.build / "bench/iscsi_load", self.url, "--fill", "--span", self.size_mib << 20)

    def lunaria(self, *words):
        """Runs the command line against this daemon."""
        return self.command(self.build / "src/cli/lunaria", "--socket", self.folder / "state/lunaria.sock", *words)

    def wait_for_url(self):
        """The demo's greeting names the disk."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            found = re.search(r"iscsi-inq (iscsi://\S+/0)$", (self.folder / "log").read_text(errors="replace"), re.MULTILINE)
            if found:
                return found.group(1)
            time.sleep(0.05)
        self.stop()
        raise BenchError("lunariad did not say where its disk is")


class LunariaRam(Server):
    """A RAM disk of a lunariad that runs already: another LUN of its target, filled once."""

    name = "lunaria-ram"

    def __init__(self, lunaria):
        super().__init__(lunaria.folder.parent, lunaria.cpu, lunaria.size_mib)
        self.lunaria = lunaria

    @property
    def pid(self):
        return self.lunaria.pid

    def start(self):
        if self.lunaria.process is None:
            raise BenchError("lunaria-ram is measured together with lunaria")
        lun = 1
        self.lunaria.lunaria("disk", "create", "memory", "--kind", "ram", "--size", f"{self.size_mib}MiB")
        self.lunaria.lunaria("map", "demo", "memory", "--lun", lun)
        self.url = self.lunaria.url.rsplit("/", 1)[0] + f"/{lun}"
        self.command(self.lunaria.build / "bench/iscsi_load", self.url, "--fill", "--span", self.size_mib << 20)

    def stop(self):
        """It goes with its daemon."""


class Limit(Server):
    """Not a target: answers of the same sizes, and nothing else. With `backing` "file" or "memory", each reads or writes
    there."""

    def __init__(self, folder, cpu, size_mib, program, workload, engine, backing, image):
        self.name = (f"limit+{backing}" if backing else "limit") + ("-epoll" if engine == "epoll" else "")
        super().__init__(folder, cpu, size_mib)
        self.program = program
        self.engine = engine
        self.backing = {"file": ["--file", image], "memory": ["--memory", size_mib]}.get(backing, [])
        self.sizes = (48 + workload.block * workload.writes, 48 + workload.block * (not workload.writes))

    def begin(self):
        options = ["--request", self.sizes[0], "--answer", self.sizes[1], "--engine", self.engine, *self.backing]
        self.launch([self.program, self.port, *options])
        self.wait_for_port()
        self.url = f"iscsi://127.0.0.1:{self.port}/none/0"
