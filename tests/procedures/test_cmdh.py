"""CMDH policies (MGO-1): what they do to requests that wait or go to another CSE."""

from __future__ import annotations

from typing import Any

import pytest

from cse.client.transport import Unreachable
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.storage.memory import MemoryStore
from resources.status import Status
from tests.procedures.devices import NODE, add, change, node
from tests.rig import Rig, message, only

HOURS = 3_600_000


async def policy(rig: Rig, **parts: list[tuple[str, dict[str, Any]]]) -> None:
    """Make a policy of these objects, by nesting them, and put it in force: parent -> [(short, attributes)]."""
    await node(rig, hcl="/banyan")
    await add(rig, "cmp")
    for parent, children in parts.items():
        place = f"{NODE}/cmp" if parent == "cmp" else f"{NODE}/cmp/{parent}"
        for number, (short, attributes) in enumerate(children):
            await add(rig, short, to=place, rn=f"{short}{number}", **attributes)
    await add(rig, "acmp", acmlk=f"{NODE}/cmp")


async def ask(rig: Rig, fr: str = "Cae1", **parameters: Any) -> ResponsePrimitive:
    """A non-blocking request."""
    parameters.setdefault("response_type", 1)
    return await rig.request(Operation.CREATE, "cse/cae1", fr, resource_type=3, content={"m2m:cnt": {}}, **parameters)


async def kept(rig: Rig, response: ResponsePrimitive) -> dict[str, Any]:
    """``mi`` of the request that was acknowledged."""
    assert response.status == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH, response.content
    assert response.content is not None
    meta: dict[str, Any] = only(await rig.retrieve(response.content["m2m:uri"]))["mi"]
    return meta


DEFAULTS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "cmp": [("cmdf", {})],
    "cmdf0": [
        ("cmdv", {"od": 2, "dev": 4, "ror": ["localAE"]}), ("cmdv", {"od": 1, "dev": 100, "ror": ["/banyan/Cae2"]}),
        ("cmdv", {"od": 3, "dev": 3, "ror": ["CAdmin"]}), ("cmdv", {"od": 1, "dev": 2, "ror": ["Cae1"], "rct": "x"}),
        ("cmpv", {"aec": [0], "dqet": 2 * HOURS, "dset": 3 * HOURS, "drp": 4 * HOURS, "doet": -1, "dda": True}),
        ("cmpv", {"aec": [4, 100], "dqet": HOURS, "dset": -1, "drp": -1, "doet": 60_000}),
    ],
}


async def test_mgo_1_cmdh_default_categories(rig: Rig) -> None:
    await policy(rig, **DEFAULTS)
    await rig.register("Cae2")
    assert (await kept(rig, await ask(rig)))["ec"] == 4
    assert (await kept(rig, await ask(rig, "Cae2")))["ec"] == 100
    assert (await kept(rig, await ask(rig, event_category=2)))["ec"] == 2


async def test_mgo_1_cmdh_default_parameters(rig: Rig) -> None:
    await policy(rig, **DEFAULTS)
    own = await kept(rig, await ask(rig))
    assert rig.at(3590) < own["rqet"] < rig.at(3601)
    assert rig.at(50) < own["oet"] < rig.at(61)
    assert (own.get("rset"), own.get("rp")) == (None, None)
    other = await kept(rig, await ask(rig, event_category=3))
    assert rig.at(7190) < other["rqet"] < rig.at(7201)
    assert ("oet" in other, other["da"], str(other["rp"])) == (False, True, str(4 * HOURS))
    given = await kept(rig, await ask(rig, event_category=3, request_expiration="5000", delivery_aggregation=False))
    assert given["rqet"] < rig.at(6)
    assert given["da"] is False


async def test_mgo_1_cmdh_leaves_others_alone(rig: Rig) -> None:
    await policy(rig, **DEFAULTS)
    assert (await ask(rig, response_type=3)).status == Status.CREATED


LIMITS: dict[str, list[tuple[str, dict[str, Any]]]] = {"cmp": [
    ("cml", {"od": 2, "ror": ["localAE"], "lec": [3], "lqet": [1000, 60_000], "lset": [0, -1], "loet": [0, 10_000],
             "lrp": [0, 100_000], "lda": [False]}),
    ("cml", {"od": 1, "ror": ["Cae2"], "lec": [3], "lqet": [0, -1], "lset": [0, -1], "loet": [0, -1], "lrp": [0, -1],
             "lda": [False, True]}),
]}


@pytest.mark.parametrize(("parameters", "refused"), [
    ({"request_expiration": "999"}, "rqet"), ({"request_expiration": "60001"}, "rqet"),
    ({"request_expiration": "60000"}, None), ({"result_expiration": "999999999"}, None),
    ({"operation_execution": "20000"}, "oet"), ({"result_persistence": "100001"}, "rp"),
    ({"delivery_aggregation": True}, "da"), ({"delivery_aggregation": False}, None), ({}, None),
    ({"request_expiration": "99991231T000000"}, "rqet"),
])
async def test_mgo_1_cmdh_limits(rig: Rig, parameters: dict[str, Any], refused: str | None) -> None:
    await policy(rig, **LIMITS)
    await rig.register("Cae2")
    response = await ask(rig, event_category=3, **parameters)
    if refused is None:
        assert response.status == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH, response.content
    else:
        assert response.status == Status.BAD_REQUEST
        assert message(response).startswith(refused)
    for free in ({"fr": "Cae2", "event_category": 3}, {"event_category": 4}):
        answer = await ask(rig, **{**parameters, **free})
        assert answer.status == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH


