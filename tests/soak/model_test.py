#!/usr/bin/env python3
"""The judge of the soak finds what it is there for."""

import unittest

from model import BLOCK, Mismatch, Region, content


class Judge(unittest.TestCase):
    def setUp(self):
        self.region = Region(1, 0, 64)

    def write(self, lba, count, is_atomic=False, is_answered=True):
        version, data = self.region.new_data(lba, count)
        self.region.begin(lba, count, version, is_atomic)
        self.region.settle() if is_answered else self.region.cut()
        return data

    def test_what_was_answered_must_be_there(self):
        old = self.write(0, 4)
        new = self.write(0, 4)
        self.region.verify(0, new)
        for lost in (old, bytes(4 * BLOCK), new[:3 * BLOCK] + old[3 * BLOCK:], new[BLOCK:] + new[:BLOCK]):
            with self.assertRaises(Mismatch):
                self.region.verify(0, lost)

    def test_what_was_cut_off_may_be_there_in_part(self):
        old = self.write(0, 2)
        new = self.write(0, 2, is_answered=False)
        mixed = new[:BLOCK] + old[BLOCK:]
        self.region.verify(0, mixed)
        with self.assertRaises(Mismatch):
            self.region.verify(0, new)  # it has been seen otherwise

    def test_an_atomic_write_is_whole_or_not_there(self):
        old = self.write(0, 2)
        new = self.write(0, 2, is_atomic=True, is_answered=False)
        rest = bytes(62 * BLOCK)
        with self.assertRaises(Mismatch):
            self.region.verify_all(new[:BLOCK] + old[BLOCK:] + rest)
        self.region.verify_all(new + rest)

    def test_blocks_tell_where_they_belong(self):
        self.assertEqual(len({content(1, 0, 1), content(2, 0, 1), content(1, 1, 1), content(1, 0, 2)}), 4)


if __name__ == "__main__":
    unittest.main()
