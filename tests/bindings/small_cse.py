"""A handler that answers like a CSE with a CSEBase and nothing else: enough to test a binding without a core."""

from __future__ import annotations

import asyncio
from typing import Any

from cse.identifiers import Identity
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.errors import BadRequest, CseError, NotFound, NotImplementedHere
from resources.status import Status

IDENTITY = Identity("/banyan", "//banyan.example", "cse")


class SmallCse:
    """Keeps what it was asked in ``seen``; ``answers`` overrides the answer by operation, ``pause_s`` delays it."""

    def __init__(self) -> None:
        self.seen: list[RequestPrimitive] = []
        self.answers: dict[Operation, ResponsePrimitive | Exception] = {}
        self.pause_s = 0.0

    async def handle(self, request: RequestPrimitive) -> ResponsePrimitive:
        self.seen.append(request)
        if self.pause_s:
            await asyncio.sleep(self.pause_s)
        answer = self.answers.get(request.operation)
        if isinstance(answer, Exception) and not isinstance(answer, CseError):
            raise answer
        try:
            if isinstance(answer, CseError):
                raise answer
            response = answer or self._answer(request)
        except CseError as error:
            response = ResponsePrimitive(error.status, content={"m2m:dbg": error.message})
        response.request_id = request.request_id
        response.release_version = request.release_version
        return response

    def _answer(self, request: RequestPrimitive) -> ResponsePrimitive:
        if request.unsupported:
            raise NotImplementedHere(f"not supported: {request.unsupported}")
        address = IDENTITY.address(request.to)
        if address.cse is not None or address.segments not in {(), ("cse",), ("-",)}:
            raise NotFound(f"{request.to} does not exist")
        if not request.originator:
            raise BadRequest("fr (from): missing")
        if request.operation in {Operation.CREATE, Operation.UPDATE, Operation.NOTIFY} and not request.content:
            raise BadRequest("pc (primitiveContent): missing")
        match request.operation:
            case Operation.CREATE:
                return ResponsePrimitive(Status.CREATED, content=request.content, created_address="cse/new")
            case Operation.RETRIEVE:
                return ResponsePrimitive(Status.OK, content={"m2m:cb": _BASE})
            case Operation.UPDATE:
                return ResponsePrimitive(Status.UPDATED, content=request.content)
            case Operation.DELETE:
                return ResponsePrimitive(Status.DELETED)
            case Operation.NOTIFY:
                return ResponsePrimitive(Status.OK)


_BASE: dict[str, Any] = {"rn": "cse", "ri": "cb1", "pi": "", "ty": 5, "csi": "/banyan"}
