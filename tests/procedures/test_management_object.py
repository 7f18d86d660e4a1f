"""Management objects (procedures section 19, MGO-1, MGO-2): all 25 of them, without a device to manage."""

from __future__ import annotations

from typing import Any

import pytest

from cse.settings import RegistrationSettings
from cse.storage.memory import MemoryStore
from resources.registry import Registry
from resources.status import Status
from tests.procedures.devices import NODE, OBJECTS, add, change, mgd_of, node, shown, type_of
from tests.rig import Rig, message, only

#: A change of each object: attribute, value, and a value that is refused.
CHANGES: dict[str, tuple[str, Any, Any]] = {
    "fwr": ("vr", "2", 2), "swr": ("url", "http://packages/2", 5), "mem": ("mma", 0, 21), "ani": ("ant", "ble", []),
    "andi": ("sli", 60, -1), "bat": ("btl", 100, 101), "dvi": ("dlb", "x", None), "dvc": ("att", False, "yes"),
    "rbo": ("dc", "the meter", 1), "evl": ("lgd", "a\nb", {}), "cmp": ("cpn", "y", 1), "acmp": ("acmlk", "x", ""),
    "cmdf": ("dc", "x", 5), "cmdv": ("dev", 4, 1), "cmpv": ("dqet", -1, "1"), "cml": ("lec", [2], [0]),
    "cmnr": ("aecs", [0, 3], "0"), "cmwr": ("mrv", 5, -5), "cmbf": ("sgp", 10, 11), "datc": ("meil", 5, 0),
    "nycfc": ("suids", [11], "11"), "wific": ("chanl", "6", 6), "crds": ("crid", "x", 7), "sim": ("spn", "op", 1),
    "mnwk": ("rss", -70, "-70"),
}
ALL = sorted(OBJECTS)


@pytest.fixture(autouse=True)
async def device(rig: Rig) -> None:
    """A node with an AE on it."""
    await node(rig, hael=["Cae1"])


def test_mgo_1_every_object_is_tested() -> None:
    kinds = {type_.short for type_ in Registry.default().specializations(13).values()}
    assert kinds == OBJECTS.keys() == CHANGES.keys()
    assert len(kinds) == 25


@pytest.mark.parametrize("short", ALL)
async def test_mgo_1_create_update_delete(rig: Rig, short: str) -> None:
    name, value, wrong = CHANGES[short]
    made = await add(rig, short)
    assert (made["ty"], made["mgd"]) == (13, mgd_of(rig, short))
    single = {row.short for row in type_of(rig, short).attributes if row.single}
    assert single <= made.keys(), "whatever an object always has is there"
    assert (await change(rig, short, **{name: value})).status == Status.UPDATED
    assert (await shown(rig, short))[name] == value
    assert (await change(rig, short, **{name: wrong})).status == Status.BAD_REQUEST
    assert (await change(rig, short, mgd=1001)).status == Status.BAD_REQUEST
    assert (await shown(rig, short))[name] == value
    assert (await rig.delete(f"{NODE}/{short}")).status == Status.DELETED


@pytest.mark.parametrize("short", [one for one in ALL if one != "rbo"])
async def test_mgo_1_what_an_object_must_have(rig: Rig, short: str) -> None:
    root = type_of(rig, short).root
    if short != "crds":
        response = await rig.create(NODE, 13, {root: {"mgd": mgd_of(rig, short)}})
        assert response.status == Status.BAD_REQUEST
        assert "missing" in message(response)
    response = await rig.create(NODE, 13, {root: {**OBJECTS[short], "mgd": mgd_of(rig, short), "nothing": 1}})
    assert response.status == Status.BAD_REQUEST


@pytest.mark.parametrize("short", ALL)
async def test_mgo_1_root_and_definition_go_together(rig: Rig, short: str) -> None:
    other = "m2m:bat" if short != "bat" else "m2m:mem"
    given = {**OBJECTS[short], "mgd": mgd_of(rig, short)}
    assert (await rig.create(NODE, 13, {other: given})).status == Status.BAD_REQUEST
    assert (await rig.create(NODE, 13, {"m2m:mgo": given})).status == Status.BAD_REQUEST


@pytest.mark.parametrize("mgd", [None, 0, 1, 1020, 1032, -1, 10**30, "1006", [], {}, True, 1006.0])
async def test_mgo_1_hostile_definitions(rig: Rig, mgd: Any) -> None:
    response = await rig.create(NODE, 13, {"m2m:bat": {"mgd": mgd, "btl": 1, "bts": 1}})
    assert response.status == Status.BAD_REQUEST


