"""A report as a JSON file: everything that is known, read back without loss."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from conformance_tests.verdict import CaseResult, Exchange, Report, Verdict

#: What the file says it is.
FORMAT = "banyan-conformance-report"
#: Raised when a reader of the former version would misread the file.
VERSION = 1


class UnreadableReport(ValueError):
    """A file is no report of this suite; the text says why and what would be right."""


def write(report: Report, path: Path) -> None:
    """Write a report. Pure ASCII, so that whatever a CSE sent comes back as it was."""
    path.write_text(dumps(report), encoding="ascii")


def read(path: Path) -> Report:
    """Read a report. Raises ``UnreadableReport``."""
    try:
        return loads(path.read_bytes())
    except OSError as error:
        raise UnreadableReport(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnreadableReport as error:
        raise UnreadableReport(f"{path}: {error}") from error


def dumps(report: Report) -> str:
    """Return a report as JSON text, keys in the order of their declaration."""
    return json.dumps({"format": FORMAT, "version": VERSION, **dataclasses.asdict(report)}, indent=1) + "\n"


def loads(text: str | bytes) -> Report:
    """Return the report in a JSON text. Raises ``UnreadableReport``."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableReport(f"is no JSON ({error}); expected what `banyan-conformance run --json` writes") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise UnreadableReport(f'has no "format": "{FORMAT}"; expected what `banyan-conformance run --json` writes')
    if data.get("version") != VERSION:
        raise UnreadableReport(f"has format version {data.get('version')!r}; this suite reads version {VERSION}")
    try:
        return _report(data)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableReport(f"is damaged: {_what(error)}") from error


def _report(data: dict[str, Any]) -> Report:
    return Report(
        target=_texts_by_name(data["target"]),
        features=_texts(data["features"]),
        seed=int(data["seed"]),
        started=_text(data["started"]),
        duration_s=float(data["duration_s"]),
        command=_text(data["command"]),
        repeat=_text(data["repeat"]),
        suite_version=_text(data["suite_version"]),
        results=[_result(one) for one in data["results"]],
    )


def _result(data: dict[str, Any]) -> CaseResult:
    return CaseResult(
        id=_text(data["id"]),
        area=_text(data["area"]),
        purpose=_text(data["purpose"]),
        refs=_texts(data["refs"]),
        needs=_texts(data["needs"]),
        verdict=Verdict(data["verdict"]),
        reason=_text(data["reason"]),
        note=_text(data["note"]),
        observed=_texts(data["observed"]),
        duration_s=float(data["duration_s"]),
        exchanges=[_exchange(one) for one in data["exchanges"]],
    )


def _exchange(data: dict[str, Any]) -> Exchange:
    texts = {name: _text(data[name]) for name in ("direction", "step", "request", "response")}
    return Exchange(at_s=float(data["at_s"]), **texts)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, found {json.dumps(value)[:40]}")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list of texts, found {json.dumps(value)[:40]}")
    return tuple(_text(one) for one in value)


def _texts_by_name(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError(f"expected texts by name, found {json.dumps(value)[:40]}")
    return {name: _text(one) for name, one in value.items()}


def _what(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
