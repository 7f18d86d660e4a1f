"""Requests that are acknowledged first and whose result is fetched (non-blocking synchronous, TS-0001 8.2.2)."""

from __future__ import annotations

from dataclasses import replace

from cse.client.transport import Transport, Unreachable
from cse.clock import Clock, SystemClock
from cse.parameters import response_from_object
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.status import Status

BLOCKING, SYNCHRONOUS = 3, 1
#: Originators that ask for an AE-ID.
NAMELESS = frozenset({"", "C", "S"})
#: m2m:requestStatus of what is over: COMPLETED, FAILED.
OVER = frozenset({1, 2})
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 2.0


class DeferredTransport:
    """A way to a CSE that never waits for an operation: each request is acknowledged, then its result is fetched.

    The time-out is for both together. The ``<request>`` of a result that was fetched is deleted. What the CSE asks
    for blocking alone, such as a ``<request>``, is sent through ``transport`` directly; so is the registration of an
    AE that has no AE-ID yet: it could not fetch the result.
    """

    def __init__(self, transport: Transport, clock: Clock | None = None) -> None:
        self._transport = transport
        self._clock: Clock = clock or SystemClock()

    async def send(self, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Have one request done and return its answer; raises Unreachable when it is not done in time."""
        nameless = request.operation is Operation.CREATE and request.originator in NAMELESS
        if request.response_type != BLOCKING or nameless:
            return await self._transport.send(request, timeout_s=timeout_s)
        until = self._clock.time() + timeout_s
        answer = await self._transport.send(replace(request, response_type=SYNCHRONOUS), timeout_s=timeout_s)
        address = reference(answer)
        if address is None:
            return answer
        result = await fetch(self._transport, request, address, self._clock, until)
        await self._transport.send(_own(request, Operation.DELETE, address, "end"), timeout_s=timeout_s)
        return result

    async def close(self) -> None:
        """Release connections."""
        await self._transport.close()


def reference(answer: ResponsePrimitive) -> str | None:
    """The ``<request>`` that an acknowledgement names; None when the answer is no acknowledgement."""
    if answer.status not in (Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH,
                             Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_ASYNCH):
        return None
    address = (answer.content or {}).get("m2m:uri")
    return address if isinstance(address, str) else None


async def fetch(transport: Transport, request: RequestPrimitive, address: str, clock: Clock,
                until: float) -> ResponsePrimitive:
    """Ask for a ``<request>`` until it has its result; returns an error answer as it is.

    ``request`` tells in whose name. Raises Unreachable when there is no result by ``until`` (seconds since the epoch).
    """
    pause_s = FIRST_PAUSE_S
    for number in range(10**9):
        left_s = max(until - clock.time(), FIRST_PAUSE_S)
        answer = await transport.send(_own(request, Operation.RETRIEVE, address, str(number)), timeout_s=left_s)
        kept = (answer.content or {}).get("m2m:req", {})
        if answer.status >= Status.BAD_REQUEST or kept.get("rs") in OVER:
            break
        if clock.time() + pause_s > until:
            raise Unreachable(f"{address}: no result yet; it can be fetched later")
        await clock.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
    return answer if answer.status >= Status.BAD_REQUEST else response_from_object(kept["ors"])


def _own(request: RequestPrimitive, operation: Operation, to: str, suffix: str) -> RequestPrimitive:
    return RequestPrimitive(operation, to, request.originator, f"{request.request_id}-{suffix}",
                            request.release_version)
