"""DELETE of all that a discovery finds (DEL-3, ``fu`` 4): one request after the other, in the originator's name."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from cse.core import Call
from cse.discovery import Hit, collect
from cse.filters import OF_DESCENDANTS, check_use, compile_filter
from cse.operations.result import reference
from cse.primitive import ResponsePrimitive
from resources.errors import BadRequest
from resources.model import Permission
from resources.status import Status

REFERENCES = 6
UNSTRUCTURED = 2
#: Resources that are deleted at the same time; others get their turn in between.
AT_ONCE = 100


async def delete_found(call: Call) -> ResponsePrimitive:
    """Delete what meets the criteria below the target; the target stays, and so does what may not be deleted.

    The answer names with rcn 6 what is gone, and says with ``cnst`` 1 that there is more.
    """
    request, core = call.request, call.core
    if request.result_content not in (None, 0, REFERENCES):
        raise BadRequest(f"rcn: {request.result_content} is not for the deletion of all that match; "
                         "0 (nothing) or 6 (references) are")
    check_use(request, (OF_DESCENDANTS,))
    call.require_target(Permission.DISCOVERY)
    wanted = compile_filter(request.filter_criteria, core.settings.max_results)
    await wanted.prepare(call)
    found, offset = await collect(call, wanted)
    hits = [hit for group in found for hit in group.all()]
    gone: list[Hit] = []
    for first in range(0, len(hits), AT_ONCE):
        some = hits[first:first + AT_ONCE]
        deleted = await asyncio.gather(*(_delete(call, hit) for hit in some))
        gone += [hit for hit, done in zip(some, deleted, strict=True) if done]
    response = ResponsePrimitive(Status.DELETED)
    if request.result_content == REFERENCES:
        unstructured = request.result_type == UNSTRUCTURED
        response.content = {"m2m:rrl": {"rrf": [
            reference(hit.name, hit.ty, hit.ri if unstructured else hit.path) for hit in gone]}}
    if offset is not None:
        response.content_status = 1
    return response


async def _delete(call: Call, hit: Hit) -> bool:
    """False when the originator may not delete it, or it went with another."""
    request = call.request
    answer = await call.core.handle(replace(
        request, to=hit.ri, request_id=f"{request.request_id}-{hit.ri}", result_content=0, filter_criteria=None,
        group_request_id=None,
    ))
    return answer.status == Status.DELETED
