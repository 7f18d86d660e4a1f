"""locationPolicy (procedures section 19, LOC-1 … LOC-3): its container, the sources of positions, geofences."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from cse.location_server import Inquiry
from cse.primitive import FilterCriteria
from cse.storage.memory import MemoryStore
from resources.errors import NetworkError
from resources.status import Status
from tests.procedures.devices import OBJECTS
from tests.rig import Rig, message, only, settle

AREA: dict[str, Any] = {"typ": 3, "crd": [[[8, 47], [9, 47], [9, 48], [8, 48], [8, 47]]]}
INSIDE, OUTSIDE = {"typ": 1, "crd": [8.5, 47.5]}, {"typ": 1, "crd": [10, 50]}
POLICY, PLACES = "cse/cae1/where", "cse/cae1/places"
NETWORK: dict[str, Any] = {"los": 1, "lot": "urn:dev:1", "lor": "http://locations/"}


@dataclass
class Server:
    """A location server in this process: answers with positions, one after the other, or an error."""

    answers: list[Any] = field(default_factory=list)
    asked: list[Inquiry] = field(default_factory=list)
    address: str = "http://default/"
    hang: bool = False

    async def position(self, inquiry: Inquiry) -> Any:
        self.asked.append(inquiry)
        if self.hang:
            await asyncio.get_running_loop().create_future()
        answer = self.answers.pop(0) if self.answers else f"position {len(self.asked)}"
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def server() -> Server:
    """The location server."""
    return Server()


@pytest.fixture
async def located(server: Server) -> AsyncIterator[Rig]:
    """A CSE with a location server and an AE."""
    rig = await Rig.open(location_server=server)
    await rig.register()
    yield rig
    await rig.close()


async def policy(rig: Rig, to: Any = "cse/cae1", fr: Any = "Cae1", **attributes: Any) -> dict[str, Any]:
    """Make a policy ``where`` with the container ``places``: positions come from the device unless said otherwise."""
    return await rig.made(to, 10, {"rn": "where", "los": 2, "lon": "places", **attributes}, fr)


async def at(rig: Rig, position: Any, fr: str = "Cae1") -> None:
    """The device says where it is."""
    await rig.made(PLACES, 4, {"con": position}, fr)
    await settle()


async def stored(rig: Rig) -> list[Any]:
    """The contents of the container."""
    return [one["con"] for one in only(await rig.retrieve(PLACES, rcn=4)).get("m2m:cin", [])]


async def events(rig: Rig) -> list[str]:
    """The events of the geofence."""
    found = only(await rig.retrieve(PLACES, rcn=4)).get("m2m:cin", [])
    return [label.partition(":")[2] for one in found for label in one.get("lbl", ())]


async def status(rig: Rig) -> str:
    """What the policy says about its last position."""
    text: str = only(await rig.retrieve(POLICY))["lost"]
    return text


@pytest.mark.parametrize("place", ["cse", "cse/cae1"])
async def test_loc_1_a_policy_and_its_container(located: Rig, place: str) -> None:
    everybody = {"acr": [{"acor": ["all"], "acop": 63}]}
    rights = await located.made("cse", 1, {"rn": "rights", "pv": everybody, "pvs": everybody})
    made = await policy(located, place, "CAdmin", acpi=[rights["ri"]], et=located.at(1000))
    container = only(await located.retrieve(f"{place}/places"))
    assert (made["loi"], container["li"]) == (container["ri"], made["ri"])
    assert (container["et"], container["pi"]) == (made["et"], made["pi"])
    assert container["acpi"] == [rights["ri"]]
    assert (made["lit"], made["lost"]) == (1, "unknown")


async def test_loc_1_a_container_without_a_name(located: Rig) -> None:
    made = await located.made("cse/cae1", 10, {"los": 2}, "Cae1")
    assert only(await located.retrieve(made["loi"], "Cae1"))["rn"] == made["loi"]


@pytest.mark.parametrize(("name", "expected"), [
    ("taken", Status.CONFLICT), ("where", Status.CONFLICT), ("a b", Status.BAD_REQUEST), ("", Status.BAD_REQUEST),
    ("../x", Status.BAD_REQUEST), ("x" * 5000, Status.CREATED),
])
async def test_loc_1_names_of_containers(located: Rig, name: str, expected: Status) -> None:
    await located.made("cse/cae1", 3, {"rn": "taken"}, "Cae1")
    response = await located.create("cse/cae1", 10, {"rn": "where", "los": 2, "lon": name}, "Cae1")
    assert response.status == expected
    children = only(await located.retrieve("cse/cae1", rcn=6)).get("rrf", ())
    assert len(children) == (3 if expected is Status.CREATED else 1)


async def test_loc_1_subscribers_see_the_link(located: Rig) -> None:
    await located.made("cse/cae1", 23, {"nu": ["http://watch/"], "enc": {"net": [3]}}, "Cae1")
    made = await policy(located)
    seen = [content["m2m:sgn"]["nev"]["rep"] for content in located.sink.contents("http://watch/")]
    assert [next(iter(one)) for one in seen] == ["m2m:lcp", "m2m:cnt"]
    assert seen[0]["m2m:lcp"]["loi"] == seen[1]["m2m:cnt"]["ri"] == made["loi"]


@pytest.mark.parametrize("content", [
    {"los": 4}, {"los": None}, {}, {"los": 2, "lou": ["1 minute"]}, {"los": 2, "lou": "PT1M"}, {"los": 2, "lit": 3},
    {"los": 2, "loi": "x"}, {"los": 2, "lost": "x"}, {"los": 2, "lit": 2}, {"los": 2, "lit": 2, "gta": AREA},
    {"los": 2, "lit": 2, "gec": 1}, {"los": 2, "lit": 2, "gec": 5, "gta": AREA},
])
async def test_loc_1_what_a_policy_cannot_be(located: Rig, content: dict[str, Any]) -> None:
    assert (await located.create("cse/cae1", 10, content, "Cae1")).status == Status.BAD_REQUEST
    assert (await located.update("cse/cae1", {"m2m:ae": {"apn": "still"}}, "Cae1")).status == Status.UPDATED


@pytest.mark.parametrize("area", [
    None, "", 5, [], {}, "[]", {"typ": 3}, {"typ": 9, "crd": []}, {"typ": 3, "crd": [[[0, 0], [1, 1]]]},
    {"typ": 3, "crd": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}, {"type": "Circle", "coordinates": [0, 0]},
    {"typ": 1, "crd": [200, 0]}, {"typ": 3, "crd": "[[[["}, {"type": [], "coordinates": {}},
])
async def test_loc_1_areas_that_are_none(located: Rig, area: Any) -> None:
    response = await located.create("cse/cae1", 10, {"los": 2, "lit": 2, "gec": 1, "gta": area}, "Cae1")
    assert response.status == Status.BAD_REQUEST
    assert "gta" in message(response)


async def test_loc_1_without_the_library(located: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "shapely.geometry", None)
    response = await located.create("cse/cae1", 10, {"los": 2, "lit": 2, "gec": 1, "gta": AREA}, "Cae1")
    assert response.status == Status.NOT_IMPLEMENTED
    assert "geo" in message(response)


@pytest.mark.parametrize(("criterion", "expected"), [
    pytest.param(1, ["entering", "entering"], id="LOC-1 entering"),
    pytest.param(2, ["leaving"], id="LOC-1 leaving"),
    pytest.param(3, ["inside", "inside", "inside"], id="LOC-1 inside"),
    pytest.param(4, ["outside", "outside", "outside"], id="LOC-1 outside"),
])
@pytest.mark.parametrize("area", [
    pytest.param(AREA, id="members"), pytest.param({"type": "Polygon", "coordinates": AREA["crd"]}, id="GeoJSON"),
    pytest.param({**AREA, "crd": str(AREA["crd"])}, id="text"),
])
async def test_loc_1_geofence_of_a_device(located: Rig, criterion: int, expected: list[str], area: Any) -> None:
    await policy(located, lit=2, gta=area, gec=criterion)
    way = [OUTSIDE, "lost", OUTSIDE, {"type": "Point", "coordinates": [8.1, 47.1]}, [9, 47.5], '[10, 50]',
           {"typ": 1, "crd": "[8.5, 47.5]"}, {"x": 1}, None]
    for place in way[:-1]:
        await at(located, place)
    assert await events(located) == expected


async def test_loc_1_a_geofence_that_changes(located: Rig) -> None:
    await policy(located, lit=2, gta=AREA, gec=1)
    await at(located, OUTSIDE)
    far = {"typ": 3, "crd": [[[x, y + 20] for x, y in AREA["crd"][0]]]}
    assert (await located.update(POLICY, {"m2m:lcp": {"gta": far}}, "Cae1")).status == Status.UPDATED
    await at(located, INSIDE)
    assert await events(located) == []
    assert (await located.update(POLICY, {"m2m:lcp": {"gta": None}}, "Cae1")).status == Status.BAD_REQUEST
    assert (await located.update(POLICY, {"m2m:lcp": {"lit": 1}}, "Cae1")).status == Status.UPDATED
    await at(located, {"typ": 1, "crd": [8.5, 67.5]})
    assert await events(located) == []


async def test_loc_1_an_update_of_the_container_is_no_position(located: Rig) -> None:
    await policy(located, lit=2, gta=AREA, gec=3)
    await at(located, INSIDE)
    await located.update(PLACES, {"m2m:cnt": {"lbl": ["x"]}}, "Cae1")
    assert await events(located) == ["inside"]


async def test_loc_1_a_geofence_survives_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await policy(rig, lit=2, gta=AREA, gec=2)
    for place, expected in ((INSIDE, 0), (OUTSIDE, 1), (INSIDE, 1), (OUTSIDE, 2)):
        await at(rig, place)
        await rig.close()
        rig = await Rig.open(store=store, clock=rig.clock)
        await settle()
        assert len(await events(rig)) == expected
    await rig.close()


async def test_loc_1_geofence_of_the_network(located: Rig, server: Server) -> None:
    server.answers = [OUTSIDE, INSIDE, INSIDE, "nonsense", OUTSIDE, INSIDE]
    await policy(located, **NETWORK, lou=["PT1M"], lit=2, gta=AREA, gec=1)
    await located.clock.advance(310)
    assert await events(located) == ["entering", "entering"]
    assert [one["position"] for one in await stored(located)] == [INSIDE, INSIDE]


@pytest.mark.parametrize("content", [{"los": 1}, {"los": 1, "lot": "urn:dev:1"}, {"los": 1, "lor": "http://x/"}])
async def test_loc_2_target_and_server_are_needed(content: dict[str, Any]) -> None:
    rig = await Rig.open()
    await rig.register()
    response = await rig.create("cse/cae1", 10, content, "Cae1")
    assert response.status == Status.BAD_REQUEST
    assert message(response).startswith(("lot: missing", "lor: missing"))
    await rig.close()


async def test_loc_2_what_can_be_derived(located: Rig, server: Server) -> None:
    await located.made("cse", 14, {"rn": "device", "ni": "urn:dev:7", "hael": ["Cae1"]})
    await policy(located, los=1, aid="a@b")
    await located.retrieve(f"{PLACES}/la")
    assert server.asked == [Inquiry("urn:dev:7", "http://default/", "a@b")]


async def test_loc_2_periods(located: Rig, server: Server) -> None:
    await policy(located, **NETWORK, lou=["PT1M", "PT1H"])
    await settle()
    assert (await stored(located), await status(located)) == (["position 1"], "located")
    await located.clock.advance(125)
    assert len(await stored(located)) == 3
    await located.update(POLICY, {"m2m:lcp": {"lou": ["PT10S"]}}, "Cae1")
    await located.clock.advance(25)
    assert len(server.asked) == 6
    await located.update(POLICY, {"m2m:lcp": {"lou": None}}, "Cae1")
    await located.clock.advance(500)
    assert len(server.asked) == 6


@pytest.mark.parametrize("lou", [None, ["PT0S"], ["-PT5S"]])
async def test_loc_2_without_a_period_the_latest_asks(located: Rig, server: Server, lou: list[str] | None) -> None:
    await policy(located, **NETWORK, **({"lou": lou} if lou else {}))
    await located.clock.advance(100)
    assert server.asked == []
    for number in (1, 2):
        assert only(await located.retrieve(f"{PLACES}/la", "Cae1"))["con"] == f"position {number}"
    assert only(await located.retrieve(f"{PLACES}/ol", "Cae1"))["con"] == "position 1"
    assert len(server.asked) == 2


async def test_loc_2_who_may_not_see_it_asks_nobody(located: Rig, server: Server) -> None:
    await policy(located, **NETWORK)
    await located.register("Cae2")
    assert (await located.retrieve(f"{PLACES}/la", "Cae2")).status == Status.NOT_FOUND
    assert server.asked == []
    await located.retrieve(f"{PLACES}/la", "Cae1")
    assert (await located.retrieve(f"{PLACES}/la", "Cae2")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    assert len(server.asked) == 1


async def test_loc_2_many_want_to_know_at_once(located: Rig, server: Server) -> None:
    await policy(located, **NETWORK)
    answers = await asyncio.gather(*(located.retrieve(f"{PLACES}/la", "Cae1") for _ in range(20)))
    assert {only(one)["con"] for one in answers} == {"position 1"}
    assert len(server.asked) == 1


async def test_loc_2_a_server_that_fails(located: Rig, server: Server) -> None:
    server.answers = [NetworkError("nobody home"), RuntimeError("bug"), "here"]
    await policy(located, **NETWORK)
    assert (await located.retrieve(f"{PLACES}/la", "Cae1")).status == Status.NOT_FOUND
    assert await status(located) == "6003 EXTERNAL_OBJECT_NOT_REACHABLE: nobody home"
    assert (await located.retrieve(f"{PLACES}/la", "Cae1")).status == Status.NOT_FOUND
    assert (await status(located)).startswith("5000")
    assert only(await located.retrieve(f"{PLACES}/la", "Cae1"))["con"] == "here"
    assert await status(located) == "located"


async def test_loc_2_the_last_known_position(located: Rig, server: Server) -> None:
    server.answers = [NetworkError("asleep"), "yesterday"]
    await policy(located, **NETWORK, rlkl=True)
    assert only(await located.retrieve(f"{PLACES}/la", "Cae1"))["con"] == "yesterday"
    assert [one.last_known for one in server.asked] == [False, True]


async def test_loc_2_a_server_that_does_not_answer(located: Rig, server: Server) -> None:
    server.hang = True
    await policy(located, **NETWORK)
    answer = asyncio.ensure_future(located.retrieve(f"{PLACES}/la", "Cae1"))
    await located.clock.advance(11)
    assert (await answer).status == Status.NOT_FOUND
    assert "has not answered" in await status(located)


async def test_loc_2_no_way_to_a_server(rig: Rig) -> None:
    await policy(rig, **NETWORK, lou=["PT1M"])
    await settle()
    assert (await status(rig)).startswith("6003")


async def test_loc_2_deletion_of_the_policy(located: Rig, server: Server) -> None:
    made = await policy(located, **NETWORK, lou=["PT1M"])
    await located.made(PLACES, 23, {"rn": "sub", "nu": ["http://watch/"], "enc": {"net": [2]}}, "Cae1")
    await located.made("cse/cae1", 23, {"rn": "sub", "nu": ["http://watch/"], "enc": {"net": [4]}}, "Cae1")
    assert (await located.delete(POLICY, "Cae1")).status == Status.DELETED
    assert (await located.retrieve(made["loi"])).status == Status.NOT_FOUND
    await located.clock.advance(500)
    assert len(server.asked) == 1
    roots = [next(iter(content["m2m:sgn"]["nev"]["rep"])) for content in located.sink.contents("http://watch/")
             if "nev" in content["m2m:sgn"]]
    assert sorted(roots) == ["m2m:cnt", "m2m:cnt", "m2m:lcp"]


async def test_loc_2_deletion_of_the_ae(located: Rig, server: Server) -> None:
    await policy(located, **NETWORK, lou=["PT1M"])
    assert (await located.delete("cse/cae1", "Cae1")).status == Status.DELETED
    assert (await located.retrieve(PLACES)).status == Status.NOT_FOUND
    await located.register()
    await policy(located)


async def test_loc_2_expiry_of_the_policy(located: Rig) -> None:
    await policy(located, et=located.at(60))
    await located.clock.advance(70)
    for address in (POLICY, PLACES):
        assert (await located.retrieve(address)).status == Status.NOT_FOUND


async def test_loc_2_deletion_of_what_is_found(located: Rig) -> None:
    await policy(located)
    response = await located.delete("cse/cae1", filter_criteria=FilterCriteria({"ty": [3, 10]}, usage=4))
    assert response.status == Status.DELETED
    for address in (POLICY, PLACES):
        assert (await located.retrieve(address)).status == Status.NOT_FOUND


async def test_loc_2_a_container_that_was_deleted(located: Rig) -> None:
    await policy(located, **NETWORK, lou=["PT1M"])
    await settle()
    assert (await located.delete(PLACES, "Cae1")).status == Status.DELETED
    await located.clock.advance(61)
    assert (await status(located)).startswith("6005")
    assert (await located.delete(POLICY, "Cae1")).status == Status.DELETED


async def test_loc_2_periods_survive_a_restart(server: Server) -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store, location_server=server)
    await rig.register()
    made = await policy(rig, **NETWORK, lou=["PT1H"])
    await settle()
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock, location_server=server)
    await rig.clock.advance(3500)
    assert len(server.asked) == 1
    await rig.clock.advance(200)
    assert len(server.asked) == 2
    assert only(await rig.retrieve(POLICY))["loi"] == made["loi"]
    await rig.close()
    rig.clock.now += 100_000
    rig = await Rig.open(store=store, clock=rig.clock, location_server=server)
    await settle()
    assert len(server.asked) == 3
    await rig.close()


async def test_loc_3_the_nearest_node_that_knows(located: Rig) -> None:
    """Nodes n1 (of the AE), n2, n3, n4 in a row; Cae3 on n3 and Cae4 on n4 know where they are."""
    for number in (1, 2, 3, 4):
        await located.made("cse", 14, {"rn": f"n{number}", "ni": f"n{number}", "hael": [f"Cae{number}"]})
    for number, neighbours in ((1, [2]), (2, [1, 3]), (3, [2, 4]), (4, [3])):
        await located.made(f"cse/n{number}", 13, {"m2m:andi": {
            "rn": "radio", "mgd": 1005, **OBJECTS["andi"], "lnh": [f"cse/n{one}/radio" for one in neighbours] + ["x"],
        }})
    await located.register("Cae4", loc={"typ": 1, "crd": "[4, 4]"})
    await policy(located, los=3, lou=["PT1M"])
    await settle()
    await located.register("Cae3")
    await located.made("cse/cae3", 10, {"los": 2, "lon": "here"}, "Cae3")
    await located.clock.advance(61)
    await located.made("cse/cae3/here", 4, {"con": "three"}, "Cae3")
    await located.clock.advance(61)
    assert await stored(located) == [{"typ": 1, "crd": "[4, 4]"}, {"typ": 1, "crd": "[4, 4]"}, "three"]


async def test_loc_3_else_that_of_the_cse(located: Rig) -> None:
    await policy(located, los=3)
    assert (await located.retrieve(f"{PLACES}/la", "Cae1")).status == Status.NOT_FOUND
    assert (await status(located)).startswith("6005")
    await located.made("cse", 10, {"los": 2, "lon": "self"}, "CAdmin")
    await located.made("cse/self", 4, {"con": "in the cellar"})
    assert only(await located.retrieve(f"{PLACES}/la", "Cae1"))["con"] == "in the cellar"
