"""The large model has the signals of the light one, and obeys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ipe.simulator.building import FLOORS, ZONES
from ipe.simulator.energyplus import EnergyPlusModel
from ipe.simulator.light import LightModel

START_S = datetime(2026, 7, 14, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def model() -> Iterator[EnergyPlusModel]:
    model = EnergyPlusModel(START_S)
    yield model
    model.close()


def test_it_has_the_signals_of_the_light_model_at_the_date_asked(model: EnergyPlusModel) -> None:
    assert set(model.values()) == set(LightModel(START_S).values())
    assert model.time_s == START_S
    values = model.values()
    assert all(20 < values[f"{floor}/{zone.name}_temperature"] < 28 for floor in FLOORS for zone in ZONES)
    parts = ("cooling", "heating", "fans", "lights", "exterior", "equipment")
    assert values["meters/main"] == pytest.approx(sum(values[f"meters/{name}"] for name in parts), rel=0.02)


def test_settings_act_and_are_let_go(model: EnergyPlusModel) -> None:
    before = dict(model.values())
    given = {"floor2/supply_setpoint": 15.0, "floor2/core_light_level": 30.0}
    given |= {f"{floor}/{zone.name}_cooling_setpoint": 28.0 for floor in FLOORS for zone in ZONES}
    for key, value in given.items():
        model.set(key, value)
    for _ in range(12):
        model.step()
    during = dict(model.values())
    assert {key: during[key] for key in given} == pytest.approx(given)
    assert during["floor2/supply_temperature"] == pytest.approx(15.0, abs=0.3)
    assert during["floor1/supply_setpoint"] == before["floor1/supply_setpoint"]
    assert during["meters/cooling"] < 0.95 * before["meters/cooling"]
    for key in given:
        model.set(key, None)
    for _ in range(3):
        model.step()
    assert model.values()["floor1/core_cooling_setpoint"] == before["floor1/core_cooling_setpoint"]
    assert model.values()["floor2/supply_setpoint"] == before["floor2/supply_setpoint"]
