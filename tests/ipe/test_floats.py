"""Numbers of devices that are 32-bit floats."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipe.floats import shortest

LARGEST = 3.4028234663852886e38


@pytest.mark.parametrize(
    ("told", "meant"), [(0.10000000149011612, 0.1), (21.5, 21.5), (-0.0, -0.0), (LARGEST, 3.4028235e38)]
)
def test_the_shortest_decimal_is_the_one_that_was_meant(told: float, meant: float) -> None:
    (real,) = struct.unpack(">f", struct.pack(">f", told))
    assert math.isclose(shortest(real), meant, rel_tol=1e-6)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_every_float32_stays_the_same_float32(real: float) -> None:
    assert struct.pack(">f", shortest(real)) == struct.pack(">f", real)
