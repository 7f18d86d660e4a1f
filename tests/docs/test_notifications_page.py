"""The examples of docs/notifications.md can be created as they stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from resources.status import Status
from tests.procedures.boxed import BOX, with_box
from tests.rig import ADMIN

PAGE = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
PLACES = {"m2m:sub": (BOX, 23, "Cae1"), "m2m:sch": (f"{BOX}/s", 18, "Cae1"), "m2m:ntp": ("cse", 26, ADMIN)}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: ",".join(next(iter(one.values()))))
async def test_an_example_can_be_created(example: dict[str, dict[str, object]]) -> None:
    rig = await with_box()
    await rig.register("Cmonitor", poa=["http://127.0.0.1:9000/notify"])
    await rig.made(BOX, 23, {"rn": "s", "nu": ["Cmonitor"]}, "Cae1")
    (root,) = example
    to, ty, fr = PLACES[root]
    answer = await rig.create(to, ty, example, fr)
    assert answer.status == Status.CREATED, answer.content
    await rig.close()


def test_every_policy_has_an_example() -> None:
    attributes = {name for example in EXAMPLES for name in example.get("m2m:sub", {})}
    assert {"bn", "ln", "rl", "pn", "nsp", "exc", "nse", "su", "eeno", "enc", "nu"} <= attributes
    assert {root for example in EXAMPLES for root in example} == PLACES.keys()
