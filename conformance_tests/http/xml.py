"""XML as a tester reads it: elements and attributes are members, texts stay texts (TS-0004 8.3).

What is a number, a boolean or a list is not said by XML; a case that expects one names the text.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

M2M = "http://www.onem2m.org/xml/protocols"


def decode(body: bytes) -> dict[str, Any]:
    """Read a document as an object with one member; raises ValueError for what is none."""
    if b"<!DOCTYPE" in body:
        raise ValueError("a document type stands in it")
    try:
        root = ET.fromstring(body)  # noqa: S314 - without a document type nothing can be declared
    except ET.ParseError as error:
        raise ValueError(str(error)) from None
    return {_name(root.tag): _value(root)}


def _name(tag: str) -> str:
    uri, mark, local = tag.removeprefix("{").partition("}")
    if not mark:
        return tag
    return f"m2m:{local}" if uri == M2M else f"{uri.rpartition('/')[2]}:{local}"


def _value(element: ET.Element) -> Any:
    """A text; for an element with attributes or elements an object, its text as ``val``."""
    members: dict[str, Any] = {name: text for name, text in element.attrib.items() if not name.startswith("{")}
    for child in element:
        name, value = _name(child.tag), _value(child)
        if name not in members:
            members[name] = value
        elif isinstance(members[name], list):
            members[name].append(value)
        else:
            members[name] = [members[name], value]
    text = element.text or ""
    if not members:
        return text
    return {**members, "val": text} if text.strip() else members