async def test_mgo_1_all_objects_survive_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await node(rig)
    for short in ALL:
        await add(rig, short)
    before = {short: await shown(rig, short) for short in ALL}
    await rig.close()
    rig = await Rig.open(store=store, clock=rig.clock)
    assert {short: await shown(rig, short) for short in ALL} == before
    await rig.close()


@pytest.mark.parametrize(("short", "attributes", "refused"), [
    ("mem", {"mma": 21}, "mma"),
    ("mem", {"mma": 2**64}, "mma"),
    ("bat", {"btl": 101}, "btl"),
    ("bat", {"btl": -1}, "btl"),
    ("bat", {"bts": 8}, "bts"),
    ("dvi", {"syst": "yesterday"}, "syst"),
    ("evl", {"lgt": 6}, "lgt"),
    ("fwr", {"uds": {"sus": 1}}, "uds"),
    ("swr", {"in": True}, "in"),
    ("sim", {"icid": "1"}, "icid"),
])
async def test_mgo_1_values_of_data_carriers(rig: Rig, short: str, attributes: dict[str, Any], refused: str) -> None:
    given = {**OBJECTS[short], "mgd": mgd_of(rig, short), **attributes}
    response = await rig.create(NODE, 13, {type_of(rig, short).root: given})
    assert response.status == Status.BAD_REQUEST
    assert message(response).startswith(refused)


@pytest.mark.parametrize("place", ["cse", "cse/cae1", f"{NODE}/bat"])
async def test_mgo_1_objects_stand_under_a_node(rig: Rig, place: str) -> None:
    await add(rig, "bat")
    response = await rig.create(place, 13, {"m2m:mem": {"mgd": 1003, **OBJECTS["mem"]}})
    assert response.status == Status.INVALID_CHILD_RESOURCE_TYPE


@pytest.mark.parametrize(("outer", "inner", "possible"), [
    ("cmp", "cmdf", True), ("cmdf", "cmdv", True), ("cmdf", "cmpv", True), ("cmp", "cml", True),
    ("cmp", "cmnr", True), ("cmnr", "cmwr", True), ("cmp", "cmbf", True),
    ("cmp", "cmdv", False), ("cmdf", "cml", False), ("cmp", "cmp", False),
    ("cmp", "acmp", False), ("cmp", "bat", False),
])
async def test_mgo_1_nested_cmdh_objects(rig: Rig, outer: str, inner: str, possible: bool) -> None:
    await add(rig, outer)
    given = {"rn": "inner", "mgd": mgd_of(rig, inner), **OBJECTS[inner]}
    response = await rig.create(f"{NODE}/{outer}", 13, {type_of(rig, inner).root: given})
    assert response.status == (Status.CREATED if possible else Status.INVALID_CHILD_RESOURCE_TYPE)


@pytest.mark.parametrize(("short", "link", "expected"), [
    ("cmp", {"typ": 1013, "val": f"{NODE}/cmdf"}, Status.CREATED),
    ("cmp", {"typ": 1013, "val": "not/there/yet"}, Status.CREATED),
    ("cmp", {"typ": 1014, "val": f"{NODE}/cmdf"}, Status.BAD_REQUEST),
    ("cmp", {"typ": 1016, "val": f"{NODE}/cmdf"}, Status.BAD_REQUEST),
    ("cmdf", {"typ": 1013, "val": f"{NODE}/cmdf"}, Status.BAD_REQUEST),
    ("cmnr", {"typ": 1018, "val": "cse"}, Status.BAD_REQUEST),
    ("cmnr", {"typ": 1018, "val": "//"}, Status.CREATED),
])
async def test_mgo_1_links_of_cmdh_objects(rig: Rig, short: str, link: dict[str, Any], expected: Status) -> None:
    await add(rig, "cmdf")
    given = {**OBJECTS[short], "rn": "linked", "mgd": mgd_of(rig, short), "cmlk": [{"nm": "x", **link}]}
    response = await rig.create(NODE, 13, {type_of(rig, short).root: given})
    assert response.status == expected


@pytest.mark.parametrize(("target", "expected"), [
    (f"{NODE}/cmp", Status.CREATED), ("not-there", Status.CREATED), (NODE, Status.BAD_REQUEST),
    ("cse/other/cmp", Status.BAD_REQUEST),
])
async def test_mgo_1_the_active_policy_is_one_of_the_node(rig: Rig, target: str, expected: Status) -> None:
    await node(rig, "other")
    for place in (NODE, "cse/other"):
        await add(rig, "cmp", to=place)
    response = await rig.create(NODE, 13, {"m2m:acmp": {"mgd": 1012, "acmlk": target}})
    assert response.status == expected


