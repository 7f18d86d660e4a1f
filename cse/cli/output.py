"""What a command prints: coloured on a terminal, plain in a pipe, one JSON document with ``--json``."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cse.cli.errors import Failure

BOLD, DIM, RED, YELLOW, BLUE, CYAN = "1", "2", "31", "33", "34", "36"
_TOKEN = re.compile(
    r'(?P<name>"(?:[^"\\]|\\.)*")(?=:)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>-?\d[\d.eE+-]*|true|false|null)'
)
_COLOURS = {"name": BLUE, "text": YELLOW, "word": CYAN}


@dataclass(frozen=True, slots=True)
class Output:
    """Prints results to ``stdout`` and everything else to ``stderr``."""

    as_json: bool = False

    def paint(self, text: str, colour: str, stream: IO[str] | None = None) -> str:
        """Colour a text when the stream is a terminal and NO_COLOR is not set."""
        return f"\x1b[{colour}m{text}\x1b[0m" if coloured(stream or sys.stdout) else text

    def line(self, text: str) -> None:
        """Print a line of a result."""
        print(text, flush=True)

    def document(self, value: Any) -> None:
        """Print a JSON document: one line for machines, indented and coloured for people."""
        if self.as_json:
            self.line(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        else:
            self.line(self.highlight(json.dumps(value, ensure_ascii=False, indent=2), sys.stdout))

    def highlight(self, text: str, stream: IO[str]) -> str:
        """Colour JSON text."""
        if not coloured(stream):
            return text
        return _TOKEN.sub(lambda found: self.paint(found[0], _COLOURS[str(found.lastgroup)], stream), text)

    def note(self, text: str) -> None:
        """Tell a person something that is not the result; machines are not told."""
        if not self.as_json:
            print(self.paint(text, DIM, sys.stderr), file=sys.stderr, flush=True)

    def trace(self, line: str, body: Any = None) -> None:
        """Print a line of ``--verbose``, with JSON below it."""
        print(self.paint(line, BOLD, sys.stderr), file=sys.stderr)
        if body is not None:
            text = json.dumps(body, ensure_ascii=False, indent=2)
            print(self.highlight(text, sys.stderr), file=sys.stderr, flush=True)

    def failure(self, failure: Failure) -> None:
        """Print why a command failed."""
        if self.as_json:
            print(json.dumps(failure.as_object(), ensure_ascii=False), file=sys.stderr)
            return
        print(f"{self.paint('error:', RED, sys.stderr)} {failure.message}", file=sys.stderr)
        if failure.hint:
            print(f"{self.paint('hint:', CYAN, sys.stderr)} {failure.hint}", file=sys.stderr)


def coloured(stream: IO[str]) -> bool:
    """Return whether to colour: a terminal, and neither NO_COLOR nor TERM=dumb."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
