"""Semantic validation: whether triples are consistent with the ontologies they refer to (SEM-2).

What is checked: terms of the ontology's namespaces are defined in it, object and datatype properties have the right
kind of value, values have the datatype of the range, nothing belongs to two disjoint classes, and functional
properties have one value. Domains and ranges count as statements about the types of individuals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rdflib import Graph

CLASSES = ("http://www.w3.org/2002/07/owl#Class", "http://www.w3.org/2000/01/rdf-schema#Class")
XSD = "http://www.w3.org/2001/XMLSchema#"
#: Vocabularies that no ontology has to define.
BUILT_IN = ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/2000/01/rdf-schema#",
            "http://www.w3.org/2002/07/owl#", XSD)


class Ontology:
    """What the ontologies of one validation say."""

    def __init__(self, graph: Graph) -> None:
        from rdflib import OWL, RDF, RDFS, URIRef

        self._graph = graph
        self._type, self._sub = RDF.type, RDFS.subClassOf
        self.classes = {one for kind in CLASSES for one in graph.subjects(RDF.type, URIRef(kind))}
        self.objects = set(graph.subjects(RDF.type, OWL.ObjectProperty))
        self.data = set(graph.subjects(RDF.type, OWL.DatatypeProperty))
        self.functional = set(graph.subjects(RDF.type, OWL.FunctionalProperty))
        self.properties = {*self.objects, *self.data, *self.functional,
                           *graph.subjects(RDF.type, RDF.Property), *graph.subjects(RDF.type, OWL.AnnotationProperty)}
        self.domains = _listed(graph, RDFS.domain)
        self.ranges = _listed(graph, RDFS.range)
        self.disjoint = [(one, other) for one, other in graph.subject_objects(OWL.disjointWith)]
        self.namespaces = {_namespace(term) for term in (*self.classes, *self.properties)} - {*BUILT_IN, ""}

    def problem(self, triples: Graph) -> str | None:
        """The first thing that is wrong with some triples; None when they are valid."""
        return next(self._undefined(triples), None) or next(self._misused(triples), None) \
            or next(self._contradictions(triples), None)

    def _undefined(self, triples: Graph) -> Iterator[str]:
        for _, predicate, value in triples:
            if predicate == self._type:
                if _namespace(value) in self.namespaces and value not in self.classes:
                    yield f"the class {value} is not defined"
            elif _namespace(predicate) in self.namespaces and predicate not in self.properties:
                yield f"the property {predicate} is not defined"

    def _misused(self, triples: Graph) -> Iterator[str]:
        from rdflib import Literal

        values: dict[tuple[Any, Any], set[Any]] = defaultdict(set)
        for subject, predicate, value in triples:
            literal = isinstance(value, Literal)
            if literal and predicate in self.objects:
                yield f"{predicate} leads to a resource, not to {value!r:.80}"
            if not literal and predicate in self.data:
                yield f"{predicate} has a literal value, not {value}"
            for expected in self.ranges.get(predicate, ()):
                if isinstance(value, Literal) and str(expected).startswith(XSD) \
                        and (value.ill_typed or value.datatype != expected):
                    yield f"{predicate} has values of type {expected}, not {value!r:.80}"
            if literal and predicate in self.functional:
                values[subject, predicate].add(value)
                if len(values[subject, predicate]) > 1:
                    yield f"{predicate} of {subject} has more than one value"

    def _contradictions(self, triples: Graph) -> Iterator[str]:
        from rdflib import Literal

        types: dict[Any, set[Any]] = defaultdict(set)
        for subject, predicate, value in triples:
            if predicate == self._type:
                types[subject] |= self._above(value)
            for one in self.domains.get(predicate, ()):
                types[subject] |= self._above(one)
            if not isinstance(value, Literal):
                for one in self.ranges.get(predicate, ()):
                    types[value] |= self._above(one)
        for individual, found in types.items():
            for one, other in self.disjoint:
                if one in found and other in found:
                    yield f"{individual} is a {one} and a {other}, which exclude each other"

    def _above(self, class_: Any) -> set[Any]:
        return set(self._graph.transitive_objects(class_, self._sub))


def _listed(graph: Graph, predicate: Any) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for subject, value in graph.subject_objects(predicate):
        found[subject].append(value)
    return found


def _namespace(term: Any) -> str:
    text = str(term)
    return text[:max(text.rfind("#"), text.rfind("/")) + 1]
