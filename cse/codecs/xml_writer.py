"""Values to XML (TS-0004 8.3): members in the order of the tables, namespaces declared at the root."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cse.codecs.shapes import ANYTHING, Kind, Many, Roots, Shape, Shapes
from cse.codecs.xml_names import namespace_of
from resources.errors import ReceiverError
from resources.status import Status

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAME = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_.\-]*:)?[A-Za-z_][A-Za-z0-9_.\-]*")
#: What XML 1.0 has no way to say, not even by number.
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BLANK = re.compile(r"[ \t\r\n]")
_SPECIAL = re.compile("[&<>\"\r\n\t]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
_IN_TEXT = {**_ESCAPES, '"': '"', "\n": "\n", "\t": "\t"}
_DECLARED = {bool: "xs:boolean", int: "xs:integer", float: "xs:double"}


class Writer:
    """Writes one document. Raises ReceiverError 5207 for what XML cannot say."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._parts: list[str] = []
        self._prefixes: dict[str, None] = {}

    def write(self, content: Mapping[str, Any]) -> bytes:
        """Write an object of one member, the root element."""
        if type(content) is not dict or len(content) != 1:
            raise _unsayable("the content", "is no object with one member, the root element")
        [(root, value)] = content.items()
        shape = self._shapes.root(root)
        if shape.many is Many.NO and isinstance(value, list):
            raise _unsayable(root, "is a list; XML has one root element")
        self._element(root, value, shape)
        head = self._parts[0]  # "<root" with nothing behind it
        declared = "".join(f' xmlns:{prefix}="{namespace_of(prefix)}"' for prefix in self._prefixes)
        self._parts[0] = f"{_DECLARATION}{head}{declared}"
        return "".join(self._parts).encode()

    def _element(self, name: str, value: Any, shape: Shape) -> None:
        """Write a member: an element, or one for each of a list."""
        if isinstance(value, list):
            if shape.many is Many.BLANKS and not any(isinstance(part, (dict, list)) for part in value):
                self._scalar(name, " ".join(_without_blanks(name, part) for part in value))
                return
            for part in value:
                if isinstance(part, list):
                    raise _unsayable(name, "has a list in a list")
                self._one(name, part, shape)
        else:
            self._one(name, value, shape)

    def _one(self, name: str, value: Any, shape: Shape) -> None:
        if isinstance(value, dict):
            self._object(name, value, shape if shape.kind is Kind.OBJECT else ANYTHING)
        elif value is None:
            self._scalar(name, "", "" if shape.removable else self._attribute("xsi:nil", "true"))
        else:
            declared = _DECLARED.get(type(value)) if shape.kind is Kind.ANY else None
            if declared is not None:
                self._prefixes["xs"] = None
                self._scalar(name, _text(value), self._attribute("xsi:type", declared))
            else:
                self._scalar(name, _text(value))

    def _object(self, name: str, value: Mapping[str, Any], shape: Shape) -> None:
        tag = self._tag(name)
        self._parts.append(f"<{tag}")
        for short in shape.attributes:
            if short in value:
                self._parts.append(self._attribute(short, _text(value[short])))
        self._parts.append(">")
        if shape.base:
            self._parts.append(_escaped(shape.base, _text(value.get(shape.base, "")), _IN_TEXT))
        for member in _in_order(value, shape):
            self._element(member, value[member], self._shape_of(member, shape))
        self._parts.append(f"</{tag}>")

    def _shape_of(self, member: str, outer: Shape) -> Shape:
        shape = outer.members.get(member)
        if shape is None:
            shape = self._shapes.root(member) if ":" in member and outer.roots is not Roots.NONE else ANYTHING
        return shape

    def _scalar(self, name: str, text: str, attributes: str = "") -> None:
        tag = self._tag(name)
        self._parts.append(f"<{tag}")
        self._parts.append(f"{attributes}>{_escaped(name, text, _IN_TEXT)}</{tag}>" if text else f"{attributes}/>")

    def _attribute(self, name: str, text: str) -> str:
        return f' {self._tag(name)}="{_escaped(name, text, _ESCAPES)}"'

    def _tag(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise _unsayable(name, "is no name of an element")
        prefix, mark, _ = name.partition(":")
        if mark:
            self._prefixes[prefix] = None
        return name


def _in_order(value: Mapping[str, Any], shape: Shape) -> Iterable[str]:
    """Members in the order of the schema, then what it does not have; not those that are attributes or the text."""
    if not shape.members:
        return value
    known = shape.members
    ordered = [short for short in known if short in value and short not in shape.attributes and short != shape.base]
    return [*ordered, *(short for short in value if short not in known)]


def _text(value: Any) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)


def _without_blanks(name: str, part: Any) -> str:
    text = _text(part)
    if not text or _BLANK.search(text):
        raise _unsayable(name, f"has the value {text[:40]!r}, which cannot stand in a list of XML")
    return text


def _escaped(name: str, text: str, escapes: Mapping[str, str]) -> str:
    if _UNSPEAKABLE.search(text):
        raise _unsayable(name, "has a character that XML cannot say")
    return "".join(escapes.get(character, character) for character in text) if _SPECIAL.search(text) else text


def _unsayable(name: str, problem: str) -> ReceiverError:
    return ReceiverError(f"XML: {ascii(name[:64])[1:-1]} {problem}; ask for JSON or CBOR", Status.NOT_ACCEPTABLE)
