"""The multicast groups that this CSE is a member of, and whom their requests are for (TS-0001 9.6.44)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

from resources.model import Resource


class Memberships:
    """``joined`` are addresses of groups that bindings listen on, with or without the interface behind a ``%``."""

    def __init__(self, joined: Iterable[str] = ()) -> None:
        self._joined = frozenset(_parsed(one.partition("%")[0]) for one in joined)
        self._targets: dict[str, Resource] = {}

    def has(self, address: Mapping[str, str]) -> bool:
        """Whether requests to an ``m2m:ipAddress`` arrive here; all of its addresses have to."""
        return bool(address) and all(_parsed(one) in self._joined for one in address.values())

    def add(self, group: Resource) -> None:
        """Have requests to the target of a localMulticastGroup go to its members."""
        self._targets[group.attributes["mgft"].rstrip("/")] = group

    def remove(self, group: Resource) -> None:
        """Have them go nowhere."""
        self._targets.pop(group.attributes["mgft"].rstrip("/"), None)

    def find(self, to: str) -> tuple[Resource, str] | None:
        """The group of a target and what stands behind it, '' for nothing; None if no group has it.

        A target has two segments: a CSE-ID and a name.
        """
        segments = to.split("/")
        group = self._targets.get("/".join(segments[:3]))
        return None if group is None else (group, "".join(f"/{segment}" for segment in segments[3:]))


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | str:
    """An address whatever way it is written; a block of them, which the type allows, as it is."""
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return address
