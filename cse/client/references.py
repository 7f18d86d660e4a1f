"""References to resources (``m2m:rrl``) and how they nest into a tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Reference:
    """A resource as another one lists it: its name, type number, structured address, and children when asked for."""

    name: str
    type: int
    address: str
    children: list[Reference] = field(default_factory=list)

    def walk(self) -> Iterator[Reference]:
        """Yield this reference and all below, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


def references(content: Mapping[str, Any] | None) -> list[Reference]:
    """Read ``{"m2m:rrl": {"rrf": [...]}}``, or the ``ch`` array of a resource (rcn 5)."""
    body = next(iter((content or {}).values()), None)
    rows = body if isinstance(body, list) else (body or {}).get("rrf") or (body or {}).get("ch") or []
    return [Reference(str(row.get("nm", "")), int(row.get("typ", 0)), str(row.get("val", ""))) for row in rows]


def nest(root: Reference, found: Iterable[Reference]) -> Reference:
    """Put references below ``root`` by their structured addresses, siblings by name.

    One whose parent is not among them goes to the nearest ancestor that is.
    """
    by_address = {each.address: each for each in found}
    for address, each in sorted(by_address.items()):
        parent = address.rpartition("/")[0]
        while parent and parent not in by_address:
            parent = parent.rpartition("/")[0]
        by_address.get(parent, root).children.append(each)
    return root
