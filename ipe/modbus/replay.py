"""A measured year played back: the load profile of a building in quarter hours.

The data is ``ele_meter.csv`` of the PyPI package pyedautils (MIT): 35,036 rows ``timestamp;value`` of 2015 from a
building in Switzerland. The values are energy per quarter hour in kWh: they are differences of a counter (the
doubled hour of 25 October holds 166 = the sum of four values of about 41, and some rows show the rounding error of a
subtraction), and the package's own examples label them kWh. Rows are played one after the other, as they are; the
file skips the hour that the change to summer time skips.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, files
from itertools import accumulate
from pathlib import Path

PACKAGE = "pyedautils"
FILE = "pyedautils/data/ele_meter.csv"
QUARTER_S = 900


class DataMissing(Exception):
    """The measured data is not installed; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A quarter hour: its beginning in local time and its energy."""

    start: datetime
    energy_kwh: float


def find_data() -> Path:
    """Return the path of the measured year without importing its package; raises DataMissing."""
    try:
        found = [file for file in files(PACKAGE) or () if str(file) == FILE and Path(str(file.locate())).is_file()]
    except PackageNotFoundError:
        found = []
    if not found:
        raise DataMissing(f"the measured data is not installed; get it with: pip install --no-deps {PACKAGE}")
    return Path(str(found[0].locate()))


def read_rows(path: Path) -> list[Row]:
    """Read ``timestamp;value`` rows; raises ValueError that names the line."""
    rows: list[Row] = []
    with path.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream, delimiter=";"), 2):
            try:
                # Rounded to watt-hours: the file holds values such as 37.999999999999545.
                rows.append(Row(datetime.fromisoformat(row["timestamp"]), round(float(row["value"]), 3)))
            except (KeyError, TypeError, ValueError):
                raise ValueError(f"{path}, line {number}: expected timestamp;value, got {row}") from None
    return rows


class Replay:
    """The rows as a meter would have seen them, from ``origin`` on, over and over.

    Within a quarter hour the power is constant, so the energy between any two moments is exactly that of the rows.
    """

    def __init__(self, rows: Sequence[Row], origin: datetime) -> None:
        if not rows:
            raise ValueError("no rows to replay")
        self._rows = rows
        self._before_wh = [0, *accumulate(round(row.energy_kwh * 1000) for row in rows)]
        self._first = start_row(rows, origin)
        self._into_s = (origin - _floor_quarter(origin)).total_seconds()

    def power_kw(self, elapsed_s: float) -> float:
        """Return the mean power of the quarter hour that holds the moment ``elapsed_s`` after the origin."""
        _, index, _ = self._position(elapsed_s)
        return self._rows[index].energy_kwh * 3600 / QUARTER_S

    def energy_wh(self, elapsed_s: float) -> int:
        """Return the energy from the first row of the file to the moment, whole Wh, never less than before."""
        year, index, part = self._position(elapsed_s)
        inside = (self._before_wh[index + 1] - self._before_wh[index]) * part
        return year * self._before_wh[-1] + self._before_wh[index] + math.floor(inside)

    def _position(self, elapsed_s: float) -> tuple[int, int, float]:
        quarters = self._first + (self._into_s + elapsed_s) / QUARTER_S
        whole = math.floor(quarters)
        year, index = divmod(whole, len(self._rows))
        return year, index, quarters - whole


def start_row(rows: Sequence[Row], moment: datetime) -> int:
    """Return the row with the moment's weekday and time of day that is nearest in the season."""
    wanted = _floor_quarter(moment)
    same = (
        (_days_apart(row.start, wanted), index)
        for index, row in enumerate(rows)
        if row.start.weekday() == wanted.weekday() and row.start.time() == wanted.time()
    )
    return min(same, default=(0, 0))[1]


def _days_apart(one: datetime, other: datetime) -> int:
    days = abs(one.timetuple().tm_yday - other.timetuple().tm_yday)
    return min(days, 365 - days)


def _floor_quarter(moment: datetime) -> datetime:
    seconds = moment.minute * 60 + moment.second
    return moment - timedelta(seconds=seconds % QUARTER_S, microseconds=moment.microsecond)
