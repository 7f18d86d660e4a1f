"""A foreign CSE in one file: release 3, HTTP and JSON, the types AE and container, and nothing else.

It is nobody's product and shares no code with one. It is right as far as it goes; where it is not, a suite should
find it: it lets an UPDATE change ``creationTime``, takes an attribute that the type does not have, never lets a
resource expire, and keeps what was below a resource that is deleted.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

#: Type number -> root, mandatory attributes, further ones that may be given.
TYPES: dict[int, tuple[str, set[str], set[str]]] = {
    2: ("m2m:ae", {"api", "rr", "srv"}, {"apn", "poa", "nl", "or", "csz"}),
    3: ("m2m:cnt", set(), {"mni", "mbs", "mia", "or", "li", "cr", "disr"}),
}
COMMON = {"rn", "lbl", "et", "acpi"}
FORBIDDEN = {"ri", "pi", "ct", "lt", "ty", "st", "cni", "cbs", "aei"}
HTTP = {2000: 200, 2001: 201, 2002: 200, 2004: 200, 4000: 400, 4001: 501, 4004: 404, 4005: 405, 4103: 403, 4105: 409}
HTTP |= {4015: 415, 4108: 403, 4117: 409, 5001: 501, 5203: 403}


@dataclass
class Refusal(Exception):
    code: int
    text: str


@dataclass
class Resource:
    ty: int
    owner: str
    parent: Resource | None
    attributes: dict[str, Any]
    children: dict[str, Resource] = field(default_factory=dict)

    @property
    def root(self) -> str:
        return "m2m:cb" if self.ty == 5 else TYPES[self.ty][0]

    def all_below(self) -> Iterator[Resource]:
        for child in self.children.values():
            yield child
            yield from child.all_below()


def stamp(moment: datetime | None = None) -> str:
    return (moment or datetime.now(UTC)).strftime("%Y%m%dT%H%M%S")


class StandIn:
    def __init__(self) -> None:
        base = {"ri": "base", "rn": "stand-in", "pi": "", "ty": 5, "csi": "/foreign", "srt": [2, 3, 5], "cst": 1,
                "srv": ["3"], "ct": stamp(), "lt": stamp(), "poa": ["http://127.0.0.1"]}
        self.base = Resource(5, "CAdmin", None, base)
        self.by_id = {"base": self.base}
        self.numbers = itertools.count(1)

    async def answer(self, http: web.Request) -> web.Response:
        try:
            code, content = self.perform(http, await http.text())
        except Refusal as refusal:
            code, content = refusal.code, {"m2m:dbg": refusal.text}
        headers = {"X-M2M-RSC": str(code), "X-M2M-RI": http.headers.get("X-M2M-RI", ""), "X-M2M-RVI": "3"}
        return web.Response(status=HTTP[code], headers=headers, content_type="application/json",
                            text=None if content is None else json.dumps(content))

    def perform(self, http: web.Request, body: str) -> tuple[int, Any]:
        if not http.headers.get("X-M2M-RI"):
            raise Refusal(4000, "no X-M2M-RI")
        if http.headers.get("X-M2M-RVI") != "3":
            raise Refusal(4001, "only release 3")
        if unknown := set(http.query) - {"rcn"}:
            raise Refusal(5001, f"not implemented: {unknown}")
        declared = re.search(r"ty\s*=\s*(\w+)", http.headers.get("Content-Type", ""))
        target = self.find(http.path)
        operation = {"GET": "retrieve", "PUT": "update", "DELETE": "delete", "POST": "create"}[http.method]
        if http.query.get("rcn", "1") not in {"0", "1"} and operation != "retrieve":
            raise Refusal(4000, "this rcn is not for this operation")
        if operation == "create" and declared is None:
            raise Refusal(4005, "no NOTIFY here")
        if target.ty == 5 and operation in {"update", "delete"}:
            raise Refusal(4005, "the CSEBase stays as it is")
        self.check_rights(http.headers.get("X-M2M-Origin", ""), target, operation, declared)
        if operation == "create" and declared is not None:
            return self.create(target, declared[1], http.headers.get("X-M2M-Origin", ""), self.content(body))
        if operation == "update":
            return self.update(target, self.content(body))
        if operation == "delete":
            return self.delete(target)
        return self.retrieve(target, http.query.get("rcn", "1"))

    def retrieve(self, target: Resource, rcn: str) -> tuple[int, Any]:
        if rcn not in {"1", "4", "5", "6", "8"}:
            raise Refusal(4000, f"rcn {rcn} is not for a RETRIEVE")
        if rcn == "6":
            children = [{"nm": name, "typ": one.ty, "val": self.path(one)} for name, one in target.children.items()]
            return 2000, {"m2m:rrl": {"rrf": children}}
        if rcn != "1":
            raise Refusal(5001, f"rcn {rcn} is not implemented")
        return 2000, {target.root: target.attributes}

    def find(self, path: str) -> Resource:
        relative = path.removeprefix("/~/foreign").removeprefix("/_/banyan.example/foreign").strip("/")
        first, *names = relative.split("/")
        found = self.base if first in {"-", "stand-in", ""} else self.by_id.get(first)
        for name in names:
            found = found.children.get(name) if found else None
        if found is None:
            raise Refusal(4004, f"there is no {path}")
        return found

    def path(self, resource: Resource) -> str:
        above = "" if resource.parent is None else self.path(resource.parent) + "/"
        return above + str(resource.attributes["rn"])

    def check_rights(self, originator: str, target: Resource, operation: str, declared: Any) -> None:
        registers = target.ty == 5 and operation == "create" and declared[1] == "2"
        reads_base = target.ty == 5 and operation == "retrieve"
        if not (registers or reads_base or originator.removeprefix("/foreign/") in {target.owner, "CAdmin"}):
            raise Refusal(4103, f"{originator} may not {operation}")

    def content(self, body: str) -> dict[str, Any]:
        try:
            content = json.loads(body)
        except ValueError as error:
            raise Refusal(4000, "no JSON") from error
        if not isinstance(content, dict) or len(content) != 1:
            raise Refusal(4000, "one root element is expected")
        return content

    def create(self, parent: Resource, ty: str, originator: str, content: dict[str, Any]) -> tuple[int, Any]:
        if not ty.isdecimal() or int(ty) not in TYPES:
            raise Refusal(5001 if ty in {"1", "4", "9", "23"} else 4000, f"no type {ty}")
        root, mandatory, _ = TYPES[int(ty)]
        if root not in content or not isinstance(content[root], dict):
            raise Refusal(4000, f"{root} is expected")
        if (int(ty) == 2) != (parent.ty == 5) and int(ty) == 2:
            raise Refusal(4108, "an AE stands below the CSEBase")
        attributes = dict(content[root])
        self.check(int(ty), attributes)
        if missing := mandatory - attributes.keys():
            raise Refusal(4000, f"missing: {missing}")
        return self.enter(parent, int(ty), originator, attributes)

    def enter(self, parent: Resource, ty: int, originator: str, given: dict[str, Any]) -> tuple[int, Any]:
        number = next(self.numbers)
        stem = originator.removeprefix("/foreign/")
        identifier = f"x{number}"
        if ty == 2:
            identifier = stem if len(stem) > 1 and not stem.startswith("Cunwanted") else f"C{number}"
            if identifier in self.by_id:
                raise Refusal(4117, f"{identifier} is registered")
        name = given.get("rn", f"n{number}")
        if name in parent.children:
            raise Refusal(4105, f"{name} is in use")
        attributes = {"et": stamp(datetime.now(UTC) + timedelta(days=365)), **given}
        attributes |= {"ri": identifier, "rn": name, "pi": parent.attributes["ri"], "ty": ty}
        attributes |= {"ct": stamp(), "lt": stamp()}
        attributes |= {"aei": identifier} if ty == 2 else {"st": 0, "cni": 0, "cbs": 0}
        if given.get("cr", "") is None:
            attributes["cr"] = stem
        owner = identifier if ty == 2 else stem
        made = parent.children[name] = self.by_id[identifier] = Resource(ty, owner, parent, attributes)
        return 2001, {made.root: made.attributes}

    def check(self, ty: int, attributes: dict[str, Any]) -> None:
        if wrong := FORBIDDEN & attributes.keys() - {"ct"}:
            raise Refusal(4000, f"not to be given: {wrong}")
        for name in ("mni", "mbs", "mia"):
            if attributes.get(name) is not None and not (type(attributes[name]) is int and attributes[name] >= 0):
                raise Refusal(4000, f"{name} is a whole number from 0")
        if not isinstance(attributes.get("lbl", []) or [], list):
            raise Refusal(4000, "lbl is a list")
        if attributes.get("et") is not None and not stamp() < self.moment(attributes["et"]):
            raise Refusal(4000, "et is in the past")
        if "rn" in attributes and not re.fullmatch(r"[\w.-]+", str(attributes["rn"]), re.ASCII):
            raise Refusal(4000, "rn is no name")
        if ty == 2 and str(attributes.get("api", "N"))[:1] not in {"N", "R", "r"}:
            raise Refusal(4000, "api begins with N or R")

    def moment(self, text: Any) -> str:
        try:
            return stamp(datetime.strptime(text, "%Y%m%dT%H%M%S"))  # noqa: DTZ007 - UTC without a zone
        except (TypeError, ValueError):
            raise Refusal(4000, "a timestamp is expected") from None

    def update(self, target: Resource, content: dict[str, Any]) -> tuple[int, Any]:
        if list(content) != [target.root]:
            raise Refusal(4000, f"{target.root} is expected")
        changes = content[target.root]
        self.check(target.ty, changes)
        for name, value in changes.items():
            target.attributes[name] = value
            if value is None:
                del target.attributes[name]
        target.attributes["lt"] = stamp()
        if "st" in target.attributes:
            target.attributes["st"] += 1
        return 2004, {target.root: target.attributes}

    def delete(self, target: Resource) -> tuple[int, Any]:
        assert target.parent is not None
        del target.parent.children[target.attributes["rn"]]
        del self.by_id[target.attributes["ri"]]
        return 2002, None


@asynccontextmanager
async def stand_in() -> AsyncIterator[str]:
    """Serve the stand-in on a free port; its address."""
    cse = StandIn()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", cse.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
