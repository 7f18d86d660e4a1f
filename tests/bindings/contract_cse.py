"""What a whole CSE does, seen through a binding. A binding's tests inherit ``CseContract``.

The fixture ``world`` gives an AE's transport to a CSE that keeps its tree in memory, and the AE's ear: what hears may
read the serialisation of the pair alone, so that a notification in another one is none.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from cse.app import Node
from cse.client.transport import Transport
from cse.primitive import FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import CoapSettings, CseSettings, HttpSettings, MqttSettings, Settings, StoreSettings
from cse.settings import WebSocketSettings as Ws
from resources.status import Status

AE, ADMIN = "Cmeter", "CAdmin"
TIMEOUT_S = 5.0
LARGE = "가 large text " * 4000
CREATE, RETRIEVE, UPDATE, DELETE, NOTIFY = Operation
SYNCHRONOUS, ASYNCHRONOUS = 1, 2
#: How the AE's container is addressed, with its resource ID.
FORMS = {
    "structured": "cse/meter/box", "short": "-/meter/box", "unstructured": "{ri}",
    "SP-relative, structured": "{cse}/cse/meter/box", "SP-relative, unstructured": "{cse}/{ri}",
    "absolute": "//banyan.example{cse}/cse/meter/box",
}  # fmt: skip
ERRORS: dict[str, tuple[Operation, str, int | None, Any, Status]] = {
    "missing": (RETRIEVE, "cse/nowhere", None, None, Status.NOT_FOUND),
    "no rights": (RETRIEVE, "cse/secret", None, None, Status.ORIGINATOR_HAS_NO_PRIVILEGE),
    "same name": (CREATE, "cse/meter", 3, {"m2m:cnt": {"rn": "box"}}, Status.CONFLICT),
    "unknown attribute": (CREATE, "cse/meter", 3, {"m2m:cnt": {"nonsense": "1"}}, Status.BAD_REQUEST),
    "no such child": (CREATE, "cse/meter/box", 2, {"m2m:ae": {"api": "N1", "rr": False, "srv": ["3"]}},
                      Status.INVALID_CHILD_RESOURCE_TYPE),
    "not changeable": (UPDATE, "cse/meter/box/la", None, {"m2m:cin": {"lbl": ["a"]}}, Status.OPERATION_NOT_ALLOWED),
    "no subscription target": (CREATE, "cse/meter/box", 23, {"m2m:sub": {"nu": ["http://127.0.0.1:9/x"]}},
                               Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED),
}  # fmt: skip


def settings(cse_id: str = "/banyan", **bindings: CoapSettings | HttpSettings | MqttSettings | Ws) -> Settings:
    """Settings of a CSE in memory with these bindings; HTTP only if it is one of them."""
    cse = CseSettings(cse_id=cse_id, sp_id="//banyan.example", administrators=[ADMIN], notification_timeout_s=3.0)
    given: dict[str, Any] = {"http": HttpSettings(enabled=False), **bindings}
    return Settings(cse=cse, store=StoreSettings(kind="memory"), **given)


@dataclass
class Ear:
    """Hears what a CSE notifies, and says that it has."""

    heard: list[Any] = field(default_factory=list)

    async def hear(self, request: RequestPrimitive) -> ResponsePrimitive:
        assert request.operation is NOTIFY
        self.heard.append(request.content)
        return ResponsePrimitive(Status.OK, request.request_id, release_version=request.release_version)

    async def until(self, count: int) -> list[Any]:
        """What was heard, once there is so much of it."""
        async with asyncio.timeout(TIMEOUT_S):
            while len(self.heard) < count:  # noqa: ASYNC110 - a list has no event
                await asyncio.sleep(0.005)
        return self.heard


@dataclass
class World:
    """An AE's way to a CSE, its ear and its points of access; ``media_type`` is what the ear reads."""

    node: Node
    transport: Transport
    ear: Ear
    poa: list[str]
    media_type: str
    _count: int = 0

    async def ask(self, operation: Operation, to: str, resource_type: int | None = None, content: Any = None,
                  originator: str = AE, **more: Any) -> ResponsePrimitive:
        """Make a request and return its answer."""
        self._count += 1
        request = RequestPrimitive(operation, to, originator, f"q{self._count}", "3", resource_type=resource_type,
                                   content=content, **more)  # fmt: skip
        answer = await self.transport.send(request, timeout_s=TIMEOUT_S)
        assert (answer.request_id, answer.release_version) == (request.request_id, "3")
        return answer

    async def make(self, to: str, resource_type: int, root: str, **attributes: Any) -> dict[str, Any]:
        """Create a resource and return its attributes."""
        answer = await self.ask(CREATE, to, resource_type, {root: attributes})
        assert answer.status is Status.CREATED, answer
        assert answer.content is not None
        made: dict[str, Any] = answer.content[root]
        return made

    async def registered(self) -> World:
        """Register the AE and give it a container; give somebody else one too."""
        more = {"poa": self.poa} if self.poa else {}
        await self.make("cse", 2, "m2m:ae", rn="meter", api="N1", rr=True, srv=["3"], csz=[self.media_type], **more)
        await self.make("cse/meter", 3, "m2m:cnt", rn="box")
        secret = RequestPrimitive(CREATE, "cse", ADMIN, "s", "3", resource_type=3,
                                  content={"m2m:cnt": {"rn": "secret"}})  # fmt: skip
        assert (await self.node.cse.handle(secret)).status is Status.CREATED
        return self

    async def subscribed(self, to: str, **attributes: Any) -> World:
        """Subscribe the AE to a resource, creation of children by default."""
        attributes = {"nu": [AE], "enc": {"net": [3]}, **attributes}
        await self.make(to, 23, "m2m:sub", rn="sub", **attributes)
        return self


