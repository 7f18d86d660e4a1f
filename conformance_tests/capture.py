"""Answers that later steps refer to by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance_tests.matching import MISSING
from conformance_tests.primitive import Response
from conformance_tests.substitution import reach


@dataclass(slots=True)
class Capture:
    """An answer that later steps refer to; of a resource ``address`` (unstructured) and ``path`` (structured)."""

    response: Response
    type: str | None = None
    address: str | None = None
    path: str | None = None

    @property
    def root(self) -> str | None:
        """Return the name of the single root element of the content."""
        content = self.response.pc
        return str(next(iter(content))) if isinstance(content, Mapping) and len(content) == 1 else None

    @property
    def attributes(self) -> Any:
        """Return what is inside the root element, or ``MISSING``; the text of a refusal is no representation."""
        return self.response.pc[self.root] if self.root not in {None, "m2m:dbg"} else MISSING

    def attributes_have(self, name: str) -> bool:
        """Tell whether the representation has an attribute of that name."""
        return isinstance(self.attributes, Mapping) and name in self.attributes

    def part(self, name: str) -> Any:
        """Return what ``${capture.name}`` stands for; raises LookupError."""
        first, *rest = name.split(".") if not name.startswith("header.") else ["header", name[7:]]
        known: dict[str, Any] = {
            "path": self.path,
            "address": self.address,
            "rsc": self.response.rsc,
            "pc": self.response.pc,
            "root": self.root,
            "header": self.response.headers,
            "rqi": self.response.rqi,
        }
        if first in {"fr", "to"} and not self.attributes_have(first):
            return self.response.parameters[first]
        if first in known:
            return reach(known[first], rest)
        source = self.attributes if isinstance(self.attributes, Mapping) and first in self.attributes else None
        return reach(source if source is not None else self.response.parameters, [first, *rest])
