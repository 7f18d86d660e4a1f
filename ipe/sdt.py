"""Where a point stands in a device model of the standard (TS-0023): the attribute of a flexContainer.

The points of a list that have the same ``device`` and ``module`` make one flexContainer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cse.client import DataPoint, DeviceModel, device_model
from ipe.columns import Value

#: Data types that a number or a boolean can be; anything else of xs: and m2m: is no value of a device.
FLOATS = frozenset({"xs:float", "xs:double", "xs:decimal"})
WHOLE = frozenset({"xs:integer", "xs:int", "xs:nonNegativeInteger", "xs:positiveInteger", "xs:unsignedInt"})
OTHERS = ("xs:", "m2m:", "list of")


class ModelMismatch(ValueError):
    """A row names a model or data point that there is not; ``column`` is where."""

    def __init__(self, column: str, text: str) -> None:
        super().__init__(text)
        self.column = column


@dataclass(frozen=True, slots=True)
class Place:
    """The attribute of a flexContainer: its name in the AE, its model, the data point."""

    container: str
    model: DeviceModel
    datapoint: DataPoint

    def encode(self, value: Value) -> Any:
        """Return a value as the attribute has it; raises ValueError when it cannot be."""
        kind = self.datapoint.type
        if kind == "xs:boolean":
            return bool(value)
        if kind in FLOATS:
            return float(value)
        if not math.isfinite(value) or int(value) != value:
            raise ValueError(f"{value} is no whole number, as {self.datapoint.name} is")
        return int(value)


def place_of(device: str, module: str, datapoint: str) -> Place | None:
    """Return the place of a point; None when it names none. Raises ModelMismatch."""
    if not module and not datapoint:
        return None
    if not module or not datapoint:
        missing = "datapoint" if module else "module"
        raise ModelMismatch(missing, "is empty; expected module and datapoint, or none of them")
    try:
        model = device_model(module)
    except ValueError as error:
        raise ModelMismatch("module", str(error)) from None
    try:
        point = model.point(datapoint)
    except ValueError as error:
        raise ModelMismatch("datapoint", str(error)) from None
    kind = point.type
    if kind.startswith(OTHERS) and kind not in FLOATS | WHOLE | {"xs:boolean"}:
        raise ModelMismatch("datapoint", f"{point.name} is {kind}; expected one that is a number or a boolean")
    name = "".join(each if each.isalnum() or each in "-._" else "_" for each in device)
    return Place(f"{name}.{model.name}" if name else model.name, model, point)


def missing(places: Iterable[Place], known: Mapping[str, Any]) -> list[str]:
    """Return the mandatory data points of a flexContainer that are not known."""
    return sorted({
        point.name for place in places for point in place.model.points if point.mandatory and point.short not in known
    })  # fmt: skip
