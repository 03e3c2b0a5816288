#!/usr/bin/env python3
"""Measures the object manager: enumerations, pulls, GetInstance and GetClass over HTTP, the daemon at rest and its start.

Two servers answer the same requests: `lunariad` with instances of a class that is made for it (kept by the repository
provider), and `wbem_front`, the same front end over instances made up on the fly. Beside each rate of requests stands
what a server that does nothing reaches with the same bytes. bench/README.md says how to read it.
"""

import argparse
import base64
import json
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from xml.sax.saxutils import escape

import servers

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/clients"))
import cim  # noqa: E402  pylint: disable=wrong-import-position

SPACE, CLASS = "root/bench", "BENCH_Volume"
USER, PASSWORD = "bench", "correct horse battery"
START_SECONDS_MAX = 20
PROPERTIES = (
    ("ElementName", "string", "volume {0}"), ("Caption", "string", "Storage volume {0} of the bench set"),
    ("Description", "string", "A thin-provisioned volume used for measuring; it holds no data ({0})"),
    ("OperationalStatus", "uint16", ("2", "32769")), ("HealthState", "uint16", "5"), ("BlockSize", "uint64", "512"),
    ("NumberOfBlocks", "uint64", "{1}"), ("ConsumableBlocks", "uint64", "{1}"), ("Primordial", "boolean", "FALSE"),
    ("Name", "string", "6001405{0:025x}"), ("NameFormat", "uint16", "9"),
    ("InstallDate", "datetime", "20260101000000.000000+000"))
# What --check compares with. "At most" where the name ends in one of AT_MOST.
BARS = {"enum instances/s": 240_000, "enum CPU s/100k": 0.3, "enum first byte ms": 5, "peak MiB": 64,
        "pull instances/s": 200_000, "GetInstance/s, 1 client": 12_000, "GetInstance/s, 16 clients": 24_000,
        "GetClass/s, 1 client": 15_000, "GetClass/s, 16 clients": 25_000, "idle MiB": 48, "first answer s": 0.5}
AT_MOST = ("CPU s/100k", "ms", "MiB", "answer s")


def class_xml():
    key = '<QUALIFIER NAME="Key" TYPE="boolean" OVERRIDABLE="false"><VALUE>TRUE</VALUE></QUALIFIER>'
    text = f'<CLASS NAME="{CLASS}"><PROPERTY NAME="InstanceID" TYPE="string">{key}</PROPERTY>'
    for name, kind, value in PROPERTIES:
        element = "PROPERTY.ARRAY" if isinstance(value, tuple) else "PROPERTY"
        text += f'<{element} NAME="{name}" TYPE="{kind}"/>'
    return text + "</CLASS>"


def instance_xml(number):
    text = (f'<INSTANCE CLASSNAME="{CLASS}"><PROPERTY NAME="InstanceID" TYPE="string">'
            f"<VALUE>bench:{number:07}</VALUE></PROPERTY>")
    for name, kind, value in PROPERTIES:
        if isinstance(value, tuple):
            values = "".join(f"<VALUE>{each}</VALUE>" for each in value)
            text += f'<PROPERTY.ARRAY NAME="{name}" TYPE="{kind}"><VALUE.ARRAY>{values}</VALUE.ARRAY></PROPERTY.ARRAY>'
        else:
            filled = escape(value.format(number, 2097152 + number))
            text += f'<PROPERTY NAME="{name}" TYPE="{kind}"><VALUE>{filled}</VALUE></PROPERTY>'
    return text + "</INSTANCE>"


def value_xml(value):
    return f"<VALUE>{value}</VALUE>"


CLASS_NAME = f'<CLASSNAME NAME="{CLASS}"/>'
KEY_NAME = (f'<INSTANCENAME CLASSNAME="{CLASS}"><KEYBINDING NAME="InstanceID"><KEYVALUE VALUETYPE="string">'
            "bench:@@@@@@@</KEYVALUE></KEYBINDING></INSTANCENAME>")


class Connection:
    """One kept connection; answers are counted as they come and not kept."""

    def __init__(self, server):
        self.http = HTTPConnection("127.0.0.1", server.port, timeout=120)
        self.fields = dict(server.fields)

    def call(self, method, **parameters):
        """(answers counted, seconds to the first byte, seconds in all, the last 4 KiB)."""
        body = cim.intrinsic_message(SPACE, method, parameters).encode()
        fields = self.fields | {"CIMOperation": "MethodCall", "CIMMethod": method, "CIMObject": SPACE,
                                "Content-Type": "application/xml"}
        begin = time.perf_counter()
        self.http.request("POST", "/cimom", body, fields)
        response = self.http.getresponse()
        first, count, tail = None, 0, b""
        while piece := response.read1(1 << 18):
            first = first or time.perf_counter() - begin
            seen = tail[-11:] + piece
            count += seen.count(b"<INSTANCE ") - tail[-11:].count(b"<INSTANCE ")
            tail = seen[-4096:]
        response.close()  # read1() leaves one of a known length open
        seconds = time.perf_counter() - begin
        if response.status != 200 or b"<ERROR" in tail:
            raise servers.BenchError(f"{method}: HTTP {response.status}, {tail[:500]!r}")
        return count, first, seconds, tail


