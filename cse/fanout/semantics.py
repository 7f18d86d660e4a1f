"""The semantic fanOutPoint: one query over the descriptors of all members (GRP-21)."""

from __future__ import annotations

from cse.core import Call
from cse.primitive import Operation, ResponsePrimitive
from cse.rdf.documents import require_library
from cse.semantics import MOST_DESCRIPTORS, descriptors_of, query_of, readable
from resources.errors import BadRequest, NotFound, NotImplementedHere, OperationNotAllowed
from resources.model import Permission, Resource
from resources.semantic_descriptor import SEMANTIC_DESCRIPTOR
from resources.status import Status

NAME = "sfop"


def available() -> bool:
    """True when queries can be answered here."""
    try:
        require_library()
    except NotImplementedHere:
        return False
    return True


async def perform(call: Call) -> ResponsePrimitive:
    """Query what the members on this CSE say that the originator may read; ``smf`` holds the SPARQL."""
    target, request = call.target, call.request
    if target.virtual != NAME or target.rest:
        raise NotFound(f"to: there is nothing below {target.resource.path}/{NAME}")
    if request.operation is not Operation.RETRIEVE:
        raise OperationNotAllowed(f"{NAME}: only RETRIEVE is possible here")
    call.core.access.require_members(target.resource, call.originator, Permission.RETRIEVE, call)
    criteria = request.filter_criteria
    queries = criteria.conditions.get("smf", []) if criteria is not None else []
    if len(queries) != 1:
        raise BadRequest(f"fc.smf: {NAME} takes one SPARQL query, got {len(queries)}")
    answer = await query_of(call, descriptors(call), queries[0])
    return ResponsePrimitive(Status.OK, content={"m2m:qres": answer})


def descriptors(call: Call) -> list[Resource]:
    """The descriptors of the members, each once: members that are descriptors, and those below a member."""
    found: dict[str, Resource] = {}
    for member in call.target.resource.attributes["mid"]:
        resource = call.core.tree.find(member)
        if resource is not None:
            own = [resource] if resource.type.number == SEMANTIC_DESCRIPTOR.number else descriptors_of(call, resource)
            found.update({one.ri: one for one in own if readable(call, one)})
    if len(found) > MOST_DESCRIPTORS:
        raise BadRequest(f"to: members have {len(found)} descriptors; "
                         f"at most {MOST_DESCRIPTORS} can be queried at once")
    return list(found.values())
