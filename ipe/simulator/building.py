"""What the building has: floors, zones, equipment, meters, and a signal for everything that can be read or set. Tables.

The building is the medium office of the DOE commercial reference buildings: three floors of 1,661 m2 with a core and
four perimeter zones each, one variable-air-volume system with electric reheat per floor, gas and electricity.
Source: Deru et al. (2011), U.S. Department of Energy Commercial Reference Building Models, NREL/TP-5500-46861.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FLOORS = ("floor1", "floor2", "floor3")
WEATHER = "weather"
CONTROLLERS = (*FLOORS, WEATHER)
METERING = "meters"


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of each floor; ``facing`` in degrees from north over east, None inside; ``facade_m`` its outer wall."""

    name: str
    area_m2: float
    facing: float | None = None
    facade_m: float = 0.0


ZONES = (
    Zone("core", 983.5),
    Zone("south", 207.3, 180.0, 49.9),
    Zone("east", 131.3, 90.0, 33.3),
    Zone("north", 207.3, 0.0, 49.9),
    Zone("west", 131.3, 270.0, 33.3),
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that is measured or set. ``kind``: ``input``, ``state`` (on or off), ``setting`` (can be written).

    ``lowest`` and ``highest`` bound a setting; ``increment`` is the smallest change told. ``module`` and ``datapoint``
    are its place in a device model; ``tags`` say what it is in the words of Haystack.
    """

    name: str
    unit: str
    kind: str = "input"
    lowest: float | None = None
    highest: float | None = None
    increment: float = 0.0
    module: str = ""
    datapoint: str = ""
    tags: str = ""


OF_ZONE = (
    Quantity("temperature", "°C", increment=0.05, module="temperature", datapoint="currentTemperature",
             tags="zone air temp sensor"),
    Quantity("humidity", "%", increment=0.5, module="relativeHumidity", datapoint="relativeHumidity",
             tags="zone air humidity sensor"),
    Quantity("occupants", "", increment=1.0, tags="zone occupancy sensor"),
    Quantity("light_power", "kW", increment=0.05, tags="zone lights elec power sensor"),
    Quantity("cooling_setpoint", "°C", "setting", 18.0, 32.0, 0.1, "temperature", "targetTemperature",
             "zone air temp cooling sp"),
    Quantity("heating_setpoint", "°C", "setting", 10.0, 25.0, 0.1, tags="zone air temp heating sp"),
    Quantity("light_level", "%", "setting", 0.0, 100.0, 1.0, tags="zone lights level cmd"),
)  # fmt: skip
OF_AIR_HANDLER = (
    Quantity("supply_temperature", "°C", increment=0.1, tags="ahu discharge air temp sensor"),
    Quantity("supply_flow", "kg/s", increment=0.05, tags="ahu discharge air flow sensor"),
    Quantity("fan_power", "kW", increment=0.05, tags="ahu fan elec power sensor"),
    Quantity("cooling_power", "kW", increment=0.1, tags="ahu cooling elec power sensor"),
    Quantity("running", "", "state", tags="ahu run sensor"),
    Quantity("supply_setpoint", "°C", "setting", 10.0, 20.0, 0.1, tags="ahu discharge air temp sp"),
)
OF_WEATHER = (
    Quantity("outdoor_temperature", "°C", increment=0.1, module="temperature", datapoint="currentTemperature",
             tags="outside air temp sensor"),
    Quantity("outdoor_humidity", "%", increment=1.0, module="relativeHumidity", datapoint="relativeHumidity",
             tags="outside air humidity sensor"),
    Quantity("sun", "W/m²", increment=10.0, tags="solar irradiance sensor"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter: a unit behind the Modbus gateway. ``main`` measures what the others of electricity measure in parts."""

    unit_id: int
    name: str
    carrier: str
    description: str


METERS = (
    Meter(1, "main", "electricity", "all electricity of the building"),
    Meter(2, "cooling", "electricity", "compressors and condensers of the three air handlers"),
    Meter(3, "heating", "electricity", "reheat coils of the zones"),
    Meter(4, "fans", "electricity", "fans of the three air handlers"),
    Meter(5, "lights", "electricity", "lights inside"),
    Meter(6, "exterior", "electricity", "lights of the facade"),
    Meter(7, "equipment", "electricity", "sockets and lifts"),
    Meter(8, "gas", "gas", "gas burners and water heater, as heat of combustion"),
)


@dataclass(frozen=True, slots=True)
class Signal:
    """A quantity at its place: ``key`` is ``<controller>/<name>``; ``instance`` counts within a kind."""

    controller: str
    name: str
    instance: int
    quantity: Quantity
    place: str
    zone: Zone | None = None

    @property
    def key(self) -> str:
        """The name within the building."""
        return f"{self.controller}/{self.name}"


def _signals(controller: str) -> tuple[Signal, ...]:
    placed: list[tuple[Quantity, str, Zone | None, str]]
    if controller == WEATHER:
        placed = [(quantity, "outside", None, quantity.name) for quantity in OF_WEATHER]
    else:
        floor = f"floor {FLOORS.index(controller) + 1}"
        placed = [
            *((quantity, f"{floor}, {zone.name}", zone, f"{zone.name}_{quantity.name}")
              for zone in ZONES for quantity in OF_ZONE),
            *((quantity, f"{floor}, air handler", None, quantity.name) for quantity in OF_AIR_HANDLER),
        ]  # fmt: skip
    counts: dict[str, int] = {}
    signals = []
    for quantity, place, zone, name in placed:
        counts[quantity.kind] = counts.get(quantity.kind, 0) + 1
        signals.append(Signal(controller, name, counts[quantity.kind], quantity, place, zone))
    return tuple(signals)


#: All signals of each controller.
SIGNALS: Mapping[str, tuple[Signal, ...]] = {controller: _signals(controller) for controller in CONTROLLERS}
#: The signals that can be set, by key.
SETTINGS: Mapping[str, Signal] = {
    signal.key: signal for signals in SIGNALS.values() for signal in signals if signal.quantity.kind == "setting"
}
