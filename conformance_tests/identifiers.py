"""Identifiers in all their forms, compared as what they name (TS-0001 7.2; ADR-1, ADR-2, ADR-7)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Identifiers:
    """What a tester knows of the names at one CSE.

    ``cse_id`` is SP-relative (``/id-in``), ``sp_id`` absolute (``//sp.example`` or empty when unknown). ``aliases``
    leads from structured to unstructured identifiers of the resources a case has seen.
    """

    cse_id: str
    sp_id: str
    cse_name: str
    aliases: dict[str, str] = field(default_factory=dict)

    def normal(self, identifier: str) -> str:
        """Return one form for all forms of an identifier: CSE-relative, unstructured as far as known."""
        relative = self._relative(identifier.split("?ct=", 1)[0])
        if relative == "-" or relative.startswith("-/"):
            relative = self.cse_name + relative[1:]
        return self.aliases.get(relative, relative)

    def learn(self, structured: str, unstructured: str) -> None:
        """Remember that both identifiers name the same resource."""
        relative = self.normal(structured)
        if relative != unstructured:
            self.aliases[relative] = unstructured

    def same(self, one: object, other: object) -> bool:
        """Tell whether two identifiers name the same entity or resource."""
        return isinstance(one, str) and isinstance(other, str) and self.normal(one) == self.normal(other)

    def _relative(self, identifier: str) -> str:
        if identifier.startswith("//"):
            provider, _, rest = identifier[2:].partition("/")
            if "//" + provider != self.sp_id:
                return identifier
            identifier = "/" + rest
        if identifier in {self.cse_id, self.cse_id + "/"}:
            return self.cse_name
        if identifier.startswith(self.cse_id + "/"):
            return identifier[len(self.cse_id) + 1 :]
        # An SP-wide AE-ID-stem has no CSE in it: /Sae1 is Sae1.
        return identifier[1:] if identifier.startswith("/S") and "/" not in identifier[1:] else identifier
