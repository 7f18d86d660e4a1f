"""SPARQL queries and updates over graphs in memory: nothing is fetched, texts do not grow, expressions end.

The functions take as long as they take: they are for ``cse.bounded``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import MethodType
from typing import TYPE_CHECKING, Any

from cse.codecs import encode
from cse.rdf.documents import require_library
from resources.errors import BadRequest, CseError, OriginatorError, ReceiverError
from resources.status import Status

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.plugins.sparql.parserutils import CompValue
    from rdflib.plugins.sparql.sparql import Query
    from rdflib.query import Result

#: Longest query or update.
LONGEST = 8_000
#: Triples of all graphs of a query together, and rows of a result.
MOST_TRIPLES, MOST_ROWS = 200_000, 10_000
#: Longest text that an expression may make.
LONGEST_TEXT = 10_000
#: Seconds that one regular expression may take on one text.
PATIENCE_S = 0.05
#: Parts of a query that lead out of the graphs it is given, or grow without end.
REFUSED = {
    "ServiceGraphPattern": "SERVICE leads to another server",
    "DatasetClause": "FROM leads to another graph",
    "Aggregate_GroupConcat": "GROUP_CONCAT makes texts of any length",
}
#: Kinds of updates that stay within the one graph.
UPDATES = frozenset({"InsertData", "DeleteData", "DeleteWhere", "Modify"})


def prepare(tag: str, text: str) -> Query:
    """Read a query; raises INVALID_SPARQL_QUERY (4143) unless the text is one that can be run here."""
    require_library()
    from rdflib.plugins.sparql.algebra import translateQuery
    from rdflib.plugins.sparql.parser import parseQuery

    prepared: Query = _parsed(tag, text, parseQuery, translateQuery)
    return prepared


def query(tag: str, graphs: Iterable[Graph], text: str) -> str:
    """Run a query over graphs taken together: SPARQL JSON results, or Turtle where the result is a graph."""
    result = _run(tag, graphs, prepare(tag, text))
    if result.type == "ASK":
        return encode({"head": {}, "boolean": bool(result.askAnswer)}).decode()
    if result.graph is not None:
        _check_size(tag, len(result.graph))
        return result.graph.serialize(format="turtle")
    names = [str(name) for name in result.vars or ()]
    rows = [{str(name): _term(value) for name, value in row.items()} for row in _rows(tag, result)]
    return encode({"head": {"vars": names}, "results": {"bindings": rows}}).decode()


def found(tag: str, graphs: Iterable[Graph], prepared: Query) -> bool:
    """True when a query finds anything: ASK is true, a row, a triple."""
    result = _run(tag, graphs, prepared)
    if result.type == "ASK":
        return bool(result.askAnswer)
    return len(result.graph) > 0 if result.graph is not None else next(_rows(tag, result), None) is not None


def updated(tag: str, graph: Graph, text: str) -> Graph:
    """A copy of a graph after an update; raises 4143 when it is none, SPARQL_UPDATE_ERROR (5212) when it fails."""
    from rdflib.plugins.sparql.algebra import translateUpdate
    from rdflib.plugins.sparql.parser import parseUpdate

    update = _parsed(tag, text, parseUpdate, translateUpdate)
    for one in update.algebra:
        if one.name not in UPDATES or any(one.get(part) not in (None, part) for part in ("using", "withClause")):
            raise _failed(tag, f"{one.name} leads out of the descriptor; INSERT and DELETE are possible")
        if any(getattr(part, "name", "") in ("GraphGraphPattern", "Graph") for part in _parts(one)):
            raise _failed(tag, "GRAPH leads out of the descriptor")
    copy = union(tag, [graph])
    try:
        copy.update(update)
    except CseError:
        raise
    except Exception as problem:  # noqa: BLE001 - the evaluation raises whatever it meets
        raise _failed(tag, str(problem)[:200]) from None
    _check_size(tag, len(copy))
    return copy


def _failed(tag: str, why: str) -> ReceiverError:
    return ReceiverError(f"{tag}: the update cannot be done: {why}", Status.SPARQL_UPDATE_ERROR)


def _parsed(tag: str, text: str, parse: Callable[[str], Any], translate: Callable[[Any], Any]) -> Any:
    if len(text) > LONGEST:
        raise BadRequest(f"{tag}: has {len(text)} characters; at most {LONGEST} are possible")
    try:
        prepared = translate(_harmless(tag, parse(text)))
    except CseError:
        raise
    except RecursionError:
        raise OriginatorError(f"{tag}: is nested too deep", Status.INVALID_SPARQL_QUERY) from None
    except Exception as problem:  # noqa: BLE001 - parser and translation raise whatever they meet
        raise OriginatorError(f"{tag}: is no SPARQL that can be run here: {str(problem)[:200]}",
                              Status.INVALID_SPARQL_QUERY) from None
    for part in _parts(prepared.algebra):
        guard = _GUARDS.get(getattr(part, "name", ""))
        if guard is not None:
            part._evalfn = MethodType(guard, part)  # noqa: SLF001 - rdflib has no other place for it
    return prepared


def _harmless(tag: str, tree: Any) -> Any:
    for part in _parts(tree):
        why = REFUSED.get(getattr(part, "name", ""))
        if why is None and getattr(part, "datasetClause", None):
            why = REFUSED["DatasetClause"]
        if why is not None:
            raise BadRequest(f"{tag}: {why}; it is not possible here")
    return tree


def _parts(tree: Any) -> Iterator[CompValue]:
    """All named parts of a parsed query."""
    from pyparsing import ParseResults
    from rdflib.plugins.sparql.parserutils import CompValue

    waiting, seen = [tree], set()
    while waiting:
        here = waiting.pop()
        if isinstance(here, CompValue):
            if id(here) in seen:
                continue
            seen.add(id(here))
            yield here
            waiting += here.values()
        elif isinstance(here, list | tuple | set | ParseResults):
            waiting.extend(here)


def _run(tag: str, graphs: Iterable[Graph], prepared: Query) -> Result:
    try:
        return union(tag, graphs).query(prepared)
    except (CseError, RecursionError):
        raise
    except Exception as problem:  # noqa: BLE001 - the evaluation raises whatever it meets
        raise BadRequest(f"{tag}: cannot be evaluated: {str(problem)[:200]}") from None


def union(tag: str, graphs: Iterable[Graph]) -> Graph:
    """A new graph of all triples; raises BadRequest when there are too many."""
    from rdflib import Graph

    whole = Graph()
    for graph in graphs:
        for prefix, namespace in graph.namespaces():
            whole.bind(prefix, namespace)
        _check_size(tag, len(whole) + len(graph))
        for triple in graph:
            whole.add(triple)
    return whole


def _check_size(tag: str, triples: int) -> None:
    if triples > MOST_TRIPLES:
        raise BadRequest(f"{tag}: more than {MOST_TRIPLES} triples; address fewer descriptors")


def _rows(tag: str, result: Result) -> Iterator[dict[str, Any]]:
    rows = iter(result)
    yield from (row.asdict() for row in islice(rows, MOST_ROWS))  # type: ignore[union-attr]
    if next(rows, None) is not None:
        raise BadRequest(f"{tag}: finds more than {MOST_ROWS} rows; add a LIMIT")


def _term(value: Any) -> dict[str, str]:
    """A term in the SPARQL 1.1 JSON results format."""
    from rdflib import BNode, Literal

    if isinstance(value, Literal):
        more = {"xml:lang": value.language} if value.language else {}
        if value.datatype:
            more["datatype"] = str(value.datatype)
        return {"type": "literal", "value": str(value), **more}
    return {"type": "bnode" if isinstance(value, BNode) else "uri", "value": str(value)}


def _regex(expression: Any, _: Any) -> Any:
    import regex
    from rdflib import Literal

    return Literal(_timed(regex.search, expression, str(_text(expression.text))) is not None)


def _replace(expression: Any, _: Any) -> Any:
    import regex
    from rdflib import Literal

    text = _text(expression.arg)
    with_groups = regex.sub(r"\$(\d)", r"\\\1", str(_text(expression.replacement)))
    changed = _timed(lambda pattern, subject, flags, timeout: regex.sub(
        pattern, with_groups, subject, flags=flags, timeout=timeout), expression, str(text))
    return _short(Literal(changed, datatype=text.datatype, lang=text.language))


def _timed(find: Callable[..., Any], expression: Any, text: str) -> Any:
    import regex
    from rdflib.plugins.sparql.sparql import SPARQLError

    known = {"i": regex.IGNORECASE, "s": regex.DOTALL, "m": regex.MULTILINE}
    flags = 0
    for letter in expression.flags or "":
        flags |= known.get(letter, 0)
    try:
        return find(str(_text(expression.pattern)), text, flags=flags, timeout=PATIENCE_S)
    except regex.error as problem:
        raise SPARQLError(str(problem)) from None
    except TimeoutError:
        raise BadRequest("a regular expression in the query takes too long") from None


def _text(value: Any) -> Any:
    from rdflib.plugins.sparql.operators import string

    return string(value)


def _short(value: Any) -> Any:
    if len(value) > LONGEST_TEXT:
        raise BadRequest(f"a text in the query grows beyond {LONGEST_TEXT} characters")
    return value


def _concat(expression: Any, context: Any) -> Any:
    from rdflib.plugins.sparql.operators import Builtin_CONCAT

    if sum(len(_text(part)) for part in expression.arg) > LONGEST_TEXT:
        raise BadRequest(f"a text in the query grows beyond {LONGEST_TEXT} characters")
    return Builtin_CONCAT(expression, context)


def _encode_for_uri(expression: Any, context: Any) -> Any:
    from rdflib.plugins.sparql.operators import Builtin_ENCODE_FOR_URI

    return _short(Builtin_ENCODE_FOR_URI(expression, context))


#: Functions of rdflib that could take any time or make any length, and what stands in for them.
_GUARDS: dict[str, Callable[[Any, Any], Any]] = {
    "Builtin_REGEX": _regex,
    "Builtin_REPLACE": _replace,
    "Builtin_CONCAT": _concat,
    "Builtin_ENCODE_FOR_URI": _encode_for_uri,
}
