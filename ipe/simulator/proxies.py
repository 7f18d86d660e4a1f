"""The proxies that stand before a building that runs: the files as written, at the ports that it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ipe.settings import IpeSettings, read_settings
from ipe.simulator import lists
from ipe.simulator.building import CONTROLLERS, METERING
from ipe.simulator.service import Ports


def settings_of(
    folder: Path, cse: str, ports: Ports, *, period_s: float = 5.0, readers: Sequence[str] = (),
    commanders: Sequence[str] = (), operators: Sequence[str] = (), max_instances: int = 0,
) -> list[IpeSettings]:  # fmt: skip
    """Write the files into a folder and return the settings of each proxy; raises OSError."""
    lists.write(folder, period_s)
    found = []
    for name in (*CONTROLLERS, METERING):
        settings = read_settings(folder / f"{name}.toml")
        port = ports.meters if name == METERING else ports.controllers[name]
        found.append(replace(
            settings, cse=cse, device={**settings.device, "host": ports.host, "port": port}, readers=list(readers),
            commanders=list(commanders), operators=list(operators), max_instances=max_instances,
        ))  # fmt: skip
    return found
