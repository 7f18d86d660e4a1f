"""The monitor against a CSE with its store and HTTP, stopped and started again."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ae_samples.monitor.service import MonitorService
from ae_samples.monitor.settings import MonitorSettings
from cse.app import running
from cse.client import Client, connect, listen
from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings
from tests.ae.monitor.feed import THURSDAY, Meter, load_kw


@asynccontextmanager
async def a_cse(folder: Path) -> AsyncIterator[str]:
    settings = Settings(
        CseSettings(administrators=["CAdmin"]), StoreSettings(path=str(folder / "cse.db")), HttpSettings(port=0)
    )
    async with running(settings) as (node,):
        yield node.url


@asynccontextmanager
async def connected(cse: str, originator: str) -> AsyncIterator[Client]:
    client = await connect(cse, originator)
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def monitor_of(cse: str) -> AsyncIterator[str]:
    receiver = await listen()
    client = await connect(cse, "Cmonitor", receiver=receiver)
    service = MonitorService(client, MonitorSettings(port=0, register_size_kwh=2.0**32 / 1000))
    try:
        yield await service.start()
    finally:
        await service.stop()
        await client.close()
        await receiver.close()


async def install(meter: Meter) -> None:
    """Let the monitor read and subscribe, as the IPE does."""
    await meter.client.register("N.meter", "meter", ae_id="Cmeter")
    rules = [{"acor": ["Cmeter"], "acop": 63}, {"acor": ["Cmonitor"], "acop": 35}]
    policy = await meter.client.ensure("-/meter", "acp", "access", {"pv": {"acr": rules}, "pvs": {"acr": rules[:1]}})
    meter.attributes = {"acpi": [policy["ri"]]}
    await meter.install()


async def quarters_of(client: Client, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(10):
        while True:
            stored = await client.history("-/monitor/energy-15min") if await client.discover("-", rn="alarms") else []
            if len(stored) >= count:
                return stored
            await asyncio.sleep(0.02)


async def test_energy_goes_on_over_restarts_of_monitor_and_cse(tmp_path: Path) -> None:
    at, register = THURSDAY, 4_294_000.0
    for round_ in range(3):
        async with a_cse(tmp_path) as url, connected(url, "Cmeter") as own, connected(url, "CAdmin") as administrator:
            meter = Meter(own, at, register)
            await install(meter)
            await meter.steps([None] * 3)  # before the monitor is there
            async with monitor_of(url):
                await meter.steps([None] * 5)
                stored = await quarters_of(administrator, 8 * round_ + 7)
            at, register = meter.at, meter.register
    values = [json.loads(instance["con"])["value"] for instance in stored]
    assert values == pytest.approx([load_kw(THURSDAY + 900 * n) / 4 for n in range(1, 24)])
    assert stored[0]["rn"] == "20150311T231500"
    assert stored[0]["lbl"] == ["energy/15min"]


async def test_the_page_shows_the_tree_of_the_cse(tmp_path: Path) -> None:
    async with a_cse(tmp_path) as url, connected(url, "Cmeter") as own, connected(url, "CAdmin") as administrator:
        meter = Meter(own)
        await install(meter)
        async with monitor_of(url) as page, aiohttp.ClientSession(page) as browser:
            await meter.steps([50.0] * 3)
            await quarters_of(administrator, 2)
            async with browser.get("/api/tree") as response:
                tree = await response.json()
    by_path = {child["path"]: child for child in tree["children"]}
    # The AE of the meter may not be seen by the monitor here, its containers may.
    assert by_path["meter/power"]["name"] == "meter/power"
    assert by_path["meter/power"]["latest"]["value"]["value"] == 50.0
    own_names = [child["name"] for child in by_path["monitor"]["children"]]
    assert own_names == ["alarms", "energy-15min", "energy-day", "energy-hour"]
