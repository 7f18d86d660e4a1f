"""Section 20: descriptors, validation, semantic discovery and query, ontologies, mashups; and what hostile ones do."""

from __future__ import annotations

import time
from typing import Any

import pytest

from cse.bounded import Bounded
from cse.codecs import Limits, decode
from cse.primitive import FilterCriteria, ResponsePrimitive
from cse.storage.memory import MemoryStore
from resources.semantic_mashup_job_profile import SEMANTIC_MASHUP_JOB_PROFILE
from resources.status import Status
from tests.procedures.meanings import (
    EX,
    JSON_LD,
    LAMP,
    ONTOLOGY,
    PREFIX,
    RDF_XML,
    SENSOR,
    TURTLE,
    XML,
    base64,
    describe,
    text_of,
    turtle,
)
from tests.rig import ADMIN, Rig, message, only

LIMITS = Limits()
S = Status
SENSORS = PREFIX + "SELECT ?s WHERE { ?s a ex:Sensor }"


@pytest.fixture
async def tree(rig: Rig) -> Rig:
    """Containers ``hall`` (a sensor), ``roof`` (a lamp) and ``bare`` under ``cse/cae1``."""
    for name, triples in (("hall", SENSOR), ("roof", LAMP), ("bare", "")):
        await rig.made("cse/cae1", 3, {"rn": name}, "Cae1")
        if triples:
            await describe(rig, f"cse/cae1/{name}", triples, rn="meaning")
    return rig


async def search(rig: Rig, *queries: str, to: str = "cse/cae1", fr: str = "Cae1",
                 **conditions: Any) -> ResponsePrimitive:
    """A semantic discovery."""
    return await rig.retrieve(to, fr, fc=FilterCriteria({"smf": list(queries), **conditions}, usage=1))


async def ask(rig: Rig, query: str, to: str = "cse/cae1", fr: str = "Cae1") -> ResponsePrimitive:
    """A semantic query."""
    return await rig.retrieve(to, fr, rcn=10, semantic_query=True, fc=FilterCriteria({"smf": [query]}))


def bindings(response: ResponsePrimitive) -> list[dict[str, str]]:
    """Rows of a query's result, values only."""
    assert response.status == S.OK, response.content
    assert response.content is not None
    found = decode(response.content["m2m:qres"].encode(), LIMITS)
    return [{name: value["value"] for name, value in row.items()} for row in found["results"]["bindings"]]


DOCUMENTS: list[tuple[int, str, S]] = [
    (TURTLE, turtle(SENSOR), S.CREATED), (RDF_XML, base64(XML), S.CREATED),
    (JSON_LD, base64('{"@id": "http://a/b", "http://a/p": [{"@value": "1"}]}'), S.CREATED),
    (TURTLE, base64(""), S.CREATED),
    (1, turtle(SENSOR), S.BAD_REQUEST), (TURTLE, base64("nonsense"), S.BAD_REQUEST),
    (RDF_XML, turtle(SENSOR), S.BAD_REQUEST), (JSON_LD, base64("[["), S.BAD_REQUEST),
    (JSON_LD, base64("[" * 5000), S.BAD_REQUEST), (TURTLE, base64("@prefix"), S.BAD_REQUEST),
    (TURTLE, base64("<http://a/b> <http://a/p> " + "(" * 5000), S.BAD_REQUEST),
    (TURTLE, "not base64!", S.BAD_REQUEST), (TURTLE, "é", S.BAD_REQUEST), (TURTLE, "//79", S.BAD_REQUEST),
    (TURTLE, base64("#" * 200_000), S.BAD_REQUEST),
    (RDF_XML, base64('<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>' + XML), S.BAD_REQUEST),
    (RDF_XML, base64('<!DOCTYPE r SYSTEM "file:///etc/passwd">' + XML), S.BAD_REQUEST),
    (JSON_LD, base64('{"@context": "http://127.0.0.1:9/c", "a": 1}'), S.BAD_REQUEST),
    (JSON_LD, base64('{"@context": {"@import": "file:///etc/passwd"}, "a": 1}'), S.BAD_REQUEST),
    (JSON_LD, base64('{"a": {"@context": [{}, "http://127.0.0.1:9/c"]}}'), S.BAD_REQUEST),
    (2, turtle(SENSOR), S.NOT_IMPLEMENTED), (3, turtle(SENSOR), S.NOT_IMPLEMENTED),
    (6, turtle(SENSOR), S.NOT_IMPLEMENTED), (8, turtle(SENSOR), S.BAD_REQUEST),
]


