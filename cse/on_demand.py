"""Discovery on demand: an interworking proxy is asked for what nobody has found yet (DIS-5)."""

from __future__ import annotations

from cse.core import Call
from cse.parameters import object_from_filter
from cse.primitive import Operation, RequestPrimitive
from resources.ae import AE
from resources.errors import CseError, ReceiverError
from resources.status import Status

#: Release of the requests that this CSE makes itself.
RELEASE = "3"


async def ask_ipe(call: Call) -> list[str] | None:
    """Ask the AE that is searched below; returns the addresses it answers with, None when it is no AE.

    Raises CseError with what the AE refused with (DISCOVERY_DENIED_BY_IPE, 5208), or 5103 when it cannot be reached.
    """
    core, request, target = call.core, call.request, call.target
    assert request.filter_criteria is not None
    if target.instance is not None or target.resource.type.number != AE.number:
        return None
    demand = {"or": core.identity.sp_relative(call.originator), "fc": object_from_filter(request.filter_criteria)}
    answer = await core.notifier.delivery.forward(target.resource, RequestPrimitive(
        Operation.NOTIFY, "", core.identity.cse_id, f"{request.request_id}-idr", RELEASE,
        content={"m2m:sgn": {"idr": demand, "sur": core.identity.sp_relative(target.resource.ri)}},
    ))
    if answer.status == Status.TARGET_NOT_REACHABLE:
        raise ReceiverError(f"to: {target.resource.path} cannot be asked for more; it is not reachable",
                            Status.TARGET_NOT_REACHABLE)
    if not answer.status.succeeded:
        raise CseError(f"to: {target.resource.path} refused the discovery", answer.status)
    addresses = (answer.content or {}).get("m2m:uril", [])
    return [one for one in addresses if isinstance(one, str)] if isinstance(addresses, list) else []
