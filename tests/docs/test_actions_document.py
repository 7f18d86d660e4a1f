"""The examples of docs/actions.md work as written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.rig import Rig, only, settle

COMMITTED = 4

DOCUMENT = Path(__file__).parents[2] / "docs" / "actions.md"


def examples() -> list[dict[str, Any]]:
    blocks = re.findall(r"^```json\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [json.loads(block) for block in blocks]


async def test_the_examples_work() -> None:
    action, process, transaction = examples()
    rig = await Rig.open()
    await rig.register("Cpump", "pump")
    for name in ("level", "switch"):
        await rig.made("cse/pump", 3, {"rn": name}, "Cpump")
    assert only(await rig.create("cse/pump", 65, action, "Cpump"))["rn"] == "drain"
    await rig.made("cse/pump", 63, {"rn": "cycle"}, "Cpump")
    await rig.made("cse/pump/cycle", 64, {"rn": "empty"}, "Cpump")
    assert only(await rig.update("cse/pump/cycle", process, "Cpump"))["prst"] == 2
    for level, count in ((80, 0), (81, 1)):
        await rig.made("cse/pump/level", 4, {"con": level}, "Cpump")
        await settle()
        assert only(await rig.retrieve("cse/pump/switch"))["cni"] == count
    assert only(await rig.retrieve("cse/pump/drain"))["air"]["rsc"] == 2001
    assert only(await rig.retrieve("cse/pump/cycle/empty"))["sact"] is True
    await rig.made("cse/pump/switch", 4, {"con": "off"}, "Cpump")
    assert only(await rig.retrieve("cse/pump/cycle"))["prst"] == 5
    await rig.made("cse/pump", 50, transaction, "Cpump")
    await settle()
    assert only(await rig.retrieve("cse/pump/both", "Cpump"))["trst"] == COMMITTED
    assert only(await rig.retrieve("cse/pump/level"))["mni"] == 100
    assert only(await rig.retrieve("cse/pump/switch"))["cni"] == 3
    await rig.close()