@pytest.mark.parametrize(("format_", "document", "status"), [
    pytest.param(*one, id=f"SEM-1 {one[0]} {number}") for number, one in enumerate(DOCUMENTS)])
async def test_sem_1_a_descriptor_is_valid_rdf(tree: Rig, format_: int, document: str, status: S) -> None:
    answer = await tree.create("cse/cae1/bare", 24, {"dcrp": format_, "dsp": document}, "Cae1")
    assert answer.status == status, answer.content
    if status != S.CREATED:
        assert {"dsp", "dcrp"} & set(message(answer).replace(":", " ").split())


async def test_sem_1_a_new_format_needs_a_new_document(tree: Rig) -> None:
    to = "cse/cae1/hall/meaning"
    assert (await tree.update(to, {"m2m:smd": {"dcrp": RDF_XML}}, "Cae1")).status == S.BAD_REQUEST
    answer = await tree.update(to, {"m2m:smd": {"dcrp": RDF_XML, "dsp": base64(XML)}}, "Cae1")
    assert only(answer)["dcrp"] == RDF_XML
    assert (await tree.update(to, {"m2m:smd": {"dsp": turtle(LAMP)}}, "Cae1")).status == S.BAD_REQUEST


UPDATES: list[tuple[str, S, tuple[str, ...], tuple[str, ...]]] = [
    ("INSERT DATA { ex:n a ex:Sensor }", S.UPDATED, ("ex:n a ex:Sensor", "ex:s a ex:Sensor"), ()),
    ("DELETE WHERE { ex:s ex:name ?n }", S.UPDATED, ("ex:s a ex:Sensor",), ("hall",)),
    ("DELETE { ?s ex:level ?l } INSERT { ?s ex:level 9 } WHERE { ?s ex:level ?l }", S.UPDATED, ("9",), (" 5",)),
    ("nonsense", S.INVALID_SPARQL_QUERY, (), ()), ("SELECT * WHERE { ?s ?p ?o }", S.INVALID_SPARQL_QUERY, (), ()),
    ("INSERT DATA { foo:n a ex:Sensor }", S.INVALID_SPARQL_QUERY, (), ()),
    ("LOAD <file:///etc/passwd>", S.SPARQL_UPDATE_ERROR, (), ()), ("CLEAR ALL", S.SPARQL_UPDATE_ERROR, (), ()),
    ("DROP GRAPH ex:g", S.SPARQL_UPDATE_ERROR, (), ()),
    ("INSERT DATA { GRAPH ex:g { ex:n a ex:Sensor } }", S.SPARQL_UPDATE_ERROR, (), ()),
    ("WITH ex:g DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", S.SPARQL_UPDATE_ERROR, (), ()),
    ("DELETE { ?s ?p ?o } USING <http://127.0.0.1:9/> WHERE { ?s ?p ?o }", S.SPARQL_UPDATE_ERROR, (), ()),
    ("DELETE { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", S.BAD_REQUEST, (), ()),
]


@pytest.mark.parametrize(("update", "status", "there", "gone"), [
    pytest.param(*one, id=f"SEM-1 soe {one[0][:30]}") for one in UPDATES])
async def test_sem_1_updates_by_sparql(tree: Rig, update: str, status: S, there: tuple[str, ...],
                                       gone: tuple[str, ...]) -> None:
    to = "cse/cae1/hall/meaning"
    before = only(await tree.retrieve(to))
    answer = await tree.update(to, {"m2m:smd": {"soe": PREFIX + update}}, "Cae1")
    assert answer.status == status, answer.content
    after = only(await tree.retrieve(to))
    assert "soe" not in after
    if status != S.UPDATED:
        assert after == before
        return
    assert only(answer) == after
    assert all(part in text_of(after) for part in there)
    assert not any(part in text_of(after) for part in gone)


@pytest.mark.parametrize(("format_", "document"), [(RDF_XML, XML), (JSON_LD, '{"@id": "http://a/b", "http://a/p": 1}')])
async def test_sem_1_an_update_keeps_the_format(tree: Rig, format_: int, document: str) -> None:
    await tree.made("cse/cae1/bare", 24, {"rn": "d", "dcrp": format_, "dsp": base64(document)}, "Cae1")
    update = {"soe": PREFIX + "INSERT DATA { ex:n a ex:Sensor }"}
    assert only(await tree.update("cse/cae1/bare/d", {"m2m:smd": update}, "Cae1"))["dcrp"] == format_
    assert bindings(await ask(tree, SENSORS, "cse/cae1/bare")) == [{"s": EX + "n"}]


