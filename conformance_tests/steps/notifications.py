"""Steps of the tester as a notification target."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from conformance_tests.capture import Capture
from conformance_tests.case import CatalogueError
from conformance_tests.execution import CannotTell, Execution, Mismatch
from conformance_tests.expecting import judge_content
from conformance_tests.http.notification_server import Answer, Endpoint
from conformance_tests.http.received import Received
from conformance_tests.primitive import Response
from conformance_tests.verdict import Exchange

Step = Mapping[str, Any]


async def listen(execution: Execution, step: Step) -> None:
    """``listen``: make a notification endpoint."""
    server = execution.tester.notifications
    if server is None:
        raise CannotTell("the tester has no notification server")
    endpoint = server.endpoint(f"{execution.case.id} {step['listen']}")
    execution.captures[step["listen"]] = endpoint
    if "with" in step:
        endpoint.answer = _answer(execution, step["with"])


async def answer(execution: Execution, step: Step) -> None:
    """``answer``: from now on the endpoint answers like this."""
    execution.endpoint(step["answer"]).answer = _answer(execution, step["with"])


def _answer(execution: Execution, given: Any) -> Answer:
    given = dict(execution.resolve(given))
    known = {"rsc", "pc", "silence", "close", "delay", "headers"}
    if unknown := set(given) - known:
        raise CatalogueError(f"an endpoint has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}")
    if "delay" in given:
        given["delay_s"] = float(given.pop("delay"))
    return Answer(**given)


async def notified(execution: Execution, step: Step) -> None:
    """``notified``: the next notification comes in time and is as expected."""
    endpoint = execution.endpoint(step["notified"])
    for _ in range(int(execution.resolve(step.get("count", 1)))):
        await _next(execution, step, endpoint.next, "notification")


async def verified(execution: Execution, step: Step) -> None:
    """``verified``: a verification request comes in time and is as expected."""
    endpoint = execution.endpoint(step["verified"])
    await _next(execution, step, endpoint.next_verification, "verification request")


async def quiet(execution: Execution, step: Step) -> None:
    """``quiet``: nothing but verification requests comes."""
    endpoint: Endpoint = execution.endpoint(step["quiet"])
    seconds = float(execution.resolve(step.get("for", 2)))
    if (came := await endpoint.next(seconds)) is not None:
        _keep(execution, came)
        raise Mismatch(f"a notification came that must not: {_short(came)}")


async def _next(
    execution: Execution, step: Step, take: Callable[[float], Awaitable[Received | None]], what: str
) -> None:
    within_s = float(execution.resolve(step.get("within", execution.tester.patience_s)))
    end = time.monotonic() + within_s
    seen: list[str] = []
    while (came := await take(max(end - time.monotonic(), 0.001))) is not None:
        _keep(execution, came)
        captured = Capture(_read(came))
        if "as" in step:
            execution.captures[step["as"]] = captured
        differences = judge_content(execution, execution.resolve(step.get("expect", {})), captured)
        if not differences:
            return
        if not step.get("search"):
            raise Mismatch(f"the {what} is not as expected: {'; '.join(differences)}")
        seen.append("; ".join(differences))
    came_words = f"; what came differs: {' | '.join(seen)}" if seen else ""
    raise Mismatch(f"no {what} within {within_s:g} s{came_words}")


def _read(came: Received) -> Response:
    """Return a notification in the form of an answer; ``parameters.faults`` tells where it breaks the binding."""
    parameters = {**came.request.parameters, "faults": came.faults, "fr": came.request.fr, "to": came.request.to}
    broken = came.faults[0] if came.pc is None and came.faults else None
    return Response(None, came.request.rqi, came.pc, parameters, headers=dict(came.headers), broken=broken)


def _keep(execution: Execution, came: Received) -> None:
    at_s = came.arrived_s - execution.started
    execution.keep(Exchange("in", at_s, execution.step, came.wire_request, came.wire_response or "(no answer yet)"))


def _short(came: Received) -> str:
    text = repr(came.pc)
    return text if len(text) < 300 else text[:297] + "..."
