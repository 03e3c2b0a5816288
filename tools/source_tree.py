"""The tree that the checks read, and what they report about it."""

import dataclasses
import functools
import pathlib
import re
import subprocess

SKIPPED_FOLDERS = {".git", "build", "var", "__pycache__"}


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    """One thing to mend. A warning is shown and does not fail the run."""

    path: str
    line: int
    text: str
    warning: bool = False

    def __str__(self):
        kind = "warning: " if self.warning else ""
        return f"{self.path}:{self.line}: {kind}{self.text}"


class SourceTree:
    """The files of the tree at `root` that git tracks or would track; without git, all but what a build leaves."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()

    @functools.cached_property
    def files(self):
        """Every file, as sorted paths relative to the root."""
        listed = subprocess.run(
            ["git", "-C", self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True, check=False)
        if listed.returncode == 0 and (self.root / ".git").exists():
            names = {name for name in listed.stdout.decode().split("\0") if name}
            return sorted(name for name in names if (self.root / name).is_file())
        return sorted(
            str(path.relative_to(self.root)) for path in self.root.rglob("*")
            if path.is_file() and not SKIPPED_FOLDERS.intersection(path.relative_to(self.root).parts))

    def matching(self, pattern):
        """The files whose whole path matches the regular expression."""
        return [name for name in self.files if re.fullmatch(pattern, name)]

    @property
    def cpp_files(self):
        return self.matching(r"(src|tests|bench)/.*\.(h|cc)")

    @functools.lru_cache(maxsize=None)
    def read(self, name):
        """The text of a file; None when it is not text."""
        try:
            return (self.root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            return None

    @functools.lru_cache(maxsize=None)
    def code(self, name):
        """A C++ file with its comments and the insides of its literals blanked; lines and columns stay."""
        return blank_comments_and_literals(self.read(name) or "")

    def line_of(self, name, offset):
        return self.read(name).count("\n", 0, offset) + 1


_TOKEN = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|R"(?P<delimiter>[^()\s\\]{0,16})\((?:.*?)\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'",
    re.DOTALL)


def blank_comments_and_literals(text):
    """Replaces comments and literals by blanks of the same length. #include lines keep their names."""

    def blank(match):
        before = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
        if match.group().startswith('"') and re.fullmatch(r"\s*#\s*include\s*", before):
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())

    return _TOKEN.sub(blank, text)
