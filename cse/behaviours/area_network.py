"""areaNwkInfo lists the devices that say they belong to it (areaNwkDeviceInfo, TS-0004 D.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cse.behaviours.upkeep import keep
from cse.core import Core
from cse.work import Work
from resources.model import Resource

NETWORK, DEVICE = 1004, 1005


def joined(core: Core, work: Work, device: Resource) -> None:
    """A device is there, or says something else about its network: list it."""
    network = _network(core, device.attributes)
    if network is not None and device.ri not in network.attributes.get("ldv", ()):
        keep(core, work, network, {"ldv": [*network.attributes.get("ldv", ()), device.ri]})


def left(core: Core, work: Work, device: Resource) -> None:
    """A device is gone."""
    _unlist(core, work, _network(core, device.attributes), device)


def moved(core: Core, work: Work, device: Resource, before: Mapping[str, Any]) -> None:
    """A device belongs to another network."""
    other = _network(core, before)
    if other is not _network(core, device.attributes):
        _unlist(core, work, other, device)
        joined(core, work, device)


def _network(core: Core, device: Mapping[str, Any]) -> Resource | None:
    found = core.tree.find(device["awi"]) if device["mgd"] == DEVICE else None
    return found if found is not None and found.attributes.get("mgd") == NETWORK else None


def _unlist(core: Core, work: Work, network: Resource | None, device: Resource) -> None:
    listed = network.attributes.get("ldv", ()) if network is not None else ()
    remaining = [one for one in listed if one != device.ri]
    if network is not None and len(remaining) < len(listed):
        keep(core, work, network, {"ldv": remaining or None})
