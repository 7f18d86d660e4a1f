"""Which BACnet object a quantity is."""

from __future__ import annotations

from collections.abc import Mapping

OBJECT_TYPES: Mapping[str, str] = {
    "input": "analog-input", "state": "binary-input", "setting": "analog-value", "time": "large-analog-value",
}  # fmt: skip
#: The name of the object that has the building's time, in seconds since 1970.
CLOCK = "clock"
