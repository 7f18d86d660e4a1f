"""What a tester has to know of the resource types: numbers, root elements, and the feature a CSE claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance_tests.case import CatalogueError


class ResourceTypes:
    """The table ``catalog/tables/types.yaml``, by short name and by number."""

    def __init__(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        self._rows = rows
        self._by_number = {row["ty"]: short for short, row in reversed(list(rows.items())) if "mgd" not in row}
        self._by_root = {row["root"]: short for short, row in rows.items()}

    def row(self, short: str) -> Mapping[str, Any]:
        """Return the facts of a type: ``long``, ``ty``, ``root``, ``feature``, and ``mgd`` of management objects."""
        if ":" in short and not short.startswith("m2m:"):
            return {"long": short, "ty": 28, "root": short, "feature": "type:flexContainer"}
        try:
            return self._rows[short.removeprefix("m2m:")]
        except KeyError:
            raise CatalogueError(f"{short} is the short name of no type in tables/types.yaml") from None

    def features(self, short: str) -> set[str]:
        """Return what a CSE has to claim for the type: the type, and of a management object also its definition."""
        row = self.row(short)
        return {str(row["feature"])} | ({"type:mgmtObj"} if "mgd" in row else set())

    def management_features(self) -> set[str]:
        """Return the features of all management objects."""
        return {str(row["feature"]) for row in self._rows.values() if "mgd" in row}

    def all_features(self) -> set[str]:
        """Return the features of all types."""
        return {str(row["feature"]) for row in self._rows.values()}

    def feature_of_number(self, number: int) -> str | None:
        """Return the feature that a number in supportedResourceType claims."""
        short = self._by_number.get(number)
        return None if short is None else str(self._rows[short]["feature"])

    def short_of_root(self, root: str | None) -> str | None:
        """Return the short name of the type whose representation has that root element."""
        if root is None:
            return None
        return self._by_root.get(root, root if not root.startswith("m2m:") else None)
