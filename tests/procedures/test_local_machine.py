"""The machine of the CSE as a device: memory, battery and device information (MGO-1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cse.device_management import ManagedObject
from cse.local_machine import LocalMachine
from resources.status import Status
from tests.procedures.devices import NODE, NODE_ID, add, change, node, shown
from tests.rig import Rig


async def read(root: Path, kind: str) -> dict[str, Any]:
    """What the adapter says of one object."""
    return dict(await LocalMachine(NODE_ID, root).read(ManagedObject(NODE_ID, kind, {})))


def put(root: Path, name: str, text: str) -> None:
    """Write a file of the system."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("text", "expected"), [
    ("MemTotal:  100 kB\nMemFree: 3 kB\nMemAvailable:  40 kB\n", {"mma": 40_960, "mmt": 102_400}),
    ("MemTotal: 100 kB", {}), ("", {}), ("MemTotal: lots\nMemAvailable: 1 kB", {}), ("\0\n::::", {}),
])
async def test_mgo_1_memory(tmp_path: Path, text: str, expected: dict[str, Any]) -> None:
    put(tmp_path, "proc/meminfo", text)
    assert await read(tmp_path, "memory") == expected


@pytest.mark.parametrize(("level", "state", "expected"), [
    ("57\n", "Discharging\n", {"btl": 57, "bts": 1}), ("103", "Full", {"btl": 100, "bts": 3}),
    ("5", "Charging", {"btl": 5, "bts": 2}), ("5", "odd", {"btl": 5, "bts": 7}), ("x", "Full", {"bts": 6}),
])
async def test_mgo_1_battery(tmp_path: Path, level: str, state: str, expected: dict[str, Any]) -> None:
    put(tmp_path, "sys/class/power_supply/BAT0/capacity", level)
    put(tmp_path, "sys/class/power_supply/BAT0/status", state)
    assert await read(tmp_path, "battery") == expected


async def test_mgo_1_nothing_is_known(tmp_path: Path) -> None:
    assert await read(tmp_path, "memory") == {}
    assert await read(tmp_path, "battery") == {"bts": 6}
    assert await read(tmp_path, "firmware") == {}


async def test_mgo_1_this_machine() -> None:
    rig = await Rig.open(adapters=[LocalMachine(NODE_ID)])
    await node(rig, hcl="/banyan")
    for short in ("mem", "bat", "dvi", "rbo"):
        await add(rig, short)
    memory = await shown(rig, "mem")
    assert 0 < memory["mma"] <= memory["mmt"]
    assert (await shown(rig, "dvi"))["man"] == "maker"
    assert (await change(rig, "rbo", rbo=True)).status == Status.MGMT_CONVERSION_ERROR
    assert (await rig.retrieve(NODE)).status == Status.OK
    await rig.close()