class CseContract:
    """The suite; inherit it as ``TestWholeHttp(CseContract)``."""

    #: The binding and the serialisation that a class plays.
    pair: tuple[str, str]

    @pytest.mark.parametrize("form", FORMS)
    async def test_each_operation_by_each_form_of_identifier(self, world: World, form: str) -> None:
        box = await (await world.registered()).ask(RETRIEVE, "cse/meter/box")
        to = FORMS[form].format(cse=world.node.settings.cse.cse_id, ri=(box.content or {})["m2m:cnt"]["ri"])
        await world.make(to, 4, "m2m:cin", con="21.5")
        latest = await world.ask(RETRIEVE, f"{to}/la")
        assert (latest.content or {})["m2m:cin"]["con"] == "21.5"
        updated = await world.ask(UPDATE, to, content={"m2m:cnt": {"lbl": ["a", "b"], "mni": 7}})
        assert (updated.status, (updated.content or {})["m2m:cnt"]["mni"]) == (Status.UPDATED, 7)
        found = await world.ask(RETRIEVE, to, filter_criteria=FilterCriteria({"ty": [4]}, usage=1))
        assert len((found.content or {})["m2m:uril"]) == 1
        assert (await world.ask(NOTIFY, to, content={"m2m:sgn": {"vrq": True}})).status is Status.OPERATION_NOT_ALLOWED
        assert (await world.ask(DELETE, to)).status is Status.DELETED
        assert (await world.ask(RETRIEVE, to)).status is Status.NOT_FOUND

    @pytest.mark.parametrize("name", ERRORS)
    async def test_errors_come_with_their_reason(self, world: World, name: str) -> None:
        operation, to, resource_type, content, status = ERRORS[name]
        answer = await (await world.registered()).ask(operation, to, resource_type, content)
        assert answer.status is status, answer
        assert (answer.content or {})["m2m:dbg"]

    async def test_large_content_is_kept(self, world: World) -> None:
        await (await world.registered()).make("cse/meter/box", 4, "m2m:cin", con=LARGE)
        latest = await world.ask(RETRIEVE, "cse/meter/box/la")
        assert (latest.content or {})["m2m:cin"]["con"] == LARGE

    async def test_many_at_once_are_each_done_once(self, world: World) -> None:
        await world.registered()
        await asyncio.gather(*(world.make("cse/meter/box", 4, "m2m:cin", con=str(each)) for each in range(40)))
        shown = await world.ask(RETRIEVE, "cse/meter/box", result_content=4)
        inside = (shown.content or {})["m2m:cnt"]
        assert sorted(int(each["con"]) for each in inside["m2m:cin"]) == list(range(40))
        assert inside["cni"] == 40

    async def test_non_blocking_the_result_is_fetched(self, world: World) -> None:
        content = {"m2m:cnt": {"rn": "later"}}
        accepted = await (await world.registered()).ask(CREATE, "cse/meter", 3, content, response_type=SYNCHRONOUS)
        assert accepted.status is Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH
        address = (accepted.content or {})["m2m:uri"]
        async with asyncio.timeout(TIMEOUT_S):
            while (kept := ((await world.ask(RETRIEVE, address)).content or {})["m2m:req"])["rs"] != 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert kept["ors"]["rsc"] == Status.CREATED
        assert kept["ors"]["pc"]["m2m:cnt"]["rn"] == "later"

    @pytest.mark.parametrize("named", [True, False], ids=["told where", "told at its point of access"])
    async def test_non_blocking_the_result_is_told(self, world: World, *, named: bool) -> None:
        content = {"m2m:cnt": {"rn": "later"}}
        told = [AE] if named else None
        accepted = await (await world.registered()).ask(CREATE, "cse/meter", 3, content, response_type=ASYNCHRONOUS,
                                                        notification_targets=told)  # fmt: skip
        assert accepted.status is Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_ASYNCH
        [result] = await world.ear.until(1)
        assert (result["m2m:rsp"]["rsc"], result["m2m:rsp"]["pc"]["m2m:cnt"]["rn"]) == (Status.CREATED, "later")

    async def test_notifications_come_in_order_large_ones_too(self, world: World) -> None:
        await (await world.registered()).subscribed("cse/meter/box")
        contents = [*map(str, range(10)), LARGE, "last"]
        for content in contents:
            await world.make("cse/meter/box", 4, "m2m:cin", con=content)
        told = [each["m2m:sgn"] for each in await world.ear.until(len(contents))]
        assert [each["nev"]["rep"]["m2m:cin"]["con"] for each in told] == contents
        assert {(each["nev"]["net"], each["sur"].rpartition("/")[2]) for each in told} == {(3, "sub")}

    async def test_a_subscription_of_somebody_else_is_verified(self, world: World) -> None:
        await world.registered()
        content = {"m2m:sub": {"nu": [AE], "enc": {"net": [3]}}}
        assert (await world.ask(CREATE, "cse/secret", 23, content, ADMIN)).status is Status.CREATED
        [verification] = world.ear.heard
        assert verification["m2m:sgn"]["vrq"] is True

    async def test_notifications_come_together(self, world: World) -> None:
        await (await world.registered()).subscribed("cse/meter/box", bn={"num": 3})
        for each in range(3):
            await world.make("cse/meter/box", 4, "m2m:cin", con=str(each))
        [together] = await world.ear.until(1)
        assert [each["nev"]["rep"]["m2m:cin"]["con"] for each in together["m2m:agn"]["m2m:sgn"]] == ["0", "1", "2"]

    async def test_the_end_of_a_subscription_is_told(self, world: World) -> None:
        await (await world.registered()).subscribed("cse/meter/box", su=AE)
        assert (await world.ask(DELETE, "cse/meter/box/sub")).status is Status.DELETED
        [last] = await world.ear.until(1)
        assert last["m2m:sgn"]["sud"] is True

    async def test_a_group_is_asked_at_once(self, world: World) -> None:
        await world.registered()
        members = [f"cse/meter/c{each}" for each in range(3)]
        for each in range(3):
            await world.make("cse/meter", 3, "m2m:cnt", rn=f"c{each}")
        await world.make("cse/meter", 9, "m2m:grp", rn="group", mt=3, mnm=5, mid=members)
        assert (await world.ask(DELETE, members[1])).status is Status.DELETED
        answer = await world.ask(CREATE, "cse/meter/group/fopt", 4, {"m2m:cin": {"con": "on"}})
        assert answer.status is Status.OK
        answers = (answer.content or {})["m2m:agr"]["m2m:rsp"]
        assert [each["rsc"] for each in answers] == [Status.CREATED, Status.NOT_FOUND, Status.CREATED]
        latest = await world.ask(RETRIEVE, "cse/meter/group/fopt/la")
        first, *_ = (latest.content or {})["m2m:agr"]["m2m:rsp"]
        assert first["pc"]["m2m:cin"]["con"] == "on"
