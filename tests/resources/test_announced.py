"""ANN-3, ANN-6: announced variants follow from the tables of their originals."""

from __future__ import annotations

import pytest

from resources.announced import announced, may_stand_under
from resources.common import MA, MANDATORY, NP, OA, OPTIONAL, UNIVERSAL
from resources.model import ResourceType, row
from resources.simple_types import any_uri, string
from tests.resources.fake import REGISTRY

VARIANTS = [
    pytest.param(type_, id=type_.root)
    for type_ in REGISTRY.types
    if type_.number > 10_000 and "cnd" not in (type_.discriminator or ())
]


def copy_of(type_: ResourceType) -> ResourceType:
    """The announced variant, which there is."""
    found = announced(type_)
    assert found is not None
    return found


def device(short: str, value: str) -> ResourceType:
    """A device model."""
    return ResourceType(
        number=28, short=short, name=short, parents=("AE",), prefix="cod", base="flexContainer",
        attributes=(*UNIVERSAL, row("cnd", "containerDefinition", any_uri, announce=MA, single=True),
                    row("curT0", "currentTemperature", string, announce=OA), row("x", "own", string)),
        discriminator=("cnd", value), announced_as=f"{short}Annc",
    )


def test_ann_3_numbers_and_names() -> None:
    found = REGISTRY.by_number[10003]
    assert (found.root, found.name, found.number) == ("m2m:cntA", "containerAnnc", 10003)
    assert announced(REGISTRY.by_short["sub"]) is None
    assert announced(found) is None


def test_ann_3_a_copy_has_what_is_announced_and_the_link() -> None:
    rows = REGISTRY.by_root["m2m:cntA"].by_short
    assert set(rows) == {"rn", "ty", "ri", "pi", "ct", "lt", "et", "acpi", "lbl", "lnk", "st", "ast", "daci", "mni",
                         "mbs", "mia", "li", "or", "disr", "loc"}
    assert (rows["lnk"].create, rows["lnk"].update, rows["lnk"].single) == (MANDATORY, NP, True)
    assert (rows["li"].create, rows["li"].update, rows["li"].single) == (OPTIONAL, OPTIONAL, False)


def test_ae_4_the_link_of_an_announced_ae_may_change_but_not_go() -> None:
    link = REGISTRY.by_root["m2m:aeA"].by_short["lnk"]
    assert (link.create, link.update, link.single) == (MANDATORY, OPTIONAL, True)


@pytest.mark.parametrize("type_", VARIANTS)
def test_ann_3_every_variant(type_: ResourceType) -> None:
    assert {"et", "acpi", "lbl", "lnk"} | {row.short for row in UNIVERSAL} <= type_.by_short.keys()
    assert {"at", "aa", "cr", "cni"}.isdisjoint(type_.by_short)
    assert {row.short for row in type_.attributes if row.create is MANDATORY} == {"lnk"}
    assert (type_.instance, type_.instance_of, type_.virtual, type_.announced_as) == (None, None, (), None)
    assert type_.name.endswith("Annc")


def test_ann_3_a_management_object_keeps_its_definition() -> None:
    found = REGISTRY.by_root["m2m:batA"]
    assert (found.number, found.base, found.discriminator) == (10013, "mgmtObjAnnc", ("mgd", 1006))
    assert found is REGISTRY.specialization(10013, 1006)
    assert {"mgd", "btl", "bts"} <= found.by_short.keys()


def test_ann_3_a_device_model_has_a_definition_of_its_own() -> None:
    found = copy_of(device("tempe", "org.onem2m.common.moduleclass.temperature"))
    assert (found.number, found.root, found.base) == (10028, "cod:tempeAnnc", "flexContainerAnnc")
    assert found.discriminator == ("cnd", "org.onem2m.common.moduleclass.temperatureAnnc")
    assert found.by_short.keys() >= {"cnd", "curT0"}
    assert "x" not in found.by_short


def test_ann_3_a_device_model_is_registered_with_its_variant() -> None:
    registry = REGISTRY.extended(device("tstone", "org.example.one"), device("tsttwo", "org.example.two"))
    assert registry.specialization(10028, "org.example.twoAnnc") is registry.by_root["cod:tsttwoAnnc"]


def test_ann_3_a_secret_is_never_announced() -> None:
    assert "crse" not in REGISTRY.by_root["dcfg:crdsA"].by_short


@pytest.mark.parametrize(
    ("child", "parent", "possible"),
    [
        ("m2m:cntA", "m2m:aeA", True),
        ("m2m:cnt", "m2m:aeA", True),
        ("m2m:cntA", "m2m:ae", False),
        ("m2m:cinA", "m2m:cntA", True),
        ("m2m:cin", "m2m:cntA", False),
        ("m2m:cbA", "m2m:cb", True),
        ("m2m:batA", "m2m:nodA", True),
        ("m2m:bat", "m2m:nodA", False),
        ("m2m:aeA", "m2m:csr", True),
        ("m2m:sub", "m2m:batA", True),
    ],
)
def test_ann_6_what_may_stand_under_a_copy(child: str, parent: str, possible: bool) -> None:
    assert may_stand_under(REGISTRY.by_root[child], REGISTRY.by_root[parent]) is possible
