"""Fails on calls, words and paths that do not belong in the tree. Exceptions stand in tools/allowed_words.txt."""

import dataclasses
import fnmatch
import re

from source_tree import Finding

ALLOWED = "tools/allowed_words.txt"
MISSPELLINGS = "tools/misspellings.txt"
CPP = r"(src|tests|bench)/.*\.(h|cc)"
# Programs that measure stand outside the product: they read clocks and open files as they please.
PRODUCT = r"(src|tests)/.*\.(h|cc)"
SOURCES = r"(src|tests|bench)/.*\.(h|cc|py|sh)"
TESTS = r"(src/.*_test\.cc|src/.*/testing/.*|tests/.*\.(h|cc|py|sh))"
TEXT = r"(?!tests/corpus/|tests/golden/).*"


@dataclasses.dataclass(frozen=True)
class Rule:
    name: str
    pattern: str
    files: str
    why: str
    # Comments and literals do not count.
    code_only: bool = True


RULES = [
    Rule("clock", r"\b(steady_clock|system_clock|high_resolution_clock)::now\b|\bclock_gettime\b|\bgettimeofday\b", PRODUCT,
         "time comes from runtime::Clock"),
    Rule("random", r"(?<![\w:.>])s?rand\s*\(|\brandom_device\b", PRODUCT, "randomness comes from runtime::Random"),
    Rule("environment", r"\b(secure_)?getenv\b", PRODUCT, "settings arrive through constructor parameters"),
    Rule("thread", r"\bstd::j?thread\b|\bpthread_create\b", PRODUCT, "threads belong to the runtime"),
    Rule("open", r"(?<![\w>])::open(at2?)?\s*\(", PRODUCT, "files are opened through runtime interfaces"),
    Rule("reinterpret_cast", r"\breinterpret_cast\b", CPP, "bytes are read through wire fields and readers"),
    # Placement new makes nothing that has to be deleted; unique_ptr<T>(new T) is how private constructors are reached.
    Rule("new-delete", r"^(?!.*unique_ptr<[^;]*>(\s*\w+)?[({]\s*new\b).*?(?<!operator )\bnew\s+[\w:]"
         r"|(?<!operator )\bdelete(\s*\[\s*\])?\s+[\w:*(]", CPP,
         "objects belong to a member, a unique_ptr or a stack frame"),
    Rule("define", r"^[ \t]*#[ \t]*define\b", CPP, "a constant, a function or a template does it"),
    Rule("using-namespace", r"\busing\s+namespace\b", r"(src|tests|bench)/.*\.h", "never in a header"),
    Rule("sleep", r"\bthis_thread::sleep_\w+|\b(usleep|nanosleep)\b|\btime\.sleep\(", TESTS,
         "a test waits for an event, or moves the virtual clock"),
    Rule("skipped-test", r"\b(GTEST_SKIP|DISABLED_\w*)|\bunittest\.skip\w*", TESTS, "a test that does not run is no test"),
    Rule("todo", r"\bFIXME\b|\bTODO\b(?!\(#\d+\))", SOURCES, "write TODO(#number), or do it", code_only=False),
    Rule("machine-path", r"(?<![\w.~-])/(?:work|home|root(?!/(?:interop|cimv2|wmi)))/", TEXT,
         "a path of one machine", code_only=False),
]


def read_allowed(tree):
    """[rule, path pattern, line number] of each exception, and the malformed lines."""
    entries, findings = [], []
    for number, line in enumerate((tree.read(ALLOWED) or "").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(maxsplit=2)
        if len(fields) < 3 or fields[0] not in {rule.name for rule in RULES}:
            findings.append(Finding(ALLOWED, number, "expected: RULE PATH REASON"))
        else:
            entries.append((fields[0], fields[1], number))
    return entries, findings


def check_rule(tree, rule, entries, used):
    for name in tree.matching(rule.files):
        if tree.read(name) is None:
            continue
        text = tree.code(name) if rule.code_only and name.endswith((".h", ".cc")) else tree.read(name)
        for match in re.finditer(rule.pattern, text, re.MULTILINE):
            excused = [entry for entry in entries if entry[0] == rule.name and fnmatch.fnmatchcase(name, entry[1])]
            used.update(excused)
            if not excused:
                yield Finding(name, tree.line_of(name, match.start()),
                              f"{rule.name}: {match.group().strip()!r}: {rule.why} (exceptions: {ALLOWED})")


def check_spelling(tree):
    pairs = [line.split() for line in (tree.read(MISSPELLINGS) or "").splitlines() if line and line[0] != "#"]
    right = {wrong: good for wrong, good in pairs}
    if not right:
        return
    pattern = re.compile(r"(?<![a-z])(" + "|".join(map(re.escape, right)) + r")(?![a-z])", re.IGNORECASE)
    for name in tree.matching(TEXT):
        if name == MISSPELLINGS or tree.read(name) is None:
            continue
        if right.keys().isdisjoint(re.findall("[a-z]+", tree.read(name).lower())):
            continue
        for match in pattern.finditer(tree.read(name)):
            wrong = match.group()
            yield Finding(name, tree.line_of(name, match.start()), f"spelling: {wrong}: {right[wrong.lower()]}")


def check(tree):
    entries, findings = read_allowed(tree)
    yield from findings
    used = set()
    for rule in RULES:
        yield from check_rule(tree, rule, entries, used)
    for entry in entries:
        if entry not in used:
            yield Finding(ALLOWED, entry[2], f"nothing in {entry[1]} needs this exception any more")
    yield from check_spelling(tree)
