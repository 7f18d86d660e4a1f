"""Does a command through oneM2M lower the power of the building? ``python -m bench.closed_loop --model energyplus``.

An AE raises the cooling set-points of all zones for the afternoon of a summer's day and releases them again: AE, CSE
over HTTP, interworking proxies, BACnet/IP, controllers of the simulated building. The power is read where it comes
back, from the container of the Modbus main meter. The reference is the same model on the same day, without commands.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cse.app import running
from cse.client import Client, RequestFailed, connect, seconds_of
from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings
from ipe.simulator.__main__ import MODELS, make
from ipe.simulator.building import FLOORS, METERING, ZONES
from ipe.simulator.proxies import settings_of
from ipe.simulator.service import Building
from ipe.start import serve

CONTROLLER = "Ccontrol"
DAY = datetime(2026, 7, 14, tzinfo=UTC)
HOUR_S = 3_600.0
#: Hours of the day: the run, and the raised set-points; and their value.
BEGIN, RAISE, RELEASE, END, RAISED = 6.0, 13.0, 17.0, 20.0, 27.0
Series = list[tuple[float, float]]


@dataclass
class Outcome:
    """Main power (kW) by hour of the day: commanded as oneM2M tells it, reference; temperature of a zone."""

    power: Series = field(default_factory=list)
    reference: Series = field(default_factory=list)
    temperature: Series = field(default_factory=list)
    results: list[str] = field(default_factory=list)

    def mean(self, series: Series, begin: float, end: float) -> float:
        """Mean of a series between two hours."""
        values = [value for hour, value in series if begin <= hour < end]
        return sum(values) / len(values)

    @property
    def saved(self) -> float:
        """Share of the power saved while the set-points are raised, without the first quarter of an hour."""
        within = RAISE + 0.25, RELEASE
        return 1 - self.mean(self.power, *within) / self.mean(self.reference, *within)


async def play(model: str, speed: float) -> Outcome:
    """Play the day; raises ImportError when the model is not installed."""
    outcome = Outcome(reference=await asyncio.to_thread(_reference, model))
    building = Building(make(model, DAY.timestamp() + BEGIN * HOUR_S), speed=speed)
    settings = Settings(CseSettings(administrators=["CAdmin"]), StoreSettings(kind="memory"), HttpSettings(port=0))
    async with contextlib.AsyncExitStack() as stack:
        (node,) = await stack.enter_async_context(running(settings))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        client = await connect(node.url)
        stack.push_async_callback(client.close)
        await client.register("N.banyan.control", "control", ae_id=CONTROLLER)
        ready = asyncio.Event()
        await stack.enter_async_context(_running(building.run(ready)))
        await ready.wait()
        for proxy in settings_of(folder, node.url, building.ports, period_s=0.2, readers=[CONTROLLER],
                                 commanders=[CONTROLLER]):  # fmt: skip
            await stack.enter_async_context(_running(serve(proxy)))
        await _until(client, building, RAISE)
        outcome.results += await _command(client, json.dumps({"value": RAISED, "why": "peak load"}))
        await _until(client, building, RELEASE)
        outcome.results += await _command(client, json.dumps({"release": True}))
        await _until(client, building, END)
        outcome.power = await _series(client, f"-/{METERING}/main_power")
        outcome.temperature = await _series(client, f"-/{FLOORS[1]}/south_temperature")
    return outcome


def _reference(name: str) -> Series:
    model, series = make(name, DAY.timestamp() + BEGIN * HOUR_S), Series()
    while _hour(model.time_s) < END:
        model.step()
        series.append((_hour(model.time_s), model.values()[f"{METERING}/main"]))
    model.close()
    return series


def _hour(time_s: float) -> float:
    return (time_s - DAY.timestamp()) / HOUR_S


@contextlib.asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _until(client: Client, building: Building, hour: float) -> None:
    """Wait for an hour of the building's day, and for the main meter to have told of it."""
    while True:
        with contextlib.suppress(RequestFailed):
            instance = await client.latest(f"-/{METERING}/main_power")
            if instance and _hour(seconds_of(json.loads(instance["con"])["time"])) >= hour:
                return
        await asyncio.sleep(0.6 * HOUR_S / 60 / building.speed)


