"""Wire cases as data: bytes to send, and what may come back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance_tests.case import CatalogueError
from conformance_tests.expansion import Table, expand
from conformance_tests.http.raw import EndOfSending, Pause, Piece
from conformance_tests.yaml_files import read_yaml

#: Where the cases of the suite are.
FOLDER = Path(__file__).parents[1] / "wire"
_CASE_KEYS = frozenset(
    {"id", "purpose", "refs", "needs", "note", "send", "request", "expect", "answers", "at_most", "then"}
    | {"absent", "present", "no_header", "within", "linger", "bodiless"}
)
_REQUEST_KEYS = frozenset({"method", "target", "version", "headers", "extra", "ty", "body", "content"})
_OUTCOME_KEYS = frozenset({"status", "rsc", "ri"})
_VARIABLE = re.compile(r"\$\$\{|\$\{([a-z_]+)\}")
#: Outcomes that are no answer: the CSE closes, waits, or sends what is no answer of HTTP/1.
CLOSED, SILENT, OTHER = "closed", "silent", "other"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One permitted answer: HTTP statuses and X-M2M-RSC values (``4000``, ``4xxx``, ``absent``); None permits all."""

    status: tuple[str, ...] | None = None
    rsc: tuple[str, ...] | None = None
    ri: str | None = None

    def __str__(self) -> str:
        parts = [
            "" if self.status is None else "status " + "/".join(self.status),
            "" if self.rsc is None else "X-M2M-RSC " + "/".join(self.rsc),
            f"X-M2M-RI {self.ri}" if self.ri else "",
        ]
        return " with ".join(filter(None, parts)) or "any answer"


Permitted = tuple[Outcome | str, ...]


@dataclass(frozen=True, slots=True)
class WireCase:
    """One case. ``send`` is data (see ``pieces``); ``answers`` are the permitted outcomes of each answer, in order.

    ``at_most`` answers may come. ``then`` is what must become of the connection: ``closed``, ``usable`` or None.
    ``absent`` and ``present`` are addresses where nothing, or something, must be afterwards; ``no_header`` are headers
    that no answer may have. ``bodiless``: answers have no body, whatever they say.
    """

    id: str
    area: str
    purpose: str
    refs: tuple[str, ...]
    needs: tuple[str, ...]
    note: str
    send: tuple[Any, ...]
    answers: tuple[Permitted, ...]
    at_most: int
    then: str | None
    absent: tuple[str, ...]
    present: tuple[str, ...]
    no_header: tuple[str, ...]
    within_s: float
    linger_s: float
    bodiless: bool

    @property
    def uses_parent(self) -> bool:
        """Whether it needs a resource of the tester to work below."""
        return "${parent}" in str((self.send, self.absent, self.present))


def load_wire(folder: Path = FOLDER) -> list[WireCase]:
    """Return the cases of all files of a folder. Raises CatalogueError with file and case."""
    cases: list[WireCase] = []
    for path in sorted(folder.glob("*.yaml")):
        data = read_yaml(path)
        if not isinstance(data, Mapping) or not data.keys() <= {"area", "cases", "outcomes"} or "cases" not in data:
            raise CatalogueError(f"{path.name}: expected area, cases and, for anchors, outcomes")
        area = str(data.get("area", "robustness"))
        cases += [_case(one, area, path.name) for entry in data["cases"] for one in expand(entry, _no_table)]
    ids = [case.id for case in cases]
    if len(set(ids)) < len(ids):
        raise CatalogueError(f"wire case {next(one for one in ids if ids.count(one) > 1)} stands there twice")
    return cases


def _no_table(name: str) -> Table:
    raise CatalogueError(f"the table {name}: wire cases have their rows with them")


def _case(entry: Any, area: str, file: str) -> WireCase:
    if not isinstance(entry, Mapping) or not {"id", "purpose"} <= entry.keys():
        raise CatalogueError(f"{file}: a case has id and purpose; this has not: {entry!r:.80}")
    place = f"{file}: {entry['id']}"
    if unknown := entry.keys() - _CASE_KEYS:
        raise CatalogueError(f"{place}: {sorted(unknown)} is unknown; known are {', '.join(sorted(_CASE_KEYS))}")
    if ("request" in entry) == ("send" in entry) or ("expect" in entry) == ("answers" in entry):
        raise CatalogueError(f"{place}: expected either request or send, and either expect or answers")
    if entry.get("then") not in (None, "closed", "usable"):
        raise CatalogueError(f"{place}: then is closed or usable")
    send = ({"request": entry["request"]},) if "request" in entry else tuple(_flat(entry["send"]))
    answers = tuple(_permitted(one, place) for one in (entry.get("answers") or [entry.get("expect")]))
    _checked(send, place)
    case = WireCase(
        entry["id"],
        area,
        entry["purpose"],
        tuple(map(str, entry.get("refs", ()))),
        tuple(entry.get("needs", ())),
        entry.get("note", ""),
        send,
        answers,
        int(entry.get("at_most", len(answers))),
        entry.get("then"),
        tuple(entry.get("absent", ())),
        tuple(entry.get("present", ())),
        tuple(name.lower() for name in entry.get("no_header", ())),
        float(entry.get("within", 5.0)),
        float(entry.get("linger", 0.05)),
        bool(entry.get("bodiless", False)),
    )
    return replace(case, needs=(*case.needs, "type:container")) if case.uses_parent else case


