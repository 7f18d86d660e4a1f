"""docs/device_management.md: its adapter runs as written, its table has every action."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cse.device_management import Adapter
from resources.management.actions import ACTIONS
from resources.registry import Registry
from resources.status import Status
from tests.procedures.devices import OBJECTS
from tests.rig import Rig, only

TEXT = (Path(__file__).parents[2] / "docs/device_management.md").read_text(encoding="utf-8")


class Transport:
    """A gateway in this process."""

    def __init__(self) -> None:
        self.reached = True
        self.done: list[str] = []

    async def alive(self, node_id: str) -> bool:
        return self.reached

    async def battery(self, node_id: str) -> int:
        return 42

    async def install(self, node_id: str, url: str) -> str:
        self.done.append(url)
        return "9"

    async def reboot(self, node_id: str) -> None:
        self.done.append("reboot")


def gateway(transport: Transport) -> Adapter:
    """The adapter of the example."""
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(example, "docs/device_management.md", "exec"), names)
    adapter: Adapter = names["Gateway"](transport)
    return adapter


async def test_the_example() -> None:
    transport = Transport()
    rig = await Rig.open(adapters=[gateway(transport)])
    await rig.made("cse", 14, {"rn": "meter", "ni": "urn:dev:meter-1"})
    for short, mgd in (("bat", 1006), ("fwr", 1001)):
        await rig.made("cse/meter", 13, {f"m2m:{short}": {"rn": short, "mgd": mgd, **OBJECTS[short]}})
    assert only(await rig.retrieve("cse/meter/bat"))["btl"] == 42
    await rig.update("cse/meter/fwr", {"m2m:fwr": {"ud": True}})
    firmware = only(await rig.retrieve("cse/meter/fwr"))
    assert (firmware["vr"], firmware["uds"]) == ("9", {"acn": "update", "sus": 1})
    await rig.made("cse", 12, {"rn": "again", "cmt": 2, "ext": "cse/meter"})
    await rig.update("cse/again", {"m2m:mgc": {"exe": True}})
    assert transport.done == [OBJECTS["fwr"]["url"], "reboot"]
    transport.reached = False
    response = await rig.update("cse/again", {"m2m:mgc": {"exe": True}})
    assert response.status == Status.MGMT_SESSION_CANNOT_BE_ESTABLISHED
    await rig.close()


def test_every_action_is_in_the_table() -> None:
    kinds = Registry.default().specializations(13)
    rows = re.findall(r"^\| (\w+) \| `(\w+)` \| (\w+) \|", TEXT, re.MULTILINE)
    assert sorted(rows) == sorted(
        (kinds[mgd].name, action.trigger, action.name) for mgd, actions in ACTIONS.items() for action in actions)
