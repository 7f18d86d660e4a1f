"""Conditional operations: filter criteria that the target itself has to meet (RET-2, DEL-3)."""

from __future__ import annotations

from cse.core import Call
from cse.filters import Candidate, compile_filter
from resources.errors import NotFound
from resources.model import Resource


async def check_condition(call: Call, resource: Resource) -> None:
    """With filter criteria the operation is only done on a target that meets them (RET-2, DEL-3)."""
    criteria = call.request.filter_criteria
    if criteria is None:
        return
    wanted = compile_filter(criteria, call.core.settings.max_results)
    if not await wanted.matches(Candidate(call, resource.attributes, resource.parent, resource)):
        raise NotFound(f"to: {resource.path} exists but does not meet the filter criteria")
