"""Time series (procedures section 11): limits, unique points, latest and oldest, and the rules of their attributes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from resources.status import Status
from tests.procedures.series import SERIES, missing, monitored, point, series
from tests.rig import Rig, message, only
from tests.slow_store import SlowStore


async def held(rig: Rig) -> list[Any]:
    """``con`` of the points that there are, in order of creation."""
    return [one["con"] for one in only(await rig.retrieve(SERIES, rcn=4)).get("m2m:tsi", [])]


async def test_ts_1_counters_and_limits(rig: Rig) -> None:
    made = await series(rig, mni=2)
    assert (made["cni"], made["cbs"], made["mdc"]) == (0, 0, 0)
    assert "st" not in made
    for second, con in enumerate(("a", "bb", "ccc")):
        await point(rig, rig.at(second), con)
    shown = only(await rig.retrieve(SERIES))
    assert (shown["cni"], shown["cbs"]) == (2, 5)
    assert await held(rig) == ["bb", "ccc"]
    assert (await rig.update(SERIES, {"m2m:ts": {"mbs": 3}}, "Cae1")).status == Status.UPDATED
    assert await held(rig) == ["ccc"]
    assert (await rig.create(SERIES, 30, {"dgt": rig.at(9), "con": "dddd"}, "Cae1")).status == Status.NOT_ACCEPTABLE


async def test_ts_1_points_that_make_room_are_no_deletion_event(rig: Rig) -> None:
    await series(rig, mni=2)
    await rig.made(SERIES, 23, {"nu": ["http://sink/gone"], "enc": {"net": [4]}}, "Cae1")
    for second in (1, 2, 3):
        await point(rig, rig.at(second), second)
    await rig.update(SERIES, {"m2m:ts": {"mni": 1}}, "Cae1")
    assert await held(rig) == [3]
    assert rig.sink.contents("http://sink/gone") == []
    await rig.delete(f"{SERIES}/la", "Cae1")
    await rig.made(SERIES, 30, {"dgt": rig.at(9), "con": 4, "et": rig.at(5)}, "Cae1")
    await rig.clock.advance(20)
    gone = [content["m2m:sgn"]["nev"]["rep"]["m2m:tsi"]["con"] for content in rig.sink.contents("http://sink/gone")]
    assert gone == [3, 4]


async def test_ts_1_age_of_points(rig: Rig) -> None:
    await series(rig, mia=60)
    made = await point(rig, rig.now)
    assert rig.at(50) < made["et"] < rig.at(61)


@pytest.mark.parametrize("left_out", ["dgt", "con"])
async def test_ts_1_what_a_point_must_have(rig: Rig, left_out: str) -> None:
    await series(rig)
    given = {"dgt": rig.now, "con": 1.5}
    del given[left_out]
    response = await rig.create(SERIES, 30, given, "Cae1")
    assert response.status == Status.BAD_REQUEST
    assert left_out in message(response)


@pytest.mark.parametrize(("first", "second", "unique"), [
    pytest.param("20270101T000000", "20270101T000000", False, id="TS-1 the same"),
    pytest.param("20270101T000000", "20270101T000000,0", False, id="TS-1 the same moment"),
    pytest.param("20270101T000000,12", "20270101T000000,120000", False, id="TS-1 the same fraction"),
    pytest.param("20270101T000000", "20270101T000000,000001", True, id="TS-1 a microsecond later"),
    pytest.param("20270101T000000", "20260101T000000", True, id="TS-1 earlier"),
])
async def test_ts_1_time_of_a_point_is_unique(rig: Rig, first: str, second: str, unique: bool) -> None:
    await series(rig)
    await rig.made("cse/cae1", 29, {"rn": "other"}, "Cae1")
    await rig.made("cse/cae1/other", 30, {"dgt": second, "con": "x"}, "Cae1")
    assert (await point(rig, first))["dgt"] == first
    response = await rig.create(SERIES, 30, {"dgt": second, "con": "2"}, "Cae1")
    assert response.status == (Status.CREATED if unique else Status.CONFLICT)
    assert only(await rig.retrieve(SERIES))["cni"] == (2 if unique else 1)


async def test_ts_1_time_is_free_again_once_its_point_is_gone(rig: Rig) -> None:
    await series(rig, mni=1)
    await point(rig, "20270101T000000")
    await rig.delete(f"{SERIES}/la", "Cae1")
    await point(rig, "20270101T000000")
    await point(rig, "20270101T000001")
    await point(rig, "20270101T000000", "again")
    assert await held(rig) == ["again"]


async def test_ts_1_time_is_unique_among_requests_at_once() -> None:
    rig = await Rig.open(store=SlowStore())
    await rig.register()
    await series(rig)
    responses = await asyncio.gather(*(
        rig.create(SERIES, 30, {"dgt": "20270101T000000", "con": str(n)}, "Cae1") for n in range(5)
    ))
    assert sorted(one.status for one in responses) == [Status.CREATED] + [Status.CONFLICT] * 4
    assert only(await rig.retrieve(SERIES))["cni"] == 1
    await rig.close()


@pytest.mark.parametrize("dgt", [-1500, "-1500"])
async def test_ts_1_relative_time_counts_from_the_arrival(rig: Rig, dgt: Any) -> None:
    await series(rig)
    made = await point(rig, dgt)
    assert rig.at(-1.6) < made["dgt"] < rig.at(-1.4)
    assert (await point(rig, dgt))["dgt"] > made["dgt"]


@pytest.mark.parametrize("dgt", [2**63 - 1, -(2**63), "9223372036854775807", 10**15])
async def test_ts_1_time_beyond_the_calendar(rig: Rig, dgt: Any) -> None:
    await monitored(rig)
    response = await rig.create(SERIES, 30, {"dgt": dgt, "con": "1"}, "Cae1")
    assert response.status == Status.BAD_REQUEST
    assert "years" in message(response)


async def test_ts_1_sequence_number_is_kept(rig: Rig) -> None:
    await series(rig, mni=2)
    assert (await point(rig, rig.now, snr=7))["snr"] == 7
    assert "snr" not in await point(rig, rig.at(1))
    assert (await rig.create(SERIES, 30, {"dgt": rig.at(2), "con": "1", "snr": -1}, "Cae1")).status \
        == Status.BAD_REQUEST


@pytest.mark.parametrize(("given", "expected"), [
    pytest.param({"pei": 1000}, 500, id="TS-2 half of the interval"),
    pytest.param({"pei": 1001}, 500, id="TS-2 half of an odd interval"),
    pytest.param({"pei": 1000, "peid": 500}, 500, id="TS-2 just half"),
    pytest.param({"pei": 1000, "peid": 0}, 0, id="TS-2 exact"),
    pytest.param({"pei": 1}, 0, id="TS-2 shortest interval"),
    pytest.param({"peid": 70}, 70, id="TS-2 no interval"),
])
async def test_ts_2_delta(rig: Rig, given: dict[str, Any], expected: int) -> None:
    assert (await series(rig, **given))["peid"] == expected


async def test_ts_2_delta_is_at_most_half_of_the_interval(rig: Rig) -> None:
    response = await rig.create("cse/cae1", 29, {"pei": 1000, "peid": 501}, "Cae1")
    assert response.status == Status.BAD_REQUEST
    await series(rig, pei=1000, peid=400)
    assert (await rig.update(SERIES, {"m2m:ts": {"pei": 700}}, "Cae1")).status == Status.BAD_REQUEST
    assert (await rig.update(SERIES, {"m2m:ts": {"peid": 501}}, "Cae1")).status == Status.BAD_REQUEST
    assert only(await rig.update(SERIES, {"m2m:ts": {"pei": 800}}, "Cae1"))["peid"] == 400


async def test_ts_2_delta_that_was_not_given_follows_the_interval(rig: Rig) -> None:
    await series(rig, pei=1000)
    assert only(await rig.update(SERIES, {"m2m:ts": {"pei": 300}}, "Cae1"))["peid"] == 150
    assert only(await rig.update(SERIES, {"m2m:ts": {"peid": None}}, "Cae1"))["peid"] == 150
    assert "pei" not in only(await rig.update(SERIES, {"m2m:ts": {"pei": None}}, "Cae1"))


@pytest.mark.parametrize("given", [
    pytest.param({}, id="TS-3 nothing"),
    pytest.param({"mdt": 900}, id="TS-3 no interval"),
    pytest.param({"pei": 1000}, id="TS-3 no timer"),
    pytest.param({"pei": 1000, "mdt": 500}, id="TS-3 timer is the delta by default"),
    pytest.param({"pei": 1000, "peid": 90, "mdt": 90}, id="TS-3 timer is the delta"),
])
async def test_ts_3_what_detection_needs(rig: Rig, given: dict[str, Any]) -> None:
    assert (await rig.create("cse/cae1", 29, {"mdd": True, **given}, "Cae1")).status == Status.BAD_REQUEST
    await series(rig, **given)
    assert (await rig.update(SERIES, {"m2m:ts": {"mdd": True}}, "Cae1")).status == Status.BAD_REQUEST
    assert not only(await rig.retrieve(SERIES)).get("mdd")


async def test_ts_3_timer_is_longer_than_the_delta(rig: Rig) -> None:
    assert (await series(rig, mdd=True, pei=1000, peid=90, mdt=91))["mdd"] is True


@pytest.mark.parametrize("name", ["pei", "peid", "mdt", "mdn"])
@pytest.mark.parametrize("value", [700, None])
async def test_ts_4_parameters_stay_while_monitored(rig: Rig, name: str, value: int | None) -> None:
    before = await monitored(rig, mdn=5)
    for given in ({name: value}, {name: value, "mdd": True}, {name: value, "mdd": False}):
        response = await rig.update(SERIES, {"m2m:ts": given}, "Cae1")
        assert response.status == Status.BAD_REQUEST, given
    await rig.update(SERIES, {"m2m:ts": {"mdd": False}}, "Cae1")
    wanted = before[name] - 1
    both = await rig.update(SERIES, {"m2m:ts": {name: value or 900, "mdd": True}}, "Cae1")
    assert both.status == Status.BAD_REQUEST
    assert only(await rig.update(SERIES, {"m2m:ts": {name: wanted}}, "Cae1"))[name] == wanted


async def test_ts_8_latest_and_oldest(rig: Rig) -> None:
    await series(rig)
    assert (await rig.retrieve(f"{SERIES}/la", "Cae1")).status == Status.NOT_FOUND
    for second in (3, 1, 2):
        await point(rig, rig.at(second), second)
    assert only(await rig.retrieve(f"{SERIES}/la", "Cae1"))["con"] == 2
    assert only(await rig.retrieve(f"{SERIES}/ol", "Cae1"))["con"] == 3
    assert (await rig.update(f"{SERIES}/la", {"m2m:tsi": {"con": 1}}, "Cae1")).status == Status.OPERATION_NOT_ALLOWED
    await rig.delete(f"{SERIES}/ol", "Cae1")
    assert await held(rig) == [1, 2]


async def test_ts_8_points_stay_as_they_are(rig: Rig) -> None:
    await series(rig)
    made = await point(rig, rig.now)
    for to in (made["ri"], f"{SERIES}/{made['rn']}"):
        response = await rig.update(to, {"m2m:tsi": {"lbl": ["x"]}}, "Cae1")
        assert response.status == Status.OPERATION_NOT_ALLOWED
    assert (await rig.create(made["ri"], 23, {"nu": ["http://sink/a"]}, "Cae1")).status \
        == Status.TARGET_NOT_SUBSCRIBABLE


async def test_ts_9_content_format_belongs_to_the_series(rig: Rig) -> None:
    made = await series(rig, cnf="text/plain:0")
    assert made["cnf"] == "text/plain:0"
    assert (await rig.update(SERIES, {"m2m:ts": {"cnf": "text/html:0"}}, "Cae1")).status == Status.BAD_REQUEST
    assert (await rig.create(SERIES, 30, {"dgt": rig.now, "con": "1", "cnf": "text/plain:0"}, "Cae1")).status \
        == Status.BAD_REQUEST
    assert (await rig.create("cse/cae1", 29, {"cnf": "plain"}, "Cae1")).status == Status.BAD_REQUEST


@pytest.mark.parametrize("name", ["cni", "cbs", "mdlt", "mdc"])
async def test_ts_6_what_the_host_counts_is_not_given(rig: Rig, name: str) -> None:
    value: Any = ["20270101T000000"] if name == "mdlt" else 0
    assert (await rig.create("cse/cae1", 29, {name: value}, "Cae1")).status == Status.BAD_REQUEST
    await series(rig)
    assert (await rig.update(SERIES, {"m2m:ts": {name: value}}, "Cae1")).status == Status.BAD_REQUEST


async def test_ts_6_without_detection_nothing_is_missing(rig: Rig) -> None:
    await series(rig, pei=1000, mdt=900)
    await point(rig, rig.now)
    await rig.clock.advance(60)
    assert await missing(rig) == []
