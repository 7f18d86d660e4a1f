"""Numbers of devices that are 32-bit floats."""

from __future__ import annotations

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
