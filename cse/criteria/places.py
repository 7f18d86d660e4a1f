"""Geo queries (``gmty``, ``geom``, ``gsf``): how ``loc`` of a resource lies to a given geometry.

shapely is an extra and loaded at first use. The functions are those of simple features: a point on the edge of an
area is not within it, but intersects it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from resources.complex_types.places import geo_coordinates
from resources.datatypes import Invalid, parse_json
from resources.errors import BadRequest, NotImplementedHere

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

#: m2m:geometryType as GeoJSON names them.
NAMES = {1: "Point", 2: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon"}
#: m2m:geoSpatialFunctionType: what ``loc`` does with the given geometry.
FUNCTIONS = {1: "within", 2: "contains", 3: "intersects"}
TAGS = ("gmty", "geom", "gsf")
#: Longest ``geom``.
LONGEST = 20_000
MISSING = ("geom: geo queries need a library that is not installed; add the extra 'geo' "
           "(pip install 'banyan-cse[geo]')")


def geo_test(given: Mapping[str, Sequence[Any]]) -> Callable[[Mapping[str, Any]], bool]:
    """Compile the three tags to a test of attributes; raises BadRequest, NotImplementedHere without shapely."""
    absent = [tag for tag in TAGS if tag not in given]
    if absent:
        raise BadRequest(f"fc: a geo query is gmty, geom and gsf together; {' and '.join(absent)} "
                         f"{'is' if len(absent) == 1 else 'are'} missing")
    kind, text, function = (given[tag][0] for tag in TAGS)
    if len(text) > LONGEST:
        raise BadRequest(f"geom: has {len(text)} characters; at most {LONGEST} are possible")
    try:
        geo_coordinates.check({"typ": kind, "crd": text})
    except Invalid as problem:
        raise BadRequest(f"geom: no coordinates of a {NAMES[kind]}: {problem}") from None
    return _compile(_shape(kind, parse_json(text)), FUNCTIONS[function])


def _shape(kind: int, coordinates: Any) -> BaseGeometry:
    try:
        from shapely.geometry import shape
    except ImportError:
        raise NotImplementedHere(MISSING) from None
    return shape({"type": NAMES[kind], "coordinates": coordinates})


def _compile(wanted: BaseGeometry, function: str) -> Callable[[Mapping[str, Any]], bool]:
    if not wanted.is_valid:
        raise BadRequest("geom: the geometry is not valid; an area must not cross itself")

    def test(attributes: Mapping[str, Any]) -> bool:
        location = attributes.get("loc")
        if location is None:
            return False
        coordinates = location["crd"]
        found = _shape(location["typ"], parse_json(coordinates) if isinstance(coordinates, str) else coordinates)
        return found.is_valid and bool(getattr(found, function)(wanted))

    return test
