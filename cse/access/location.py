"""Where an originator is, for access control rules that depend on it (``aclr``)."""

from __future__ import annotations

from cse.codecs import Limits, decode
from resources.model import Resource

#: m2m:geometryType of a point.
POINT = 1
#: What was stored has been checked before, whatever the limits of the codec were then.
_LIMITS = Limits(max_depth=10_000, max_members=10**9)


def location_of(entity: Resource | None) -> tuple[float, float] | None:
    """Latitude and longitude of an AE that says where it is (``loc``, a point); else None."""
    location = entity.attributes.get("loc") if entity is not None else None
    if location is None or location["typ"] != POINT:
        return None
    coordinates = location["crd"]
    longitude, latitude = (decode(coordinates.encode(), _LIMITS) if isinstance(coordinates, str) else coordinates)[:2]
    return latitude, longitude
