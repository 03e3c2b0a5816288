"""Fails on broken relative links, folders that ARCHITECTURE.md does not name and folders without a README.md."""

import posixpath
import re
import urllib.parse

from source_tree import Finding

LINK = re.compile(r"(?<!\\)\[[^\]\n]*\]\(\s*<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s*<?(\S+?)>?\s*$",
                  re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def prose(text):
    """The document with its code blanked, line for line."""
    text = FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    return re.sub(r"`[^`\n]*`", lambda match: " " * len(match.group()), text)


def anchors(text):
    """The names under which the headings of a document can be linked."""
    found = set()
    fenced = FENCE.sub("", text)
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*#*$", fenced, re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        base, count = slug, 0
        while slug in found:
            count += 1
            slug = f"{base}-{count}"
        found.add(slug)
    return found


def check_links(tree, name):
    for match in LINK.finditer(prose(tree.read(name))):
        target = urllib.parse.unquote(match.group(1) or match.group(2))
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        line = tree.line_of(name, match.start())
        path, _, anchor = target.partition("#")
        if path.startswith("/"):
            yield Finding(name, line, f"{target}: link relative to this document")
            continue
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
        if not (path == "." or path in tree.files or any(file.startswith(path + "/") for file in tree.files)):
            yield Finding(name, line, f"{target}: there is no {path}")
        elif anchor and path.endswith(".md") and anchor not in anchors(tree.read(path)):
            yield Finding(name, line, f"{target}: {path} has no such heading")


def check(tree):
    for name in tree.matching(r"(?!tests/golden/).*\.md"):
        yield from check_links(tree, name)
    architecture = tree.read("ARCHITECTURE.md") or ""
    if not architecture:
        yield Finding("ARCHITECTURE.md", 1, "missing")
    for folder in sorted({name.split("/")[1] for name in tree.matching(r"src/[^/]+/.+")}):
        if architecture and not re.search(rf"(?<![\w-]){re.escape(folder)}(?![\w-])", architecture):
            yield Finding("ARCHITECTURE.md", 1, f"does not mention src/{folder}")
        if f"src/{folder}/README.md" not in tree.files:
            yield Finding(f"src/{folder}/README.md", 1, "missing: what the folder is for, its files, its limits")
