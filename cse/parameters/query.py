"""Parameters in the query of a URI (TS-0009 6.2.2, TS-0008 6.2.2.3): the same fields for HTTP and CoAP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cse.parameters.table import (
    ATTRIBUTE_TAGS,
    FILTER_CRITERIA,
    REQUEST_PARAMETERS,
    RESPONSE_TYPE,
    Parameter,
    bad_value,
    parse,
    unknown,
)
from cse.primitive import FilterCriteria, RequestPrimitive
from resources.datatypes import DataType
from resources.errors import BadRequest

#: Known attribute short names with their type; None where a name has several types or the type does not matter.
AttributeTypes = Mapping[str, DataType | None]
#: A field and its value, split at ``+`` and decoded. In a single-valued field a plus stands for a blank, as in forms.
Pair = tuple[str, Sequence[str]]

_REQUEST_FIELDS = {
    short: REQUEST_PARAMETERS[short]
    for short in (
        *("rp", "rcn", "da", "drt"),
        *("rids", "tkns", "tids", "ltids", "tqi", "asi", "auri", "sqi", "gstn", "omr", "prpi"),
    )
} | {"rt": RESPONSE_TYPE}
_FIELDS = {**_REQUEST_FIELDS, **FILTER_CRITERIA}
_ATRL = "atrl"
_CONVERTED = {"number", "boolean"}


def read_query(request: RequestPrimitive, pairs: Iterable[Pair], attributes: AttributeTypes) -> None:
    """Put query fields into a request; raises BadRequest for an unknown field, a bad value, one field too often."""
    seen: set[str] = set()
    for name, values in pairs:
        parameter = _FIELDS.get(name)
        if parameter is None:
            if name == _ATRL:
                request.attribute_list = [*(request.attribute_list or ()), *_attribute_names(values)]
            else:
                _add_attribute(_criteria(request), name, values, attributes)
        else:
            if name in seen and not parameter.many:
                raise BadRequest(f"{name} ({parameter.name}): given more than once; at most one is allowed")
            seen.add(name)
            _set(request, parameter, values)


def query_of(request: RequestPrimitive) -> list[Pair]:
    """Write the query fields of a request, the reverse of ``read_query``; defaults are left out."""
    pairs: list[Pair] = []
    for short, parameter in _REQUEST_FIELDS.items():
        value = getattr(request, parameter.field) if parameter.field else None
        if value is not None and value != _DEFAULTS.get(short):
            pairs.append((short, [_text(value)]))
    if request.filter_criteria is not None:
        pairs.extend(_criteria_pairs(request.filter_criteria))
    if request.attribute_list is not None:
        pairs.append((_ATRL, request.attribute_list))
    return pairs


_DEFAULTS: Mapping[str, Any] = {"rt": 3, "drt": 1, "fo": 1}


def _criteria_pairs(criteria: FilterCriteria) -> Iterable[Pair]:
    for short, parameter in FILTER_CRITERIA.items():
        if parameter.field:
            value = getattr(criteria, parameter.field)
            if value is not None and value != _DEFAULTS.get(short):
                yield short, [_text(value)]
        elif short in criteria.conditions:
            yield short, [_text(value) for value in criteria.conditions[short]]
    for prefix, tag in ATTRIBUTE_TAGS.items():
        for name, value in criteria.conditions.get(tag, ()):
            yield prefix + name, [_text(value)]


def _text(value: object) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)


def _criteria(request: RequestPrimitive) -> FilterCriteria:
    if request.filter_criteria is None:
        request.filter_criteria = FilterCriteria()
    return request.filter_criteria


def _set(request: RequestPrimitive, parameter: Parameter, values: Sequence[str]) -> None:
    parts = values if parameter.many else (" ".join(values),)
    parsed = [parse(parameter, text) for text in parts]
    value: Any = parsed if parameter.many else parsed[0]
    if not parameter.supported:
        if value is not False:
            request.unsupported.append(parameter.short)
    elif parameter.short in _REQUEST_FIELDS:
        setattr(request, parameter.field, value)
    elif parameter.field:
        setattr(_criteria(request), parameter.field, value)
    else:
        conditions = _criteria(request).conditions
        conditions.setdefault(parameter.short, []).extend(parsed)


def _add_attribute(criteria: FilterCriteria, field: str, values: Sequence[str], attributes: AttributeTypes) -> None:
    prefix = field[:2] if field[1:2] == "." else ""
    tag, name = ATTRIBUTE_TAGS.get(prefix), field.removeprefix(prefix)
    if tag is None or name not in attributes:
        raise unknown("query field or attribute", field, [*_FIELDS, _ATRL, *attributes])
    pairs = criteria.conditions.setdefault(tag, [])
    for text in values:
        pairs.append((name, _attribute_value(name, text, attributes[name])))


def _attribute_value(name: str, text: str, type_: DataType | None) -> Any:
    if type_ is None or type_.json not in _CONVERTED or "*" in text:
        return text
    try:
        return type_.parse_text(text)
    except ValueError:
        raise bad_value(Parameter(name, "attribute", _ANY), text, f"{type_.name} or a text with *") from None


def _attribute_names(values: Sequence[str]) -> Sequence[str]:
    if not all(values):
        raise BadRequest("atrl (attributeList): expected short names of attributes joined by +")
    return values


_ANY = REQUEST_PARAMETERS["to"].kind