def _permitted(given: Any, place: str) -> Permitted:
    """Read the permitted outcomes of one answer: a response status code, an outcome, or a list of these."""
    flat: list[Outcome | str] = []
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, list):  # an anchor within a list
            flat += _permitted(one, place)
        elif one in (CLOSED, SILENT, OTHER):
            flat.append(one)
        elif isinstance(one, Mapping) and one.keys() <= _OUTCOME_KEYS:
            flat.append(Outcome(_texts(one.get("status")), _texts(one.get("rsc")), one.get("ri")))
        elif isinstance(one, int | str) and re.fullmatch(r"[1-6][0-9x]{3}", str(one)):
            flat.append(Outcome(rsc=(str(one),)))
        else:
            raise CatalogueError(f"{place}: {one!r:.60} is no outcome")
    return tuple(flat)


def _flat(pieces: Iterable[Any]) -> list[Any]:
    """Put lists that a column held in their place."""
    return [one for piece in pieces for one in (piece if isinstance(piece, list) else [piece])]


def _texts(value: Any) -> tuple[str, ...] | None:
    return None if value is None else tuple(map(str, value if isinstance(value, list) else [value]))


def _checked(send: Iterable[Any], place: str) -> None:
    for piece in send:
        match piece:
            case str() | {"pause": int() | float()} | {"fill": str(), "times": int()} | {"end": True}:
                continue
            case {"request": dict() as request, **rest} if not rest and request.keys() <= _REQUEST_KEYS:
                body = request.get("body", "")
                _checked(body if isinstance(body, list) else [body], place)
            case _:
                raise CatalogueError(f"{place}: cannot be sent: {piece!r:.100}")


@dataclass(frozen=True, slots=True)
class Message:
    """How a correct request looks: variables for ``${...}``, the path before every target, headers."""

    variables: Mapping[str, str]
    root: str
    headers: Mapping[str, str]

    def text(self, text: str) -> str:
        """Put in the variables. Raises CatalogueError for an unknown one."""

        def value(found: re.Match[str]) -> str:
            if found[1] is None:
                return "${"
            if found[1] not in self.variables:
                raise CatalogueError(f"${{{found[1]}}} is unknown; known are {', '.join(sorted(self.variables))}")
            return self.variables[found[1]]

        return _VARIABLE.sub(value, text)

    def pieces(self, send: Iterable[Any]) -> list[Piece]:
        """Return what to send. A text stands for bytes: one character is one byte, up to U+00FF."""
        pieces: list[Piece] = []
        for piece in send:
            match piece:
                case str():
                    pieces.append(self.text(piece).encode("latin-1"))
                case {"fill": text, "times": times}:
                    pieces.append(self.text(text).encode("latin-1") * times)
                case {"pause": seconds}:
                    pieces.append(Pause(seconds))
                case {"end": True}:
                    pieces.append(EndOfSending())
                case {"request": request}:
                    pieces.append(self.request(**request))
        return pieces

    def request(
        self,
        method: str = "GET",
        target: str = "/${cse}",
        version: str = "HTTP/1.1",
        headers: Mapping[str, Any] | None = None,
        extra: Iterable[str] = (),
        ty: Any = None,
        body: Any = None,
        content: Any = None,
    ) -> bytes:
        """Write a request that is correct but for what is given.

        ``headers`` replace those of the same name, None takes one out; ``extra`` are further header lines as they are.
        ``body`` is a text or a list of pieces, ``content`` is written as JSON.
        """
        data = self._joined(body) if content is None else self.text(json.dumps(content)).encode()
        fields: dict[str, Any] = dict(self.headers)
        if data or method in ("POST", "PUT"):
            media_type = "application/json"
            fields["Content-Type"] = media_type if ty is None else f"{media_type};ty={ty}"
            fields["Content-Length"] = len(data)
        for name, value in (headers or {}).items():
            fields = {other: text for other, text in fields.items() if other.lower() != name.lower()}
            fields[name] = value
        path = f"{self.root}{target}" if target.startswith("/") else target
        lines = [f"{method} {path} {version}"]
        lines += [f"{name}: {value}" for name, value in fields.items() if value is not None and value != "$none"]
        head = self.text("\r\n".join([*lines, *extra, "", ""])).encode("latin-1")
        return head + data

    def _joined(self, body: Any) -> bytes:
        pieces = self.pieces(body if isinstance(body, list) else [body or ""])
        return b"".join(piece for piece in pieces if isinstance(piece, bytes))
