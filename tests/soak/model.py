"""What a disk may hold: for each logical block the versions that it may have, since kill -9 came between."""

import struct

BLOCK = 512
REPETITIONS = BLOCK // 16


def content(region, lba, version):
    """A block that says whose it is, where and which; version 0 is zeros."""
    return struct.pack(">IIQ", region, lba, version) * REPETITIONS if version else bytes(BLOCK)


class Mismatch(AssertionError):
    """A block holds what it cannot hold."""


class Region:
    """Blocks that one initiator alone writes. An answer settles what they hold; a write that was cut off may have reached
    any of its blocks, one that is atomic all of them or none."""

    def __init__(self, number, first, count):
        self.number, self.first, self.count = number, first, count
        self.possible = {}  # by LBA; 0 where there is none
        self.last_version = 0
        self.pending = None  # (LBA, blocks, version, whether it is atomic) of the command that was sent last
        self.whole = []      # (LBA, blocks, version) of atomic writes that were cut off

    def new_data(self, lba, count):
        """The blocks of a write, and its version."""
        self.last_version += 1
        return self.last_version, self.data(lba, count, self.last_version)

    def data(self, lba, count, version):
        return b"".join(content(self.number, lba + at, version) for at in range(count))

    def begin(self, lba, count, version, is_atomic=False):
        self.pending = (lba, count, version, is_atomic)

    def settle(self):
        """The pending command was answered with GOOD."""
        lba, count, version, _ = self.pending
        self.possible.update({each: {version} for each in range(lba, lba + count)})
        self.pending = None

    def forget(self):
        """The pending command was answered, and has done nothing."""
        self.pending = None

    def cut(self):
        """The daemon has gone: the pending command may have been done."""
        if self.pending:
            lba, count, version, is_atomic = self.pending
            for each in range(lba, lba + count):
                self.possible[each] = self.possible.get(each, {0}) | {version}
            if is_atomic:
                self.whole.append((lba, count, version))
        self.pending = None

    def known(self, lba, count):
        """What these blocks hold, once all of them have been verified."""
        return b"".join(content(self.number, each, *self.possible.get(each, {0})) for each in range(lba, lba + count))

    def verify_all(self, data):
        """Compares what the whole region was read as, after the daemon has come back."""
        for lba, count, version in self.whole:
            at = (lba - self.first) * BLOCK
            blocks = [data[at + each * BLOCK:at + (each + 1) * BLOCK] == content(self.number, lba + each, version)
                      for each in range(count)]
            if any(blocks) and not all(blocks):
                raise Mismatch(f"region {self.number}: half of the atomic write {version} at {lba} is there")
        self.whole = []
        self.verify(self.first, data)

    def verify(self, lba, data):
        """Compares what was read from `lba` on; it is then what the blocks hold."""
        found = {}
        for at in range(len(data) // BLOCK):
            block, each = data[at * BLOCK:(at + 1) * BLOCK], lba + at
            versions = [version for version in self.possible.get(each, {0})
                        if block == content(self.number, each, version)]
            if not versions:
                raise Mismatch(f"region {self.number} block {each} holds {block[:16].hex()}, and may hold versions "
                               f"{sorted(self.possible.get(each, {0}))}")
            found[each] = versions[0]
        self.possible.update({each: {version} for each, version in found.items()})
