"""A resource type is one table: one that the standard does not have works at once through the whole CSE."""

from __future__ import annotations

from resources.common import ACPI, ET, LBL, UNIVERSAL
from resources.model import Optionality, ResourceType, row
from resources.registry import Registry
from resources.simple_types import positive_integer, string
from resources.status import Status
from tests.rig import Rig, message, only

LAMP = ResourceType(
    number=9901,
    short="lamp",
    name="lamp",
    parents=("AE", "container"),
    attributes=(
        *UNIVERSAL, ET, ACPI, LBL,
        row("lum", "luminance", positive_integer, create=Optionality.MANDATORY, single=True),
        row("mod", "mood", string),
    ),
)


async def test_cre_1_a_type_that_is_added_at_run_time_can_be_used() -> None:
    rig = await Rig.open(registry=Registry.default().extended(LAMP))
    await rig.register()
    assert 9901 in only(await rig.retrieve("cse"))["srt"]
    lamp = await rig.made("cse/cae1", 9901, {"rn": "desk", "lum": 400, "lbl": ["room:1"]}, "Cae1")
    assert only(await rig.retrieve("cse/cae1/desk", "Cae1")) == lamp
    changed = await rig.update("cse/cae1/desk", {"m2m:lamp": {"mod": "warm"}}, "Cae1")
    assert only(changed)["mod"] == "warm"
    assert await rig.discover("cse/cae1", "Cae1", atr=[("lum", 400)]) == ["cse/cae1/desk"]
    refused = await rig.create("cse/cae1", 9901, {"rn": "dark", "lum": 0}, "Cae1")
    assert refused.status == Status.BAD_REQUEST
    assert "lum" in message(refused)
    assert (await rig.create("cse", 9901, {"lum": 1})).status == Status.INVALID_CHILD_RESOURCE_TYPE
    assert (await rig.delete("cse/cae1/desk", "Cae1")).status == Status.DELETED
    await rig.close()
