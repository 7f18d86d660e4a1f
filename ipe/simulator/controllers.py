"""The controllers of the building: a BACnet/IP device for each floor and one for the weather station.

Settings are analog values with a priority array; what nobody commands follows the building's own schedule, which is
the relinquish default. bacpypes3 answers; the proxies that are tested with it have to pass tests with another library.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from typing import Any

from bacpypes3.app import Application
from bacpypes3.local.analog import AnalogInputObject, AnalogValueObjectCmd
from bacpypes3.local.binary import BinaryInputObject
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.local.object import Object
from bacpypes3.object import LargeAnalogValueObject

from ipe.simulator.building import CONTROLLERS, SIGNALS, Signal
from ipe.simulator.faults import Faults
from ipe.simulator.objects import CLOCK, OBJECT_TYPES

FIRST_DEVICE, ANY_DEVICE = 1001, 4194303
UNITS = {"°C": "degreesCelsius", "%": "percent", "kW": "kilowatts", "kg/s": "kilogramsPerSecond",
         "W/m²": "wattsPerSquareMeter", "": "noUnits"}  # fmt: skip


class _Time(Object, LargeAnalogValueObject):
    """A double, which has room for seconds since 1970."""


class _Served(Application):
    """An application that can be away, or lose a share of what it hears."""

    faults: Faults
    place: str

    def get_object_id(self, objid: Any) -> Any:
        """Find an object; the highest instance is that of any device (ASHRAE 135, 12.11)."""
        if objid[1] == ANY_DEVICE:
            return self.device_object
        return super().get_object_id(objid)

    async def indication(self, apdu: Any) -> None:
        """Hear a request, or not."""
        if not self._is_lost():
            await super().indication(apdu)

    def request(self, apdu: Any) -> Any:
        """Send a notice, or not."""
        if not self._is_lost():
            return super().request(apdu)
        nothing = asyncio.get_running_loop().create_future()
        nothing.set_result(None)
        return nothing

    def _is_lost(self) -> bool:
        return random.random() < self.faults.lost(self.place)  # noqa: S311 - no secret


class Controller:
    """A device with the signals of one controller, at ``host`` and ``port``."""

    def __init__(self, name: str, faults: Faults, host: str, port: int) -> None:
        self.name, self.port = name, port
        self._host = host
        self._faults = faults
        self._objects: dict[str, Any] = {signal.key: _object(signal) for signal in SIGNALS[name]}
        self._settings = {signal.key for signal in SIGNALS[name] if signal.quantity.kind == "setting"}
        self._shown: dict[str, float] = {}
        self._time = _Time(
            objectIdentifier=(OBJECT_TYPES["time"], 1), objectName=CLOCK, presentValue=0.0, statusFlags=[0, 0, 0, 0],
            eventState="normal", outOfService=False, units="seconds")
        self._app: _Served | None = None
        logging.getLogger("bacpypes3").setLevel(logging.CRITICAL)  # a trace for each bad datagram

    def start(self) -> None:
        """Bind; raises OSError when the address cannot be had."""
        device = DeviceObject(
            objectIdentifier=("device", FIRST_DEVICE + CONTROLLERS.index(self.name)), objectName=f"Banyan {self.name}",
            vendorIdentifier=999, vendorName="Banyan", modelName="simulated controller", firmwareRevision="1",
            applicationSoftwareVersion="1", description=f"{self.name} of the simulated building")
        network = NetworkPortObject(f"{self._host}:{self.port}", objectIdentifier=("network-port", 1), objectName="IP")
        app = _Served.from_object_list([device, network, self._time, *self._objects.values()])
        app.faults, app.place = self._faults, self.name
        self._app = app

    def stop(self) -> None:
        """Close the socket."""
        if self._app is not None:
            self._app.close()
            self._app = None

    def show(self, values: Mapping[str, float], time_s: float) -> None:
        """Bring the objects up to date; of settings it is what holds when nobody commands."""
        self._time.presentValue = float(int(time_s))
        for key, found in self._objects.items():
            value = values[key]
            if self._shown.get(key) == value:
                continue
            self._shown[key] = value
            if key not in self._settings:
                found.presentValue = int(value) if isinstance(found, BinaryInputObject) else value
            elif self.commands()[key] is None:
                found.relinquishDefault = value
                found.recalculating()

    def commands(self) -> dict[str, float | None]:
        """Return what is commanded of each setting; None: nothing."""
        return {key: self._command(self._objects[key]) for key in self._settings}

    @staticmethod
    def _command(found: Any) -> float | None:
        return None if found.currentCommandPriority.unsigned is None else float(found.presentValue)


def _object(signal: Signal) -> Any:
    quantity = signal.quantity
    identifier = (OBJECT_TYPES[quantity.kind], signal.instance)
    common = {"objectIdentifier": identifier, "objectName": signal.name,
              "description": f"{quantity.name.replace('_', ' ')}, {signal.place}", "statusFlags": [0, 0, 0, 0],
              "eventState": "normal", "outOfService": False}  # fmt: skip
    if quantity.kind == "state":
        return BinaryInputObject(**common, presentValue=0, polarity="normal")
    analog = {**common, "presentValue": 0.0, "units": UNITS[quantity.unit], "covIncrement": quantity.increment}
    if quantity.kind == "input":
        return AnalogInputObject(**analog)
    return AnalogValueObjectCmd(**analog, minPresValue=quantity.lowest, maxPresValue=quantity.highest)
