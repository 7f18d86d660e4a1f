"""Rows that take less than their type: ranges, lengths and digits that belong to one attribute."""

from __future__ import annotations

from typing import Any

import pytest

from resources.datatypes import DataType, Invalid
from resources.management.battery import BATTERY
from resources.management.cmdh_buffer import CMDH_BUFFER
from resources.management.sim import SIM
from resources.mgmt_cmd import MGMT_CMD
from resources.time_sync_beacon import TIME_SYNC_BEACON

ROWS: list[tuple[DataType, list[Any], list[Any], str]] = [
    (BATTERY.by_short["btl"].type, [0, 100], [-1, 101, True, 50.0], "expected a whole number 0..100"),
    (CMDH_BUFFER.by_short["sgp"].type, [1, 10], [0, 11, "5"], "expected a whole number 1..10"),
    (SIM.by_short["imsi"].type, ["2" * 14, "2" * 15], ["2" * 13, "2" * 16, "a" * 14, 22801], "expected an IMSI"),
    (SIM.by_short["icid"].type, ["8" * 19, "8" * 20], ["8" * 18, "\u0668" * 19], "expected an ICCID"),
    (MGMT_CMD.by_short["dc"].type, ["", "x" * 256, "a\nb"], ["x" * 257, 1], "expected a text of at most 256"),
    (TIME_SYNC_BEACON.by_short["bcnu"].type, [["http://a"]], [[], "http://a"], "expected an array of xs:anyURI with"),
]


@pytest.mark.parametrize(("type_", "fitting", "others", "message"), ROWS)
def test_a_row_takes_only_its_range(type_: DataType, fitting: list[Any], others: list[Any], message: str) -> None:
    for value in fitting:
        type_.check(value)
    for value in others:
        with pytest.raises(Invalid, match=message):
            type_.check(value)