async def test_mgo_1_an_area_network_lists_its_devices(rig: Rig) -> None:
    await add(rig, "ani")
    await add(rig, "ani", rn="second")
    one = await add(rig, "andi", awi=f"{NODE}/ani")
    other = await add(rig, "andi", rn="two", awi=f"{NODE}/ani")
    assert (await shown(rig, "ani"))["ldv"] == [one["ri"], other["ri"]]
    await change(rig, "andi", awi=f"{NODE}/second")
    assert ((await shown(rig, "ani"))["ldv"], (await shown(rig, "second"))["ldv"]) == ([other["ri"]], [one["ri"]])
    await rig.delete(f"{NODE}/andi")
    assert "ldv" not in await shown(rig, "second")
    await rig.delete(NODE)
    assert (await rig.retrieve(NODE)).status == Status.NOT_FOUND


@pytest.mark.parametrize(("short", "pair"), [
    ("rbo", ("rbo", "far")), ("swr", ("in", "un")), ("swr", ("act", "dea")), ("dvc", ("ena", "dis")),
    ("evl", ("lga", "lgo")),
])
async def test_mgo_1_opposed_triggers(rig: Rig, short: str, pair: tuple[str, str]) -> None:
    await add(rig, short)
    before = await shown(rig, short)
    response = await change(rig, short, **dict.fromkeys(pair, True))
    assert response.status == Status.BAD_REQUEST
    assert all(name in message(response) for name in pair)
    assert await shown(rig, short) == before


@pytest.mark.parametrize(("short", "trigger"), [("fwr", "ud"), ("swr", "in"), ("dvc", "ena"), ("evl", "lga")])
async def test_mgo_1_the_ae_on_the_device_acts(rig: Rig, short: str, trigger: str) -> None:
    await add(rig, short)
    await rig.made(f"{NODE}/{short}", 23, {"nu": ["http://device/"], "nct": 1})
    assert (await change(rig, short, **{trigger: True})).status == Status.UPDATED
    (content,) = rig.sink.contents("http://device/")
    assert next(iter(content["m2m:sgn"]["nev"]["rep"].values()))[trigger] is True
    assert (await shown(rig, short))[trigger] is True


async def test_mgo_1_a_reboot_reads_back_false(rig: Rig) -> None:
    await add(rig, "rbo")
    await rig.made(f"{NODE}/rbo", 23, {"nu": ["http://device/"], "nct": 1})
    assert only(await change(rig, "rbo", rbo=True))["rbo"] is False
    reports = [content["m2m:sgn"]["nev"]["rep"]["m2m:rbo"]["rbo"] for content in rig.sink.contents("http://device/")]
    assert reports == [True, False]
    assert (await shown(rig, "rbo"))["far"] is False


async def test_mgo_2_nobody_leads_to_the_device(rig: Rig) -> None:
    await node(rig, "bare")
    await add(rig, "rbo", to="cse/bare")
    response = await change(rig, "rbo", "cse/bare/rbo", rbo=True)
    assert response.status == Status.MGMT_SESSION_CANNOT_BE_ESTABLISHED
    assert "adapter" in message(response)


async def test_mgo_2_an_object_of_a_technology_needs_an_adapter(rig: Rig) -> None:
    await add(rig, "rbo", obis=["urn:oma:lwm2m:oma:3"], obps=["/3/0"])
    response = await change(rig, "rbo", rbo=True)
    assert response.status == Status.MGMT_SESSION_CANNOT_BE_ESTABLISHED
    assert (await change(rig, "rbo", dc="can be described")).status == Status.UPDATED
    assert (await change(rig, "rbo", obis=["urn:x"])).status == Status.BAD_REQUEST


async def test_mgo_1_the_ae_that_made_the_node_acts() -> None:
    rig = await Rig.open(registration=RegistrationSettings(child_types=["node"]))
    await rig.register()
    await rig.made("cse", 14, {"rn": "own", "ni": "n2"}, "Cae1")
    await rig.made("cse/own", 13, {"m2m:rbo": {"rn": "rbo", "mgd": 1009}}, "Cae1")
    assert (await change(rig, "rbo", "cse/own/rbo", "Cae1", rbo=True)).status == Status.UPDATED
    await rig.delete("cse/cae1", "Cae1")
    response = await change(rig, "rbo", "cse/own/rbo", rbo=True)
    assert response.status == Status.MGMT_SESSION_CANNOT_BE_ESTABLISHED
    await rig.close()
