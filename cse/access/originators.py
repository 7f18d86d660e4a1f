"""Who an access control rule is for: entries of ``acor`` compiled into a match (ACP-4).

Originators are compared as text after ``Identity.entity``. A wildcard stays inside one segment: ``/cse1*`` is about
CSE-IDs and never about the AEs of those CSEs; only the entry ``*`` on its own means everybody, like ``all``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from cse.identifiers import AE_ID_STEM, SP_ID, Identity

EVERYBODY = frozenset({"all", "*"})
ENTRY = re.compile(r"/{0,2}[A-Za-z0-9\-._~*?]+(?:/[A-Za-z0-9\-._~*?]+)*")
WILDCARD = re.compile(r"[*?]")


@dataclass(frozen=True, slots=True)
class Originators:
    """Compiled ``acor``. ``groups`` are identifiers that may be local groups: membership has to be looked up."""

    identity: Identity
    everybody: bool
    entities: frozenset[str]
    names: tuple[re.Pattern[str], ...]
    absolutes: tuple[re.Pattern[str], ...]
    groups: tuple[str, ...]

    @property
    def has_patterns(self) -> bool:
        """True when a match depends on more than equality."""
        return bool(self.names or self.absolutes)

    def match(self, originator: str) -> bool:
        """True when an entry other than a group covers the (normalised) originator."""
        if self.everybody or originator in self.entities:
            return True
        if any(pattern.fullmatch(originator) for pattern in self.names):
            return True
        if not self.absolutes:
            return False
        absolute = absolute_form(originator, self.identity)
        return any(pattern.fullmatch(absolute) for pattern in self.absolutes)

    def match_group(self, originator: str, is_member: Callable[[str, str], bool]) -> bool:
        """True when the originator is a member of a group that an entry names."""
        return any(is_member(group, originator) for group in self.groups)


def compile_originators(entries: Iterable[Any], identity: Identity) -> Originators:
    """Compile ``acor``; entries that are no identifier (role-IDs among them) cover nobody."""
    texts = [entry for entry in entries if isinstance(entry, str) and ENTRY.fullmatch(entry)]
    entities: set[str] = set()
    names: list[re.Pattern[str]] = []
    absolutes: list[re.Pattern[str]] = []
    groups: list[str] = []
    for text in texts:
        if SP_ID.fullmatch(text):
            absolutes.append(re.compile(re.escape(text) + "/.+"))
        elif WILDCARD.search(text):
            if text.startswith("/"):
                absolutes.append(_wildcards(text if text.startswith("//") else identity.sp_id + text))
            else:
                names.append(_wildcards(text))
        else:
            entity = identity.entity(text)
            entities.add(entity)
            if not entity.startswith("/") and not AE_ID_STEM.fullmatch(entity):
                groups.append(entity)
    return Originators(
        identity, not EVERYBODY.isdisjoint(texts), frozenset(entities), tuple(names), tuple(absolutes), tuple(groups)
    )


def absolute_form(entity: str, identity: Identity) -> str:
    """Write a normalised entity absolute: ``Cae1`` becomes ``//sp/csi/Cae1``, ``Sae1`` becomes ``//sp/Sae1``."""
    if entity.startswith("//"):
        return entity
    return identity.sp_id + identity.sp_relative(entity)


def _wildcards(text: str) -> re.Pattern[str]:
    return re.compile("/".join(_segment(segment) for segment in text.split("/")))


def _segment(text: str) -> str:
    """Translate one segment. Atomic groups keep the match linear: many stars must not cost exponential time."""
    first, *rest = (re.escape(part).replace(r"\?", "[^/]") for part in re.split(r"\*+", text))
    if not rest:
        return first
    middle = "".join(f"(?>[^/]*?{part})" for part in rest[:-1])
    return f"{first}{middle}[^/]*{rest[-1]}"