async def test_sem_1_an_update_by_sparql_and_a_document_exclude_each_other(tree: Rig) -> None:
    both = {"soe": PREFIX + "DELETE WHERE { ?s ?p ?o }", "dsp": turtle(LAMP)}
    assert (await tree.update("cse/cae1/hall/meaning", {"m2m:smd": both}, "Cae1")).status == S.BAD_REQUEST
    create = {"dcrp": TURTLE, "dsp": turtle(LAMP), "soe": "x"}
    assert (await tree.create("cse/cae1/bare", 24, create, "Cae1")).status == S.BAD_REQUEST


async def test_sem_1_no_notification_and_no_answer_shows_the_update(tree: Rig) -> None:
    to = "cse/cae1/hall/meaning"
    for number, nct in enumerate((2, 1, 2)):
        criteria = {"net": [1], **({"atr": ["dsp"]} if number == 2 else {})}
        await tree.made(to, 23, {"nu": [f"http://sink/{number}"], "enc": criteria, "nct": nct}, "Cae1")
    given = {"m2m:smd": {"soe": PREFIX + "INSERT DATA { ex:n a ex:Sensor }"}}
    shown = only(await tree.update(to, given, "Cae1", result_content=9))
    whole = only(await tree.retrieve(to, "Cae1"))
    assert shown.keys() == {"dsp", "lt"}
    told = [only(ResponsePrimitive(S.OK, content=one["m2m:sgn"]["nev"]["rep"])) for one in tree.sink.contents()]
    assert sorted(told, key=len) == [shown, shown, whole]
    assert "soe" not in whole


async def test_sem_1_the_document_is_the_same_after_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await describe(rig, "cse/cae1", SENSOR, rn="meaning")
    await rig.update("cse/cae1/meaning", {"m2m:smd": {"soe": PREFIX + "INSERT DATA { ex:n a ex:Sensor }"}}, "Cae1")
    before = only(await rig.retrieve("cse/cae1/meaning"))
    await rig.close()
    again = await Rig.open(store=store, clock=rig.clock)
    assert only(await again.retrieve("cse/cae1/meaning")) == before
    assert len(bindings(await ask(again, SENSORS))) == 2
    await again.close()


async def ontology(rig: Rig, **more: Any) -> str:
    """Make the ontology ``cse/terms/one``; returns its address."""
    await rig.made("cse", 38, {"rn": "terms"})
    given = {"rn": "one", "ontf": TURTLE, "ontc": turtle(ONTOLOGY), **more}
    await rig.made("cse/terms", 39, given)
    everybody = {"acr": [{"acor": ["all"], "acop": 63}]}
    await rig.made("cse", 1, {"rn": "open", "pv": everybody, "pvs": everybody})
    for to, root in (("cse/terms", "m2m:ontr"), ("cse/terms/one", "m2m:ont")):
        assert (await rig.update(to, {root: {"acpi": ["cse/open"]}})).status == S.UPDATED
    return "cse/terms/one"


VALIDATIONS: list[tuple[str, str, S]] = [
    ("valid", SENSOR, S.CREATED), ("subclass", "ex:d a ex:Dimmer ; ex:lights ex:r .", S.CREATED),
    ("other terms", "ex:s a <http://other.org/Thing> .", S.CREATED),
    ("class", "ex:s a ex:Sensr .", S.INVALID_SEMANTICS),
    ("property", "ex:s a ex:Sensor ; ex:levl 5 .", S.INVALID_SEMANTICS),
    ("literal", "ex:l ex:lights 'x' .", S.INVALID_SEMANTICS),
    ("no literal", "ex:l ex:name ex:r .", S.INVALID_SEMANTICS),
    ("datatype", "ex:l ex:level 'high' .", S.INVALID_SEMANTICS),
    ("functional", "ex:l ex:level 1, 2 .", S.INVALID_SEMANTICS),
    ("disjoint", "ex:l a ex:Dimmer, ex:Sensor .", S.INVALID_SEMANTICS),
    ("domain", "ex:s a ex:Sensor ; ex:lights ex:r .", S.INVALID_SEMANTICS),
]


