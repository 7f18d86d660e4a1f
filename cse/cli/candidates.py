"""What may be typed next after ``create``, ``update`` and ``schema``: kinds and attributes, from the tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from cse.client.kinds import kind_of, registry
from cse.reference.schemas import created_with, updated_with
from resources.announced import NUMBER_OFFSET
from resources.model import Attribute, ResourceType

#: A word and its long name.
Candidate = tuple[str, str]
_OPERATOR = re.compile(":?=")


def candidates(typed: Sequence[str], valued: Collection[str]) -> list[Candidate]:
    """Return what may stand for the last word of ``typed``; the first one is that after ``banyan``.

    ``valued`` are the options with a value. Nothing for what only the user can know: targets, values, own models.
    """
    *before, current = typed or [""]
    words, options = _sorted_out(before, valued)
    if current.startswith("-") or "=" in current:
        return []
    awaited = before[-1] if before and before[-1] in valued else None
    match words:
        case ["update", *_] if awaited == "--kind":
            return _kinds(type_ for type_ in registry().types if type_.updatable and _original(type_))
        case _ if awaited is not None:
            return []
        case ["schema"]:
            return _kinds(registry().types)
        case ["create", _]:
            return _kinds(type_ for type_ in registry().types if type_.creatable and _original(type_))
        case ["create", _, kind, *items]:
            return _attributes(kind, items, update=False)
        case ["update", _, *items]:
            return _attributes(options.get("--kind", ""), items, update=True)
    return []


def _sorted_out(typed: Iterable[str], valued: Collection[str]) -> tuple[list[str], dict[str, str]]:
    """Tell positional words from options and their values."""
    words: list[str] = []
    options: dict[str, str] = {}
    rest = iter(typed)
    for word in rest:
        name, sign, value = word.partition("=")
        if word in valued:
            options[word] = next(rest, "")
        elif word == "-" or not word.startswith("-") or word.startswith("-/"):
            words.append(word)
        elif sign:
            options[name] = value
    return words, options


def _original(type_: ResourceType) -> bool:
    """False for an announced variant: CSEs make those among themselves."""
    return type_.number < NUMBER_OFFSET


def _kinds(types: Iterable[ResourceType]) -> list[Candidate]:
    return [(type_.short if type_.discriminator is None else type_.root, type_.name) for type_ in types]


def _attributes(kind: str, items: Iterable[str], *, update: bool) -> list[Candidate]:
    """The attributes that a request may carry, but those that it has and the one that is filled in."""
    try:
        type_ = kind_of(kind)
    except ValueError:
        return []
    had = {_OPERATOR.split(item, 1)[0] for item in items} | set((type_.discriminator or ())[:1])
    rows = updated_with(type_, registry()) if update else created_with(type_, registry())
    return [(f"{row.short}{sign}", row.name) for row in rows if row.short not in had for sign in _signs(row)]


def _signs(row: Attribute) -> Iterator[str]:
    """``=`` where a text may stand, ``:=`` where anything else may; a creator is asked for by null."""
    kinds = {"null"} if row.short == "cr" else set(row.type.json.split("|"))
    if not kinds.isdisjoint({"string", "any"}):
        yield "="
    if kinds != {"string"}:
        yield ":="
