"""XML as a codec (TS-0004 8.3), with the tables of one CSE behind it.

The parser is expat of the standard library: it frees what it read (a parser whose names are kept for the life of a
thread would grow with every hostile body), and it has no way to a file or a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cse.codecs import json
from cse.codecs.json import Limits
from cse.codecs.shapes import Shapes
from cse.codecs.table import Codec
from cse.codecs.xml_reader import Reader, primitive
from cse.codecs.xml_writer import Writer
from resources.errors import ReceiverError
from resources.status import Status


def codec(shapes: Shapes) -> Codec:
    """XML as these tables have it."""

    def encode(value: Any) -> bytes:
        try:
            return Writer(shapes).write(json.plain(value))
        except RecursionError:
            raise ReceiverError("XML: nested too deep", Status.NOT_ACCEPTABLE) from None

    def decode(data: bytes, limits: Limits) -> Any:
        return Reader(shapes, limits).read(data)

    def encode_primitive(members: Mapping[str, Any], root: str) -> bytes:
        return encode({root: members})

    def decode_primitive(data: bytes, root: str, limits: Limits) -> Any:
        return primitive(decode(data, limits), root)

    return Codec("xml", "application/xml", True, encode, decode, encode_primitive, decode_primitive)
