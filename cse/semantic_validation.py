"""A descriptor against the ontologies that it and its linked descriptors refer to (SEM-2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cse.rdf import documents, sparql
from cse.rdf.ontology import Ontology
from cse.semantics import MOST_DESCRIPTORS, bounded, readable
from resources.errors import BadRequest, CseError, OriginatorError, ReceiverError
from resources.model import Permission
from resources.ontology import ONTOLOGY
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Call

Attributes = Mapping[str, Any]


async def validate(call: Call, attributes: Attributes) -> None:
    """Raise ONTOLOGY_NOT_AVAILABLE (4118), LINKED_SEMANTICS_NOT_AVAILABLE (4119), INVALID_SEMANTICS (4120), 5103."""
    descriptors = [attributes, *_linked(call, attributes)]
    ontologies = {one["or"]: _ontology(call, one["or"]) for one in descriptors if "or" in one}
    if "or" not in attributes:
        raise OriginatorError("or: is missing; a descriptor is validated against its ontology",
                              Status.ONTOLOGY_NOT_AVAILABLE)

    def check() -> str | None:
        said = sparql.union("dsp", (documents.read("dsp", one["dcrp"], one["dsp"]) for one in descriptors))
        known = sparql.union("or", (documents.read("ontc", one["ontf"], one["ontc"]) for one in ontologies.values()))
        return Ontology(known).problem(said)

    try:
        problem = await bounded(call.core, "dsp", check)
    except CseError as error:
        if error.status == Status.BAD_REQUEST:
            raise OriginatorError(f"or: {error.message}", Status.ONTOLOGY_NOT_AVAILABLE) from None
        raise
    if problem is not None:
        raise OriginatorError(f"dsp: is not consistent with its ontology: {problem}", Status.INVALID_SEMANTICS)


def _linked(call: Call, attributes: Attributes) -> list[Attributes]:
    """All descriptors that ``rels`` leads to; each of them has to be here and readable."""
    found: dict[str, Attributes] = {}
    waiting = [attributes]
    while waiting:
        for address in waiting.pop().get("rels") or ():
            related = call.core.tree.find(address)
            if related is None or not readable(call, related) or len(found) >= MOST_DESCRIPTORS:
                raise OriginatorError(f"rels: {address!r:.200} is no descriptor that can be read here",
                                      Status.LINKED_SEMANTICS_NOT_AVAILABLE)
            if related.ri not in found and related.ri != attributes.get("ri"):
                found[related.ri] = related.attributes
                waiting.append(related.attributes)
    return list(found.values())


def _ontology(call: Call, address: str) -> Attributes:
    """The ontology resource at an address of this CSE; others are not fetched."""
    try:
        foreign = "://" not in address and call.core.identity.address(address).cse is not None
    except BadRequest:
        foreign = False
    if foreign:
        raise ReceiverError(f"or: {address!r:.200} is on another CSE, which cannot be asked to validate",
                            Status.TARGET_NOT_REACHABLE)
    found = call.core.tree.find(address) if "://" not in address else None
    usable = found is not None and found.type.number == ONTOLOGY.number and call.live(found) \
        and call.permitted(found, Permission.RETRIEVE) and found.attributes["ontf"] != documents.IRI
    if not usable or found is None:
        raise OriginatorError(f"or: {address!r:.200} is no ontology that can be read here; expected the address of "
                              "an ontology resource that holds its text", Status.ONTOLOGY_NOT_AVAILABLE)
    return found.attributes
