#!/usr/bin/env python3
"""Measures how soon lunariad serves after a cold start, and what it takes while idle; bench/README.md.

  bench/startup.py                    median of 5 starts with an empty state directory, and with one that is there
  bench/startup.py --check            also fail where a bar is missed
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/clients"))
import daemon  # noqa: E402  pylint: disable=wrong-import-position

FIRST_SECONDS_MAX = 0.5
RESIDENT_MIB_MAX = 40.0
IDLE_CPU_MAX = 0.001  # of a processor
PAUSE_SECONDS = 0.001


def log_in(server, build):
    """Whether a session can be made: a login, READ CAPACITY and the end."""
    command = [str(build / "bench/iscsi_load"), "--hold", "--depth", "1", server.first_url]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(server, build):
    """Seconds to the first login and to the first WBEM answer."""
    began = time.monotonic()
    with open(server.log_path, "ab") as log:
        server.process = subprocess.Popen([daemon.program(), *server.arguments], stdin=subprocess.DEVNULL, stdout=log,
                                          stderr=log)
    answered = logged_in = None
    while answered is None or logged_in is None:
        if server.ends_within(PAUSE_SECONDS):
            raise RuntimeError(f"lunariad ended:\n{server.log()}")
        if answered is None and server.answers_locally():
            server.cim.names(daemon.INTEROP, daemon.MANAGER)
            answered = time.monotonic() - began
        if answered is not None and server.first_url is None:
            server.first_url = server.url(server.cim.instances(daemon.WMI, "WT_Host")[0]["TargetIQN"])
        if logged_in is None and server.first_url is not None and log_in(server, build):
            logged_in = time.monotonic() - began
    return logged_in, answered


def measure(arguments):
    figures = {"first_login_new_s": [], "first_answer_new_s": [], "first_login_s": [], "first_answer_s": [],
               "resident_mib": [], "idle_cpu": []}
    for _ in range(arguments.rounds):
        server = daemon.Daemon("--log-level", "warning", demo=True)
        server.first_url = None
        try:
            for suffix in ("_new_s", "_s"):
                logged_in, answered = start(server, arguments.build)
                figures["first_login" + suffix].append(logged_in)
                figures["first_answer" + suffix].append(answered)
                if suffix == "_new_s":
                    server.stop()
            time.sleep(1)
            figures["resident_mib"].append(server.resident_kib() / 1024)
            before = processor_seconds(server.process.pid)
            time.sleep(arguments.idle)
            figures["idle_cpu"].append((processor_seconds(server.process.pid) - before) / arguments.idle)
        finally:
            server.close()
    return {key: statistics.median(values) for key, values in figures.items()}


def judge(figures):
    for key, most in (("first_login_new_s", FIRST_SECONDS_MAX), ("first_answer_new_s", FIRST_SECONDS_MAX),
                      ("first_login_s", FIRST_SECONDS_MAX), ("first_answer_s", FIRST_SECONDS_MAX),
                      ("resident_mib", RESIDENT_MIB_MAX), ("idle_cpu", IDLE_CPU_MAX)):
        holds = figures[key] <= most
        yield holds, f"{'holds' if holds else 'MISSED'}: {key}: {figures[key]:.4f} (at most {most:g})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--idle", type=float, default=5.0, help="seconds without work in which processor time counts")
    parser.add_argument("--directory", default=None, help="where the state lies (default: a temporary folder)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--check", action="store_true", help="exit status 1 where a bar is missed")
    arguments = parser.parse_args()
    os.environ.setdefault("LUNARIAD", str(arguments.build / "src/daemon/lunariad"))
    if arguments.directory:
        os.environ["TMPDIR"] = arguments.directory
    verdicts = list(judge(measure(arguments)))
    print(*(line for _, line in verdicts), sep="\n")
    return 1 if arguments.check and not all(holds for holds, _ in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