class Measured:
    """A server process: its port, the fields that let a request in, what it costs."""

    def __init__(self, arguments, name):
        self.name, self.arguments, self.fields = name, arguments, {}
        self.port, self.process = servers.free_port(), None

    def launch(self, *command):
        pinned = ["taskset", "-c", str(self.arguments.server_cpu), *map(str, command)]
        # pylint: disable=consider-using-with  (it lives until stop())
        self.process = subprocess.Popen(pinned, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS_MAX
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.002)
        raise servers.BenchError(f"{self.name} does not listen (exit status {self.process.poll()})")

    def cpu_s(self):
        """From the scheduler's accounting: the clock ticks of /proc/PID/stat are a third of an enumeration each."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def memory_mib(self, what):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{what}:\s+(\d+)", status)[1]) / 1024

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            if self.name == "lunaria":
                self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)


class Front(Measured):
    def start(self):
        self.launch(self.arguments.build / "bench/wbem_front", "--port", self.port, "--instances",
                    self.arguments.instances)


class Lunaria(Measured):
    """lunariad, filled with the instances through CreateInstance."""

    def __init__(self, arguments, name):
        super().__init__(arguments, name)
        self.folder = pathlib.Path(arguments.folder)
        self.socket_path = str(self.folder / "cim.sock")

    def run_daemon(self):
        self.launch(self.arguments.build / "src/daemon/lunariad", "--state-directory", self.folder / "state",
                    "--socket", self.socket_path, "--iscsi-address", f"127.0.0.1:{servers.free_port()}",
                    "--http-address", f"127.0.0.1:{self.port}", "--https-address", "none")

    def start(self):
        self.run_daemon()
        client = cim.Client(self.socket_path)
        client.invoke("root/lunaria", "LUNARIA_User", None, "Create", Name=USER, Password=PASSWORD,
                      Role="administrator")
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self.fields = {"Authorization": "Basic " + token}
        try:
            client.create("root/interop", "MSFTSM_Namespace", Name=SPACE)
            declaration = ('<QUALIFIER.DECLARATION NAME="Key" TYPE="boolean" OVERRIDABLE="false">'
                           '<SCOPE PROPERTY="true" REFERENCE="true"/><VALUE>FALSE</VALUE></QUALIFIER.DECLARATION>')
            client.intrinsic(SPACE, "SetQualifier", QualifierDeclaration=declaration)
            client.intrinsic(SPACE, "CreateClass", NewClass=class_xml())
            self.fill()
        except cim.CimError as error:
            raise servers.BenchError(f"the bench class cannot be made: {error}") from error

    def fill(self):
        connection, begin = Connection(self), time.perf_counter()
        for number in range(self.arguments.instances):
            connection.call("CreateInstance", NewInstance=instance_xml(number))
        seconds = time.perf_counter() - begin
        print(f"{self.arguments.instances} instances made, {self.arguments.instances / seconds:.0f}/s", file=sys.stderr)

    def restart(self):
        """Seconds from exec to the first answer."""
        self.stop()
        begin = time.perf_counter()
        self.run_daemon()
        Connection(self).call("GetClass", ClassName=CLASS_NAME)
        return time.perf_counter() - begin


def measure_streams(server, result):
    connection = Connection(server)
    server.forget_peak()
    cpu = server.cpu_s()
    count, first, seconds, _ = connection.call("EnumerateInstances", ClassName=CLASS_NAME)
    result("enum instances/s", count / seconds)
    result("enum CPU s/100k", (server.cpu_s() - cpu) * 1e5 / count)
    result("enum first byte ms", first * 1000)
    begin, cpu = time.perf_counter(), server.cpu_s()
    pulled, _, _, tail = connection.call("OpenEnumerateInstances", ClassName=CLASS_NAME,
                                         MaxObjectCount=value_xml(1000))
    while not re.search(rb'NAME="EndOfSequence"[^>]*><VALUE>TRUE', tail, re.I):
        context = re.search(rb'NAME="EnumerationContext"[^>]*><VALUE>([^<]*)', tail)[1].decode()
        more, _, _, tail = connection.call("PullInstancesWithPath", EnumerationContext=value_xml(context),
                                           MaxObjectCount=value_xml(1000))
        pulled += more
    result("pull instances/s", pulled / (time.perf_counter() - begin))
    result("pull CPU s/100k", (server.cpu_s() - cpu) * 1e5 / pulled)
    result("peak MiB", server.memory_mib("VmHWM"))
    if count != server.arguments.instances or pulled != count:
        raise servers.BenchError(f"{server.name}: {count} instances enumerated, {pulled} pulled")


def select(condition):
    """Parameters of ExecQuery."""
    return {"QueryLanguage": value_xml("DMTF:CQL"),
            "Query": value_xml(escape(f"SELECT * FROM {CLASS} WHERE {condition}"))}


def measure_queries(server, result):
    """What no look-up helps with: a property that is no key, and an expression, of which providers are told nothing."""
    connection = Connection(server)
    number = server.arguments.instances // 2
    for name, condition in (("a property", f"Name = '6001405{number:025x}'"),
                            ("an expression", f"InstanceID || '' = 'bench:{number:07}'")):
        count, _, seconds, _ = connection.call("ExecQuery", **select(condition))
        if count != 1:
            raise servers.BenchError(f"{server.name}: {count} instances of one {name}")
        result(f"ExecQuery by {name}, ms", seconds * 1000)


class Limit(Measured):
    """Gives the same answer to whatever is asked: what this machine, in this hour, lets any server reach."""

    def __init__(self, arguments, request_bytes, answer):
        super().__init__(arguments, "limit")
        self.request_bytes = request_bytes
        self.file = pathlib.Path(arguments.folder) / "answer"
        self.file.write_bytes(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml; charset=\"utf-8\"\r\n"
                              b"Content-Length: %d\r\n\r\n" % len(answer) + answer)

    def __enter__(self):
        self.launch(self.arguments.build / "bench/limit_server", self.port, "--request", self.request_bytes,
                    "--answer-file", self.file)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.stop()


def load(server, request, clients):
    arguments = server.arguments
    command = ["taskset", "-c", str(arguments.client_cpu), arguments.build / "bench/wbem_load", "--port", server.port,
               "--request", request, "--clients", clients, "--seconds", arguments.time, "--keys", arguments.instances]
    cpu = server.cpu_s()
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise servers.BenchError(f"{request.name}: {done.stderr.strip()}")
    loaded = json.loads(done.stdout)
    return loaded["per_s"], (server.cpu_s() - cpu) * 1e5 / loaded["requests"]


def measure_requests(server, result):
    arguments = server.arguments
    for method, parameter in (("GetInstance", {"InstanceName": KEY_NAME}), ("GetClass", {"ClassName": CLASS_NAME}),
                              ("ExecQuery", select("InstanceID = 'bench:@@@@@@@'"))):
        body = cim.intrinsic_message(SPACE, method, parameter)
        fields = {"Host": "127.0.0.1", "CIMOperation": "MethodCall", "CIMMethod": method, "CIMObject": SPACE,
                  "Content-Type": "application/xml", "Content-Length": len(body), **server.fields}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        request = pathlib.Path(arguments.folder) / method
        request.write_text(f"POST /cimom HTTP/1.1\r\n{head}\r\n{body}", newline="")
        values = {name: value.replace("@@@@@@@", "0000000") for name, value in parameter.items()}
        answer = Connection(server).call(method, **values)[3]  # all of it, for it is short
        with Limit(arguments, request.stat().st_size, answer) as limit:
            for clients in (1, 16):
                plural = "client" if clients == 1 else "clients"
                rate, cpu = load(server, request, clients)
                limit_rate, limit_cpu = load(limit, request, clients)
                result(f"{method}/s, {clients} {plural}", rate)
                result(f"{method}/s, {clients} {plural}, of the limit's", rate / limit_rate)
                result(f"{method} CPU s/100k, {clients} {plural}", cpu)
                result(f"{method} CPU s/100k, {clients} {plural}, less the limit's", cpu - limit_cpu)


def measure(server, rounds):
    figures = {}

    def result(name, figure):
        figures.setdefault(name, []).append(figure)

    for _ in range(rounds):
        measure_streams(server, result)
        measure_queries(server, result)
        measure_requests(server, result)
    if isinstance(server, Lunaria):
        for _ in range(rounds):
            result("first answer s", server.restart())
            result("idle MiB", server.memory_mib("VmRSS"))
    return {name: statistics.median(values) for name, values in figures.items()}


def missed(name, figure):
    bar = BARS.get(name)
    return bar is not None and (figure > bar if name.endswith(AT_MOST) else figure < bar)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", nargs="+", default=["lunaria", "front"], choices=["lunaria", "front"])
    parser.add_argument("--instances", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--time", type=float, default=3.0, help="seconds of a measurement of requests")
    parser.add_argument("--server-cpu", type=int, default=0)
    parser.add_argument("--client-cpu", type=int, default=1)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--check", action="store_true", help="exit status 1 where a bar is missed")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    status = 0
    for name in arguments.servers:
        with tempfile.TemporaryDirectory(prefix="lunaria-bench-") as arguments.folder:
            server = Lunaria(arguments, name) if name == "lunaria" else Front(arguments, name)
            try:
                server.start()
                figures = measure(server, arguments.rounds)
            finally:
                server.stop()
        for what, figure in figures.items():
            is_missed = missed(what, figure)
            bar = f"bar {BARS[what]:>9}" + ("  MISSED" if is_missed else "") if what in BARS else ""
            print(f"{name:<8} {arguments.instances:>7} {what:<50} {figure:>12.2f}  {bar}", flush=True)
            status = status or (1 if is_missed and arguments.check and name == "lunaria" else 0)
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except servers.BenchError as failure:
        sys.exit(f"bench: {failure}")
