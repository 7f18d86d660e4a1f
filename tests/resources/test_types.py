"""Facts of the types that code relies on, and what every table has in common."""

from __future__ import annotations

import pytest

from resources.common import UNIVERSAL
from resources.datatypes import Invalid
from resources.model import Announce, Attribute, Optionality, ResourceType
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


def test_short_names_are_unique_in_a_table() -> None:
    for type_ in REGISTRY.types:
        assert len(type_.by_short) == len(type_.attributes)


def test_long_names_are_unique_in_a_table() -> None:
    for type_ in (*REGISTRY.by_number.values(), *REGISTRY.specializations(13).values()):
        names = [row.name for row in type_.attributes]
        assert len(set(names)) == len(names)


def test_defaults_fit_their_types() -> None:
    defaults = [(row, row.default) for type_ in REGISTRY.types for row in type_.attributes if row.default is not None]
    assert len(defaults) > 8
    for row, default in defaults:
        if row.short != "pi":  # empty at the CSEBase, which has no parent (ADR-4)
            row.type.check(default)


#: Every table that is written by hand, and what follows from it; device models have files and tests of their own.
EVERY = [pytest.param(type_, id=type_.root) for type_ in REGISTRY.types if "cnd" not in (type_.discriminator or ())]


@pytest.mark.parametrize("type_", EVERY)
def test_every_type_has_the_rows_that_every_resource_has(type_: ResourceType) -> None:
    for common in UNIVERSAL:
        row = type_.by_short[common.short]
        assert (row.name, row.type, row.single) == (common.name, common.type, True)
        assert row.update is NP
    assert {row.short for row in UNIVERSAL if type_.by_short[row.short].create is O} <= {"rn"}
    assert ("et" in type_.by_short) == (type_.name != "CSEBase")


@pytest.mark.parametrize("type_", EVERY)
def test_every_parent_is_a_type_and_has_the_child(type_: ResourceType) -> None:
    places = {**REGISTRY.by_name, **{one.name: one for one in REGISTRY.specializations(13).values()}}
    for parent in type_.parents:
        assert type_.number in REGISTRY.children_of(places[parent])
    assert bool(type_.parents) == (type_.name not in {"CSEBase", *NO_PLACE})


#: Variants that stand where the announcing CSE says: their table names no other parent.
NO_PLACE = {"ontologyAnnc", "semanticMashupResultAnnc", "multimediaSessionAnnc", "flexContainerInstanceAnnc",
            "primitiveProfileAnnc", "stateAnnc"}


@pytest.mark.parametrize("type_", EVERY)
def test_subscribable_is_what_may_have_a_subscription(type_: ResourceType) -> None:
    assert type_.subscribable == (23 in REGISTRY.children_of(type_))


@pytest.mark.parametrize("type_", EVERY)
def test_nothing_is_announced_that_has_no_variant(type_: ResourceType) -> None:
    if type_.number < 10_000:
        announceable = {row.short for row in type_.attributes if row.announce is not Announce.NA}
        assert (type_.announced_as is not None) or announceable <= ANNOUNCED_NOWHERE


#: The sheet gives a class to a row of a type without a variant.
ANNOUNCED_NOWHERE = {"ma"}


@pytest.mark.parametrize("type_", EVERY)
def test_what_a_request_must_give_always_stays(type_: ResourceType) -> None:
    optional = {row.short for row in type_.attributes if row.create is M and not row.single}
    assert optional <= MANDATORY_AT_FIRST


#: A CREATE must have them, an UPDATE may remove them.
MANDATORY_AT_FIRST = {"srv", "jpin", "dtw", "cnb"}


@pytest.mark.parametrize("type_", EVERY)
def test_what_is_not_created_or_updated_by_request_has_no_mandatory_row(type_: ResourceType) -> None:
    if not type_.creatable:
        assert M not in {row.create for row in type_.attributes}
    if type_.number < 10_000 and not type_.updatable and type_.name != "flexContainerInstance":
        assert {row.update for row in type_.attributes} == {NP}


def test_roots_are_unique() -> None:
    assert len({type_.root for type_ in REGISTRY.types}) == len(REGISTRY.types)


def test_what_requests_never_create() -> None:
    assert {type_.short for type_ in REGISTRY.by_number.values() if not type_.creatable} == {
        "cb", "req", "exin", "smr", "alst", "alpc", "fci",
    }


@pytest.mark.parametrize(
    ("parent", "instance"), [("container", "contentInstance"), ("timeSeries", "timeSeriesInstance"),
                             ("flexContainer", "flexContainerInstance")]
)
def test_parents_and_instances_know_each_other(parent: str, instance: str) -> None:
    assert REGISTRY.by_name[parent].instance == instance
    assert REGISTRY.by_name[instance].instance_of == parent
    assert REGISTRY.by_name[parent].virtual == ("la", "ol")
    assert not REGISTRY.by_name[instance].updatable


@pytest.mark.parametrize("type_", [pytest.param(each, id=each.root) for each in REGISTRY.specializations(13).values()])
def test_management_objects(type_: ResourceType) -> None:
    assert (type_.base, type_.number, type_.parents[0]) == ("mgmtObj", 13, "node")
    definition = type_.by_short["mgd"]
    definition.type.check(type_.discriminator and type_.discriminator[1])
    with pytest.raises(Invalid, match="expected one of"):
        definition.type.check(0)
    assert type_.announced_as == f"{type_.short}A"
    shared = REGISTRY.by_name["mgmtObj"].by_short
    assert shared.keys() - {"mgs"} <= type_.by_short.keys()


@pytest.mark.parametrize(("name", "phrase"), [
    ("AE", "an AE"), ("container", "a container"), ("eventConfig", "an eventConfig"), ("CSEBase", "a CSEBase"),
])
def test_a_message_names_a_type_with_its_article(name: str, phrase: str) -> None:
    assert REGISTRY.by_name[name].phrase == phrase
