#!/usr/bin/env python3
"""Measures how lunariad carries many units and many sessions; bench/README.md says how to read it.

  bench/scale.py                                  10,000 units on 1,000 targets, 1,000 sessions
  bench/scale.py --units 1000 --sessions 100      smaller
  bench/scale.py --shards 1 2 4                   the same load on so many shards, each on a processor of its own
  bench/scale.py --check                          also fail where a bar is missed
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/clients"))
import cim  # noqa: E402  pylint: disable=wrong-import-position
import daemon  # noqa: E402  pylint: disable=wrong-import-position

START_SECONDS_MAX = 2.0
SESSION_KIB_MAX = 32
UNIT_KIB_MAX = 8
UNFAIRNESS_MAX = 3.0
MIB = 1 << 20


class KeptClient(cim.Client):
    """One connection for all requests: thousands of changes without thousands of connections."""

    kept = None

    def post(self, body, headers):
        if self.kept is None:
            self.kept = self.connection()
        self.kept.request("POST", "/cimom", body.encode(), self.headers | headers)
        response = self.kept.getresponse()
        return response.status, dict(response.getheaders()), response.read()


class Server(daemon.Daemon):
    """A daemon on which `units` disks are spread over `targets`, one LUN after the other."""

    def __init__(self, arguments, *options):
        super().__init__("--log-level", "warning", *options)
        self.targets = min(arguments.targets, arguments.units)
        self.unit_bytes = arguments.unit_mib * MIB
        self.cim = KeptClient(self.socket_path, timeout=120)

    def start(self, management=True):
        """Starts and returns how long it took until the first login could be made, in seconds."""
        self.cim.kept = None
        started = time.monotonic()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([daemon.program(), *self.arguments], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        while not (daemon.connects(self.iscsi_port) and self.answers_locally()):
            if self.ends_within(0.002):
                raise RuntimeError(f"lunariad ended:\n{self.log()}")
        self.cim.names(daemon.INTEROP, daemon.MANAGER)
        return time.monotonic() - started

    def configure(self, units):
        for number in range(units):
            target = f"t{number % self.targets}"
            if number < self.targets:
                self.cim.invoke(daemon.WMI, "WT_Host", None, "NewHost", HostName=target)
                self.allow(target, "*")
            self.create_disk(f"d{number}", self.unit_bytes)
            self.cim.create(daemon.LUNARIA, "LUNARIA_Mapping", TargetName=target, DiskName=f"d{number}")

    def urls(self, sessions):
        names = {row["HostName"]: row["TargetIQN"] for row in self.cim.instances(daemon.WMI, "WT_Host")}
        return [self.url(names[f"t{number % self.targets}"]) for number in range(sessions)]

    def settled_kib(self):
        """Resident memory once it has stopped changing."""
        before, now = -1, self.resident_kib()
        while before != now:
            before = now
            time.sleep(0.3)
            now = self.resident_kib()
        return now


def load(arguments, *options):
    return [str(arguments.build / "bench/iscsi_load"), *options]


def measure_idle_sessions(arguments, server, urls):
    before = server.settled_kib()
    with subprocess.Popen(load(arguments, "--hold", "--depth", "1", *urls), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as holder:
        if holder.stdout.readline().strip() != "logged in":
            raise RuntimeError("sessions were refused")
        kib = (server.settled_kib() - before) / len(urls)
        holder.stdin.close()
    return kib


def measure_load(arguments, server, urls):
    command = load(arguments, "--kind", "randread", "--block", "4096", "--depth", str(arguments.depth), "--span",
                   str(server.unit_bytes), "--time", str(arguments.time), "--warm", "1", "--pid",
                   str(server.process.pid), *urls)
    outcome = subprocess.run(command, text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if not outcome.stdout.startswith("{"):
        raise RuntimeError(f"load failed: {outcome.stderr.strip()}")
    return json.loads(outcome.stdout)


def measure_units(arguments, figures):
    """Start-up and memory with few and with all units, then the sessions on them."""
    server = Server(arguments)
    try:
        server.start()
        few = min(10, arguments.units)
        server.configure(few)
        server.stop()
        figures["start_few_s"] = server.start()
        figures["few_kib"] = few_kib = server.settled_kib()
    finally:
        server.close()
    server = Server(arguments)
    try:
        server.start()
        began = time.monotonic()
        server.configure(arguments.units)
        figures["configure_s"] = time.monotonic() - began
        figures["configured_kib"] = server.settled_kib()
        server.stop()
        figures["start_s"] = server.start()
        all_kib = server.settled_kib()
        figures["unit_kib"] = (all_kib - few_kib) / max(1, arguments.units - few)
        urls = server.urls(arguments.sessions)
        figures["session_kib"] = measure_idle_sessions(arguments, server, urls)
        result = measure_load(arguments, server, urls)
        figures["iops"], figures["errors"] = result["iops"], result["errors"]
        figures["session_p99_median_us"] = result["session_p99_median_us"]
        figures["session_p99_max_us"] = result["session_p99_max_us"]
        figures["unfairness"] = result["session_p99_max_us"] / max(1e-9, result["session_p99_median_us"])
        figures["count_median"], figures["count_min"] = result["session_count_median"], result["session_count_min"]
        figures["loaded_kib"] = server.settled_kib()
    finally:
        server.close()


def measure_shards(arguments, figures):
    """The same load with so many shards. The initiator takes a processor too: with few, it is what is full."""
    for shards in arguments.shards:
        server = Server(arguments, "--shards", str(shards))
        try:
            server.start()
            units = min(arguments.units, 64)
            server.configure(units)
            result = measure_load(arguments, server, server.urls(units))
            figures[f"shards_{shards}_iops"] = result["iops"]
            figures[f"shards_{shards}_cpu_s_per_million"] = result["server_cpu_s_per_million"]
            figures[f"shards_{shards}_initiator_share"] = result["initiator_share"]
        finally:
            server.close()


def judge(figures):
    bars = [("start_s", "seconds from start to first answer, all units", START_SECONDS_MAX),
            ("session_kib", "KiB resident for each idle session", SESSION_KIB_MAX),
            ("unit_kib", "KiB resident for each idle unit", UNIT_KIB_MAX),
            ("unfairness", "slowest session's p99 as a ratio to the median's", UNFAIRNESS_MAX)]
    for key, what, most in bars:
        if key in figures:
            holds = figures[key] <= most
            yield holds, f"{'holds' if holds else 'MISSED'}: {what}: {figures[key]:.2f} (at most {most:g})"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=10000)
    parser.add_argument("--targets", type=int, default=1000)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--unit-mib", type=int, default=16, help="size of each disk; thin, so that it takes no space")
    parser.add_argument("--depth", type=int, default=1, help="commands in flight, each session")
    parser.add_argument("--time", type=float, default=10.0, help="seconds of load")
    parser.add_argument("--shards", type=int, nargs="*", default=[], help="measure only how load scales over shards")
    parser.add_argument("--directory", default="/dev/shm", help="where the state lies")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--json", help="write the figures there")
    parser.add_argument("--check", action="store_true", help="exit status 1 where a bar is missed")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    os.environ.setdefault("LUNARIAD", str(arguments.build / "src/daemon/lunariad"))
    os.environ["TMPDIR"] = arguments.directory
    figures = {}
    if arguments.shards:
        measure_shards(arguments, figures)
    else:
        measure_units(arguments, figures)
    for key, value in figures.items():
        print(f"{key:<32} {value:>14.2f}" if isinstance(value, float) else f"{key:<32} {value:>14}")
    verdicts = list(judge(figures))
    print(*(line for _, line in verdicts), sep="\n")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 1 if arguments.check and not all(holds for holds, _ in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
