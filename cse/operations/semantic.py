"""Semantic query: what all descriptors at and below a resource say together (SEM-3, rcn 10)."""

from __future__ import annotations

from cse.core import Call
from cse.filters import CONDITIONS, check_use
from cse.primitive import ResponsePrimitive
from cse.semantics import descriptors_below, query_of
from resources.errors import BadRequest
from resources.model import Permission
from resources.status import Status

#: m2m:resultContent of semantic content.
SEMANTIC_CONTENT = 10


async def query(call: Call) -> ResponsePrimitive:
    """Answer a RETRIEVE with ``sqi``: the result of the one query in ``smf`` over what the originator may read."""
    request = call.request
    if not request.semantic_query or request.result_content not in (None, SEMANTIC_CONTENT):
        raise BadRequest("rcn: a semantic query is sqi true and rcn 10 (semantic content) together")
    check_use(request, CONDITIONS)
    conditions = request.filter_criteria.conditions if request.filter_criteria is not None else {}
    queries = conditions.get("smf", [])
    if len(queries) != 1 or len(conditions) != 1:
        raise BadRequest("fc: a semantic query has one smf, the query, and no other condition")
    call.require_target(Permission.RETRIEVE)
    target = call.target
    descriptors = descriptors_below(call, target.resource) if target.instance is None else []
    text = await query_of(call, descriptors, queries[0])
    await call.core.committer.settled()
    return ResponsePrimitive(Status.OK, content={"m2m:qres": text})