@pytest.mark.parametrize(("triples", "status"), [pytest.param(*one[1:], id=f"SEM-2 {one[0]}") for one in VALIDATIONS])
async def test_sem_2_validation(tree: Rig, triples: str, status: S) -> None:
    address = await ontology(tree)
    given = {"rn": "v", "dcrp": TURTLE, "dsp": turtle(triples), "or": address, "vlde": True}
    answer = await tree.create("cse/cae1/bare", 24, given, "Cae1")
    assert answer.status == status, answer.content
    if status == S.CREATED:
        assert only(answer)["svd"] is True
    unchecked = await tree.made("cse/cae1/bare", 24, {**given, "rn": "u", "vlde": False}, "Cae1")
    assert "svd" not in unchecked
    answer = await tree.update("cse/terms/smv", {"m2m:smd": {key: given[key] for key in ("dcrp", "dsp", "or")}}, "Cae1")
    assert answer.status == (S.UPDATED if status == S.CREATED else status)


async def test_sem_2_a_change_is_validated_again(tree: Rig) -> None:
    address = await ontology(tree)
    to = "cse/cae1/hall/meaning"
    assert only(await tree.update(to, {"m2m:smd": {"or": address, "vlde": True}}, "Cae1"))["svd"] is True
    assert only(await tree.update(to, {"m2m:smd": {"lbl": ["x"]}}, "Cae1"))["svd"] is True
    bad = {"m2m:smd": {"soe": PREFIX + "INSERT DATA { ex:s ex:colour 'red' }"}}
    assert (await tree.update(to, bad, "Cae1")).status == S.INVALID_SEMANTICS
    assert "colour" not in text_of(only(await tree.retrieve(to)))
    assert "svd" not in only(await tree.update(to, {"m2m:smd": {"vlde": False}}, "Cae1"))


@pytest.mark.parametrize(("more", "status"), [
    ({}, S.ONTOLOGY_NOT_AVAILABLE), ({"or": "cse/nothing"}, S.ONTOLOGY_NOT_AVAILABLE),
    ({"or": "cse/cae1"}, S.ONTOLOGY_NOT_AVAILABLE), ({"or": "http://example.org/o"}, S.ONTOLOGY_NOT_AVAILABLE),
    ({"or": "cse/terms/address"}, S.ONTOLOGY_NOT_AVAILABLE),
    ({"or": "/other/cse/terms/one"}, S.TARGET_NOT_REACHABLE),
    ({"or": "cse/terms/one", "rels": ["cse/cae1/nothing"]}, S.LINKED_SEMANTICS_NOT_AVAILABLE),
    ({"or": "cse/terms/one", "rels": ["cse/cae1/hall"]}, S.LINKED_SEMANTICS_NOT_AVAILABLE),
    ({"or": "cse/terms/one", "rels": ["/other/cse/d"]}, S.LINKED_SEMANTICS_NOT_AVAILABLE),
    ({"or": "cse/terms/one", "rels": ["cse/cae1/roof/meaning"]}, S.CREATED),
    ({"or": "cse/terms/one", "rels": ["cse/cae1/roof/wrong"]}, S.INVALID_SEMANTICS),
])
async def test_sem_2_what_is_referred_to_has_to_be_there(tree: Rig, more: dict[str, Any], status: S) -> None:
    await ontology(tree)
    await tree.made("cse/terms", 39, {"rn": "address", "ontf": 1, "ontc": "http://example.org/o"})
    await describe(tree, "cse/cae1/roof", "ex:l ex:colour 'red' .", rn="wrong")
    given = {"dcrp": TURTLE, "dsp": turtle(SENSOR), "vlde": True, **more}
    assert (await tree.create("cse/cae1/bare", 24, given, "Cae1")).status == status


async def test_sem_2_validation_without_storing(tree: Rig) -> None:
    address = await ontology(tree)
    smd = {"dcrp": TURTLE, "dsp": turtle(SENSOR), "or": address}
    assert only(await tree.update("cse/terms/smv", {"m2m:smd": smd}, "Cae1")) == {**smd, "svd": True}
    assert only(await tree.update("cse/terms/smv", {"m2m:smd": smd}, "Cae1", result_content=9)) == {"svd": True}
    assert (await tree.update("cse/terms/smv", {"m2m:smd": smd}, "Cae1", result_content=0)).content is None
    for given, status in (({"dcrp": TURTLE, "dsp": turtle(SENSOR)}, S.CONTENTS_UNACCEPTABLE),
                          ({"dcrp": TURTLE, "or": address}, S.BAD_REQUEST), ({**smd, "dcrp": 1}, S.BAD_REQUEST),
                          ({**smd, "x": 1}, S.BAD_REQUEST), ({**smd, "rels": "x"}, S.BAD_REQUEST)):
        assert (await tree.update("cse/terms/smv", {"m2m:smd": given}, "Cae1")).status == status
    assert (await tree.update("cse/terms/smv", {"m2m:cnt": {}}, "Cae1")).status == S.BAD_REQUEST
    await tree.update("cse/terms", {"m2m:ontr": {"acpi": None}})
    answer = await tree.update("cse/terms/smv", {"m2m:smd": smd}, "Cae1")
    assert answer.status == S.ORIGINATOR_HAS_NO_PRIVILEGE


