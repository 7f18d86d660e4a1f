"""Steps that send a request."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from conformance_tests.capture import Capture
from conformance_tests.execution import Execution
from conformance_tests.expecting import judge
from conformance_tests.primitive import CREATE, DELETE, NOTIFY, OPERATIONS, RETRIEVE, UPDATE, Request

Step = Mapping[str, Any]

#: The resource type of a registration, and From values that ask for any AE-ID.
AE = 2
_ANY_STEM = (None, "", "C", "S")


async def register(execution: Execution, step: Step) -> None:
    """``ae``: register an AE with a fresh AE-ID and the mandatory attributes."""
    target = execution.tester.target
    name = step["ae"]
    attributes: dict[str, Any] = {"rn": f"{execution.unique}-{name}", "api": target.app_id, "rr": True}
    attributes["srv"] = [target.rvi] if target.rvi else ["3"]
    if "reachable" in step:
        attributes["poa"] = [execution.endpoint(step["reachable"]).url]
    step = {"by": execution.ae_ids.take(), "as": name, **step}
    content = {"m2m:ae": _merged(attributes, execution.resolve(step.get("with", {})))}
    await _perform(execution, step, CREATE, target.cse_name, content, ty=2, type_="ae", parent=target.cse_name)


async def create(execution: Execution, step: Step) -> None:
    """``create``: make a resource under a captured one."""
    facts = execution.tester.types.row(execution.resolve(step["create"]))
    under = execution.resolve(step.get("under", "ae" if "ae" in execution.captures else "cse"))
    attributes: dict[str, Any] = {"mgd": facts["mgd"]} if "mgd" in facts else {}
    if "named" in step:
        attributes["rn"] = execution.resolve(step["named"])
    content = {step.get("root", facts["root"]): _merged(attributes, execution.resolve(step.get("with", {})))}
    found = execution.captures.get(under)
    parent = execution.tester.target.cse_name if under == "cse" else found.path if isinstance(found, Capture) else under
    ty = execution.resolve(step.get("ty", facts["ty"]))
    await _perform(
        execution,
        step,
        CREATE,
        execution.address(under),
        content,
        ty=ty,
        type_=step.get("root") or _short(step["create"]),
        parent=parent,
    )


async def retrieve(execution: Execution, step: Step) -> None:
    """``retrieve``: read a resource."""
    await _perform(execution, step, RETRIEVE, _target(execution, step["retrieve"]))


async def update(execution: Execution, step: Step) -> None:
    """``update``: change attributes of a resource."""
    target = execution.resolve(step["update"])
    short = execution.resolve(step.get("type")) or execution.type_of(target)
    root = step.get("root") or (execution.tester.types.row(short)["root"] if short else None)
    content = {root: _merged({}, execution.resolve(step.get("with", {})))} if root else None
    await _perform(execution, step, UPDATE, execution.address(target), content)


async def delete(execution: Execution, step: Step) -> None:
    """``delete``: remove a resource."""
    await _perform(execution, step, DELETE, _target(execution, step["delete"]))


async def notify(execution: Execution, step: Step) -> None:
    """``notify``: send a NOTIFY to a resource."""
    await _perform(execution, step, NOTIFY, _target(execution, step["notify"]))


async def discover(execution: Execution, step: Step) -> None:
    """``discover``: RETRIEVE with filterUsage 1."""
    ask = dict(step.get("ask", {}))
    ask["fc"] = {"fu": 1, **step.get("filter", {}), **ask.get("fc", {})}
    await _perform(execution, {**step, "ask": ask}, RETRIEVE, _target(execution, step["discover"]))


async def raw(execution: Execution, step: Step) -> None:
    """``request``: a primitive given by its parameters."""
    given = dict(step["request"])
    op = given.pop("op")
    to, ty = given.pop("to"), given.pop("ty", None)
    step = {**step, "ask": {**given, **step.get("ask", {})}}
    if "fr" in given:
        step["by"] = step["ask"].pop("fr")
    content = execution.resolve(step["ask"].pop("pc", None))
    number: int = OPERATIONS[op] if isinstance(op, str) else op
    await _perform(execution, step, number, _target(execution, to), content, ty=execution.resolve(ty))


def _target(execution: Execution, target: Any) -> str:
    return execution.address(execution.resolve(target))


def _short(name: str) -> str:
    return name.removeprefix("m2m:")


def _merged(supplied: Mapping[str, Any], given: Any) -> dict[str, Any]:
    """Return attributes with others on top; several mappings from left to right; ``$none`` takes one out."""
    merged = dict(supplied)
    for part in given if isinstance(given, list) else [given]:
        merged.update(part)
    return {name: value for name, value in merged.items() if value != "$none"}


def _request(execution: Execution, step: Step, op: int, to: str, content: Any, ty: int | None) -> Request:
    by = execution.resolve(step.get("by"))
    request = execution.request(op, to, by, ty=ty, pc=content)
    if "content" in step:
        request.pc = execution.resolve(step["content"])
    elif content is None and "with" in step:
        request.pc = execution.resolve(step["with"])
    for name, value in execution.resolve(step.get("ask", {})).items():
        if name in {"ty", "rqi", "to", "fr", "op"}:
            setattr(request, name, None if value == "$none" else value)
        elif value == "$none":
            request.parameters.pop(name, None)
        else:
            request.parameters[name] = value
    for name, value in execution.resolve(step.get("headers", {})).items():
        request.headers[name] = None if value == "$none" else value
    return request


async def _perform(
    execution: Execution,
    step: Step,
    op: int,
    to: str,
    content: Any = None,
    *,
    ty: int | None = None,
    type_: str | None = None,
    parent: str | None = None,
) -> None:
    request = _request(execution, step, op, to, content, ty)
    sent_s = time.time()
    answer = Capture(await execution.send(request), type_)
    if op == CREATE and answer.response.rsc == 2001 and answer.attributes_have("ct"):
        execution.tester.clock.learn(answer.attributes["ct"], sent_s, time.time())
    _find_resource(execution, answer, request, parent)
    if ty == AE and answer.response.rsc == 2001 and request.fr not in _ANY_STEM and answer.attributes_have("aei"):
        execution.assign(str(request.fr), str(answer.attributes["aei"]))
    expect = execution.resolve(step.get("expect", "$success"))
    if "as" in step:
        execution.captures[step["as"]] = answer
    judge(execution, expect, answer)


def _find_resource(execution: Execution, answer: Capture, request: Request, parent: str | None) -> None:
    """Learn the addresses of the resource that an answer shows; one that was made is remembered for cleaning up."""
    attributes = answer.attributes if isinstance(answer.attributes, Mapping) else {}
    made = answer.response.rsc == 2001 and request.op == CREATE
    if made and (name := attributes.get("rn") or _given_name(request)) and parent is not None:
        answer.path = f"{parent}/{name}"
    if isinstance(ri := attributes.get("ri"), str):
        answer.address = ri
    elif made:
        answer.address = answer.path or answer.response.headers.get("Content-Location")
    elif request.op in {RETRIEVE, UPDATE}:
        answer.address = request.to
    if request.op == RETRIEVE and answer.address != request.to and _is_path(request.to):
        execution.identifiers.learn(request.to, str(answer.address))
    if answer.type is None:
        answer.type = execution.tester.types.short_of_root(answer.root)
    if made and answer.address:
        execution.created.append(answer.address)
        if answer.path and answer.path != answer.address:
            execution.identifiers.aliases[answer.path] = answer.address
    if answer.response.rsc in {1001, 1002} and isinstance(uri := answer.response.pc, Mapping) and "m2m:uri" in uri:
        execution.created.append(str(uri["m2m:uri"]))  # a request resource
    if answer.path is None and answer.address:
        answer.path = next((path for path, ri in execution.identifiers.aliases.items() if ri == answer.address), None)


def _is_path(address: str) -> bool:
    """Tell whether an address is a structured one of a resource that stays the same."""
    return "/" in address.strip("/") and address.rsplit("/", 1)[-1] not in {"la", "ol"} and "#" not in address


def _given_name(request: Request) -> str | None:
    if isinstance(request.pc, Mapping) and len(request.pc) == 1:
        inner = next(iter(request.pc.values()))
        return inner.get("rn") if isinstance(inner, Mapping) else None
    return None
