"""Meter -> IPE -> CSE over HTTP -> client, and a command all the way back. Only the data of the meter is made up."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cse.app import running
from cse.client import Client, RequestFailed, Status, connect, seconds_of
from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings
from ipe.modbus.replay import Row
from ipe.modbus.simulator import Meter, MeterServer
from ipe.settings import settings_from
from ipe.start import serve

START = datetime(2015, 6, 1)  # noqa: DTZ001 - local time is meant
POINTS = """name,table,address,type,unit,period_s,writable,history,device,module,datapoint,highest
active_power,input,0,float32,kW,0.1,no,,,,,
active_energy,input,2,uint32,Wh,0.1,no,,,,,
meter_clock,input,4,uint32,s,0.1,no,,,,,
demand_limit,holding,0,float32,kW,0.5,yes,,,,,
no_such_register,holding,77,uint16,,0.5,no,,,,,
hall_temperature,input,0,float32,°C,0.1,no,,hall,temperature,currentTemperature,
hall_target,holding,0,float32,°C,0.1,yes,,hall,temperature,targetTemperature,60
power_series,input,0,float32,kW,0.1,no,timeseries,,,,
"""


@dataclass
class Site:
    """A running site: ``reader`` may read and command, ``operator`` all, ``stranger`` nothing."""

    meter: Meter
    server: MeterServer
    port: int
    url: str
    reader: Client
    stranger: Client
    operator: Client

    async def latest(self, path: str, ae: str = "meter") -> Any:
        instance = await self.reader.latest(f"-/{ae}/{path}")
        return None if instance is None else json.loads(instance["con"])

    async def until(self, path: str, wanted: Callable[[Any], bool], ae: str = "meter") -> Any:
        """Return the latest content of a container once it is as wanted."""
        async with asyncio.timeout(10):
            while True:
                try:
                    content = await self.latest(path, ae)
                except RequestFailed as failure:
                    if failure.status not in (Status.NOT_FOUND, Status.ORIGINATOR_HAS_NO_PRIVILEGE):
                        raise
                    content = None
                if content is not None and wanted(content):
                    return content
                await asyncio.sleep(0.02)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    (tmp_path / "points.csv").write_text(POINTS)
    rows = [Row(START + timedelta(minutes=15 * at), 10.0 + at % 7) for at in range(96 * 7)]
    meter = Meter(rows, start_s=START.timestamp())
    server = MeterServer(meter, port=0)
    settings = Settings(
        CseSettings(cse_id="/test", cse_name="base"),
        StoreSettings(kind="memory"),
        HttpSettings(port=0),
    )
    async with AsyncExitStack() as stack:
        port = await server.start()
        stack.push_async_callback(server.stop)
        (node,) = await stack.enter_async_context(running(settings))
        ipe = settings_from(
            {
                "protocol": "modbus", "points": str(tmp_path / "points.csv"), "name": "meter", "ae_id": "Cmeter",
                "cse": node.url, "clock": "meter_clock", "readers": ["Creader"], "commanders": ["Creader"],
                "operators": ["Coperator"], "reconnect_first_s": 0.1, "reconnect_limit_s": 0.2,
                "device": {"host": "127.0.0.1", "port": port, "timeout_s": 1.0},
            },
            "test",
        )  # fmt: skip
        clients: list[Client] = []
        for originator in ("Creader", "Cstranger", "Coperator"):
            clients.append(await connect(node.url))
            stack.push_async_callback(clients[-1].close)
            await clients[-1].register("N.test", originator, ae_id=originator)
        task = asyncio.create_task(serve(ipe))
        yield Site(meter, server, port, node.url, *clients)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await clients[0].latest("-/meter/status") or {})["con"].count("the IPE was stopped") == 1


async def test_measured_values_reach_a_client(site: Site) -> None:
    first = await site.until("active_energy", lambda content: content["quality"] == "good")
    later = await site.until("active_energy", lambda content: content["value"] > first["value"] + 10_000)
    elapsed_s = seconds_of(later["time"]) - seconds_of(first["time"])
    assert first["unit"] == "Wh"
    assert seconds_of(first["time"]) >= START.timestamp()
    assert 36 * elapsed_s <= (later["value"] - first["value"]) * 3.6 <= 64 * elapsed_s + 3.6
    power = await site.latest("active_power")
    assert power["value"] in {4 * (10 + step) for step in range(7)}
    assert (power["unit"], power["quality"]) == ("kW", "good")
    status = await site.latest("status")
    assert status["state"] == "online"
    assert "illegal data address" in status["points"]["no_such_register"]
    container = await site.reader.retrieve("-/meter/active_power")
    assert container["lbl"] == ["address:1/input/0", "unit:kW"]
    with pytest.raises(RequestFailed, match="NOT_FOUND"):
        await site.reader.retrieve("-/meter/meter_clock")


async def test_a_command_reaches_the_register(site: Site) -> None:
    await site.until("demand_limit", lambda content: content["value"] == 0)
    await site.reader.create("-/meter/demand_limit/cmd", "cin", {"rn": "first", "con": '{"value": 45.5}'})
    result = await site.until("demand_limit/cmd/result", lambda content: content["command"] == "first")
    assert (result["status"], result["value"]) == ("done", 45.5)
    assert site.meter.demand_limit_kw == 45.5
    assert (await site.latest("demand_limit"))["value"] == 45.5
    await site.reader.create("-/meter/demand_limit/cmd", "cin", {"rn": "second", "con": "1e300"})
    result = await site.until("demand_limit/cmd/result", lambda content: content["command"] == "second")
    assert result["status"] == "failed"
    assert "a number that a float32 can hold" in result["reason"]


async def test_an_operator_overrides_until_his_lease_ends(site: Site) -> None:
    await site.until("demand_limit", lambda content: content["value"] == 0)
    commands = "-/meter/demand_limit/cmd"
    await site.reader.create(commands, "cin", {"rn": "program", "con": "40", "cr": None})
    await site.until("demand_limit/cmd/result", lambda content: content["command"] == "program")
    override = {"value": 20, "priority": 8, "lease_s": 0.3, "why": "fire drill"}
    await site.operator.create(commands, "cin", {"rn": "override", "con": json.dumps(override), "cr": None})
    result = await site.until("demand_limit/cmd/result", lambda content: content["command"] == "override")
    assert (result["status"], result["value"]) == ("done", 20)
    row = await site.until("audit", lambda content: content["status"] == "lease ended")
    assert (row["originator"], row["from"], row["value"], row["why"]) == ("Coperator", 20, 40, "fire drill")
    assert site.meter.demand_limit_kw == 40
    shown = await site.until("demand_limit/cmd/priorities", lambda content: len(content["commands"]) == 1)
    assert (shown["in_force"], shown["commands"][0]["originator"]) == (16, "Creader")
    await site.reader.create(commands, "cin", {"rn": "too-strong", "con": json.dumps(override), "cr": None})
    result = await site.until("demand_limit/cmd/result", lambda content: content["command"] == "too-strong")
    assert "1 to 8 are for operators, and Creader is none" in result["reason"]
    assert (await site.latest("audit"))["status"] == "failed"


async def test_only_those_named_may_read_and_command(site: Site) -> None:
    await site.until("demand_limit", lambda content: True)
    attempts: list[Callable[[], Awaitable[Any]]] = [
        lambda: site.stranger.retrieve("-/meter/demand_limit/la"),
        lambda: site.stranger.create("-/meter/demand_limit/cmd", "cin", {"con": "1"}),
        lambda: site.reader.create("-/meter/demand_limit", "cin", {"con": "1"}),
        lambda: site.reader.delete("-/meter/demand_limit"),
    ]
    for attempt in attempts:
        with pytest.raises(RequestFailed, match="NO_PRIVILEGE"):
            await attempt()


async def test_a_meter_that_is_switched_off_goes_stale_and_recovers(site: Site) -> None:
    await site.until("active_power", lambda content: content["quality"] == "good")
    await site.server.stop()
    stale = await site.until("active_power", lambda content: content["quality"] == "stale")
    assert f"127.0.0.1:{site.port}" in stale["reason"]
    assert (await site.until("status", lambda content: content["state"] == "stale"))["reason"] == stale["reason"]
    site.server = MeterServer(site.meter, port=site.port)
    await site.server.start()
    await site.until("status", lambda content: content["state"] == "online")
    await site.until("active_power", lambda content: content["quality"] == "good")
    await site.server.stop()


async def test_the_command_runs_and_says_goodbye_when_terminated(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "second.toml"
    file.write_text(
        f'protocol = "modbus"\npoints = "points.csv"\nname = "second"\nae_id = "Csecond"\ncse = "{site.url}"\n'
        f'readers = ["Creader"]\n[device]\nhost = "127.0.0.1"\nport = {site.port}\n'
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "ipe", str(file), stderr=subprocess.DEVNULL)
    await site.until("status", lambda content: content["state"] == "online", "second")
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 5) == 0
    assert (await site.latest("status", "second"))["reason"] == "the IPE was stopped"


async def test_a_cse_that_comes_back_empty_gets_everything_again(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("name,table,address,type,period_s,writable\nload_shed,coil,0,bool,0.1,yes\n")
    meter = Meter([Row(START, 1.0)], start_s=START.timestamp())
    server = MeterServer(meter, port=0)
    table = {
        "protocol": "modbus", "points": str(tmp_path / "points.csv"), "name": "meter", "ae_id": "Cmeter",
        "commanders": ["Creader"], "reconnect_first_s": 0.05, "reconnect_limit_s": 0.1,
        "device": {"host": "127.0.0.1", "port": await server.start()},
    }  # fmt: skip
    http_port, task = 0, None
    for wanted in ("true", "false"):
        settings = Settings(CseSettings(cse_id="/test"), StoreSettings(kind="memory"), HttpSettings(port=http_port))
        async with running(settings) as (node,):
            http_port = int(node.url.rpartition(":")[2])
            task = task or asyncio.create_task(serve(settings_from({**table, "cse": node.url}, "test")))
            reader = await connect(node.url)
            await reader.register("N.test", "Creader", ae_id="Creader")
            site = Site(meter, server, 0, node.url, reader, reader, reader)
            await site.until("load_shed", lambda content: content["quality"] == "good")
            await reader.create("-/meter/load_shed/cmd", "cin", {"con": wanted})
            done = await site.until("load_shed/cmd/result", lambda content: content["status"] == "done")
            assert done["value"] is json.loads(wanted)
            await reader.close()
    assert task is not None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.stop()


STATE = "-/meter/hall.temperature"


async def state_until(site: Site, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the flexContainer of the hall once it is as wanted."""
    async with asyncio.timeout(10):
        while True:
            try:
                state = await site.reader.retrieve(STATE)
            except RequestFailed:
                state = {}
            if wanted(state):
                return state
            await asyncio.sleep(0.02)


