"""Places as GeoJSON has them (TS-0004 6.3.5, RFC 7946)."""

from typing import Any

from resources.datatypes import Invalid, Member, complex_type, expected, parse_json
from resources.enumerations import geometry_type
from resources.simple_types import any_type, double

#: Depth of the coordinate arrays and least number of positions in the innermost one, by geometry type.
GEOMETRIES = {1: (0, 1), 2: (1, 2), 3: (2, 4), 4: (1, 1), 5: (2, 2), 6: (3, 4)}
RINGS = (3, 6)


def _position(value: Any) -> None:
    if type(value) is not list or len(value) not in (2, 3):
        raise expected("a position [longitude, latitude] or [longitude, latitude, altitude]", value)
    for number in value:
        double.check(number)
    if not (-180 <= value[0] <= 180 and -90 <= value[1] <= 90):
        raise Invalid("expected a longitude in -180..180 and a latitude in -90..90 (longitude first)")


def _coordinates(value: Any, depth: int, least: int, *, ring: bool) -> None:
    if depth == 0:
        _position(value)
        return
    enough = least if depth == 1 else 1
    if type(value) is not list or len(value) < enough:
        raise expected(f"an array of at least {enough} {'positions' if depth == 1 else 'parts'}", value)
    for index, part in enumerate(value):
        try:
            _coordinates(part, depth - 1, least, ring=ring)
        except Invalid as problem:
            raise problem.within(f"[{index}]") from None
    if ring and depth == 1 and value[0] != value[-1]:
        raise Invalid("expected a closed ring: its last position equal to its first")


def _geometry(value: dict[str, Any]) -> None:
    kind, coordinates = value["typ"], value["crd"]
    depth, least = GEOMETRIES[kind]
    try:
        if type(coordinates) is str:
            coordinates = parse_json(coordinates)
        _coordinates(coordinates, depth, least, ring=kind in RINGS)
    except Invalid as problem:
        raise problem.within("crd") from None


geo_coordinates = complex_type(
    "m2m:geoCoordinates",
    Member("typ", "type", geometry_type, "1"),
    Member("crd", "coordinates", any_type, "1"),
    also=_geometry,
)
