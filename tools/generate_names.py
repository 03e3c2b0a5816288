#!/usr/bin/env python3
"""Writes a C++ header with the names and value maps of the schema, so that nobody spells a property by hand.

usage: generate_names.py OUTPUT.h TOP.mof...

For each class that a TOP includes there is a namespace in lunaria::schema, `wt_disk` for WT_Disk, with
  kClass                          the class name
  kSize                           one constant per property, inherited ones included
  enum class Type : std::int32_t  one enumeration per property with a value map or bit map; an alias where inherited
  namespace start_mode            the values of a string property with a value map, as constants
  namespace resize                one per method: kMethod, a constant per parameter, an enumeration per value map of a
                                  parameter, and ReturnValue
Ranges of a value map have no enumerator.
"""

import pathlib
import re
import sys

import mof_reader

_INTEGERS = {
    "uint8": "std::uint8_t", "uint16": "std::uint16_t", "uint32": "std::uint32_t", "uint64": "std::uint64_t",
    "sint8": "std::int8_t", "sint16": "std::int16_t", "sint32": "std::int32_t", "sint64": "std::int64_t",
}  # fmt: skip
# Words that the rules below would cut at the wrong place.
_WHOLE_WORDS = {"iSCSI": "Iscsi", "iScsi": "Iscsi", "CHAP": "Chap", "IPv4": "Ipv4", "IPv6": "Ipv6", "WTDisk": "WtDisk"}
_KEYWORDS = {
    "and", "auto", "bool", "break", "case", "char", "class", "const", "continue", "default", "delete", "do", "double",
    "else", "enum", "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int",
    "long", "namespace", "new", "not", "operator", "or", "private", "protected", "public", "register", "return",
    "short", "signed", "static", "struct", "switch", "template", "this", "throw", "true", "try", "typedef", "union",
    "unsigned", "using", "virtual", "void", "volatile", "while", "xor",
}  # fmt: skip


def snake_case(name: str) -> str:
    """MSFTSM_ObjectManager -> msftsm_object_manager, WT_LUNMapping -> wt_lun_mapping."""
    for word, replacement in _WHOLE_WORDS.items():
        name = name.replace(word, replacement)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    name = re.sub(r"_+", "_", name).lower()
    return name + "_" if name in _KEYWORDS else name


def upper_first(name: str) -> str:
    return name[0].upper() + name[1:]


def constant(name: str) -> str:
    return "k" + upper_first(name)


def enumerator(label: str) -> str:
    """'Enabled but Offline' -> kEnabledButOffline, '-Monday' -> kMinusMonday."""
    if label.startswith("-"):
        label = "Minus " + label[1:]
    words = re.findall(r"[A-Za-z0-9]+", label.replace("+", " Plus "))
    return "k" + "".join(upper_first(word) for word in words)


class Names:
    """The names of one C++ scope; two that are equal are a mistake in the schema or in the rules above."""

    def __init__(self, where: str):
        self._where = where
        self._names = {}

    def add(self, name: str, what: str) -> str:
        if name in self._names:
            sys.exit(f"{self._where}: {name} stands for both {self._names[name]} and {what}")
        self._names[name] = what
        return name


def values_of(element) -> list:
    """(literal, label) of a value map or bit map, without ranges; labels made unique."""
    qualifiers = element.qualifiers
    if "bitmap" in qualifiers:
        pairs = [(f"1 << {bit}", label) for bit, label in zip(qualifiers["bitmap"], qualifiers["bitvalues"], strict=True)]
    else:
        pairs = list(zip(qualifiers.get("valuemap", []), qualifiers.get("values", []), strict=True))
    pairs = [(value, label) for value, label in pairs if element.type == "string" or ".." not in value]
    labels = [enumerator(label) for _, label in pairs]
    return [
        (value, name if labels.count(name) == 1 else f"{name}{value.replace('-', 'Minus')}")
        for (value, _), name in zip(pairs, labels, strict=True)
    ]


