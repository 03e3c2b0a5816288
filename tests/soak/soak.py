#!/usr/bin/env python3
"""Mixed load with kill -9 of the daemon every few seconds. After each restart everything that was answered must be there:
blocks, atomic writes, reservations, configuration, identities. README.md."""

import argparse
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))

import cim
import commands
import daemon
import initiator
from model import BLOCK, Mismatch, Region

DISKS = {"thin": {}, "direct": {"Caching": "direct"}, "encrypted": {"Encrypted": True},
         "preallocated": {"Kind": "preallocated"}, "large-blocks": {"PhysicalBlockSize": 16384}}
DISK_SIZE = 16 * commands.MIB
WORKERS_PER_DISK = 2
REGION_BLOCKS = 2048
READ_BLOCKS = 256


def lba_of(lba, count):
    return lba.to_bytes(4, "big") + b"\0" + count.to_bytes(2, "big") + b"\0"


def long_lba_of(lba, count):
    return lba.to_bytes(8, "big") + count.to_bytes(4, "big") + b"\0\0"


class Worker:
    """Loads one thing from a thread of its own until it is told to stop or the daemon goes; then verifies it."""

    def __init__(self, seed):
        self.random, self.error, self.steps = random.Random(seed), None, 0

    def start(self, is_over):
        self.error = None
        self.thread = threading.Thread(target=self.run, args=(is_over,))
        self.thread.start()

    def run(self, is_over):
        try:
            self.begin()
            while not is_over.is_set():
                self.step()
                self.steps += 1
        except Mismatch as error:
            self.error = error
        except Exception as error:  # once the daemon is being ended it may answer anything, or nothing
            if not is_over.is_set():
                self.error = error
        finally:
            self.end()

    def join(self):
        self.thread.join()
        if self.error:
            raise self.error


class Blocks(Worker):
    """An initiator that writes, frees, compares and reads in a region of a disk."""

    def __init__(self, service, iqn, number, first, seed):
        super().__init__(seed)
        self.service, self.iqn, self.number = service, iqn, number
        self.region = Region(number, first, REGION_BLOCKS)
        self.session = None

    def begin(self):
        self.session = initiator.Session(self.service.iscsi_port, self.iqn, f"iqn.2026-11.test:soak-{self.number}")
        while self.session.run(bytes(6))[0] != initiator.GOOD:
            pass

    def end(self):
        self.region.cut()
        if self.session:
            self.session.close()
            self.session = None

    def step(self):
        count = self.random.choice((1, 2, 8, 16, 64))
        lba = self.region.first + self.random.randrange(self.region.count - count)
        self.random.choice((self.write, self.write, self.write, self.write_atomic, self.write_same, self.unmap,
                            self.compare_and_write, self.read, self.read, self.flush))(lba, count)

    def change(self, cdb, data, is_atomic, lba, count, version):
        self.region.begin(lba, count, version, is_atomic)
        status, _ = self.session.run(cdb, data)
        if status != initiator.GOOD:
            raise AssertionError(f"{cdb.hex()} ends with status {status:02x}")
        self.region.settle()

    def write(self, lba, count):
        version, data = self.region.new_data(lba, count)
        force = self.random.choice((0, 8))
        self.change(bytes([0x2A, force]) + lba_of(lba, count), data, False, lba, count, version)

    def write_atomic(self, lba, count):
        version, data = self.region.new_data(lba, count)
        cdb = bytes([0x9C, 0]) + lba.to_bytes(8, "big") + b"\0\0" + count.to_bytes(2, "big") + b"\0\0"
        self.change(cdb, data, True, lba, count, version)

    def write_same(self, lba, count):
        self.change(bytes([0x93, 0]) + long_lba_of(lba, count), bytes(BLOCK), False, lba, count, 0)

    def unmap(self, lba, count):
        if not self.can_unmap:
            return
        block = lba.to_bytes(8, "big") + count.to_bytes(4, "big") + bytes(4)
        self.change(bytes([0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0]), bytes([0, 22, 0, 16, 0, 0, 0, 0]) + block, False, lba,
                    count, 0)

    can_unmap = True

    def compare_and_write(self, lba, count):
        count = min(count, 16)
        version, data = self.region.new_data(lba, count)
        cdb = bytes([0x89, 0]) + lba.to_bytes(8, "big") + bytes([0, 0, 0, count, 0, 0])
        self.change(cdb, self.region.known(lba, count) + data, False, lba, count, version)

    def fetch(self, lba, count):
        status, data = self.session.run(bytes([0x28, 0]) + lba_of(lba, count), read=count * BLOCK)
        if status != initiator.GOOD or len(data) != count * BLOCK:
            raise AssertionError(f"READ ends with status {status:02x} and {len(data)} bytes")
        return data

    def read(self, lba, count):
        self.region.verify(lba, self.fetch(lba, count))

    def flush(self, lba, count):
        if self.session.run(bytes([0x35, 0]) + lba_of(lba, count))[0] != initiator.GOOD:
            raise AssertionError("SYNCHRONIZE CACHE fails")

    def verify(self):
        self.begin()
        first, count = self.region.first, self.region.count
        self.region.verify_all(b"".join(self.fetch(lba, READ_BLOCKS) for lba in range(first, first + count, READ_BLOCKS)))
        self.end()


