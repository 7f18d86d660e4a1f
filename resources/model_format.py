"""The form of a file of device models: what it holds, and the data types that it may name.

A model file is JSON or TOML with the members of ``FRAME``; each of its models has those of ``MODEL``. The JSON Schema
``config/model_schema.json`` is printed from here: ``python -m cse.settings_print``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resources import simple_types
from resources.datatypes import DataType, Member, anything, boolean, complex_type, list_of, text
from resources.simple_types import any_uri, non_negative_integer

#: Data types of attributes, by the names of the standard; ``list of`` one of them is a type too.
TYPES: Mapping[str, DataType] = {
    type_.name: type_
    for type_ in (
        simple_types.string,
        simple_types.boolean_type,
        simple_types.integer_type,
        simple_types.non_negative_integer,
        simple_types.positive_integer,
        simple_types.long,
        simple_types.float_type,
        simple_types.double,
        simple_types.decimal,
        simple_types.duration,
        simple_types.date,
        simple_types.time,
        simple_types.any_uri,
        simple_types.base64_binary,
        simple_types.hex_binary,
        simple_types.any_type,
        simple_types.timestamp,
        simple_types.identifier,
    )
}
LIST_OF = "list of "

_TEXT = text("text", r"\S(.*\S)?", "text that neither is empty nor begins or ends with blanks")
_NAME = text("name", r"[A-Za-z][A-Za-z0-9_]*", "a name of letters, digits and _, a letter first")
_ROOT = text(
    "root", r"[a-z][a-z0-9]*:[A-Za-z][A-Za-z0-9]*", "prefix:short, for example exa:heaMr: letters and digits only"
)
_KIND = text("kind", "device|subdevice|module|action", "device, subdevice, module or action")
_ACCESS = text("access", "R|RW", "R (the device writes it, others read) or RW (others may write it too)")
_PART = text("estimate", "access|unit", "access or unit")

VALUE = complex_type("enumeration value", Member("number", "number", non_negative_integer, "1"),
                     Member("name", "name", _TEXT, "1"))
ENUMERATION = complex_type(
    "enumeration",
    Member("name", "name", text("enumeration name", r"[a-z][A-Za-z0-9]*", "a name such as enumPumpState"), "1"),
    Member("values", "numbers with their meaning", VALUE, "1..n"),
    Member("note", "note", _TEXT),
)
ATTRIBUTE = complex_type(
    "attribute",
    Member("short", "short name, used in requests", _NAME, "1"),
    Member("name", "long name", _NAME, "1"),
    Member("type", "data type", _TEXT, "1"),
    Member("mandatory", "whether a CREATE must have it", boolean("true or false")),
    Member("access", "who writes it", _ACCESS),
    Member("unit", "unit or range of the value", _TEXT),
    Member("estimated", "what of this is an estimate", _PART, "0..n"),
    Member("note", "note", _TEXT),
)
MODEL = complex_type(
    "model",
    Member("name", "long name", _NAME, "1"),
    Member("kind", "kind", _KIND, "1"),
    Member("root", "root element of requests and answers", _ROOT, "1"),
    Member("cnd", "containerDefinition", any_uri, "1"),
    Member("about", "what it is", _TEXT),
    Member("attributes", "data points, properties or arguments", ATTRIBUTE, "0..n"),
    Member("children", "roots of modules and sub-devices inside; twice: two of them", _ROOT, "0..n"),
    Member("actions", "roots of the actions of a module", _ROOT, "0..n"),
    Member("note", "note", _TEXT),
)
_REST = (
    Member("about", "what the file is about", _TEXT),
    Member("enumerations", "data types of numbers with a meaning", ENUMERATION, "0..n"),
    Member("undescribed", "roots that are named here and described nowhere", _ROOT, "0..n"),
)
#: A file but for what is inside its models.
FRAME = complex_type("model file", *_REST, Member("models", "models", list_of(anything("model"), least=1), "1"))


def schema() -> dict[str, Any]:
    """The JSON Schema of a model file."""
    whole = complex_type("model file", *_REST, Member("models", "models", MODEL, "1..n"))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Banyan device models", **whole.schema}
