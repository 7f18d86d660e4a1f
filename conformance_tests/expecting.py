"""Whether an answer is what a step expects: one outcome, or one of several that the standard permits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance_tests.capture import Capture
from conformance_tests.case import CatalogueError
from conformance_tests.execution import Execution, Mismatch
from conformance_tests.matching import MISSING
from conformance_tests.primitive import Response

_KEYS = {"fr", "to", "rsc", "attrs", "pc", "root", "header", "parameters", "status", "any", "broken"}

#: Words for classes of response status codes.
_CLASSES = {"$success": (2000, 2999), "$refused": (4000, 5999)}


def judge(execution: Execution, expect: Any, answer: Capture) -> None:
    """Compare an answer with ``expect``; raises Mismatch, and records the outcome where several are permitted."""
    alternatives = _alternatives(expect)
    found = [list(_differences(execution, one, answer)) for one in alternatives]
    if all(found):
        raise Mismatch(_sentence(found, answer.response))
    if len(alternatives) > 1 or isinstance(alternatives[0].get("rsc"), list):
        execution.note_observed(str(answer.response.rsc))


def judge_content(execution: Execution, expect: Any, answer: Capture) -> list[str]:
    """Return the differences of a notification from what is expected (``pc``, ``header``, ``parameters``)."""
    alternatives = _alternatives(expect)
    found = [list(_differences(execution, one, answer)) for one in alternatives]
    return [] if not all(found) else found[0]


def _alternatives(expect: Any) -> list[Mapping[str, Any]]:
    if isinstance(expect, Mapping) and "any" in expect:
        return [_whole(one) for one in expect["any"]]
    return [_whole(expect)]


def _whole(expect: Any) -> Mapping[str, Any]:
    if isinstance(expect, Mapping):
        if unknown := set(expect) - _KEYS:
            raise CatalogueError(f"expect has no {', '.join(sorted(map(str, unknown)))}; it has {', '.join(_KEYS)}")
        return expect
    return {"rsc": expect}


def _differences(execution: Execution, expect: Mapping[str, Any], answer: Capture) -> Iterator[str]:
    response = answer.response
    if "rsc" in expect and (wrong := list(_status(execution, expect["rsc"], response))):
        yield from wrong
        return
    if response.broken is not None and "broken" not in expect:
        yield f"the content cannot be decoded: {response.broken}"
    content = MISSING if response.pc is None else response.pc
    match = execution.matching
    if "root" in expect:
        yield from match.differences(expect["root"], MISSING if answer.root is None else answer.root, "the root")
    if "pc" in expect and not (content is MISSING and _only_forbids(expect["pc"])):
        yield from match.differences(expect["pc"], content, "the content" if content is MISSING else "")
    if "attrs" in expect:
        parts = expect["attrs"] if isinstance(expect["attrs"], list) else [expect["attrs"]]
        for part in parts:
            yield from match.differences(part, answer.attributes, "" if answer.root else "the representation")
    for name, wanted in expect.get("header", {}).items():
        yield from match.differences(wanted, _header(response, name), f"the header {name}")
    for name, wanted in expect.get("parameters", {}).items():
        yield from match.differences(wanted, response.parameters.get(name, MISSING), f"the parameter {name}")
    for name in ("fr", "to"):
        if name in expect:
            yield from match.differences(expect[name], response.parameters.get(name, MISSING), f"the parameter {name}")
    if "status" in expect:
        yield from match.differences(expect["status"], response.status, "the HTTP status")


def _only_forbids(wanted: Any) -> bool:
    """Tell whether a matcher says only what must not be there; an answer without content has nothing of it."""
    return isinstance(wanted, Mapping) and bool(wanted) and wanted.keys() <= {"$not", "$without"}


def _status(execution: Execution, wanted: Any, response: Response) -> Iterator[str]:
    if isinstance(wanted, Mapping):
        yield from execution.matching.differences(wanted, response.rsc, "the answer")
        return
    if isinstance(wanted, str) and wanted in _CLASSES:
        least, most = _CLASSES[wanted]
        if response.rsc is None or not least <= response.rsc <= most:
            yield f"the answer is {_code(response)}, expected {wanted[1:]}"
    elif response.rsc not in (wanted if isinstance(wanted, list) else [wanted]):
        codes = " or ".join(map(str, wanted)) if isinstance(wanted, list) else wanted
        yield f"the answer is {_code(response)}, expected {codes}"


def _code(response: Response) -> str:
    told = response.pc.get("m2m:dbg") if isinstance(response.pc, Mapping) else None
    code = f"{response.rsc}" if response.rsc is not None else f"HTTP {response.status} without X-M2M-RSC"
    return f"{code} ({told})" if told else code


def _header(response: Response, name: str) -> Any:
    return next((value for key, value in response.headers.items() if key.lower() == name.lower()), MISSING)


def _sentence(found: list[list[str]], response: Response) -> str:
    if len(found) == 1:
        return "; ".join(found[0])
    fewest = min(found, key=len)
    return f"none of {len(found)} permitted outcomes; nearest: {'; '.join(fewest)} (the answer is {_code(response)})"
