"""Facts of the seven types that code relies on."""

from __future__ import annotations

import pytest

from resources.model import Announce, Attribute, Optionality
from tests.resources.fake import REGISTRY

M, O, NP = Optionality.MANDATORY, Optionality.OPTIONAL, Optionality.FORBIDDEN  # noqa: E741 - as the tables write them


def attribute(name: str) -> Attribute:
    kind, short = name.split(".")
    return REGISTRY.by_short[kind].by_short[short]


@pytest.mark.parametrize(
    ("name", "create", "update", "single"),
    [
        ("ae.api", M, NP, True),
        ("ae.rr", M, O, True),
        ("ae.srv", M, O, False),
        ("ae.aei", NP, NP, True),
        ("ae.poa", O, O, False),
        ("cnt.mni", O, O, False),
        ("cnt.cni", NP, NP, True),
        ("cnt.st", NP, NP, True),
        ("cnt.et", O, O, True),
        ("cnt.rn", O, NP, True),
        ("cnt.cr", O, NP, False),
        ("cnt.li", NP, NP, False),
        ("cin.con", M, NP, True),
        ("cin.cs", NP, NP, True),
        ("cin.et", O, NP, True),
        ("cin.cnf", O, NP, False),
        ("acp.pv", M, O, True),
        ("acp.pvs", M, O, True),
        ("sub.nu", M, O, True),
        ("sub.nct", O, O, True),
        ("sub.psn", O, NP, False),
        ("sub.su", O, NP, False),
        ("grp.mid", M, O, True),
        ("grp.mnm", M, O, True),
        ("grp.mt", O, NP, True),
        ("grp.csy", O, NP, True),
        ("grp.cnm", NP, NP, True),
        ("cb.rn", NP, NP, True),
        ("cb.lbl", NP, NP, False),
    ],
)
def test_optionality_and_multiplicity(name: str, create: Optionality, update: Optionality, single: bool) -> None:
    row = attribute(name)
    assert (row.create, row.update, row.single) == (create, update, single)


@pytest.mark.parametrize(
    ("name", "announce"),
    [
        ("cnt.lbl", Announce.MA),
        ("sub.lbl", Announce.NA),
        ("cin.et", Announce.NA),
        ("cnt.et", Announce.MA),
        ("cnt.mni", Announce.OA),
        ("cb.daci", Announce.NA),
        ("ae.daci", Announce.OA),
    ],
)
def test_announcement_class(name: str, announce: Announce) -> None:
    assert attribute(name).announce is announce


@pytest.mark.parametrize("kind", ["acp", "cin"])
def test_types_without_policies_of_their_own(kind: str) -> None:
    assert not REGISTRY.by_short[kind].has_policies


def test_what_requests_may_never_do() -> None:
    base, instance = REGISTRY.by_short["cb"], REGISTRY.by_short["cin"]
    assert (base.creatable, base.updatable, base.deletable) == (False, False, False)
    assert (instance.creatable, instance.updatable, instance.deletable) == (True, False, True)
    assert not instance.subscribable


def test_container_and_instance_know_each_other() -> None:
    container, instance = REGISTRY.by_short["cnt"], REGISTRY.by_short["cin"]
    assert container.instance == instance.name
    assert instance.instance_of == container.name
    assert container.virtual == ("la", "ol")


def test_short_and_long_names_are_unique_in_a_table() -> None:
    for type_ in REGISTRY.types:
        assert len({row.short for row in type_.attributes}) == len(type_.attributes)
        assert len({row.name for row in type_.attributes}) == len(type_.attributes)


def test_defaults_fit_their_types() -> None:
    defaults = [(row, row.default) for type_ in REGISTRY.types for row in type_.attributes if row.default is not None]
    assert len(defaults) > 8
    for row, default in defaults:
        if row.short != "pi":  # empty at the CSEBase, which has no parent (ADR-4)
            row.type.check(default)
