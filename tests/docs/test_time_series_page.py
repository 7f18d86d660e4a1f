"""The commands of the page about time series do what it says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from cse.cli.items import attributes_of
from cse.client.kinds import kind_of
from resources.status import Status
from tests.rig import Rig, RigClock

PAGE = (Path(__file__).parents[2] / "docs" / "time_series.md").read_text(encoding="utf-8")
CREATE = re.compile(r"^banyan create (\S+) (\S+) (.*)$", re.MULTILINE)
NOON_2026 = 1_767_268_800.0


async def test_the_commands_and_the_notification() -> None:
    rig = await Rig.open(clock=RigClock(NOON_2026))
    for parent, kind, items in CREATE.findall(PAGE):
        answer = await rig.create(parent, kind_of(kind).number, attributes_of(shlex.split(items)))
        assert answer.status == Status.CREATED, answer.content
    await rig.clock.advance(275.0)
    shown: dict[str, Any] = json.loads(re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[0])
    assert rig.sink.contents() == [shown]
    again = await rig.create("cse/level", 30, {"dgt": "20260101T120100", "con": 1})
    assert again.status == Status.CONFLICT
    await rig.close()