async def test_mgo_1_cmdh_buffers(rig: Rig) -> None:
    await policy(rig, cmp=[("cmbf", {"aec": [3], "mbfs": 30}), ("cmbf", {"aec": [0], "mbfs": 0, "sgp": 10})])
    for _ in range(2):
        assert (await ask(rig, event_category=3)).status == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH
    response = await ask(rig, event_category=3)
    assert response.status == Status.NOT_ACCEPTABLE
    assert "30 bytes" in message(response)
    assert (await ask(rig, event_category=4)).status == Status.NOT_ACCEPTABLE
    await rig.clock.advance(5)
    assert (await ask(rig, event_category=3)).status == Status.ACCEPTED_FOR_NON_BLOCKING_REQUEST_SYNCH


async def elsewhere(rig: Rig) -> list[RequestPrimitive]:
    """A way to another CSE; returns what goes there."""
    sent: list[RequestPrimitive] = []

    async def carry(cse: str, request: RequestPrimitive) -> ResponsePrimitive:
        if cse != "/far":
            raise Unreachable(cse)
        sent.append(request)
        return ResponsePrimitive(Status.OK, request.request_id)

    rig.cse.core.ask_remote = carry
    return sent


async def test_mgo_1_cmdh_networks_that_nobody_may_use(rig: Rig) -> None:
    sent = await elsewhere(rig)
    await policy(rig, cmp=[("cmnr", {"aecs": [3]}), ("cmnr", {"aecs": [100]})], cmnr1=[("cmwr", {"ttn": ["other"]})])
    for category in (3, 100):
        response = await rig.retrieve("/far/cse", event_category=category)
        assert response.status == Status.TARGET_NOT_REACHABLE
    assert (await rig.retrieve("/far/cse", event_category=4)).status == Status.OK
    assert (await rig.retrieve("cse", event_category=3)).status == Status.OK
    assert len(sent) == 1


async def test_mgo_1_cmdh_networks_by_schedule(rig: Rig) -> None:
    """The clock begins at eight in the morning (UTC)."""
    sent = await elsewhere(rig)
    rule = {"cmlk": {"nm": "allowed", "typ": 0, "val": f"{NODE}/allowed"}}
    await policy(rig, cmp=[("cmnr", {"aecs": [0]})], cmnr0=[("cmwr", rule)])
    assert (await rig.retrieve("/far/cse")).status == Status.TARGET_NOT_REACHABLE
    await rig.made(NODE, 18, {"rn": "allowed", "se": {"sce": ["* * 10 * * * *"]}})
    assert (await rig.retrieve("/far/cse")).status == Status.BAD_REQUEST  # longer than a blocking request may wait
    response = await rig.retrieve("/far/cse", response_type=1)
    meta = await kept(rig, response)
    assert meta["oet"].startswith("20270115T100000")
    await rig.clock.advance(3000)
    assert sent == []
    await rig.clock.advance(4300)
    assert len(sent) == 1
    assert (await rig.retrieve("/far/cse")).status == Status.OK


async def test_mgo_1_cmdh_defaults_for_what_is_forwarded(rig: Rig) -> None:
    sent = await elsewhere(rig)
    await policy(rig, cmp=[("cmdf", {}), *LIMITS["cmp"][:1]], cmdf0=[("cmdv", {"dev": 3}), (
        "cmpv", {"dqet": 30_000, "dset": -1, "drp": -1})])
    assert (await rig.retrieve("/far/cse", "Cae1")).status == Status.OK
    assert (sent[0].event_category, sent[0].request_expiration) == (3, "30000")
    assert (await rig.retrieve("/far/cse", "Cae1", request_expiration="100")).status == Status.BAD_REQUEST
    assert (await rig.retrieve("cse/cae1", "Cae1", request_expiration="100")).status == Status.OK


async def test_mgo_1_cmdh_a_policy_that_changes(rig: Rig) -> None:
    await policy(rig, **LIMITS)
    assert (await ask(rig, event_category=3, request_expiration="10")).status == Status.BAD_REQUEST
    assert (await change(rig, "cml", f"{NODE}/cmp/cml0", lqet=[0, 100])).status == Status.UPDATED
    assert (await ask(rig, event_category=3, request_expiration="10")).status.succeeded
    assert (await change(rig, "cml", f"{NODE}/cmp/cml0", lqet=[50, 100])).status == Status.UPDATED
    assert (await ask(rig, event_category=3, request_expiration="10")).status == Status.BAD_REQUEST
    for step in ("unlink", "delete"):
        if step == "unlink":
            await rig.update(NODE, {"m2m:nod": {"hcl": None}})
        else:
            await rig.update(NODE, {"m2m:nod": {"hcl": "/banyan"}})
            assert (await ask(rig, event_category=3, request_expiration="10")).status == Status.BAD_REQUEST
            await rig.delete(NODE)
        assert rig.cse.core.cmdh is None
        assert (await ask(rig, event_category=3, request_expiration="10")).status.succeeded


async def test_mgo_1_cmdh_linked_objects(rig: Rig) -> None:
    await node(rig, hcl="/banyan")
    await add(rig, "cmp", cmlk=[{"nm": "l", "typ": 1016, "val": f"{NODE}/cml"}])
    await add(rig, "acmp", acmlk=f"{NODE}/cmp")
    await add(rig, "cml", **LIMITS["cmp"][0][1])
    assert (await ask(rig, event_category=3, request_expiration="10")).status == Status.BAD_REQUEST


async def test_mgo_1_cmdh_survives_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await policy(rig, **LIMITS)
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    assert (await ask(rig, event_category=3, request_expiration="10")).status == Status.BAD_REQUEST
    await rig.close()
