"""XML to values with hard limits (TS-0004 8.3): what JSON would say, told by the shapes of the tables.

The limits hold while the text is parsed: nothing is kept of a document that is too deep or too large, and a document
type is refused where it begins, before any entity could be declared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn
from xml.parsers import expat

from cse.codecs.json import Limits, check_integer
from cse.codecs.shapes import ANYTHING, Kind, Many, Roots, Shape, Shapes
from cse.codecs.xml_names import PREFIXES, XSI
from resources.errors import BadRequest

_BLANKS = " \t\r\n"
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_LONGEST_NUMBER = 64
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_TRUE = {"true", "1"}
_CHARSETS = {"utf-8", "us-ascii"}
#: Simple types that ``xsi:type`` may say of what may be anything.
_DECLARED = {
    **dict.fromkeys(("integer", "int", "long", "decimal", "double", "float"), Kind.NUMBER),
    "boolean": Kind.BOOLEAN,
    "string": Kind.TEXT,
}


class _Element:
    """An element that has begun."""

    __slots__ = ("free", "key", "members", "nil", "shape", "text")

    def __init__(self, key: str, shape: Shape) -> None:
        self.key = key
        self.shape = shape
        self.free = shape.kind is Kind.ANY
        self.members: dict[str, Any] = {}
        self.text: list[str] = []
        self.nil = False


class Reader:
    """Reads one document; ``read`` returns an object of one member, the root element."""

    def __init__(self, shapes: Shapes, limits: Limits) -> None:
        self._shapes = shapes
        self._limits = limits
        self._root: dict[str, Any] = {}
        self._open: list[_Element] = []
        self._left = limits.max_members
        self._prefixes: dict[str, str] = {}
        parser = expat.ParserCreate("utf-8", " ", {})
        self._parser: expat.XMLParserType | None = parser
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.XmlDeclHandler = _check_declaration
        parser.StartDoctypeDeclHandler = _refuse_document_type
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def read(self, data: bytes) -> dict[str, Any]:
        """Read the document; raises BadRequest."""
        if not data.strip():
            raise BadRequest("XML: empty; expected one element")
        if b"\0" in data:  # whatever is told, the parser finds out about UTF-16 by itself
            raise BadRequest("XML: has a byte 0; the text must be UTF-8 without such a character")
        parser, self._parser = self._parser, None  # it holds this reader: a circle would live until it is collected
        assert parser is not None
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise BadRequest(f"XML: {expat.ErrorString(error.code)} at line {error.lineno}, column {error.offset}"
                             ) from None
        except (UnicodeError, ValueError, RecursionError) as error:
            raise BadRequest(f"XML: {error}"[:200]) from None
        finally:
            self._open.clear()
        return self._root

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        self._count(1)
        if uri is not None and uri not in PREFIXES:
            self._prefixes[uri] = prefix or ""

    def _start(self, name: str, attributes: list[str]) -> None:
        if len(self._open) >= self._limits.max_depth:
            raise BadRequest(f"XML: nested deeper than {self._limits.max_depth} levels")
        self._count(1 + len(attributes) // 2)
        key, shape = self._place(name)
        element = _Element(key, shape)
        self._open.append(element)
        for index in range(0, len(attributes), 2):
            self._attribute(element, attributes[index], attributes[index + 1])

    def _place(self, name: str) -> tuple[str, Shape]:
        """Where an element stands: the name of the member that it is, and what is expected in it."""
        uri, _, local = name.rpartition(" ")
        prefix = PREFIXES.get(uri) or self._prefixes.get(uri, "")
        qualified = f"{prefix}:{local}" if prefix else local
        if not self._open:
            return qualified, self._shapes.root(qualified)
        outer = self._open[-1]
        shape = outer.shape
        if shape.kind is not Kind.OBJECT:
            if shape.kind is not Kind.ANY:
                self._refuse(f"has the element {local[:64]}; expected {shape.kind.value}")
            return qualified, ANYTHING
        if shape.base:
            self._refuse(f"has the element {local[:64]}; expected {shape.kind.value} and attributes")
        member = shape.members.get(qualified)
        if member is not None:
            return qualified, member
        if prefix == "m2m" and (member := shape.members.get(local)) is not None:
            return local, member  # what is declared inside of a type has no namespace; some give it one
        if not prefix or shape.roots is Roots.NONE:
            return qualified, ANYTHING
        root = self._shapes.root(qualified)
        return qualified, _in_array(root) if shape.roots is Roots.ARRAYS else root

    def _attribute(self, element: _Element, name: str, value: str) -> None:
        uri, _, local = name.rpartition(" ")
        if uri:
            if uri == XSI and local == "nil":
                element.nil = value.strip(_BLANKS) in _TRUE
            elif uri == XSI and local == "type" and element.free:
                kind = _DECLARED.get(value.rpartition(":")[2].strip(_BLANKS))
                if kind is not None:
                    element.shape = Shape(kind, element.shape.many)
            return
        if local not in element.shape.attributes:
            self._refuse(f"has the attribute {local[:64]}; "
                         f"expected {', '.join(element.shape.attributes) or 'none'}")
        element.members[local] = _value(element.shape.members[local], value)

    def _text(self, text: str) -> None:
        element = self._open[-1]
        if element.shape.kind is Kind.OBJECT and not element.shape.base:
            if text.strip(_BLANKS):
                self._refuse(f"has the text {text.strip(_BLANKS)[:40]!r}; expected elements")
        else:
            element.text.append(text)

    def _end(self, _: str) -> None:
        element = self._open[-1]
        value = self._finished(element)
        holder = self._open[-2].members if len(self._open) > 1 else self._root
        key, many = element.key, element.shape.many
        if many is Many.REPEATED:
            holder.setdefault(key, []).append(value)
        elif key not in holder:
            holder[key] = value
        elif many is Many.BLANKS and isinstance(holder[key], list) and isinstance(value, list):
            holder[key].extend(value)
        elif element.free:
            holder[key] = [*holder[key], value] if isinstance(holder[key], list) else [holder[key], value]
        else:
            self._refuse("occurs twice; expected one")
        self._open.pop()

    def _finished(self, element: _Element) -> Any:
        shape, text = element.shape, "".join(element.text)
        if element.nil:
            return None
        if shape.kind is Kind.OBJECT:
            if shape.base:
                element.members[shape.base] = _value(shape.members[shape.base], text)
            return element.members or (None if shape.removable else _empty(shape))
        if element.members:
            if text.strip(_BLANKS):
                self._refuse("has text between its elements")
            return element.members
        if not text and shape.removable:
            return None
        if shape.many is Many.BLANKS:
            parts = text.split()
            self._count(len(parts))
            return [_value(shape, part) for part in parts]
        return _value(shape, text)

    def _count(self, more: int) -> None:
        self._left -= more
        if self._left < 0:
            raise BadRequest(f"XML: more than {self._limits.max_members} elements, attributes and values; "
                             "send less at once")

    def _refuse(self, problem: str) -> NoReturn:
        path = "/".join(element.key for element in self._open)[:200]
        raise BadRequest(f"XML: {path} {problem}")


def _empty(shape: Shape) -> dict[str, Any]:
    """An object without elements; one that holds a list and nothing else holds an empty one."""
    if len(shape.members) != 1:
        return {}
    [(short, member)] = shape.members.items()
    return {short: []} if member.many is Many.REPEATED else {}


def _value(shape: Shape, text: str) -> Any:
    """What a text says; a text that is no number or boolean stays one, for the check of the attribute to refuse."""
    kind = shape.kind
    if kind is Kind.NUMBER:
        return _number(text.strip(_BLANKS))
    if kind is Kind.BOOLEAN:
        return _BOOLEANS.get(text.strip(_BLANKS), text)
    if kind is Kind.FORMED:
        stripped = text.strip(_BLANKS)
        return text if stripped == text or _fits(shape, text) else stripped
    return text


def _fits(shape: Shape, text: str) -> bool:
    """Whether the blanks around a text are part of it."""
    try:
        if shape.check is not None:
            shape.check(text)
    except ValueError:
        return False
    return shape.check is not None


def _number(text: str) -> int | float | str:
    if _INTEGER.fullmatch(text):
        value = int(text)
        check_integer(value, "XML")
        return value
    if len(text) <= _LONGEST_NUMBER and _DECIMAL.fullmatch(text):
        number = float(text)
        if number - number == 0:  # finite
            return number
    return text


def _in_array(shape: Shape) -> Shape:
    return Shape(shape.kind, Many.REPEATED, shape.members, shape.attributes, shape.base, shape.roots)


def _check_declaration(version: str, encoding: str | None, standalone: int) -> None:  # noqa: ARG001 - port of expat
    if encoding is not None and encoding.lower() not in _CHARSETS:
        raise BadRequest(f"XML: is in {encoding[:40]}; the text must be UTF-8")


def _refuse_document_type(*_: Any) -> NoReturn:
    raise BadRequest("XML: has a document type (DOCTYPE); send the document without it")


def primitive(document: Mapping[str, Any], root: str) -> Any:
    """The members of a whole primitive; raises BadRequest for another root element."""
    if root not in document:
        raise BadRequest(f"XML: the root element is {next(iter(document))[:64]}; expected {root}")
    return document[root]
