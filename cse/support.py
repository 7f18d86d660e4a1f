"""What this release does not do, by name: each answers 5001 instead of pretending (CRE-3, V4).

The one list of named gaps: code asks it, docs/rules.md has it too.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from cse.codecs import Codecs
from cse.primitive import FilterCriteria, RequestPrimitive
from resources.errors import NotImplementedHere

#: Attributes of whatever type that have no behaviour here: announcing, and asking others for authorization.
EVERYWHERE = frozenset({"at", "aa", "ast", "daci"})
#: Attributes by type short name that are known but have no behaviour here.
ATTRIBUTES: dict[str, frozenset[str]] = {
    "acp": frozenset({"adri", "apri", "airi"}),
    "ae": frozenset({"esi"}),
    "sub": frozenset({"ma"}),
}
#: How the short names of announced variants end: what an original says there is theirs to keep.
VARIANT = "A"

#: Members of a subscription's ``enc`` without behaviour here.
EVENT_CRITERIA = frozenset({"aq"})

#: Serialisations that a notification target may ask for (``?ct=``) and that a CSE may be without.
SERIALISATIONS = frozenset({"cbor", "xml"})

#: Filter criteria tags without behaviour here.
CONDITIONS = frozenset({"aq"})

#: m2m:mashupResultGenType that need the function of a mashup: no standard settles the form of ``fucd``.
MASHUP_RESULTS = frozenset({1, 3, 4})


def check_attributes(short: str, given: Mapping[str, Any], codecs: Codecs) -> None:
    """Raise NotImplementedHere when a request sets an attribute that has no behaviour here.

    ``short`` is that of the base type: its specializations have the same gaps. ``codecs`` are the serialisations
    that are written here.
    """
    if given.get("enc"):
        check_event_criteria(given["enc"])
    if given.get("nu"):
        check_targets(given["nu"], codecs.by_name)
    if not EVERYWHERE.isdisjoint(given) and not short.endswith(VARIANT):
        _refuse(short, given, EVERYWHERE)
    missing = ATTRIBUTES.get(short)
    if missing is not None and not missing.isdisjoint(given):
        _refuse(short, given, missing)


def _refuse(short: str, given: Mapping[str, Any], missing: frozenset[str]) -> None:
    for name, value in given.items():
        if name in missing and value is not None:
            raise NotImplementedHere(f"{name}: this attribute of {short} is not implemented here; leave it out")


def check_event_criteria(criteria: Mapping[str, Any]) -> None:
    """Raise NotImplementedHere for parts of ``enc`` that this CSE cannot honour."""
    for name in EVENT_CRITERIA.intersection(criteria):
        raise NotImplementedHere(f"enc.{name}: not implemented here")


def check_targets(targets: Iterable[str], offered: Container[str]) -> None:
    """Raise NotImplementedHere for a notification target that asks for a serialisation which is not written here."""
    for target in targets:
        wanted = target.rpartition("?ct=")[2]
        if wanted != target and wanted in SERIALISATIONS and wanted not in offered:
            raise NotImplementedHere(f"nu: {target[:200]} asks for {wanted}, which is not written here")


def check_filter(criteria: FilterCriteria) -> None:
    """Raise NotImplementedHere for filter criteria that this CSE cannot evaluate."""
    for tag in CONDITIONS.intersection(criteria.conditions):
        raise NotImplementedHere(f"fc.{tag}: this filter criterion is not implemented here")


def check_request(request: RequestPrimitive) -> None:
    """Raise NotImplementedHere for request parameters that this CSE does not know what to do with (V4)."""
    if request.unsupported:
        raise NotImplementedHere(f"{request.unsupported[0]}: this request parameter is not implemented here")


def check_mashup(result_generation: int) -> None:
    """Raise NotImplementedHere for a mashup that would have to compute results by itself."""
    if result_generation in MASHUP_RESULTS:
        raise no_mashup_result(f"rgt: {result_generation}")


def no_mashup_result(what: str) -> NotImplementedHere:
    """The answer where the function of a mashup would have to be run."""
    return NotImplementedHere(f"{what}: results of mashups are not computed here; no standard says how fucd "
                              "(functionDescriptor) describes the function. An instance with rgt 2 finds its members")