async def test_sem_3_discovery_by_meaning(tree: Rig) -> None:
    async def found(*queries: str, **more: Any) -> list[str]:
        answer = await search(tree, *queries, **more)
        assert answer.status == S.OK, answer.content
        return [one.removeprefix("cse/cae1/") for one in answer.content["m2m:uril"]]  # type: ignore[index]

    assert await found(SENSORS) == ["hall"]
    assert await found(PREFIX + "ASK { ?s ex:level ?l FILTER(?l < 9) }") == ["hall", "roof"]
    assert await found(PREFIX + "CONSTRUCT { ?s a ex:X } WHERE { ?s a ex:Lamp }") == ["roof"]
    assert await found(SENSORS, PREFIX + "ASK { ?s a ex:Lamp }") == ["hall", "roof"]
    assert await found(PREFIX + "ASK { ?s a ex:Door }") == []
    assert await found(SENSORS, ty=[9]) == []
    assert await found(PREFIX + "ASK { ?s ex:level ?l }", atr=[("rn", "r*")]) == ["roof"]
    assert await found(SENSORS, to="cse") == ["cse/cae1/hall".removeprefix("cse/cae1/")]


async def test_sem_3_linked_descriptors_count(tree: Rig) -> None:
    both = PREFIX + "ASK { ?s a ex:Sensor . ?l a ex:Lamp }"
    assert (await search(tree, both)).content == {"m2m:uril": []}
    await tree.update("cse/cae1/hall/meaning", {"m2m:smd": {"rels": ["cse/cae1/roof/meaning", "cse/gone"]}}, "Cae1")
    await tree.update("cse/cae1/roof/meaning", {"m2m:smd": {"rels": ["cse/cae1/hall/meaning"]}}, "Cae1")
    assert (await search(tree, both)).content == {"m2m:uril": ["cse/cae1/hall", "cse/cae1/roof"]}


async def test_sem_3_a_condition_on_the_target(tree: Rig) -> None:
    for to, status in (("hall", S.OK), ("roof", S.NOT_FOUND), ("bare", S.NOT_FOUND)):
        answer = await tree.retrieve(f"cse/cae1/{to}", "Cae1", fc=FilterCriteria({"smf": [SENSORS]}))
        assert answer.status == status


async def test_sem_3_a_semantic_query(tree: Rig) -> None:
    level = PREFIX + "SELECT ?s ?l WHERE { ?s ex:level ?l } ORDER BY ?l"
    assert bindings(await ask(tree, level)) == [{"s": EX + "l", "l": "2"}, {"s": EX + "s", "l": "5"}]
    assert bindings(await ask(tree, level, "cse/cae1/hall")) == [{"s": EX + "s", "l": "5"}]
    assert bindings(await ask(tree, level, "cse/cae1/hall/meaning")) == [{"s": EX + "s", "l": "5"}]
    assert bindings(await ask(tree, level, "cse/cae1/bare")) == []
    answer = await ask(tree, PREFIX + "ASK { ?s a ex:Lamp }")
    assert answer.content == {"m2m:qres": '{"head":{},"boolean":true}'}
    answer = await ask(tree, PREFIX + "CONSTRUCT { ?s a ex:Thing } WHERE { ?s a ex:Lamp }")
    assert "Thing" in answer.content["m2m:qres"]  # type: ignore[index]


