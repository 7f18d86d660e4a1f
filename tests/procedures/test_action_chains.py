"""Actions that lead to one another end, however they are tied (ACT-3)."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from cse.behaviours.action_execution import LOOP_S, MOST_CONSEQUENCES
from cse.parameters import request_from_object
from tests.rig import Rig, only, settle

pytestmark = pytest.mark.usefixtures("boxes")
BOXES = ("cse/cae1/b1", "cse/cae1/b2", "cse/cae1/b3")


def tie(number: int, source: str, target: str) -> dict[str, Any]:
    """Whenever one container changes, another is changed."""
    request = {"op": 3, "fr": "Cae1", "to": target, "rqi": "r", "rvi": "3", "pc": {"m2m:cnt": {"lbl": [str(number)]}}}
    return {"rn": f"x{number}", "sri": source, "evc": {"sbjt": "mni", "optr": 1, "thld": 5}, "evm": 3, "orc": target,
            "apv": request}


async def test_act_3_a_thicket_of_actions_ends(rig: Rig) -> None:
    for box in BOXES:
        await rig.update(box, {"m2m:cnt": {"mni": 5}})
    ties = [(source, target) for source, target in product(BOXES, BOXES) for _ in range(3)]
    for number, (source, target) in enumerate(ties):
        await rig.made("cse/cae1", 65, tie(number, source, target), "Cae1")

    async def changes() -> int:
        return sum([only(await rig.retrieve(box))["st"] for box in BOXES])

    for _ in range(2):
        before = await changes()
        await rig.update(BOXES[0], {"m2m:cnt": {"lbl": ["go"]}})
        await settle(8000)
        after = await changes()
        assert len(ties) < after - before <= 1 + 9 * MOST_CONSEQUENCES  # nine go back to this change alone
        await settle(500)
        assert await changes() == after
        await rig.clock.advance(LOOP_S + 1)
        assert await changes() == after


async def test_act_3_an_action_that_fails_for_no_good_reason_does_not_hold_up_the_others(
    rig: Rig, monkeypatch: pytest.MonkeyPatch,
) -> None:
    await rig.update(BOXES[0], {"m2m:cnt": {"mni": 5}})
    for number in range(2):
        await rig.made("cse/cae1", 65, tie(number, BOXES[0], BOXES[1]), "Cae1")
    original, asked = request_from_object, []

    def once(members: dict[str, Any]) -> Any:
        asked.append(members)
        if len(asked) == 1:
            raise RuntimeError("broken")
        return original(members)

    monkeypatch.setattr("cse.behaviours.action_execution.request_from_object", once)
    await rig.update(BOXES[0], {"m2m:cnt": {"lbl": ["go"]}})
    await settle(200)
    assert only(await rig.retrieve("cse/cae1/x0"))["air"]["rsc"] == 5000
    assert only(await rig.retrieve(BOXES[1]))["lbl"] == ["1"]
