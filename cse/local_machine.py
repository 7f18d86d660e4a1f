"""The machine that this CSE runs on, as a device: memory, battery and device information are read from the system.

It does nothing to the machine: no reboot, no installation.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cse.device_management import Adapter, DeviceError, ManagedObject
from resources.status import Status

#: m2m:batteryStatus by what Linux says.
STATES = {"Discharging": 1, "Not charging": 1, "Charging": 2, "Full": 3}
UNKNOWN, NOT_INSTALLED = 7, 6
#: Of the files of the system; a file may lack its end.
LONGEST = 65_536


class LocalMachine(Adapter):
    """Reads below ``root`` as on Linux; what the system does not say is left as it is."""

    def __init__(self, node_id: str, root: Path = Path("/")) -> None:
        super().__init__(nodes=[node_id])
        self._root = root
        self._readers: Mapping[str, Callable[[], dict[str, Any]]] = {
            "memory": self._memory, "battery": self._battery, "deviceInfo": self._device_info,
        }

    async def write(self, managed: ManagedObject, changes: Mapping[str, Any]) -> None:
        """Actions are refused; everything else is for the resource alone."""
        if managed.kind not in self._readers and any(value is True for value in changes.values()):
            raise DeviceError(f"{managed.kind}: the machine of the CSE is only looked at", Status.MGMT_CONVERSION_ERROR)

    async def read(self, managed: ManagedObject) -> Mapping[str, Any]:
        """What the system says of memory, battery or device; nothing of other objects."""
        reader = self._readers.get(managed.kind)
        return {} if reader is None else reader()

    def _memory(self) -> dict[str, Any]:
        sizes = dict(line.split(":", 1) for line in self._text("proc/meminfo").splitlines() if ":" in line)
        available, total = (_kilobytes(sizes.get(name, "")) for name in ("MemAvailable", "MemTotal"))
        return {} if available is None or total is None else {"mma": min(available, total), "mmt": total}

    def _battery(self) -> dict[str, Any]:
        for supply in sorted(self._root.glob("sys/class/power_supply/*")):
            level = self._text(f"{supply.relative_to(self._root)}/capacity")
            if level.isdigit():
                state = self._text(f"{supply.relative_to(self._root)}/status")
                return {"btl": min(int(level), 100), "bts": STATES.get(state, UNKNOWN)}
        return {"bts": NOT_INSTALLED}

    def _device_info(self) -> dict[str, Any]:
        found = {"dvnm": platform.node(), "osv": f"{platform.system()} {platform.release()}"}
        return {name: value for name, value in found.items() if value.strip()}

    def _text(self, name: str) -> str:
        """A file of the system; '' when there is none."""
        try:
            with (self._root / name).open(encoding="utf-8", errors="replace") as file:
                return file.read(LONGEST).strip()
        except OSError:
            return ""


def _kilobytes(text: str) -> int | None:
    """``'  16316412 kB'`` in bytes."""
    number = text.split()[:1]
    return int(number[0]) * 1024 if number and number[0].isdigit() else None
