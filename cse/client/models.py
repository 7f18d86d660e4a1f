"""Device models (TS-0023) as a client needs them: by any of their names, with their data points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from resources.device_models import Model, standard


@dataclass(frozen=True, slots=True)
class DataPoint:
    """An attribute that a model adds to a flexContainer; ``type`` is the name of its data type."""

    short: str
    name: str
    type: str
    mandatory: bool


@dataclass(frozen=True, slots=True)
class DeviceModel:
    """A device, sub-device, module or action: ``root`` is its root element, ``cnd`` its containerDefinition."""

    root: str
    name: str
    cnd: str
    kind: str
    points: tuple[DataPoint, ...]

    def point(self, name: str) -> DataPoint:
        """Find a data point by short or long name; raises ValueError that names the nearest one."""
        for point in self.points:
            if name in (point.short, point.name):
                return point
        names = [point.name for point in self.points]
        near = get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(names)}"
        raise ValueError(f"{name!r} is no data point of {self.name}; {hint}")


def device_model(name: str) -> DeviceModel:
    """Find a model of the standard by root element, long name or ``cnd``; raises ValueError that names the nearest."""
    known = _by_name()
    if name in known:
        return known[name]
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else "expected for example temperature or cod:tempe"
    raise ValueError(f"{name!r} is no device model; {hint}")


@cache
def _by_name() -> Mapping[str, DeviceModel]:
    """A long name that several kinds have is that of the module."""
    models = sorted((_read(model) for model in standard().models.values()), key=lambda model: model.kind == "module")
    return {name: model for model in models for name in (model.root, model.name, model.cnd)}


def _read(model: Model) -> DeviceModel:
    facts = model.facts
    points = tuple(
        DataPoint(each["short"], each["name"], each["type"], each.get("mandatory", False))
        for each in facts.get("attributes", ())
    )
    return DeviceModel(model.root, facts["name"], model.cnd, model.kind, points)