class Registrations(Worker):
    """Persistent reservation keys that are to survive power loss (APTPL), on a disk of their own."""

    def __init__(self, service, iqn, seed):
        super().__init__(seed)
        self.service, self.iqn, self.possible, self.session = service, iqn, {0}, None

    def begin(self):
        self.session = initiator.Session(self.service.iscsi_port, self.iqn, "iqn.2026-11.test:soak-keys")

    def end(self):
        if self.session:
            self.session.close()
            self.session = None

    def step(self):
        key = self.random.randrange(3)
        self.possible.add(key)
        status, _ = self.session.run(bytes([0x5F, 6, 0, 0, 0, 0, 0, 0, 24, 0]),
                                     bytes(8) + key.to_bytes(8, "big") + bytes([0, 0, 0, 0, 1, 0, 0, 0]))
        if status != initiator.GOOD:
            raise AssertionError(f"REGISTER AND IGNORE EXISTING KEY ends with status {status:02x}")
        self.possible = {key}

    def verify(self):
        self.begin()
        _, data = self.session.run(bytes([0x5E, 0, 0, 0, 0, 0, 0, 1, 0, 0]), read=256)
        keys = [int.from_bytes(data[at:at + 8], "big") for at in range(8, len(data), 8)] or [0]
        if len(keys) != 1 or keys[0] not in self.possible:
            raise Mismatch(f"the keys are {keys}, and may be one of {sorted(self.possible)}")
        self.possible = {keys[0]}
        self.end()


class Management(Worker):
    """An administrator who makes, changes and deletes disks."""

    def __init__(self, service, seed):
        super().__init__(seed)
        self.service, self.comments = service, {}  # by name; a set of what may be, None: no disk

    def begin(self):
        pass

    def end(self):
        pass

    def step(self):
        name = f"made-{self.random.randrange(8)}"
        (now,) = self.comments.get(name, {None})
        if now is None:
            self.change(name, "", lambda: self.service.create_disk(name, commands.MIB, Description=""))
        elif self.random.random() < 0.3:
            self.change(name, None, lambda: self.service.cim.invoke(daemon.LUNARIA, "LUNARIA_Disk", {"Name": name},
                                                                    "Delete", RemoveFile=True))
        else:
            comment = f"comment {self.random.randrange(1000)}"
            self.change(name, comment, lambda: self.service.cim.modify(daemon.LUNARIA, "LUNARIA_Disk", {"Name": name},
                                                                       Description=comment))

    def change(self, name, comment, work):
        before = self.comments.get(name, {None})
        self.comments[name] = before | {comment}
        work()
        self.comments[name] = {comment}

    def verify(self):
        for name, possible in self.comments.items():
            try:
                disk = self.service.disk(name)
                found = disk["Description"] or ""
                if disk["Failure"]:
                    raise Mismatch(f"disk {name}: {disk['Failure']}")
            except cim.CimError:
                found = None
            if found not in possible:
                raise Mismatch(f"disk {name} is {found!r}, and may be one of {possible}")
            self.comments[name] = {found}


class Soak:
    def __init__(self, service, seed):
        self.service, self.random, self.kills, self.stops = service, random.Random(seed), 0, 0
        self.workers = [Management(service, seed)]
        service.start()
        for index, (name, parameters) in enumerate(DISKS.items()):
            service.create_disk(name, DISK_SIZE, **parameters)
            iqn = service.create_target(name, name)
            for number in range(WORKERS_PER_DISK):
                worker = Blocks(service, iqn, index * WORKERS_PER_DISK + number + 1, number * REGION_BLOCKS,
                                seed + index * 100 + number)
                worker.can_unmap = parameters.get("Kind") != "preallocated"
                self.workers.append(worker)
        service.create_disk("keys", commands.MIB)
        self.workers.append(Registrations(service, service.create_target("keys", "keys"), seed))
        self.identities = self.find_identities()

    def find_identities(self):
        return {name: [self.service.disk(name)[field] for field in ("ID", "SerialNumber", "NAA", "Size")]
                for name in DISKS}

    def run(self, seconds, between):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.round(self.random.uniform(*between))
            print(f"kills {self.kills}, stops {self.stops}, commands {sum(each.steps for each in self.workers)}",
                  flush=True)
        if self.service.stop() != 0:
            raise AssertionError("the daemon does not end with status 0")

    def round(self, seconds):
        is_over = threading.Event()
        for worker in self.workers:
            worker.start(is_over)
        ended = threading.Event()
        ended.wait(seconds)  # the load runs
        is_over.set()
        self.end_daemon()
        for worker in self.workers:
            worker.join()
        self.service.start()
        for worker in self.workers:
            worker.verify()
        for name in DISKS:
            if self.service.disk(name)["Failure"]:
                raise Mismatch(f"disk {name}: {self.service.disk(name)['Failure']}")
        if self.find_identities() != self.identities:
            raise Mismatch("identities have changed")

    def end_daemon(self):
        if self.random.random() < 0.8:
            self.kills += 1
            self.service.kill()
        else:
            self.stops += 1
            if self.service.stop() != 0:
                raise AssertionError("the daemon does not end with status 0")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600, help="how long (3600)")
    parser.add_argument("--seed", type=int, default=1, help="what is done; not when the daemon meets it (1)")
    parser.add_argument("--between", type=float, nargs=2, default=(1, 6), help="seconds of load before a kill (1 6)")
    arguments = parser.parse_args()
    service = daemon.Daemon()
    try:
        Soak(service, arguments.seed).run(arguments.seconds, arguments.between)
    except BaseException:
        print("\n".join(service.log().splitlines()[-40:]), flush=True)
        raise
    finally:
        service.close()
    print("nothing that was answered was lost")


if __name__ == "__main__":
    main()
