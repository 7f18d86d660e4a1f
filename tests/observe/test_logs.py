"""Lines of the log."""

from __future__ import annotations

import json
import logging
import sys

from cse.observe.logs import JsonFormatter, LineFormatter


def record(text: str, *, failed: bool = False) -> logging.LogRecord:
    try:
        raise ValueError("x\ny")
    except ValueError:
        trace = sys.exc_info() if failed else None
    return logging.LogRecord("banyan.x", logging.WARNING, "x.py", 1, "notification to %s failed", (text,), trace)


def test_names_cannot_write_lines_of_their_own() -> None:
    name = "http://h/\r\n2026-01-01 ERROR forged\x1b[2Jé"
    for formatter in (LineFormatter(), JsonFormatter()):
        line = formatter.format(record(name))
        assert line.isprintable()
        assert "é" in line
    assert json.loads(line)["message"] == f"notification to {name} failed"


def test_a_traceback_stands_below_the_line() -> None:
    first, *below = LineFormatter().format(record("a", failed=True)).splitlines()
    assert first.endswith("WARNING banyan.x: notification to a failed")
    assert "ValueError: x" in below
