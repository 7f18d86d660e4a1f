"""What is often got wrong elsewhere, each in one short test; the rules themselves have theirs in the other files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cse.clock import seconds_of
from cse.primitive import FilterCriteria
from resources.status import Status
from tests.procedures.boxed import BOX, SINK, put, silent, subscribe, values, with_box
from tests.procedures.governed import RETRIEVE, attempt, govern, reads, rule
from tests.rig import Rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A CSE with a container ``cse/cae1/box``; it seldom looks for what has expired, since hours pass here."""
    rig = await with_box(expiry_check_s=1e6)
    yield rig
    await rig.close()


async def test_acp_6_a_rule_limited_to_a_foreign_address_denies(rig: Rig) -> None:
    await rig.register("Cae2")
    await govern(rig, rule(RETRIEVE, acco=[{"acip": {"ipv4": ["192.0.2.7"]}}]))
    assert not await reads(rig, source_address="198.51.100.1")
    assert not await reads(rig)
    assert await reads(rig, source_address="192.0.2.7")
    assert not (await attempt(rig, 4, source_address="192.0.2.7")).status.succeeded


async def test_fc_1_state_tag_smaller_and_bigger_the_right_way_round(rig: Rig) -> None:
    for name, updates in (("low", 1), ("same", 3), ("high", 5)):
        await rig.made(BOX, 3, {"rn": name}, "Cae1")
        for number in range(updates):
            await rig.update(f"{BOX}/{name}", {"m2m:cnt": {"mni": number}}, "Cae1")
    assert await rig.discover(BOX, "Cae1", ty=[3], sts=[3]) == [f"{BOX}/low"]
    assert await rig.discover(BOX, "Cae1", ty=[3], stb=[3]) == [f"{BOX}/same", f"{BOX}/high"]


async def test_fc_1_the_third_filter_operation_is_exclusive_or(rig: Rig) -> None:
    for name, labels in (("none", ["c"]), ("one", ["a"]), ("both", ["a"]), ("other", ["c"])):
        await rig.made(BOX, 3, {"rn": name, "lbl": labels}, "Cae1")
    for name in ("both", "other"):
        await rig.update(f"{BOX}/{name}", {"m2m:cnt": {"mni": 9}}, "Cae1")
    answer = await rig.retrieve(BOX, "Cae1", fc=FilterCriteria({"lbl": ["a"], "stb": [1]}, usage=1, operation=3))
    assert answer.content == {"m2m:uril": [f"{BOX}/one", f"{BOX}/other"]}


async def test_crs_7_an_ae_goes_with_a_cross_resource_subscription_to_itself(rig: Rig) -> None:
    await rig.made("cse/cae1", 48, {"nu": [SINK], "twt": 1, "tws": "PT60S", "rrat": ["cse/cae1", BOX],
                                    "encs": {"encn": [{"net": [1, 2]}]}}, "Cae1")
    assert (await rig.delete("cse/cae1", "Cae1")).status == Status.DELETED
    assert {one.type.name for one in rig.cse.core.tree.by_id.values()} == {"CSEBase", "accessControlPolicy"}
    assert (await rig.register())["ri"] == "Cae1"


async def test_sub_23_what_was_pending_comes_when_the_target_returns(rig: Rig) -> None:
    await subscribe(rig, pn=2)
    rig.sink.answer = silent(SINK)
    await put(rig, 1, 2, 3)
    await rig.clock.advance(86400)
    assert values(rig) == []
    rig.sink.answer = silent()
    await rig.clock.advance(900)
    assert values(rig) == [1, 2, 3]


async def test_sub_22_a_rate_limit_is_kept(rig: Rig) -> None:
    await subscribe(rig, rl={"mnn": 2, "tww": "PT10S"})
    counts = []
    await put(rig, *range(7))
    for _ in range(4):
        counts.append(len(values(rig)))
        await rig.clock.advance(10.5)
    assert counts == [2, 4, 6, 7]
    assert values(rig) == list(range(7))


@pytest.mark.parametrize("name", ["la", "ol"])
async def test_adr_5_no_container_is_named_like_a_virtual_child(rig: Rig, name: str) -> None:
    assert (await rig.create(BOX, 3, {"rn": name}, "Cae1")).status == Status.CONFLICT
    assert (await rig.create("cse/cae1", 3, {"rn": name}, "Cae1")).status == Status.CREATED  # an AE has no such child


@pytest.mark.parametrize(("entries", "open_", "closed"), [
    pytest.param(["* * 22-23 * * * *", "* * 0-5 * * * *"], ["220000", "235959", "000000", "055959"],
                 ["215959", "060000", "120000"], id="SCH-2 across midnight"),
    pytest.param(["50-59 29 12 * * * *", "0-9 30 12 * * * *"], ["122950", "122959", "123000", "123009"],
                 ["122949", "123010", "122900", "123050"], id="SCH-2 across a full minute"),
])
async def test_sch_2_a_schedule_across_an_edge(rig: Rig, entries: list[str], open_: list[str],
                                               closed: list[str]) -> None:
    await rig.made("cse", 18, {"rn": "hours", "se": {"sce": entries}})
    answered: dict[str, Any] = {}
    for moment in sorted((*open_, *closed)):
        await rig.clock.advance(seconds_of(f"20270116T{moment}") + 0.5 - rig.clock.now)
        answered[moment] = (await rig.retrieve("cse/cae1", "Cae1")).status
    assert {moment for moment, status in answered.items() if status == Status.OK} == set(open_)
    assert {answered[moment] for moment in closed} == {Status.TARGET_NOT_REACHABLE}
