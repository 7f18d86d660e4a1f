"""Faults on demand: what is in the file happens, while it is there, and a mistake in it is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ipe.simulator.faults import FaultError, Faults, read_faults

SOUTH, NORTH = "floor1/south_temperature", "floor1/north_temperature"


def written(folder: Path, text: str) -> Path:
    path = folder / "faults.toml"
    path.write_text(text)
    return path


def test_sensors_stick_and_drift_for_their_time(tmp_path: Path) -> None:
    faults = Faults(written(tmp_path, f"""
        [[fault]]
        kind = "stuck"
        at = "{SOUTH}"
        from_s = 60
        until_s = 120
        [[fault]]
        kind = "drift"
        at = "{NORTH}"
        per_hour = 2
        from_s = 60
    """))
    readings = []
    for now_s, value in ((0, 20.0), (60, 21.0), (119, 22.0), (120, 23.0)):
        faults.refresh(now_s)
        readings.append(faults.apply({SOUTH: value, NORTH: value}))
    assert [each[SOUTH] for each in readings] == [20.0, 21.0, 21.0, 23.0]
    assert [each[NORTH] for each in readings] == pytest.approx([20.0, 21.0, 22 + 2 * 59 / 3600, 23 + 2 / 60])


def test_places_are_lost_as_long_as_the_file_says(tmp_path: Path) -> None:
    path = written(tmp_path, """
        [[fault]]
        kind = "offline"
        at = "floor2"
        [[fault]]
        kind = "loss"
        at = "meters/gas"
        share = 0.25
    """)
    faults = Faults(path)
    faults.refresh(0)
    places = ("floor1", "floor2", "meters/gas", "meters/main")
    assert [faults.lost(place) for place in places] == [0, 1, 0.25, 0]
    path.write_text('[[fault]]\nkind = "offline"\nat = "meters"\n')
    os.utime(path, ns=(1, 1))
    faults.refresh(1)
    assert [faults.lost(place) for place in places] == [0, 0, 1, 1]
    path.unlink()
    faults.refresh(2)
    assert [faults.lost(place) for place in places] == [0, 0, 0, 0]


@pytest.mark.parametrize(("text", "said"), [
    ("[[fault]]\nkind = 'stuk'\nat = 'x'", "fault 1: kind 'stuk'; expected one of stuck, drift, offline, loss"),
    ("[[fault]]\nkind = 'stuck'\nat = 'floor9/x'", "expected a signal such as floor1/south_temperature"),
    ("[[fault]]\nkind = 'offline'\nat = 'floor1/south_temperature'", "expected one of floor1, floor2"),
    (f"[[fault]]\nkind = 'drift'\nat = '{SOUTH}'", "'per_hour' is missing"),
    (f"[[fault]]\nkind = 'drift'\nat = '{SOUTH}'\nper_hour = '1'", "per_hour '1'; expected a number"),
    ("[[fault]]\nkind = 'stuck'\nwhere = 'x'", "unknown key 'where'"),
    ("[fault]\nkind = 'stuck'", "expected \\[\\[fault\\]\\]"),
    ("[[fault", "faults.toml: "),
])  # fmt: skip
def test_a_mistake_is_told_and_what_was_goes_on(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, '[[fault]]\nkind = "offline"\nat = "floor1"\n')
    faults = Faults(path)
    faults.refresh(0)
    path.write_text(text)
    os.utime(path, ns=(1, 1))
    with pytest.raises(FaultError, match=said):
        faults.refresh(1)
    assert faults.lost("floor1") == 1
    with pytest.raises(FaultError, match=said):
        read_faults(path)
