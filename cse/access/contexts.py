"""Contexts of an access control rule: time window, network and region (ACP-6).

A context is compiled once into a predicate over the circumstances of a request. What cannot be evaluated here (an
unknown member, a malformed value) makes the whole context one that is never met.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Protocol, TypeVar

from cse.schedules import compile_schedule

#: Where an originator is: (latitude, longitude) in degrees, or an ISO 3166-1 alpha-2 country code.
Location = tuple[float, float] | str

EARTH_RADIUS_M = 6_371_008.8
MAPPED_PREFIX = 96
COUNTRY = re.compile(r"[A-Z]{2}")


class Circumstances(Protocol):
    """What a context looks at; None is unknown and meets no condition."""

    @property
    def now(self) -> float:
        """Seconds since the epoch, UTC."""

    @property
    def address(self) -> str | None:
        """IP address of the originator."""

    @property
    def location(self) -> Location | None:
        """Where the originator is."""


Condition = Callable[[Circumstances], bool]
Network = IPv4Network | IPv6Network
Read = TypeVar("Read")


def compile_context(entry: Any) -> Condition | None:
    """Compile one entry of ``acco``: all of its members must hold; None when it can never be met."""
    if not isinstance(entry, Mapping) or not entry:
        return None
    try:
        conditions = [CONDITIONS[member](value) for member, value in entry.items()]
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    if len(conditions) == 1:
        return conditions[0]
    return lambda circumstances: all(condition(circumstances) for condition in conditions)


def _window(entries: Any) -> Condition:
    schedules = _readable(compile_schedule, entries)
    return lambda circumstances: any(schedule(circumstances.now) for schedule in schedules)


def _addresses(value: Any) -> Condition:
    if unknown := value.keys() - {"ipv4", "ipv6"}:
        raise ValueError(f"acip: unknown members {sorted(unknown)}; expected ipv4 and ipv6")
    networks: list[Network] = [
        *_readable(_ipv4_network, value.get("ipv4", [])), *_readable(_ipv6_network, value.get("ipv6", []))
    ]

    def within(circumstances: Circumstances) -> bool:
        address = _address(circumstances.address or "")
        return address is not None and any(address in network for network in networks)

    return within


@lru_cache(maxsize=4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address; an IPv4-mapped one is the IPv4 address that it stands for."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _ipv4_network(text: str) -> Network:
    return IPv4Network(text, strict=False)


def _ipv6_network(text: str) -> Network:
    """Read an IPv6 network; one of IPv4-mapped addresses is the IPv4 network that it stands for."""
    network = IPv6Network(text, strict=False)
    mapped = network.network_address.ipv4_mapped
    if mapped is None or network.prefixlen < MAPPED_PREFIX:
        return network
    return IPv4Network((int(mapped), network.prefixlen - MAPPED_PREFIX))


def _region(value: Any) -> Condition:
    if value.keys() == {"accr"}:
        return _circle(*_list(value["accr"]))
    if value.keys() == {"accc"}:
        return _countries(_list(value["accc"]))
    raise ValueError("aclr: expected exactly one of accr and accc")


def _countries(codes: list[Any]) -> Condition:
    countries = frozenset(code for code in codes if isinstance(code, str) and COUNTRY.fullmatch(code))
    return lambda circumstances: isinstance(circumstances.location, str) and circumstances.location in countries


def _circle(latitude: Any, longitude: Any, radius_m: Any) -> Condition:
    for number, limit in ((latitude, 90.0), (longitude, 180.0), (radius_m, math.inf)):
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= limit:
            raise ValueError("accr: expected latitude and longitude in degrees and a radius in metres")
    center = (float(latitude), float(longitude))

    def inside(circumstances: Circumstances) -> bool:
        location = circumstances.location
        return isinstance(location, tuple) and distance_m(center, location) <= radius_m

    return inside


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle distance of two (latitude, longitude) pairs in degrees, on a sphere (haversine)."""
    latitude, other_latitude = math.radians(one[0]), math.radians(other[0])
    half_latitude = (other_latitude - latitude) / 2
    half_longitude = math.radians(other[1] - one[1]) / 2
    chord = (
        math.sin(half_latitude) ** 2
        + math.cos(latitude) * math.cos(other_latitude) * math.sin(half_longitude) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))


def _readable(read: Callable[[str], Read], texts: Any) -> list[Read]:
    """Read a list of alternatives; one that cannot be read is never met and does not spoil the others."""
    values = []
    for text in _list(texts):
        with suppress(ValueError):
            values.append(read(text if isinstance(text, str) else ""))
    return values


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, got {type(value).__name__}")
    return value


CONDITIONS: Mapping[str, Callable[[Any], Condition]] = {"actw": _window, "acip": _addresses, "aclr": _region}
