"""The building as a program: controllers and meters answer, settings act, faults are felt, mistakes told."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ipe.driver import DeviceUnreachable, PointError
from ipe.manifest import find_protocol
from ipe.points import Point, read_points
from ipe.settings import read_settings
from ipe.simulator.__main__ import main
from tests.ipe import libmodbus

CONFIG = Path(__file__).parents[2] / "config" / "building"


@dataclass
class Running:
    """The program, and where it listens."""

    ports: dict[str, int]

    def open(self, name: str, **more: Any) -> tuple[Any, dict[str, Point[Any]]]:
        """A driver for a controller or the meters, and its points."""
        settings = read_settings(CONFIG / f"{name}.toml")
        manifest = find_protocol(settings.protocol)
        protocol = manifest.load()
        points = {point.name: point for point in read_points(settings.points, protocol.columns, protocol.address)}
        device = {**settings.device, "port": self.ports[name], **more}
        return protocol.open(manifest.check(device)), points


@asynccontextmanager
async def building(*options: str) -> AsyncIterator[Running]:
    arguments = ["-m", "ipe.simulator", "--controllers", "0", "--meters", "0", "--start", "2026-07-14T10:00", *options]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            line = (await process.stdout.readline()).decode()
        yield Running({name: int(port) for name, port in re.findall(r"(\w+) 127\.0\.0\.1:(\d+)", line)})
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = await process.communicate()
        assert process.returncode == 0, said.decode()


async def until(driver: Any, point: Point[Any], wanted: Any) -> Any:
    async with asyncio.timeout(30):
        while True:
            (value,) = (await driver.read([point])).values()
            if wanted(value):
                return value
            await asyncio.sleep(0.05)


async def test_controllers_and_meters_say_what_the_lists_say() -> None:
    async with building("--speed", "3600") as site:
        for name in ("floor1", "floor3", "weather", "meters"):
            driver, points = site.open(name)
            await driver.connect()
            values = await driver.read(list(points.values()))
            assert [value for value in values.values() if isinstance(value, PointError)] == []
            await driver.close()
        # Another implementation reads the same: 30 minutes of building time pass in half a second.
        with libmodbus.Client(site.ports["meters"]) as client:
            registers = await asyncio.to_thread(client.read_registers, 0, 6)
        assert registers[4:] != [0, 0]


async def test_a_setting_is_commanded_acts_and_is_let_go() -> None:
    async with building("--speed", "3600") as site:
        driver, points = site.open("floor1")
        setpoint, power = points["core_light_level"], points["core_light_power"]
        await driver.connect()
        before = await until(driver, power, lambda value: value > 5)
        await driver.write_at(setpoint, 10.0, 8)
        await until(driver, power, lambda value: value < 0.2 * before)
        assert (await driver.read([setpoint])) == {"core_light_level": 10.0}
        await driver.release(setpoint, 8)
        await until(driver, setpoint, lambda value: value > 50 or value == 5)
        await driver.close()


async def test_time_goes_as_fast_as_asked_and_counters_with_it() -> None:
    async with building("--speed", "600") as site:
        driver, points = site.open("meters")
        await driver.connect()
        clock, energy = points["main_clock"], points["main_energy"]
        first = await driver.read([clock, energy])
        later_s = await until(driver, clock, lambda value: value >= first["main_clock"] + 1200)
        counted = (await driver.read([energy]))["main_energy"] - first["main_energy"]
        elapsed_h = (later_s - first["main_clock"]) / 3600
        assert 100_000 * elapsed_h < counted < 400_000 * (elapsed_h + 0.2)
        await driver.close()


async def test_faults_are_felt_and_end(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    async with building("--speed", "600", "--faults", str(file)) as site:
        floor, points = site.open("floor1", timeout_s=0.3, retries=0)
        meters, registers = site.open("meters")
        await floor.connect()
        await meters.connect()
        file.write_text('[[fault]]\nkind = "offline"\nat = "floor1"\n[[fault]]\nkind = "offline"\nat = "meters/gas"\n')
        with pytest.raises(DeviceUnreachable):
            await until(floor, points["clock"], lambda value: False)
        gas = await until(meters, registers["gas_power"], lambda value: isinstance(value, PointError))
        assert "gateway target did not respond" in str(gas)
        assert isinstance((await meters.read([registers["main_power"]]))["main_power"], float)
        file.unlink()
        await until(meters, registers["gas_power"], lambda value: isinstance(value, float))
        async with asyncio.timeout(30):
            while True:
                try:
                    await floor.connect()
                    break
                except DeviceUnreachable:
                    await asyncio.sleep(0.1)
        await floor.close()
        await meters.close()


@pytest.mark.parametrize(("options", "said"), [
    (["--speed", "0.5"], "speed 0.5; expected 1 to 3600"),
    (["--start", "yesterday"], "yesterday"),
    (["--controllers", "1", "--host", "192.0.2.1"], "cannot use UDP 192.0.2.1:1"),
])  # fmt: skip
def test_wrong_options_are_told(options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options) == 2
    assert said in capsys.readouterr().err


def test_a_wrong_file_of_faults_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "faults.toml"
    file.write_text('[[fault]]\nkind = "stuk"\nat = "floor1"\n')
    assert main(["--faults", str(file)]) == 2
    assert "expected one of stuck" in capsys.readouterr().err


def test_lists_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--write", str(tmp_path / "here")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(list((tmp_path / "here").iterdir())) == 10
