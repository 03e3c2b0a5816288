"""Hosts on an Ethernet segment of their own, in network namespaces. The test's own namespace is the server's: enter()
runs the program again in new namespaces, with or without root, and all that is made there goes when it ends."""

import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading

import commands

ENTERED = "LUNARIA_TEST_NETWORK"
SKIPPED = 77
SERVER, SERVER_V6 = "192.0.2.1", "2001:db8::1"


def enter():
    """Returns in a process with namespaces of its own for networks and mounts; where the machine makes none, says so
    and ends with SKIPPED, which ctest lists as skipped."""
    if ENTERED in os.environ:
        return
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    new = ["unshare", *user, "--net", "--mount"]
    probe = commands.run(*new, "ip", "link", "add", "probe", "type", "bridge")
    if probe.returncode != 0:
        print(f"SKIPPED: this machine makes no network namespaces ({probe.stderr.strip()})", flush=True)
        sys.exit(SKIPPED)
    os.environ[ENTERED] = "1"
    os.execvp("unshare", [*new, sys.executable, "-B", *sys.argv])


def ip(*words, host=None):
    commands.output(*(host.inside if host else ()), "ip", *words)


class Host:
    """A machine with one card on the segment; `inside` are the words that run a command on it."""

    def __init__(self, number, mac):
        self.mac = mac
        self.address, self.address_v6 = f"192.0.2.{number}", f"2001:db8::{number}"
        self.process = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo ready; cat"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        self.inside = ["nsenter", f"--net=/proc/{self.process.pid}/ns/net"]

    def connect(self, number):
        ip("link", "add", f"port{number}", "type", "veth", "peer", "name", "card", "netns", self.process.pid)
        ip("link", "set", f"port{number}", "master", "bridge", "up")
        ip("link", "set", "lo", "up", host=self)
        ip("link", "set", "card", "address", self.mac, "up", host=self)
        ip("address", "add", f"{self.address}/24", "dev", "card", host=self)
        ip("address", "add", f"{self.address_v6}/64", "dev", "card", "nodad", host=self)

    def close(self):
        self.process.communicate("")


class Segment:
    """A bridge with the server's addresses and a host for each MAC address, from 192.0.2.2 on."""

    def __init__(self, *macs):
        self.hosts = []
        ip("link", "set", "lo", "up")
        ip("link", "add", "bridge", "type", "bridge")
        ip("address", "add", f"{SERVER}/24", "dev", "bridge")
        ip("address", "add", f"{SERVER_V6}/64", "dev", "bridge", "nodad")
        ip("link", "set", "bridge", "up")
        for number, mac in enumerate(macs, start=2):
            host = Host(number, mac)
            self.hosts.append(host)
            host.connect(number)

    def close(self):
        for host in self.hosts:
            host.close()
        ip("link", "delete", "bridge")


def put_behind(far, router):
    """Moves a host to a network of its own, which it leaves through `router` only."""
    ip("link", "set", "card", "down", host=far)
    ip("link", "add", "inner", "type", "veth", "peer", "name", "outer", "netns", far.process.pid, host=router)
    ip("address", "add", "198.51.100.1/24", "dev", "inner", host=router)
    ip("link", "set", "inner", "up", host=router)
    ip("address", "add", "198.51.100.2/24", "dev", "outer", host=far)
    ip("link", "set", "outer", "up", host=far)
    ip("route", "add", "default", "via", "198.51.100.1", host=far)
    ip("route", "add", "198.51.100.0/24", "via", router.address)
    commands.output(*router.inside, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")


class NameServer:
    """A DNS server on 127.0.0.1, named by /etc/resolv.conf of this process and those that it starts. Other names than
    those in `answers` do not exist; with `is_silent` no question is answered."""

    def __init__(self, folder):
        configuration = pathlib.Path(folder) / "resolv.conf"
        configuration.write_text("nameserver 127.0.0.1\n")
        commands.output("mount", "--bind", configuration, "/etc/resolv.conf")
        self.answers = {}
        self.is_silent = False
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            question, peer = self.socket.recvfrom(4096)
            self.asked += 1
            if not self.is_silent:
                self.socket.sendto(self._answer(question), peer)

    def _answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind, = struct.unpack_from(">H", question, at + 1)
        family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
        known = self.answers.get(".".join(labels).lower())
        records = [address for address in known or ()
                   if family == (socket.AF_INET6 if ":" in address else socket.AF_INET)]
        answer = question[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, len(records), 0, 0)
        answer += question[12:at + 5]
        for address in records:
            packed = socket.inet_pton(family, address)
            answer += struct.pack(">HHHIH", 0xC00C, kind, 1, 30, len(packed)) + packed
        return answer
