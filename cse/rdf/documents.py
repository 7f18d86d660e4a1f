"""RDF documents in the formats of ``m2m:semanticFormat``, read with nothing fetched: no file, no address, no entity."""

from __future__ import annotations

import sys
from base64 import b64decode
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from resources.datatypes import Invalid, parse_json
from resources.errors import BadRequest, NotImplementedHere

if TYPE_CHECKING:
    from rdflib import Graph

#: m2m:semanticFormat of an address, which is no document.
IRI = 1
#: Formats that can be read, by what rdflib calls them; the others answer 5001.
FORMATS = {4: "xml", 5: "turtle", 7: "json-ld"}
NAMES = {2: "OWL functional-style", 3: "OWL/XML", 4: "RDF/XML", 5: "Turtle", 6: "Manchester", 7: "JSON-LD"}
#: Largest document in bytes; a graph in memory takes many times that.
LARGEST = 128 * 1024
#: The address that relative references of a document count from.
BASE = "http://descriptor.invalid/"
MISSING = ("semantics need a library that is not installed; add the extra 'semantics' "
           "(pip install 'banyan-cse[semantics]')")


#: What is loaded at the first use, the last of it last.
MODULES = ("rdflib.plugins.parsers.jsonld", "rdflib.plugins.parsers.notation3", "rdflib.plugins.parsers.rdfxml",
           "rdflib.plugins.serializers.jsonld", "rdflib.plugins.serializers.turtle",
           "rdflib.plugins.serializers.rdfxml", "rdflib.plugins.stores.memory",
           "rdflib.plugins.sparql.processor", "regex", "rdflib")


def loaded() -> bool:
    """True when the library is there and nothing of it has to be loaded any more."""
    return all(sys.modules.get(name) is not None for name in MODULES)


def require_library() -> None:
    """Load the library, which takes a while; raises NotImplementedHere (5001) where it is not installed.

    All at once: work with an end must not be ended while it loads a module.
    """
    try:
        for name in MODULES:
            import_module(name)
    except ImportError:
        raise NotImplementedHere(MISSING) from None


def read(attribute: str, format_: int, encoded: str) -> Graph:
    """The graph of a base64 document; shared, so not to be changed. Raises BadRequest, NotImplementedHere."""
    require_library()
    if format_ == IRI:
        raise BadRequest(f"{attribute}: an IRI (format 1) is no document; expected one of "
                         f"{', '.join(f'{number} ({NAMES[number]})' for number in FORMATS)}")
    if format_ not in FORMATS:
        raise NotImplementedHere(f"{attribute}: {NAMES.get(format_, format_)} is not implemented here; "
                                 f"{', '.join(NAMES[number] for number in FORMATS)} are")
    try:
        text = b64decode(encoded, validate=True).decode()
    except ValueError:
        raise BadRequest(f"{attribute}: expected base64 of UTF-8 text") from None
    try:
        return _graph(format_, text)
    except RecursionError:
        raise BadRequest(f"{attribute}: is nested too deep") from None
    except BadRequest as problem:
        raise BadRequest(f"{attribute}: is no {NAMES[format_]}: {problem.message}") from None


def write(graph: Graph, format_: int) -> str:
    """A graph as a base64 document."""
    from base64 import b64encode

    return b64encode(graph.serialize(format=FORMATS[format_]).encode()).decode()


@lru_cache(maxsize=32)
def _graph(format_: int, text: str) -> Graph:
    from rdflib import Graph

    if len(text) > LARGEST:
        raise BadRequest(f"has {len(text)} characters; at most {LARGEST} are possible")
    if FORMATS[format_] == "xml":
        _check_xml(text)
    elif FORMATS[format_] == "json-ld":
        _check_json(text)
    graph = Graph()
    try:
        if FORMATS[format_] == "json-ld":
            return _json_ld(text)
        graph.parse(data=text, format=FORMATS[format_], publicID=BASE)
    except RecursionError:
        raise
    except Exception as problem:  # noqa: BLE001 - the parsers of rdflib raise whatever they meet
        raise BadRequest(_first_line(problem)) from None
    return graph


def _json_ld(text: str) -> Graph:
    """Read into the one graph: a document that has graphs of its own inside is refused."""
    from rdflib import Graph
    from rdflib.plugins.parsers.jsonld import to_rdf

    graph = Graph()
    to_rdf(parse_json(text), graph, base=BASE)
    return graph


def _first_line(problem: Exception) -> str:
    lines = str(problem).strip().splitlines()
    return (lines[0] if lines else type(problem).__name__)[:200]


def _check_xml(text: str) -> None:
    """Refuse a document type: with it come entities, which grow without end or lead to files."""

    def refuse(*_: object) -> None:
        raise BadRequest("a document type (DOCTYPE) is not allowed")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as problem:
        raise BadRequest(str(problem)) from None


def _check_json(text: str) -> None:
    """Refuse a context that has to be fetched."""
    try:
        waiting: list[Any] = [parse_json(text)]
    except Invalid as problem:
        raise BadRequest(str(problem)[:200]) from None
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            contexts = here.get("@context")
            if "@import" in here or any(isinstance(one, str) for one in _listed(contexts)):
                raise BadRequest("a context must be in the document, not an address")
            waiting += here.values()
        elif isinstance(here, list):
            waiting += here


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


__all__ = ["FORMATS", "IRI", "loaded", "read", "require_library", "write"]
