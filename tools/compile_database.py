"""How each file is compiled, and a memory of what a tool said about it last time.

The memory (build/check/results) is valid while the command, the tool's settings and every file of the tree that the
compiler read are the same; a run with nothing changed only reads files and compares hashes.
"""

import concurrent.futures
import dataclasses
import hashlib
import json
import os
import pathlib
import shlex
import subprocess

from source_tree import Finding

BUILD = "build/check"


@dataclasses.dataclass(frozen=True)
class Unit:
    """One entry of compile_commands.json; `name` is relative to the root for files of the tree."""

    name: str
    file: str
    folder: str
    arguments: tuple

    def flags(self):
        """The arguments without launcher, output, source and dependency files: the compiler first."""
        words = list(self.arguments)
        compiler = next(i for i, word in enumerate(words) if pathlib.PurePath(word).name.startswith("clang"))
        kept, skip = [], False
        for word in words[compiler:]:
            if skip or word in ("-c", "-MD", "-MMD", self.file):
                skip = False
            elif word in ("-o", "-MF", "-MT", "-MQ"):
                skip = True
            else:
                kept.append(word)
        return kept


class ConfigureError(Exception):
    """CMake could not configure; the text is its output."""


def load(root):
    """Configures the dev preset into build/check and returns its units."""
    configured = subprocess.run(["cmake", "--preset", "dev", "-B", BUILD], cwd=root, text=True, capture_output=True,
                                check=False)
    if configured.returncode == 0:
        # Sources that the build writes must be there before anything that includes them is read.
        configured = subprocess.run(["cmake", "--build", BUILD, "--target", "generated_sources"], cwd=root, text=True,
                                    capture_output=True, check=False)
    if configured.returncode != 0:
        raise ConfigureError(configured.stdout + configured.stderr)
    units = []
    for entry in json.loads((root / BUILD / "compile_commands.json").read_text(encoding="utf-8")):
        file = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        name = os.path.relpath(file, root)
        units.append(Unit(name, entry["file"], entry["directory"], tuple(shlex.split(entry["command"]))))
    return units


class Results:
    """Runs one tool over units, in parallel, and remembers what it said. `settings` is all that its verdict depends on
    beside the command and the files read."""

    def __init__(self, root, tool, settings):
        self.root = root
        self.memory = root / BUILD / "results" / tool
        self.memory.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.hashes = {}
        self.ran = 0

    def run(self, units, command, jobs=None):
        """Yields (unit, exit code, output) for each; `command(unit)` is the argument list, run in the unit's folder."""
        with concurrent.futures.ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
            waiting = {pool.submit(self._one, unit, command(unit)): unit for unit in units}
            for done in concurrent.futures.as_completed(waiting):
                yield (waiting[done], *done.result())

    def _one(self, unit, command):
        memory = self.memory / (hashlib.sha256(unit.name.encode()).hexdigest()[:24] + ".json")
        key = hashlib.sha256(json.dumps([self.settings, command, unit.flags()]).encode()).hexdigest()
        try:
            known = json.loads(memory.read_text(encoding="utf-8"))
            if known["key"] == key and all(self._hash(name) == value for name, value in known["read"].items()):
                return known["code"], known["output"]
        except (OSError, ValueError, KeyError):
            pass
        self.ran += 1
        read = {name: self._hash(name) for name in self._dependencies(unit)}
        outcome = subprocess.run(command, cwd=unit.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 check=False)
        if outcome.returncode >= 0:
            memory.write_text(json.dumps({"key": key, "read": read, "code": outcome.returncode,
                                          "output": outcome.stdout}), encoding="utf-8")
        return outcome.returncode, outcome.stdout

    def _dependencies(self, unit):
        """The files of the tree, and those the build wrote, that the compiler reads for this unit."""
        listed = subprocess.run([*unit.flags(), "-MM", "-MG", unit.file], cwd=unit.folder, text=True,
                                capture_output=True, check=False)
        names = listed.stdout.replace("\\\n", " ").split()[1:] if listed.returncode == 0 else [unit.file]
        inside = {os.path.relpath(os.path.join(unit.folder, name), self.root) for name in names}
        return sorted(name for name in inside if not name.startswith(".."))

    def _hash(self, name):
        if name not in self.hashes:
            try:
                self.hashes[name] = hashlib.sha256((self.root / name).read_bytes()).hexdigest()
            except OSError:
                self.hashes[name] = ""
        return self.hashes[name]


def diagnostics(root, folder, output):
    """The findings in a compiler's output: (path relative to the root, line, severity, text)."""
    for line in output.splitlines():
        parts = line.split(":", 4)
        if len(parts) == 5 and parts[1].isdigit() and parts[2].isdigit():
            severity = parts[3].strip()
            if severity in ("error", "warning", "fatal error"):
                path = os.path.relpath(os.path.join(folder, parts[0]), root)
                yield path, int(parts[1]), severity, parts[4].strip()


def not_configured(error):
    return Finding("CMakeLists.txt", 1, f"cmake --preset dev failed:\n{error}")
