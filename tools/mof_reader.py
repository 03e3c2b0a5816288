"""Reads the project's own MOF files for the tools that generate code from them.

Understands what the files under mof/ use: include pragmas, qualifier declarations and classes. It does not check
semantics; the MOF compiler of src/cim does.
"""

import dataclasses
import pathlib
import re

_TOKEN = re.compile(
    r"""\s+|//[^\n]*|/\*.*?\*/"""  # nothing of interest
    r"""|(?P<string>"(?:[^"\\]|\\.)*")"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"""
    r"""|(?P<number>[-+]?[0-9][0-9A-Za-z.+-]*)"""
    r"""|(?P<mark>[\[\]{}(),:;=#])""",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}


class MofError(Exception):
    """A file that cannot be read; the message names file and place."""


@dataclasses.dataclass
class Element:
    """A property, a method or a parameter."""

    name: str
    type: str  # "uint16", "string", "void"; the class name of a reference
    is_reference: bool
    is_array: bool
    qualifiers: dict  # name in lower case -> True, a string, a number or a list
    parameters: "list[Element] | None" = None  # None unless a method
    default: object = None


@dataclasses.dataclass
class MofClass:
    name: str
    superclass: "str | None"
    qualifiers: dict
    properties: list
    methods: list
    path: pathlib.Path


def included_files(top: pathlib.Path) -> list:
    """`top` and the files it includes, each once, in the order in which they are compiled."""
    seen = []

    def visit(path):
        if path in seen:
            return
        for include in re.findall(r'^#pragma include \("([^"]+)"\)$', path.read_text(encoding="utf-8"), re.MULTILINE):
            visit((path.parent / include).resolve())
        seen.append(path)

    visit(top.resolve())
    return seen


def read_classes(tops: list) -> dict:
    """The classes that the files `tops` include: name -> MofClass, superclasses first."""
    classes = {}
    for top in tops:
        for path in included_files(pathlib.Path(top)):
            for mof_class in _Parser(path).classes():
                classes.setdefault(mof_class.name, mof_class)
    return classes


class _Parser:
    def __init__(self, path):
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.tokens = list(self._tokenize())
        self.index = 0

    def _tokenize(self):
        place = 0
        while place < len(self.text):
            match = _TOKEN.match(self.text, place)
            if not match:
                raise MofError(f"{self.path}: line {self.text.count(chr(10), 0, place) + 1}: unexpected character")
            place = match.end()
            if match.lastgroup:
                yield match.lastgroup, match.group(), match.start()

    def _fail(self, wanted):
        place = self.tokens[self.index][2] if self.index < len(self.tokens) else len(self.text)
        raise MofError(f"{self.path}: line {self.text.count(chr(10), 0, place) + 1}: expected {wanted}")

    def _peek(self, ahead=0):
        index = self.index + ahead
        return self.tokens[index][1] if index < len(self.tokens) else ""

    def _take(self, wanted=None):
        if self.index >= len(self.tokens) or (wanted is not None and self._peek().lower() != wanted):
            self._fail(wanted or "more text")
        self.index += 1
        return self.tokens[self.index - 1][1]

    def _word(self):
        if self.index >= len(self.tokens) or self.tokens[self.index][0] != "word":
            self._fail("a name")
        return self._take()

    def classes(self):
        while self.index < len(self.tokens):
            if self._peek() == "#":
                while self._take() != ")":
                    pass
            elif self._peek().lower() == "qualifier":
                while self._take() != ";":
                    pass
            else:
                yield self._class()

    def _class(self):
        qualifiers = self._qualifiers()
        self._take("class")
        name = self._word()
        superclass = None
        if self._peek() == ":":
            self._take()
            superclass = self._word()
        self._take("{")
        properties, methods = [], []
        while self._peek() != "}":
            element = self._element()
            (properties if element.parameters is None else methods).append(element)
            self._take(";")
        self._take("}")
        self._take(";")
        return MofClass(name, superclass, qualifiers, properties, methods, self.path)

    def _element(self):
        qualifiers = self._qualifiers()
        element_type = self._word()
        is_reference = self._peek().lower() == "ref" and self._peek(1) not in "(;,)=["
        if is_reference:
            self._take()
        element = Element(self._word(), element_type, is_reference, False, qualifiers)
        if self._peek() == "(":
            element.parameters = self._parameters()
        if self._peek() == "[":
            self._take()
            self._take("]")
            element.is_array = True
        if self._peek() == "=":
            self._take()
            element.default = self._value()
        return element

    def _parameters(self):
        parameters = []
        self._take("(")
        while self._peek() != ")":
            parameters.append(self._element())
            if self._peek() == ",":
                self._take()
        self._take(")")
        return parameters

    def _qualifiers(self):
        qualifiers = {}
        if self._peek() != "[":
            return qualifiers
        self._take()
        while True:
            name = self._word().lower()
            value = True
            if self._peek() == "(":
                self._take()
                value = self._value()
                self._take(")")
            elif self._peek() == "{":
                value = self._value()
            qualifiers[name] = value
            if self._take() == "]":
                return qualifiers

    def _value(self):
        if self._peek() == "{":
            self._take()
            values = []
            while self._peek() != "}":
                values.append(self._value())
                if self._peek() == ",":
                    self._take()
            self._take()
            return values
        kind, text, _ = self.tokens[self.index] if self.index < len(self.tokens) else self._fail("a value")
        self.index += 1
        if kind == "string":
            value = text[1:-1]
            while self.index < len(self.tokens) and self.tokens[self.index][0] == "string":
                value += self._take()[1:-1]
            return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match.group(1), match.group(1)), value)
        if kind == "number":
            return int(text, 0)
        literal = {"true": True, "false": False, "null": None}
        if text.lower() not in literal:
            self._fail("a value")
        return literal[text.lower()]