async def test_sem_3_only_what_may_be_read(tree: Rig) -> None:
    await tree.register("Cae2")
    rule = {"acr": [{"acor": ["Cae2"], "acop": 34}]}
    await tree.made("cse", 1, {"rn": "some", "pv": rule, "pvs": rule})
    for to, root in (("cse/cae1", "m2m:ae"), ("cse/cae1/hall", "m2m:cnt"), ("cse/cae1/hall/meaning", "m2m:smd"),
                     ("cse/cae1/roof", "m2m:cnt")):
        assert (await tree.update(to, {root: {"acpi": ["cse/some"]}})).status == S.UPDATED
    everything = PREFIX + "SELECT ?s WHERE { ?s ex:level ?l }"
    assert bindings(await ask(tree, everything, fr="Cae2")) == [{"s": EX + "s"}]
    answer = await search(tree, PREFIX + "ASK { ?s ex:level ?l }", fr="Cae2")
    assert answer.content == {"m2m:uril": ["cse/cae1/hall"]}
    assert (await ask(tree, everything, "cse/cae1/bare", "Cae2")).status == S.ORIGINATOR_HAS_NO_PRIVILEGE


@pytest.mark.parametrize("parameters", [
    {"rcn": 10}, {"rcn": 10, "semantic_query": False}, {"rcn": 1, "semantic_query": True},
    {"rcn": 10, "semantic_query": True}, {"rcn": 10, "semantic_query": True, "fc": FilterCriteria()},
    {"rcn": 10, "semantic_query": True, "fc": FilterCriteria({"smf": [SENSORS, SENSORS]})},
    {"rcn": 10, "semantic_query": True, "fc": FilterCriteria({"smf": [SENSORS], "ty": [3]})},
    {"rcn": 10, "semantic_query": True, "fc": FilterCriteria({"smf": [SENSORS]}, usage=4)},
])
async def test_sem_3_a_query_is_sqi_and_rcn_and_smf(tree: Rig, parameters: dict[str, Any]) -> None:
    assert (await tree.retrieve("cse/cae1", "Cae1", **parameters)).status == S.BAD_REQUEST


HOSTILE: list[tuple[str, str, S]] = [
    ("service", "SELECT ?s WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", S.BAD_REQUEST),
    ("silent service", "SELECT ?s WHERE { SERVICE SILENT ?x { ?s ?p ?o } }", S.BAD_REQUEST),
    ("hidden service", "ASK { ?s ?p ?o { SELECT ?s { ?s ?p ?o FILTER EXISTS { SERVICE <http://a/> {?s ?p ?o} } } } }",
     S.BAD_REQUEST),
    ("from", "SELECT ?s FROM <file:///etc/passwd> WHERE { ?s ?p ?o }", S.BAD_REQUEST),
    ("from named", "ASK FROM NAMED <http://127.0.0.1:9/> { GRAPH ?g { ?s ?p ?o } }", S.BAD_REQUEST),
    ("growing", "SELECT ?n30 { ?s ex:name ?n0 " + " ".join(
        f"BIND(CONCAT(?n{i}, ?n{i}) AS ?n{i + 1})" for i in range(30)) + "}", S.BAD_REQUEST),
    ("growing by replacement", "SELECT ?n20 { ?s ex:name ?n0 " + " ".join(
        f"BIND(REPLACE(?n{i}, '.', '$0$0$0$0') AS ?n{i + 1})" for i in range(20)) + "}", S.BAD_REQUEST),
    ("joined", "SELECT (GROUP_CONCAT(?o) AS ?g) { ?s ?p ?o }", S.BAD_REQUEST),
    ("backtracking", "ASK { BIND('" + "a" * 60 + "b' AS ?t) FILTER regex(?t, '^(a|a)*$') }", S.BAD_REQUEST),
    ("product", "SELECT (COUNT(*) AS ?c) { " + " ".join(
        f"VALUES ?v{i} {{ " + "1 " * 100 + "}" for i in range(8)) + " }", S.BAD_REQUEST),
    ("nested", "ASK " + "{" * 1500 + "}" * 1500, S.INVALID_SPARQL_QUERY),
    ("parentheses", "ASK { FILTER " + "(" * 1500 + "1" + ")" * 1500 + " }", S.INVALID_SPARQL_QUERY),
    ("long", "ASK { " + "?s ?p ?o . " * 2000 + "}", S.BAD_REQUEST),
    ("an update", "DELETE WHERE { ?s ?p ?o }", S.INVALID_SPARQL_QUERY), ("empty", "", S.INVALID_SPARQL_QUERY),
    ("nul", "ASK { ?s ?p '\x00' }", S.OK), ("no prefix", "ASK { ?s a foo:Bar }", S.INVALID_SPARQL_QUERY),
]