async def _command(client: Client, content: str) -> list[str]:
    """Command the cooling set-points of all zones; returns what became of each."""
    points = [f"-/{floor}/{zone.name}_cooling_setpoint/cmd" for floor in FLOORS for zone in ZONES]
    names = [(await client.create(point, "cin", {"con": content}))["rn"] for point in points]
    return [await _result(client, point, name) for point, name in zip(points, names, strict=True)]


async def _result(client: Client, point: str, name: str) -> str:
    async with asyncio.timeout(30):
        while True:
            instance = await client.latest(f"{point}/result")
            if instance and (told := json.loads(instance["con"]))["command"] == name:
                return str(told["status"])
            await asyncio.sleep(0.05)


async def _series(client: Client, container: str) -> Series:
    contents = [json.loads(instance["con"]) for instance in await client.history(container)]
    return sorted({(_hour(seconds_of(each["time"])), float(each["value"])) for each in contents})


def plot(outcome: Outcome, title: str) -> str:
    """Draw power with and without the command, and the temperature of a zone below, as SVG."""
    lines = [
        _panel(20, 190, "kW", (outcome.reference, "#8a8a8a", "nobody commands"),
               (outcome.power, "#1a73c8", "set-points raised")),
        _panel(250, 90, "°C", (outcome.temperature, "#c8501a", "floor 2, south")),
    ]  # fmt: skip
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 390" font-family="sans-serif" font-size="12">\n'
        f'<rect width="720" height="390" fill="#fff"/><text x="360" y="14" text-anchor="middle">{title}</text>\n'
        + "".join(lines) + "</svg>\n"
    )  # fmt: skip


def _panel(top: int, height: int, unit: str, *drawn: tuple[Series, str, str]) -> str:
    values = [value for series, _, _ in drawn for _, value in series]
    grid = 50 if unit == "kW" else 1
    least = 0.0 if unit == "kW" else math.floor(min(values) / grid) * grid
    most = math.ceil(max(values) / grid) * grid

    def at(hour: float, value: float) -> tuple[float, float]:
        return 50 + 650 * (hour - BEGIN) / (END - BEGIN), top + height * (1 - (value - least) / (most - least))

    begin, end = at(RAISE, least)[0], at(RELEASE, least)[0]
    parts = [f'<rect x="{begin:.0f}" y="{top}" width="{end - begin:.0f}" height="{height}" fill="#eef4fb"/>']
    for hour in range(int(BEGIN), int(END) + 1, 2):
        x = at(hour, least)[0]
        parts.append(f'<text x="{x:.0f}" y="{top + height + 16}" text-anchor="middle" fill="#555">{hour}:00</text>')
    for share in (0, 0.5, 1):
        value = least + (most - least) * share
        y = at(BEGIN, value)[1]
        parts.append(f'<path d="M50 {y:.0f}H700" stroke="#ddd"/>'
                     f'<text x="44" y="{y + 4:.0f}" text-anchor="end" fill="#555">{value:.0f}</text>')  # fmt: skip
    parts.append(f'<text x="8" y="{top + 12}" fill="#555">{unit}</text>')
    for number, (series, colour, name) in enumerate(drawn):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*each) for each in series if BEGIN <= each[0] <= END))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
                     f'<text x="60" y="{top + height - 24 + 16 * number}" fill="{colour}">{name}</text>')  # fmt: skip
    return "\n".join(parts) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, say what was saved, and draw."""
    parser = argparse.ArgumentParser(prog="python -m bench.closed_loop", description=__doc__.partition("\n")[0])
    parser.add_argument("--model", choices=MODELS, default="light")
    parser.add_argument("--speed", type=float, default=900.0)
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the day there")
    options = parser.parse_args(arguments)
    outcome = asyncio.run(play(options.model, options.speed))
    within = RAISE + 0.25, RELEASE
    sys.stdout.write(
        f"{options.model}: {outcome.mean(outcome.reference, *within):.1f} kW without, "
        f"{outcome.mean(outcome.power, *within):.1f} kW with set-points at {RAISED:g} °C from {RAISE:g} to "
        f"{RELEASE:g} h: {outcome.saved:.1%} saved; {len(outcome.power)} readings of the main meter, commands: "
        f"{', '.join(f'{outcome.results.count(each)} {each}' for each in sorted(set(outcome.results)))}\n"
    )
    if options.svg:
        title = f"Cooling set-points raised to {RAISED:g} °C through oneM2M and BACnet ({options.model})"
        options.svg.write_text(plot(outcome, title), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
