"""The last commit that was found clean as a whole by the slow checks (headers, tidy): what they need not read again.

Where git does not know that commit (an archive, a shallow clone), or a rule has changed since, everything is read.
"""

import re
import subprocess

RECORD = "tools/checked_commit.txt"
RULES = re.compile(r"\.clang-tidy|tools/(check_(tidy|headers)|checked_commit)\.py|cmake/.*|CMakePresets\.json|CMakeLists\.txt")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)


def changed_since(root):
    """The files that differ from the commit that was checked whole; None where that cannot be said."""
    record = root / RECORD
    if not record.is_file():
        return None
    names = set()
    for command in (["diff", "--name-only", "-z", record.read_text(encoding="ascii").strip(), "--"],
                    ["ls-files", "-z", "--others", "--exclude-standard"]):
        listed = subprocess.run(["git", "-C", root, *command], capture_output=True, check=False)
        if listed.returncode != 0:
            return None
        names |= set(listed.stdout.decode().split("\0")) - {""}
    return None if any(RULES.fullmatch(name) for name in names) else names


def reaching(tree, names, headers):
    """Those of `headers` that are among `names`, or include one of them, at once or through others."""
    includers = {}
    for header in headers:
        for included in INCLUDE.findall(tree.read(header)):
            includers.setdefault(f"src/{included}", set()).add(header)
    reached, new = set(), set(names)
    while new:
        reached |= new
        new = set().union(*(includers.get(name, set()) for name in new)) - reached
    return reached & set(headers)


def record(root):
    """Writes the record; None, or why not."""
    git = ["git", "-C", root]
    if subprocess.run([*git, "diff", "--quiet", "HEAD", "--"], check=False).returncode != 0:
        return "clean, but not recorded: commit first"
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, check=True).stdout
    (root / RECORD).write_bytes(head)
    return None