@pytest.mark.parametrize(("query", "status"), [pytest.param(*one[1:], id=f"SEM-3 {one[0]}") for one in HOSTILE])
async def test_sem_3_hostile_queries(tree: Rig, query: str, status: S) -> None:
    tree.cse.core.bounded = Bounded(0.5)
    began = time.monotonic()
    found, discovered = await ask(tree, PREFIX + query), await search(tree, PREFIX + query)
    assert {found.status, discovered.status} <= {status, S.BAD_REQUEST if status != S.OK else S.OK}
    assert found.status == status or "too long" in message(found), found.content
    assert time.monotonic() - began < 10
    assert (await tree.retrieve("cse/cae1", "Cae1")).status == S.OK


async def test_sem_3_without_the_library_the_answer_names_the_extra(tree: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rdflib", None)
    create = await tree.create("cse/cae1/bare", 24, {"dcrp": TURTLE, "dsp": turtle(SENSOR)}, "Cae1")
    for answer in (await search(tree, SENSORS), await ask(tree, SENSORS), create):
        assert answer.status == S.NOT_IMPLEMENTED
        assert "banyan-cse[semantics]" in message(answer)
    assert (await tree.retrieve("cse/cae1/hall/meaning")).status == S.OK


@pytest.mark.parametrize(("given", "status"), [
    ({"ontf": TURTLE, "ontc": turtle(ONTOLOGY)}, S.CREATED), ({"ontf": 1, "ontc": "http://a/b"}, S.CREATED),
    ({"ontf": 1, "ontc": turtle(ONTOLOGY)}, S.BAD_REQUEST), ({"ontf": TURTLE, "ontc": "http://a/b"}, S.BAD_REQUEST),
    ({"ontf": RDF_XML, "ontc": turtle(ONTOLOGY)}, S.BAD_REQUEST), ({"ontf": TURTLE, "ontc": 7}, S.BAD_REQUEST),
    ({"ontf": 3, "ontc": turtle(ONTOLOGY)}, S.NOT_IMPLEMENTED),
])
async def test_sem_4_an_ontology_is_valid(rig: Rig, given: dict[str, Any], status: S) -> None:
    await rig.made("cse", 38, {"rn": "terms"})
    answer = await rig.create("cse/terms", 39, given)
    assert answer.status == status, answer.content
    assert (await rig.create("cse/cae1", 39, given)).status == S.INVALID_CHILD_RESOURCE_TYPE


async def test_sem_4_an_ontology_is_updated_by_sparql(rig: Rig) -> None:
    address = await ontology(rig)
    new = {"soe": "PREFIX owl: <http://www.w3.org/2002/07/owl#> " + PREFIX + "INSERT DATA { ex:Door a owl:Class }"}
    after = only(await rig.update(address, {"m2m:ont": new}))
    assert "soe" not in after
    assert "Door" in text_of({"dsp": after["ontc"]})
    both = {**new, "ontc": turtle(ONTOLOGY)}
    assert (await rig.update(address, {"m2m:ont": both})).status == S.BAD_REQUEST


@pytest.mark.parametrize("operation", ["create", "retrieve", "delete"])
async def test_sem_4_validation_takes_updates_only(rig: Rig, operation: str) -> None:
    await ontology(rig)
    to = "cse/terms/smv"
    requests = {"create": lambda: rig.create(to, 24, {}), "retrieve": lambda: rig.retrieve(to),
                "delete": lambda: rig.delete(to)}
    answer = await requests[operation]()
    assert answer.status == S.OPERATION_NOT_ALLOWED


PROFILE = {"rn": "job", "mbft": SENSORS, "uptd": base64(XML), "fucd": base64(XML)}
MASHUP = {"rn": "mix", "mjid": "cse/job", "jpin": base64(XML), "mst": 1, "rgt": 2}


@pytest.mark.parametrize(("more", "status"), [
    ({}, S.CREATED), ({"iptd": base64(XML)}, S.CREATED), ({"mbft": "nonsense"}, S.INVALID_SPARQL_QUERY),
    ({"fucd": turtle(SENSOR)}, S.BAD_REQUEST), ({"uptd": "!"}, S.BAD_REQUEST),
    ({"iptd": base64("<!DOCTYPE a>" + XML)}, S.BAD_REQUEST),
])
async def test_sem_4_a_job_profile(rig: Rig, more: dict[str, Any], status: S) -> None:
    assert (await rig.create("cse", SEMANTIC_MASHUP_JOB_PROFILE.number, {**PROFILE, **more})).status == status


async def test_sem_4_one_repository_and_one_descriptor_of_a_mashup(tree: Rig) -> None:
    await ontology(tree)
    assert (await tree.create("cse", 38, {"rn": "more"})).status == S.BAD_REQUEST
    await tree.made("cse", SEMANTIC_MASHUP_JOB_PROFILE.number, PROFILE)
    await tree.made("cse/cae1/hall", 4, {"con": "21.5"}, "Cae1")
    await tree.made("cse", 41, MASHUP)
    for to in ("cse/job", "cse/mix"):
        await describe(tree, to, SENSOR, ADMIN, rn="one")
        response = await tree.create(to, 24, {"rn": "two", "dcrp": TURTLE, "dsp": turtle(LAMP)})
        assert response.status == S.BAD_REQUEST
        assert f"{to}/one" in message(response)
        assert (await tree.update(f"{to}/one", {"m2m:smd": {"dsp": turtle(LAMP)}})).status == S.UPDATED
    await describe(tree, "cse/cae1/hall", LAMP, rn="another")  # others have as many as they like


async def test_sem_4_a_mashup_finds_its_members(tree: Rig) -> None:
    await tree.made("cse", SEMANTIC_MASHUP_JOB_PROFILE.number, PROFILE)
    await tree.made("cse/cae1/hall", 4, {"con": "21.5"}, "Cae1")
    made = await tree.made("cse", 41, MASHUP)
    assert made["msm"] == {"msm": [{"muri": "cse/cae1/hall"}]}
    assert only(await tree.retrieve("cse/job"))["miid"] == [made["ri"]]
    after = only(await tree.update("cse/mix", {"m2m:smi": {"mst": 2}}))
    assert after["msm"] == {"msm": [{"muri": "cse/cae1/hall", "mvl": 21.5}]}
    await tree.delete("cse/mix")
    assert "miid" not in only(await tree.retrieve("cse/job"))


@pytest.mark.parametrize(("more", "status"), [
    ({"mjid": "cse/nothing"}, S.BAD_REQUEST), ({"mjid": "cse/cae1"}, S.BAD_REQUEST),
    ({"jpin": turtle(SENSOR)}, S.BAD_REQUEST), ({"rgt": 1}, S.NOT_IMPLEMENTED),
    ({"rgt": 3, "prg": "PT1M"}, S.NOT_IMPLEMENTED), ({"rgt": 4}, S.NOT_IMPLEMENTED),
    ({"msm": {"msm": [{"muri": "cse/nothing"}]}}, S.MASHUP_MEMBER_NOT_FOUND),
    ({"msm": {"msm": [{"muri": "cse/cae1/roof"}]}}, S.CREATED),
])
async def test_sem_4_what_a_mashup_needs(tree: Rig, more: dict[str, Any], status: S) -> None:
    await tree.made("cse", SEMANTIC_MASHUP_JOB_PROFILE.number, PROFILE)
    assert (await tree.create("cse", 41, {**MASHUP, **more})).status == status


async def test_sem_4_a_mashup_without_members(rig: Rig) -> None:
    await rig.made("cse", SEMANTIC_MASHUP_JOB_PROFILE.number, PROFILE)
    assert (await rig.create("cse", 41, MASHUP)).status == S.MASHUP_MEMBER_NOT_FOUND


async def test_sem_4_results_are_a_named_gap(tree: Rig) -> None:
    await tree.made("cse", SEMANTIC_MASHUP_JOB_PROFILE.number, PROFILE)
    await tree.made("cse", 41, MASHUP)
    assert (await tree.retrieve("cse/mix/msp")).status == S.NOT_IMPLEMENTED
    assert (await tree.create("cse/mix", 42, {})).status == S.OPERATION_NOT_ALLOWED
    for operation in (tree.delete("cse/mix/msp"), tree.update("cse/mix/msp", {"m2m:smi": {}})):
        assert (await operation).status in (S.OPERATION_NOT_ALLOWED, S.NOT_IMPLEMENTED)


async def test_sem_4_a_descriptor_below_an_instance_is_a_named_gap(tree: Rig) -> None:
    await tree.made("cse/cae1/hall", 4, {"rn": "i", "con": "1"}, "Cae1")
    answer = await tree.create("cse/cae1/hall/i", 24, {"dcrp": TURTLE, "dsp": turtle(SENSOR)}, "Cae1")
    assert answer.status == S.NOT_IMPLEMENTED
