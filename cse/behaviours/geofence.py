"""Where a position lies to an area, and which event that is (LOC-1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cse.codecs import encode
from cse.criteria.places import NAMES, geo_test
from resources.complex_types.places import geo_coordinates
from resources.datatypes import Invalid, parse_json
from resources.errors import BadRequest

POINT = 1
INTERSECTS = 3
EXAMPLE = '{"typ": 3, "crd": [[[8, 47], [9, 47], [9, 48], [8, 47]]]}'
KINDS = {name: number for number, name in NAMES.items()}

#: m2m:geofenceEventCriteria: (was inside, is inside); None stands for either.
CRITERIA: Mapping[int, tuple[bool | None, bool]] = {
    1: (False, True), 2: (True, False), 3: (None, True), 4: (None, False),
}
#: Criteria that need to know where the last position was.
TRANSITIONS = (1, 2)
EVENTS = {1: "entering", 2: "leaving", 3: "inside", 4: "outside"}


def compile_area(area: Any) -> Callable[[Mapping[str, Any]], bool]:
    """A test whether a position (``m2m:geoCoordinates``) is in an area, its edge included.

    The area is ``m2m:geoCoordinates`` or a geometry of GeoJSON. Raises BadRequest; NotImplementedHere without shapely.
    """
    try:
        geometry = geometry_of(area)
    except Invalid as problem:
        raise BadRequest(f"gta: expected an area such as {EXAMPLE}; {problem}") from None
    crd = geometry["crd"]
    text = crd if isinstance(crd, str) else encode(crd).decode()
    try:
        test = geo_test({"gmty": [geometry["typ"]], "geom": [text], "gsf": [INTERSECTS]})
    except BadRequest as error:
        raise BadRequest(f"gta: {error.message}") from None
    return lambda position: test({"loc": position})


def geometry_of(value: Any) -> dict[str, Any]:
    """``m2m:geoCoordinates`` of what may also be GeoJSON, or the JSON text of either. Raises Invalid."""
    if isinstance(value, str):
        value = parse_json(value)
    if isinstance(value, list):
        value = {"typ": POINT, "crd": value}
    if isinstance(value, dict) and "coordinates" in value:
        value = {"typ": KINDS.get(str(value.get("type")), 0), "crd": value["coordinates"]}
    geo_coordinates.check(value)
    checked: dict[str, Any] = value
    return checked


def position_of(content: Any) -> dict[str, Any] | None:
    """The point that the content of an instance is; None when it is something else."""
    try:
        geometry = geometry_of(content)
    except Invalid:
        return None
    return geometry if geometry["typ"] == POINT else None


def happens(criterion: int, was_inside: bool | None, is_inside: bool) -> bool:
    """True when this is the event that is looked for; where the first position lies is no entering or leaving."""
    before, now = CRITERIA[criterion]
    return now is is_inside and (before is None or before is was_inside)
