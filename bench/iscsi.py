#!/usr/bin/env python3
"""Measures Lunaria's iSCSI target beside Debian's tgt, in the same run; bench/README.md says how to read it.

  bench/iscsi.py                                all workloads, 5 rounds of 3 s
  bench/iscsi.py --only rr4k --rounds 3         those whose name begins so
  bench/iscsi.py --servers tgt limit            without lunariad
  bench/iscsi.py --check                        also fail where a bar is missed
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import servers

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASE = "tgt"
NOISE_MAX = 0.15
RETRIES = 2


@dataclasses.dataclass(frozen=True)
class Workload:
    """What the initiator does, in one session unless told."""

    name: str
    kind: str
    block: int
    depth: int
    sessions: int = 1

    @property
    def writes(self):
        return self.kind.endswith("write")

    @property
    def is_mixed(self):
        """Half reads, half writes: the limit server has no such exchange."""
        return self.kind == "randrw"


@dataclasses.dataclass(frozen=True)
class Bar:
    """What must hold in one run: `figure` of `server`, as a ratio to that of `base`, is at least, or at most, `value`."""

    workload: str
    server: str
    figure: str
    base: str
    least: float = 0.0
    most: float = float("inf")


WORKLOADS = [
    Workload("rr4k-qd1", "randread", 4096, 1),
    Workload("rr4k-qd32", "randread", 4096, 32),
    Workload("rr4k-qd128", "randread", 4096, 128),
    Workload("rw4k-qd32", "randwrite", 4096, 32),
    Workload("rw4k-qd128", "randwrite", 4096, 128),
    Workload("sr128k-qd8", "read", 131072, 8),
    Workload("sw128k-qd8", "write", 131072, 8),
    Workload("mix64k-qd16", "randrw", 65536, 16),
    Workload("rr4k-8x16", "randread", 4096, 16, sessions=8),
]
IOPS, CPU, P99 = "iops", "server_cpu_s_per_million", "p99_us"
FILE, RAM = "lunaria", "lunaria-ram"
SMALL = ("rr4k-qd32", "rr4k-qd128", "rw4k-qd32", "rw4k-qd128")
BARS = [
    *(Bar(name, FILE, IOPS, BASE, least=5.5) for name in SMALL),
    *(Bar(name, FILE, CPU, BASE, most=0.185) for name in SMALL),
    *(Bar(name, RAM, IOPS, BASE, least=9.0) for name in SMALL),
    *(Bar(name, RAM, CPU, BASE, most=0.10) for name in SMALL),
    Bar("sr128k-qd8", FILE, IOPS, BASE, least=2.9),
    Bar("sw128k-qd8", FILE, IOPS, BASE, least=1.8),
    *(Bar("rr4k-qd1", server, P99, BASE, most=0.5) for server in (FILE, RAM)),
    Bar("rr4k-qd32", RAM, CPU, "limit", most=1.3),
    Bar("rr4k-qd32", RAM, CPU, "limit+memory", most=1.3),
    Bar("rr4k-qd32", FILE, CPU, "limit+file", most=1.3),
]


def machine_cpu_seconds():
    """Processor time that everything on this machine has used, and that its host has taken away."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def measure(arguments, workload, server):
    """One measurement: what the load generator printed, and the share of a processor that others used meanwhile."""
    command = ["taskset", "-c", str(arguments.initiator_cpu), str(arguments.build / "bench/iscsi_load"), server.url,
               "--kind", workload.kind, "--block", str(workload.block), "--depth", str(workload.depth),
               "--sessions", str(workload.sessions), "--warm", str(arguments.warm), "--time", str(arguments.time),
               "--pid", str(server.pid), "--span", str(arguments.size << 20)]
    if isinstance(server, servers.Limit):
        command += ["--bare", *map(str, server.sizes)]
    resident = servers.resident_kib(server.pid)
    cpu, started = machine_cpu_seconds(), time.monotonic()
    outcome = subprocess.run(command, text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    seconds = time.monotonic() - started
    if not outcome.stdout.startswith("{"):
        raise servers.BenchError(f"{workload.name} on {server.name}: {outcome.stderr.strip()}")
    result = json.loads(outcome.stdout)
    used = (machine_cpu_seconds() - cpu) / seconds
    # The shares are of the measured time; the warm-up is taken to be like it.
    result["others"] = max(0.0, used - result["server_share"] - result["initiator_share"])
    result["resident_kib"] = max(resident, servers.resident_kib(server.pid))
    if result["errors"]:
        raise servers.BenchError(f"{workload.name} on {server.name}: {result['errors']} commands failed")
    return result


def measure_quietly(arguments, workload, server):
    """Again where others disturbed, a few times; the least disturbed measurement counts."""
    best = None
    for _ in range(1 + RETRIES):
        result = measure(arguments, workload, server)
        if best is None or result["others"] < best["others"]:
            best = result
        if best["others"] <= NOISE_MAX:
            break
    return best


def median_of(results):
    """Medians over the undisturbed measurements, or over all where there are none."""
    clean = [result for result in results if result["others"] <= NOISE_MAX]
    used = clean or results
    summary = {key: statistics.median(result[key] for result in used) for key in used[0]}
    summary["clean"], summary["of"] = len(clean), len(results)
    return summary


def run(arguments, workloads, started):
    """(workload name, server name) -> the list of its measurements; rounds are interleaved."""
    results = {}
    for number in range(arguments.rounds):
        for workload in workloads:
            limits = [servers.Limit(arguments.folder, arguments.server_cpu, arguments.size,
                                    arguments.build / "bench/limit_server", workload, engine, backing,
                                    arguments.limit_image)
                      for backing in (None, "memory", "file") for engine in ("io_uring", "epoll")
                      if "limit" in arguments.servers and not workload.is_mixed]
            for server in [*started, *limits]:
                try:
                    if server in limits:
                        server.start()
                    result = measure_quietly(arguments, workload, server)
                finally:
                    if server in limits:
                        server.stop()
                results.setdefault((workload.name, server.name), []).append(result)
                print(f"round {number + 1} {workload.name:<11} {server.name:<10} {result['iops']:>9.0f} IOPS  "
                      f"others {result['others']:.2f}", file=sys.stderr, flush=True)
    return results


def limit_of(summary, workload, server):
    """The cheapest way to move the same bytes: from memory for the RAM disk, through the page cache for a file."""
    name = "limit" if server == RAM else "limit+file"
    rows = [summary[key] for key in ((workload, name), (workload, name + "-epoll")) if key in summary]
    return min((row[CPU] for row in rows), default=None)


def report(results):
    summary = {key: median_of(value) for key, value in results.items()}
    print(f"{'workload':<11} {'server':<16} {'IOPS':>8} {'MB/s':>6} {'p50 us':>7} {'p99 us':>7} {'CPU s/M':>8} "
          f"{'server':>6} {'init.':>5} {'MiB':>5} {'x IOPS':>7} {'x CPU':>6} {'x p99':>6} {'x limit':>7} clean")
    for (workload, server), row in summary.items():
        base = summary.get((workload, BASE))
        for figure in (IOPS, CPU, P99):
            row["x_" + figure] = row[figure] / base[figure] if base and base[figure] else None
        limit = limit_of(summary, workload, server)
        row["x_limit"] = row[CPU] / limit if limit else None
        ratios = " ".join(f"{value:>{width}.{digits}f}" if value is not None else " " * width
                          for value, width, digits in ((row["x_" + IOPS], 7, 2), (row["x_" + CPU], 6, 3),
                                                       (row["x_" + P99], 6, 2), (row["x_limit"], 7, 2)))
        print(f"{workload:<11} {server:<16} {row['iops']:>8.0f} {row['mib_per_s'] * 1.048576:>6.0f} "
              f"{row['p50_us']:>7.0f} {row['p99_us']:>7.0f} {row[CPU]:>8.2f} {row['server_share']:>6.2f} "
              f"{row['initiator_share']:>5.2f} {row['resident_kib'] / 1024:>5.0f} {ratios} {row['clean']}/{row['of']}")
    return summary


def judge(summary):
    """(whether it holds, a line for people) for each bar that this run can speak of."""
    for bar in BARS:
        row, base = summary.get((bar.workload, bar.server)), summary.get((bar.workload, bar.base))
        if not row or not base or not base[bar.figure]:
            continue
        ratio = row[bar.figure] / base[bar.figure]
        holds = bar.least <= ratio <= bar.most
        wanted = f"at least {bar.least:g}" if bar.least else f"at most {bar.most:g}"
        yield holds, (f"{'holds' if holds else 'MISSED'}: {bar.workload} {bar.server}, {bar.figure}: {ratio:.3f} of "
                      f"{bar.base} ({wanted})")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", nargs="+", default=[BASE, FILE, RAM, "limit"],
                        choices=[BASE, FILE, RAM, "limit"])
    parser.add_argument("--only", default="", help="workloads whose name begins with this regular expression")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--time", type=float, default=3.0, help="seconds of a measurement")
    parser.add_argument("--warm", type=float, default=1.0, help="seconds before it")
    parser.add_argument("--size", type=int, default=512, help="MiB of each disk")
    parser.add_argument("--directory", default="/dev/shm",
                        help="where the disks lie (default: /dev/shm, so that no device takes part)")
    parser.add_argument("--server-cpu", type=int, default=0)
    parser.add_argument("--initiator-cpu", type=int, default=1)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--json", help="write all measurements and medians there")
    parser.add_argument("--check", action="store_true", help="exit status 1 where a bar is missed")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    workloads = [workload for workload in WORKLOADS if re.match(arguments.only, workload.name)]
    started = []
    with tempfile.TemporaryDirectory(prefix="lunaria-bench-", dir=arguments.directory) as folder:
        arguments.folder = folder
        arguments.limit_image = pathlib.Path(folder) / "limit-disk"
        try:
            if "limit" in arguments.servers:
                servers.make_file(arguments.limit_image, arguments.size)
            common = (folder, arguments.server_cpu, arguments.size)
            lunaria = servers.Lunaria(*common, arguments.build)
            for server in (servers.Tgt(*common), lunaria, servers.LunariaRam(lunaria)):
                if server.name in arguments.servers:
                    started.append(server)
                    server.start()
            results = run(arguments, workloads, started)
        except servers.BenchError as error:
            sys.exit(f"iscsi.py: {error}")
        finally:
            for server in started:
                server.stop()
    summary = report(results)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"medians": [{"workload": workload, "server": server, **row}
                                   for (workload, server), row in summary.items()],
                       "measurements": [{"workload": workload, "server": server, "rounds": rounds}
                                        for (workload, server), rounds in results.items()]}, file, indent=1)
    verdicts = list(judge(summary))
    print(*(line for _, line in verdicts), sep="\n")
    return 1 if arguments.check and not all(holds for holds, _ in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
