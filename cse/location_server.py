"""The port to a location server: where something is, asked of the network (TS-0001 10.2.10.1, LOC-2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Where is ``target`` (``lot``)? ``server`` is ``lor``, ``authority`` is ``aid``.

    ``last_known``: a position of earlier will do when there is none of now.
    """

    target: str
    server: str
    authority: str | None = None
    last_known: bool = False


class LocationServer(Protocol):
    """A client of location servers; ``address`` is that of the one to ask where a locationPolicy names none."""

    address: str

    async def position(self, inquiry: Inquiry) -> Any:
        """The content of a contentInstance with the position. Raises CseError when there is none to be had."""
