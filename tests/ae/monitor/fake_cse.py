"""A CSE small enough to read: what the monitor needs of one, in memory, with faults on demand."""

from __future__ import annotations

import itertools
from typing import Any

from cse.client import DirectTransport, Operation, Receiver, RequestPrimitive, ResponsePrimitive, Status, Unreachable
from cse.clock import timestamp

ROOTS = {2: "m2m:ae", 3: "m2m:cnt", 4: "m2m:cin", 5: "m2m:cb", 23: "m2m:sub"}


class FakeCse:
    """Resources by path; ``down`` makes it unreachable, ``deaf`` drops notifications."""

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, Any]] = {"": {"rn": "cse", "ty": 5}}
        self.receiver = Receiver("http://receiver.test")
        self.requests: list[RequestPrimitive] = []
        self.down = False
        self.deaf = False
        self._count = itertools.count(1)

    def transport(self) -> DirectTransport:
        return DirectTransport(self.handle)

    def instances(self, container: str) -> list[dict[str, Any]]:
        return [r for p, r in self.resources.items() if r["ty"] == 4 and p.rpartition("/")[0] == container]

    async def handle(self, request: RequestPrimitive) -> ResponsePrimitive:
        if self.down:
            raise Unreachable("down")
        self.requests.append(request)
        path = request.to.removeprefix("-").removeprefix("cse").strip("/")
        if request.operation is Operation.CREATE:
            return await self._create(path, request)
        if path.endswith("/la"):
            instances = self.instances(path[:-3])
            return self._answer(instances[-1]) if instances else ResponsePrimitive(Status.NOT_FOUND)
        if path not in self.resources:
            return ResponsePrimitive(Status.NOT_FOUND, content={"m2m:dbg": f"no {path}"})
        if request.operation is Operation.UPDATE:
            self.resources[path] |= next(iter((request.content or {}).values()))
            return self._answer(self.resources[path], Status.UPDATED)
        return self._retrieve(path, request)

    def _retrieve(self, path: str, request: RequestPrimitive) -> ResponsePrimitive:
        criteria = request.filter_criteria
        if request.result_content == 8:
            offset = (criteria.offset or 1) if criteria else 1
            rows = self.instances(path)[offset - 1 :]
            return ResponsePrimitive(Status.OK, content={"m2m:cnt": {"m2m:cin": rows}})
        if request.result_content == 6:
            types = criteria.conditions.get("ty", []) if criteria else []
            rows = [{"nm": r["rn"], "typ": r["ty"], "val": f"cse/{p}"} for p, r in self.resources.items()
                    if p and r["ty"] in types]  # fmt: skip
            return ResponsePrimitive(Status.OK, content={"m2m:rrl": {"rrf": rows}})
        return self._answer({**self.resources[path], "cni": len(self.instances(path))})

    async def _create(self, parent: str, request: RequestPrimitive) -> ResponsePrimitive:
        number = next(self._count)
        body = dict(next(iter((request.content or {}).values())))
        name = body.setdefault("rn", f"r{number}")
        path = f"{parent}/{name}".strip("/")
        if parent not in self.resources:
            return ResponsePrimitive(Status.NOT_FOUND)
        if path in self.resources:
            return ResponsePrimitive(Status.CONFLICT)
        body |= {"ty": request.resource_type, "ct": timestamp(1_700_000_000 + number), "ri": f"i{number}"}
        if request.resource_type == 2:
            body["aei"] = request.originator
        self.resources[path] = body
        if request.resource_type == 4 and not self.deaf:
            await self._notify(parent, body)
        return self._answer(body, Status.CREATED)

    async def _notify(self, parent: str, body: dict[str, Any]) -> None:
        for path, sub in list(self.resources.items()):
            if sub["ty"] == 23 and path.rpartition("/")[0] == parent:
                content = {"m2m:sgn": {"nev": {"rep": {"m2m:cin": body}, "net": 3}, "sur": path}}
                to = sub["nu"][0].removeprefix(self.receiver.url)
                await self.receiver.receive(RequestPrimitive(Operation.NOTIFY, to, content=content))

    def _answer(self, body: dict[str, Any], status: Status = Status.OK) -> ResponsePrimitive:
        return ResponsePrimitive(status, content={ROOTS[body["ty"]]: body})
