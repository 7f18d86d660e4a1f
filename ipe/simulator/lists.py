"""Point lists and settings of the proxies that stand before the building: written from its tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from ipe.simulator.building import CONTROLLERS, METERING, METERS, SIGNALS, Signal
from ipe.simulator.objects import CLOCK, OBJECT_TYPES

FIRST_UDP, METERS_TCP = 47_900, 5_021
CONTROLLER_COLUMNS = ("name", "object_type", "instance", "unit", "period_s", "writable", "deadband", "lowest",
                      "highest", "device", "module", "datapoint", "tags", "location", "height_m")  # fmt: skip
METER_COLUMNS = ("name", "unit_id", "table", "address", "type", "unit", "period_s", "kind", "modulus", "device",
                 "module", "datapoint", "tags", "description")  # fmt: skip
#: Sensors of a zone hang where people sit.
SENSOR_M, AT_HEIGHT = "1.2", ("temperature", "relativeHumidity")
SETTINGS = """\
# {title} of the simulated building: python -m ipe.simulator
protocol = "{protocol}"
points = "{name}.csv"         # relative to this file
name = "{name}"
ae_id = "C{name}"
app_id = "N.banyan.{name}"
cse = "http://127.0.0.1:8080"
clock = "{clock}"             # the building's time
readers = ["CAdmin", "Cmonitor"]
commanders = ["CAdmin"]

[device]
host = "127.0.0.1"
port = {port}
"""


def port_of(name: str) -> int:
    """The port of a controller or of the meters when none is told."""
    return METERS_TCP if name == METERING else FIRST_UDP + CONTROLLERS.index(name)


def files(period_s: float = 5.0) -> dict[str, str]:
    """All files by name: a list and settings for each controller, and for the meters."""
    written = {}
    for name in (*CONTROLLERS, METERING):
        meters = name == METERING
        rows = [{**row, "period_s": f"{period_s:g}"} for row in (_meters() if meters else _controller(name))]
        written[f"{name}.csv"] = _csv(METER_COLUMNS if meters else CONTROLLER_COLUMNS, rows)
        written[f"{name}.toml"] = SETTINGS.format(
            title="The meters" if meters else name.capitalize(), protocol="modbus" if meters else "bacnet", name=name,
            clock=f"{METERS[0].name}_{CLOCK}" if meters else CLOCK, port=port_of(name),
        )
    return written


def write(folder: Path, period_s: float = 5.0) -> list[Path]:
    """Write all files into a folder, which is made, with points read every ``period_s``; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in files(period_s).items():
        paths.append(folder / name)
        paths[-1].write_text(text, encoding="utf-8")
    return paths


def _controller(name: str) -> Iterable[Mapping[str, str]]:
    yield {"name": CLOCK, "object_type": OBJECT_TYPES["time"], "instance": "1", "unit": "s"}
    for signal in SIGNALS[name]:
        yield _signal(signal)


def _signal(signal: Signal) -> Mapping[str, str]:
    quantity = signal.quantity
    setting = quantity.kind == "setting"
    return {
        "name": signal.name, "object_type": OBJECT_TYPES[quantity.kind], "instance": str(signal.instance),
        "unit": quantity.unit, "writable": "yes" if setting else "no",
        "deadband": f"{quantity.increment:g}" if quantity.increment else "",
        "lowest": _number(quantity.lowest), "highest": _number(quantity.highest),
        "device": signal.zone.name if signal.zone and quantity.module else "", "module": quantity.module,
        "datapoint": quantity.datapoint, "tags": quantity.tags, "location": signal.place,
        "height_m": SENSOR_M if signal.zone and quantity.name in ("temperature", "humidity") else "",
    }  # fmt: skip


def _meters() -> Iterable[Mapping[str, str]]:
    for meter in METERS:
        common = {"unit_id": str(meter.unit_id), "table": "input", "device": meter.name,
                  "tags": f"{meter.carrier} meter", "description": meter.description}  # fmt: skip
        model = {"device": meter.name, "module": "energyConsumption"}
        yield {**common, **model, "name": f"{meter.name}_energy", "address": "2", "type": "uint32", "unit": "Wh",
               "kind": "counter", "modulus": str(1 << 32), "datapoint": "absoluteEnergyConsumption"}  # fmt: skip
        yield {**common, **model, "name": f"{meter.name}_power", "address": "0", "type": "float32", "unit": "kW",
               "datapoint": "power"}  # fmt: skip
    first = METERS[0]
    yield {"name": f"{first.name}_{CLOCK}", "unit_id": str(first.unit_id), "table": "input", "address": "4",
           "type": "uint32", "unit": "s", "description": "seconds since 1970"}  # fmt: skip


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _csv(columns: tuple[str, ...], rows: Iterable[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
