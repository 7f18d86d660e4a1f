"""However short a period somebody asks for, it does not keep the CSE busy."""

from __future__ import annotations

from typing import Any

import pytest

from resources.status import Status
from tests.rig import Rig, message, only

pytestmark = pytest.mark.usefixtures("boxes")


@pytest.mark.parametrize(("ty", "content", "name"), [
    pytest.param(10, {"los": 3, "lou": ["PT0.001S"]}, "lou", id="LOC-2"),
    pytest.param(10, {"los": 3, "lou": ["PT60S", "PT0.9S"]}, "lou", id="LOC-2 another one"),
    pytest.param(60, {"bcnc": 1, "bcnu": ["http://sink/a"], "bcni": "PT0.5S"}, "bcni", id="TSB-1"),
    pytest.param(60, {"bcnc": 1, "bcnu": [f"http://sink/{n}" for n in range(101)]}, "bcnu", id="TSB-1 many"),
])
async def test_too_short_or_too_many(rig: Rig, ty: int, content: dict[str, Any], name: str) -> None:
    answer = await rig.create("cse/cae1", ty, content, "Cae1")
    assert (answer.status, message(answer).startswith(name)) == (Status.BAD_REQUEST, True)


@pytest.mark.parametrize("lou", [["PT0S"], ["-PT0.5S"], ["PT1S"]])
async def test_loc_2_other_periods(rig: Rig, lou: list[str]) -> None:
    await rig.made("cse/cae1", 10, {"los": 3, "lou": lou}, "Cae1")


async def test_ts_5_points_of_each_millisecond_are_missed_together() -> None:
    rig = await Rig.open()
    await rig.register("Cae1")
    series = await rig.made("cse/cae1", 29, {"rn": "t", "pei": 1, "mdd": True, "mdt": 2}, "Cae1")
    await rig.made("cse/cae1/t", 30, {"dgt": rig.now, "con": "1"}, "Cae1")
    changes: list[str] = []
    rig.cse.core.watch(series["ri"], lambda one: changes.append(one.attributes["lt"]))
    await rig.clock.advance(1)
    shown = only(await rig.retrieve("cse/cae1/t"))
    assert 850 < shown["mdc"] <= 1000
    assert len(changes) <= 12
    await rig.close()
