"""Numbers of devices: 32-bit floats, and raw numbers that have a scale."""

from __future__ import annotations

import math
import struct


def shortest(value: float) -> float:
    """Return the shortest decimal that is the same float32: 0.1, not 0.10000000149011612."""
    packed = struct.pack(">f", value)
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        try:
            if struct.pack(">f", short) == packed:
                return short
        except OverflowError:  # rounded up, above the largest
            continue
    return value


def scaled(raw: int | float, scale: float, offset: float) -> int | float:
    """Return raw * scale + offset; a raw integer stays one where nothing is scaled."""
    if scale == 1 and offset == 0:
        return raw
    # Dividing by 10 gives 23.4 where multiplying by 0.1 gives 23.400000000000002.
    divisor = round(1 / scale) if abs(scale) < 1 else 0
    value = raw / divisor if divisor and math.isclose(divisor * scale, 1, rel_tol=1e-12) else raw * scale
    return value + offset


def unscaled(value: int | float, scale: float, offset: float) -> int | float:
    """Return the raw number of a value, not rounded: the way back of ``scaled``."""
    return value if scale == 1 and offset == 0 else (value - offset) / scale
