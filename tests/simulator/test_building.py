"""The tables of the building, the lists written from them, and the light model."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipe.manifest import find_protocol
from ipe.points import read_points
from ipe.settings import read_settings
from ipe.simulator import lists
from ipe.simulator.building import FLOORS, METERING, METERS, SETTINGS, SIGNALS, WEATHER, ZONES
from ipe.simulator.light import LightModel

CONFIG = Path(__file__).parents[2] / "config" / "building"
SUMMER, WINTER, SUNDAY = (datetime(2026, *date, tzinfo=UTC) for date in ((7, 14), (1, 14), (7, 12)))
KEYS = [signal.key for signals in SIGNALS.values() for signal in signals]


def at(day: datetime, hour: float) -> float:
    return day.timestamp() + hour * 3_600


def run(model: LightModel, hours: float) -> dict[str, float]:
    """Mean of all values over some hours."""
    sums: dict[str, float] = {}
    steps = int(hours * 60)
    for _ in range(steps):
        model.step()
        for key, value in model.values().items():
            sums[key] = sums.get(key, 0.0) + value / steps
    return sums


def test_every_signal_has_a_name_of_its_own() -> None:
    assert len(set(KEYS)) == len(KEYS) == 3 * (5 * 7 + 6) + 3
    assert len(SETTINGS) == 3 * (5 * 3 + 1)
    assert sum(zone.area_m2 for zone in ZONES) == pytest.approx(1661, abs=1)


def test_the_shipped_lists_are_those_of_the_tables() -> None:
    assert {path.name: path.read_text(encoding="utf-8") for path in CONFIG.iterdir()} == lists.files()


@pytest.mark.parametrize("name", [*SIGNALS, METERING])
def test_a_proxy_takes_the_shipped_files(name: str) -> None:
    settings = read_settings(CONFIG / f"{name}.toml")
    manifest = find_protocol(settings.protocol)
    assert manifest.check(settings.device)["port"] == lists.port_of(name)
    protocol = manifest.load()
    points = read_points(settings.points, protocol.columns, protocol.address)
    assert settings.clock in {point.name for point in points}
    names = {signal.name for signal in SIGNALS.get(name, ())} or {f"{meter.name}_power" for meter in METERS}
    assert names <= {point.name for point in points}


@pytest.mark.parametrize("day", [SUMMER, WINTER, SUNDAY])
def test_the_light_model_tells_every_signal_and_its_meters_balance(day: datetime) -> None:
    model = LightModel(at(day, 0))
    for _ in range(1440):
        model.step()
        values = model.values()
        assert {*KEYS, *(f"meters/{meter.name}" for meter in METERS)} == set(values)
        assert all(math.isfinite(value) for value in values.values())
        parts = sum(values[f"meters/{meter.name}"] for meter in METERS[1:] if meter.carrier == "electricity")
        assert values["meters/main"] == pytest.approx(parts)
        assert all(12 < values[f"{floor}/{zone.name}_temperature"] < 35 for floor in FLOORS for zone in ZONES)
    assert model.time_s == at(day, 24)


def test_the_same_start_gives_the_same_day() -> None:
    assert run(LightModel(at(SUMMER, 8)), 5) == run(LightModel(at(SUMMER, 8)), 5)


def test_seasons_and_days_differ() -> None:
    def working_hours(day: datetime) -> dict[str, float]:
        model = LightModel(at(day, -24))
        run(model, 30)
        return run(model, 12)

    summer, winter, sunday = (working_hours(day) for day in (SUMMER, WINTER, SUNDAY))
    assert summer[f"{WEATHER}/outdoor_temperature"] > 20 > 5 > winter[f"{WEATHER}/outdoor_temperature"]
    assert summer["meters/cooling"] > 3 * winter["meters/cooling"]
    assert winter["meters/heating"] > 3 * summer["meters/heating"]
    assert sunday["meters/main"] < summer["meters/main"] / 3
    assert sunday["floor1/core_occupants"] == 0 < summer["floor1/core_occupants"]


@pytest.mark.parametrize(("point", "value", "meter", "less"), [
    ("cooling_setpoint", 27.0, "cooling", 0.8), ("light_level", 40.0, "lights", 0.45),
])  # fmt: skip
def test_a_setting_acts_and_is_let_go(point: str, value: float, meter: str, less: float) -> None:
    def day(command: bool) -> tuple[dict[str, float], dict[str, float]]:
        model = LightModel(at(SUMMER, 12))
        keys = [f"{floor}/{zone.name}_{point}" for floor in FLOORS for zone in ZONES]
        for key in keys if command else ():
            model.set(key, value)
        during = run(model, 3)
        for key in keys if command else ():
            model.set(key, None)
        run(model, 2)
        return during, run(model, 0.5)

    (during, after), (reference, _) = day(True), day(False)
    assert during[f"floor1/core_{point}"] == pytest.approx(value)
    assert during[f"meters/{meter}"] < less * reference[f"meters/{meter}"]
    assert after[f"floor1/core_{point}"] == pytest.approx(reference[f"floor1/core_{point}"])


def test_a_setting_stays_within_its_bounds_and_nothing_else_is_one() -> None:
    model = LightModel(at(SUMMER, 12))
    model.set("floor1/core_cooling_setpoint", 99)
    model.step()
    assert model.values()["floor1/core_cooling_setpoint"] == 32
    with pytest.raises(KeyError):
        model.set("floor1/core_temperature", 20)