def enumeration(name: str, element, indent: str) -> list:
    lines = [f"{indent}enum class {name} : {_INTEGERS[element.type]} {{"]
    scope = Names(name)
    lines += [f"{indent}  {scope.add(label, value)} = {value}," for value, label in values_of(element)]
    return lines + [f"{indent}}};"]


def property_values(element, scope: Names) -> list:
    if not values_of(element):
        return []
    if element.type == "string":
        lines = [f"namespace {scope.add(snake_case(element.name), element.name)} {{"]
        inner = Names(element.name)
        lines += [
            f'inline constexpr std::string_view {inner.add(label, value)} = "{value}";' for value, label in values_of(element)
        ]
        return lines + ["}"]
    return enumeration(scope.add(upper_first(element.name), element.name), element, "")


def method_names(method, scope: Names) -> list:
    lines = [f"namespace {scope.add(snake_case(method.name), method.name)} {{"]
    lines += [f'inline constexpr std::string_view kMethod = "{method.name}";']
    inner = Names(method.name)
    inner.add("kMethod", "the method")
    for parameter in method.parameters:
        name = inner.add(constant(parameter.name), parameter.name)
        lines.append(f'inline constexpr std::string_view {name} = "{parameter.name}";')
        if parameter.type in _INTEGERS and values_of(parameter):
            lines += enumeration(inner.add(upper_first(parameter.name), parameter.name), parameter, "")
    if method.type in _INTEGERS and values_of(method):
        lines += enumeration(inner.add("ReturnValue", "the result"), method, "")
    return lines + ["}"]


def lineage(classes: dict, name: str) -> list:
    result = []
    while name:
        result.insert(0, classes[name])
        name = classes[name].superclass
    return result


def has_values(element, overridden) -> bool:
    """Whether the element has value qualifiers of its own, rather than none or those of what it overrides."""
    own = [element.qualifiers.get(name) for name in ("valuemap", "values", "bitmap", "bitvalues")]
    return any(value is not None for value in own) or overridden is None


def class_names(classes: dict, mof_class) -> list:
    """The namespace of one class."""
    lines = [f"namespace {snake_case(mof_class.name)} {{"]
    lines.append(f'inline constexpr std::string_view kClass = "{mof_class.name}";')
    scope = Names(mof_class.name)
    scope.add("kClass", "the class")
    properties, methods = {}, {}  # name -> (element, class whose values are in force)
    for ancestor in lineage(classes, mof_class.name):
        for table, elements in ((properties, ancestor.properties), (methods, ancestor.methods)):
            for element in elements:
                overridden = table.get(element.name)
                # A method brings its parameters along; a property without values of its own keeps the inherited ones.
                whole = table is methods or has_values(element, overridden)
                table[element.name] = (element, ancestor) if whole else overridden
    for name in properties:
        lines.append(f'inline constexpr std::string_view {scope.add(constant(name), name)} = "{name}";')
    for name, (element, owner) in properties.items():
        if owner is mof_class:
            lines += property_values(element, scope)
        elif values_of(element):
            alias = snake_case(name) if element.type == "string" else upper_first(name)
            scope.add(alias, name)
            target = f"{snake_case(owner.name)}::{alias}"
            lines.append(f"namespace {alias} = {target};" if element.type == "string" else f"using {alias} = {target};")
    for name, (element, owner) in methods.items():
        if owner is mof_class:
            lines += method_names(element, scope)
        else:
            alias = scope.add(snake_case(name), name)
            lines.append(f"namespace {alias} = {snake_case(owner.name)}::{alias};")
    return lines + [f"}}  // namespace {snake_case(mof_class.name)}", ""]


def main(arguments: list) -> int:
    output, *tops = map(pathlib.Path, arguments)
    classes = mof_reader.read_classes(tops)
    lines = ["#pragma once", "", "// Generated by tools/generate_names.py from mof/. Do not edit.", ""]
    lines += ["#include <cstdint>", "#include <string_view>", "", "namespace lunaria::schema {", ""]
    for mof_class in classes.values():
        lines += class_names(classes, mof_class)
    lines += ["}  // namespace lunaria::schema", ""]
    output.write_text("\n".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
