"""A case told to a person: purpose, initial condition, the messages to be sent, and what is expected."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from conformance_tests.case import Case, Step
from conformance_tests.http.wire_cases import WireCase
from conformance_tests.loading import verb_of
from conformance_tests.status_codes import named
from conformance_tests.types import ResourceTypes

_WIDTH = 110
#: Verb -> the sentence about its argument.
_SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "ae": lambda name: f"Register an AE, called {name} from here on",
    "create": lambda type_: f"CREATE {type_}",
    "retrieve": lambda target: f"RETRIEVE {target}",
    "update": lambda target: f"UPDATE {target}",
    "delete": lambda target: f"DELETE {target}",
    "notify": lambda target: f"NOTIFY {target}",
    "discover": lambda target: f"RETRIEVE {target} as discovery (fu 1)",
    "request": lambda parameters: f"Send {_compact(parameters)}",
    "listen": lambda name: f"Open the notification endpoint {name}",
    "answer": lambda name: f"Let the notification endpoint {name} answer otherwise from now on",
    "notified": lambda name: f"A notification comes to {name}",
    "verified": lambda name: f"A verification request comes to {name}",
    "quiet": lambda name: f"No notification comes to {name}",
    "wait": lambda seconds: f"Wait {seconds} s",
    "eventually": lambda _: "Repeat until it holds",
    "repeat": lambda times: f"{times} times",
    "check": lambda value: f"Compare {_compact(value)}",
    "let": lambda values: f"Let {', '.join(f'{name} be {_compact(value)}' for name, value in values.items())}",
    "background": lambda name: f"Start in the background, called {name}",
    "join": lambda name: f"Wait for the answer of {name}",
    "either": lambda _: "One of these ways, which the standard leaves open",
}
#: Option -> what stands before its value. Options that are not here have lines of their own.
_DETAILS: Mapping[str, str] = {
    "under": "under",
    "named": "resource name",
    "by": "originator",
    "reachable": "reachable at endpoint",
    "type": "type",
    "root": "root element",
    "ty": "ty",
    "with": "attributes",
    "content": "content",
    "filter": "filter criteria",
    "ask": "parameters",
    "headers": "HTTP headers",
    "within": "within (s)",
    "for": "for (s)",
    "count": "how many",
    "search": "others are passed over",
    "is": "expected",
    "note": "note",
}


def explain(case: Case, types: ResourceTypes) -> str:
    """Return a readable text about a case; ``types`` are those of the catalogue."""
    source = f"catalog/{case.source}" if case.source else ""
    lines = _head(case, {"Alone": "runs while no other case runs" * case.alone, "Written in": source})
    if case.given:
        lines += [
            "",
            "Initial condition (if it cannot be reached, the verdict is inconclusive)",
            *_steps(_spelled(case.given, types)),
        ]
    lines += ["", "Stimulus and expectation (what does not hold here is a fail)", *_steps(_spelled(case.steps, types))]
    lines += ["", "Afterwards everything that the case has created is removed."]
    return "\n".join(lines)


def explain_wire(case: WireCase) -> str:
    """Return a readable text about a case of malformed or hostile HTTP."""
    lines = [*_head(case, {"Runs with": "--wire"}), "", "Bytes to be sent"]
    for number, piece in enumerate(case.send, 1):
        lines += _wrapped(f"{number}. {json.dumps(piece, ensure_ascii=False)}", "  ", "     ")
    lines += ["", "Permitted outcomes"]
    for number, permitted in enumerate(case.answers, 1):
        lines += _wrapped(f"answer {number}: {', or '.join(map(str, permitted))}", "  ", "    ")
    if case.then:
        lines.append(f"  afterwards the connection is {case.then}")
    lines.append("  afterwards the CSE answers a normal request")
    return "\n".join(lines)


def _spelled(steps: Iterable[Step], types: ResourceTypes) -> Iterator[Step]:
    """Return the steps with the long names of the types that are created."""
    for step in steps:
        short = step.get("create")
        if isinstance(short, str) and not short.startswith("$"):
            yield {**step, "create": f"{types.row(short)['long']} ({short})"}
        else:
            yield step


def _head(case: Case | WireCase, more: Mapping[str, str]) -> list[str]:
    lines = [case.id, *_wrapped(case.purpose, "  "), ""]
    told = {
        "Area": case.area,
        "References": ", ".join(case.refs) or "none",
        "Needs": ", ".join(case.needs) or "nothing that a CSE may leave out",
        "Note": case.note,
        **more,
    }
    for name, value in told.items():
        if value:
            lines += _wrapped(f"{name + ':':<12}{value}", "", " " * 12)
    return lines


def _steps(steps: Iterable[Step], indent: str = "  ") -> Iterator[str]:
    for number, step in enumerate(steps, 1):
        yield from _step(step, indent, f"{number}. ")


def _step(step: Step, indent: str, mark: str) -> Iterator[str]:
    verb = verb_of(step)
    inner = indent + " " * len(mark)
    yield from _wrapped(f"{mark}{_SENTENCES[verb](step[verb])}", indent, inner)
    for option, label in _DETAILS.items():
        if option in step:
            yield from _wrapped(f"{label}: {_compact(step[option])}", inner, inner + "  ")
    if verb == "eventually":
        yield from _step(step[verb], inner, "- ")
    if verb == "background":
        yield from _step(step["does"], inner, "- ")
    if verb == "repeat":
        yield from _steps(step["steps"], inner)
    if verb == "either":
        for letter, way in zip("abcdefgh", step[verb], strict=False):
            yield f"{inner}{letter})"
            yield from _steps(way, inner + "  ")
    if "expect" in step:
        yield from _wrapped(f"expect: {_expectation(step['expect'])}", inner, inner + "  ")
    if "as" in step and verb != "ae":
        yield f"{inner}kept as: {step['as']}"


def _expectation(expected: Any) -> str:
    """Return an expectation in words: codes with their names, alternatives joined by ``or``."""
    if isinstance(expected, list):
        return " or ".join(_expectation(one) for one in expected)
    if not isinstance(expected, Mapping):
        return named(expected)
    if set(expected) == {"any"}:
        return " or ".join(f"({_expectation(one)})" for one in expected["any"])
    return ", ".join(_part(name, value) for name, value in expected.items())


def _part(name: str, value: Any) -> str:
    if name == "rsc":
        return _expectation(value)
    return f"{ {'attrs': 'attributes', 'pc': 'content', 'header': 'HTTP headers'}.get(name, name) } {_compact(value)}"


def _compact(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _wrapped(text: str, first: str, further: str | None = None) -> list[str]:
    after = first if further is None else further
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=after, break_long_words=False, break_on_hyphens=False
    )
