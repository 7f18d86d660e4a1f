"""RDF and SPARQL for tests: documents as ``dsp`` has them, and descriptors in the tree."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from tests.rig import Rig

EX = "http://example.org/"
PREFIX = f"PREFIX ex: <{EX}> "
TURTLE, RDF_XML, JSON_LD = 5, 4, 7
SENSOR = "ex:s a ex:Sensor ; ex:level 5 ; ex:name 'hall' ."
LAMP = "ex:l a ex:Lamp ; ex:level 2 ."
XML = ('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:ex="http://example.org/">'
       '<rdf:Description rdf:about="http://example.org/s"><ex:level>5</ex:level></rdf:Description></rdf:RDF>')
ONTOLOGY = """
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:Sensor a owl:Class . ex:Lamp a owl:Class ; owl:disjointWith ex:Sensor .
ex:Dimmer a owl:Class ; rdfs:subClassOf ex:Lamp .
ex:level a owl:DatatypeProperty, owl:FunctionalProperty ; rdfs:range xsd:integer . ex:name a owl:DatatypeProperty .
ex:lights a owl:ObjectProperty ; rdfs:domain ex:Lamp .
"""


def base64(text: str) -> str:
    """A document as an attribute has it."""
    return b64encode(text.encode()).decode()


def turtle(triples: str) -> str:
    """Triples with the prefix ``ex`` as an attribute has them."""
    return base64(f"@prefix ex: <{EX}> . {triples}")


def text_of(attributes: dict[str, Any]) -> str:
    """What a descriptor says."""
    return b64decode(attributes["dsp"]).decode()


async def describe(rig: Rig, to: str, triples: str, fr: str = "Cae1", **more: Any) -> dict[str, Any]:
    """A descriptor in Turtle below a resource."""
    return await rig.made(to, 24, {"dcrp": TURTLE, "dsp": turtle(triples), **more}, fr)