async def test_points_of_a_device_model_are_a_flex_container(site: Site) -> None:
    state = await state_until(site, lambda state: "tarTe" in state)
    assert state["cnd"] == "org.onem2m.common.moduleclass.temperature"
    assert (state["curT0"], state["tarTe"], state["lbl"]) == (site.meter.power_kw(), 0.0, ["state"])
    with pytest.raises(RequestFailed, match="ORIGINATOR_HAS_NO_PRIVILEGE"):
        await site.stranger.retrieve(STATE)


async def test_an_update_of_the_flex_container_is_a_command(site: Site) -> None:
    await state_until(site, lambda state: "tarTe" in state)
    await site.reader.update(STATE, "cod:tempe", {"tarTe": 24.5})
    result = await site.until("hall_target/cmd/result", lambda content: True)
    assert (result["command"], result["status"], result["value"]) == ("hall.temperature/tarTe", "done", 24.5)
    assert site.meter.demand_limit_kw == 24.5
    assert (await site.latest("audit"))["originator"] == "Creader"
    await site.reader.update(STATE, "cod:tempe", {"tarTe": 61.0})
    result = await site.until("hall_target/cmd/result", lambda content: content["status"] == "failed")
    assert result["reason"] == "value 61.0: outside of the limits; expected at most 60"
    await state_until(site, lambda state: state["tarTe"] == 24.5)
    await site.reader.update(STATE, "cod:tempe", {"curT0": 5.0})  # a sensor is not commanded
    await state_until(site, lambda state: state["curT0"] == site.meter.power_kw())
    assert site.meter.demand_limit_kw == 24.5


async def test_the_period_of_a_time_series_is_changed_in_the_cse(site: Site) -> None:
    first = await site.until("power_series", lambda content: content["quality"] == "good")
    assert first["unit"] == "kW"
    series = await site.operator.retrieve("-/meter/power_series")
    assert (series["pei"], series["mdd"]) == (100, True)
    with pytest.raises(RequestFailed, match="ORIGINATOR_HAS_NO_PRIVILEGE"):
        await site.reader.update("-/meter/power_series", "ts", {"pei": 400})
    for attributes in ({"mdd": False}, {"pei": 600_000, "peid": 1000, "mni": 50}, {"mdd": True}):
        await site.operator.update("-/meter/power_series", "ts", attributes)
    async with asyncio.timeout(10):
        counts = [-1, 0]
        while counts[-1] != counts[-2]:
            await asyncio.sleep(0.5)
            counts.append((await site.reader.retrieve("-/meter/power_series"))["cni"])
    assert counts[-1] > 1
