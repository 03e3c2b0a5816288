"""Small trees with something wrong in them, for the tests of the checks."""

import pathlib
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from source_tree import SourceTree  # noqa: E402  (the path above makes it known)

LAYERS = "base:\nwire: base\nsim: base\nblock: base wire\n"


class SampleTest(unittest.TestCase):
    """Gives each test a folder of its own; `tree()` fills it, and what it wrote before is gone."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lunaria-sample-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.written = []

    def tree(self, files):
        for name in self.written:
            (self.folder / name).unlink()
        self.written = list(files)
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return SourceTree(self.folder)

    def findings(self, check, files):
        """What the check says about the files, as `path:line: text`."""
        return [str(finding) for finding in check(self.tree(files))]

    def assert_refused(self, findings, place, text):
        """One finding stands at `place` (path:line) and says `text`."""
        self.assertTrue(any(finding.startswith(f"{place}: ") and text in finding for finding in findings),
                        f"expected {place} ... {text} in {findings}")
