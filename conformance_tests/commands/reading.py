"""The catalogue for a command: its faults are told in one line."""

from __future__ import annotations

from conformance_tests.case import Case, CatalogueError
from conformance_tests.errors import CommandError
from conformance_tests.http.wire_cases import WireCase, load_wire
from conformance_tests.loading import Catalogue, load_catalogue


def read_catalogue() -> Catalogue:
    """Return the catalogue. Raises CommandError."""
    try:
        return load_catalogue()
    except CatalogueError as error:
        raise CommandError(f"the catalogue is wrong: {error}") from error


def with_wire(cases: tuple[Case, ...]) -> tuple[Case | WireCase, ...]:
    """Return cases and behind them those of malformed HTTP. Raises CommandError."""
    try:
        return (*cases, *load_wire())
    except CatalogueError as error:
        raise CommandError(f"the wire cases are wrong: {error}") from error
