"""Section 1: identifiers in every form, names, and what the CSE makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cse import identifiers
from cse.identifiers import Identity
from cse.primitive import Operation
from resources.status import Status
from tests.rig import Rig, only

SCOPES = [pytest.param("", id="ADR-2 CSE-relative"), pytest.param("/banyan/", id="ADR-2 SP-relative"),
          pytest.param("//banyan.example/banyan/", id="ADR-2 absolute")]
PATHS = [pytest.param("cse/cae1/box", id="ADR-1 structured"), pytest.param("-/cae1/box", id="ADR-1 dash"),
         pytest.param("{ri}", id="ADR-1 unstructured"), pytest.param("Cae1/box", id="ADR-1 hybrid"),
         pytest.param("banyan/cae1/box", id="ADR-1 hybrid from the base")]


async def boxed(rig: Rig) -> dict[str, Any]:
    """Make a container ``cse/cae1/box``."""
    return await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("operation", ["C", "R", "U", "D", "discovery"])
async def test_adr_1_every_form_for_every_operation(rig: Rig, scope: str, path: str, operation: str) -> None:
    box = await boxed(rig)
    to = scope + path.format(ri=box["ri"])
    if operation == "C":
        assert (await rig.made(to, 4, {"con": "1"}, "Cae1"))["pi"] == box["ri"]
    elif operation == "R":
        assert only(await rig.retrieve(to, "Cae1")) == box
    elif operation == "U":
        assert only(await rig.update(to, {"m2m:cnt": {"mni": 3}}, "Cae1"))["mni"] == 3
    elif operation == "discovery":
        await rig.made(box["ri"], 3, {"rn": "in"}, "Cae1")
        assert await rig.discover(to, "Cae1") == ["cse/cae1/box/in"]
    else:
        assert (await rig.delete(to, "Cae1")).status == Status.DELETED
        assert (await rig.retrieve(box["ri"], "Cae1")).status == Status.NOT_FOUND


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("child", ["la", "ol", "cin", "{cin}"])
async def test_adr_1_virtual_children_and_instances_in_every_form(rig: Rig, scope: str, path: str, child: str) -> None:
    box = await boxed(rig)
    instance = await rig.made(box["ri"], 4, {"con": "1", "rn": "cin"}, "Cae1")
    if child == "{cin}":
        assert only(await rig.retrieve(scope + instance["ri"], "Cae1")) == instance
    else:
        assert only(await rig.retrieve(f"{scope}{path.format(ri=box['ri'])}/{child}", "Cae1")) == instance


@pytest.mark.parametrize("scope", SCOPES)
async def test_adr_1_a_fan_out_point_in_every_form(rig: Rig, scope: str) -> None:
    box = await boxed(rig)
    made = await rig.made("cse/cae1", 9, {"rn": "g", "mid": ["cse/cae1"], "mnm": 1}, "Cae1")
    for path in ("cse/cae1/g", "-/cae1/g", "Cae1/g", made["ri"]):
        (answer,) = only(await rig.retrieve(f"{scope}{path}/fopt/box", "Cae1"))["m2m:rsp"]
        assert answer["pc"] == {"m2m:cnt": box}


@pytest.mark.parametrize("to", ["cse", "-", "banyan", "/banyan", "/banyan/", "/banyan/cse", "/banyan/-",
                                "//banyan.example/banyan", "//banyan.example/banyan/cse"])
async def test_adr_3_forms_of_the_base(rig: Rig, to: str) -> None:
    assert only(await rig.retrieve(to))["csi"] == "/banyan"


@pytest.mark.parametrize("to", ["/other", "/other/cse/cae1", "//else.example/banyan/cse", "//banyan.example/other/cse"])
@pytest.mark.parametrize("operation", list(Operation))
async def test_adr_2_a_foreign_prefix_is_not_looked_up_here(rig: Rig, to: str, operation: Operation) -> None:
    with_content = operation in (Operation.CREATE, Operation.UPDATE, Operation.NOTIFY)
    answer = await rig.request(operation, to, resource_type=3 if operation is Operation.CREATE else None,
                               content={"m2m:cnt": {"rn": "x"}} if with_content else None)
    assert answer.status == Status.NOT_FOUND
    assert await rig.discover("cse", ty=[3]) == []


@pytest.mark.parametrize("to", ["cse/nothing", "cse/cae1/box/nothing", "nothing", "cae1", "box", "la", "cse/la",
                                "cse/cae1/la", "cse/cae1/box/la/x", "cnt-000000000000", "cin-99", "-/-", "cse/cse",
                                "cse/cae1/../cae1", "cse/."])
async def test_adr_1_what_leads_nowhere(rig: Rig, to: str) -> None:
    box = await boxed(rig)
    await rig.made(box["ri"], 4, {"con": "1"})
    assert (await rig.retrieve(to)).status == Status.NOT_FOUND


@pytest.mark.parametrize("to", ["cse//cae1", "cse/ä", "cse/a b", "/", "//", "//banyan.example", "//banyan.example/",
                                "cse/cae1?x", "cse\\cae1", "cse/\x00", "cse/c%61e1"])
async def test_adr_1_what_is_no_identifier(rig: Rig, to: str) -> None:
    assert (await rig.retrieve(to)).status == Status.BAD_REQUEST


async def test_adr_4_parent_ids(rig: Rig) -> None:
    box = await boxed(rig)
    instance = await rig.made("cse/cae1/box", 4, {"con": "1"}, "Cae1")
    ae = only(await rig.retrieve("Cae1"))
    base = only(await rig.retrieve("cse"))
    assert (instance["pi"], box["pi"], ae["pi"], base["pi"]) == (box["ri"], "Cae1", base["ri"], "")
    assert ae["ri"] == ae["aei"] == "Cae1"
    assert len({instance["ri"], box["ri"], ae["ri"], base["ri"]}) == 4
    assert not any("/" in one["ri"] for one in (instance, box, ae, base))


@pytest.mark.parametrize("name", ["", "a/b", "a b", "ä", "a:b", "a~b", "-", ".", "..", "a#b", "a\n", 5, None, ["a"]])
@pytest.mark.parametrize("ty", [3, 4])
async def test_adr_5_names_that_are_refused(rig: Rig, name: Any, ty: int) -> None:
    await boxed(rig)
    content = {"rn": name, **({"con": "1"} if ty == 4 else {})}
    assert (await rig.create("cse/cae1/box", ty, content, "Cae1")).status == Status.BAD_REQUEST
    assert only(await rig.retrieve("cse/cae1/box"))["cni"] == 0


@pytest.mark.parametrize("old", [3, 4, 23])
@pytest.mark.parametrize("new", [3, 4, 23])
async def test_adr_5_a_name_in_use(rig: Rig, old: int, new: int) -> None:
    await boxed(rig)
    content: dict[int, dict[str, Any]] = {3: {}, 4: {"con": "1"}, 23: {"nu": ["http://sink/a"]}}
    first = await rig.made("cse/cae1/box", old, {"rn": "a", **content[old]}, "Cae1")
    before = only(await rig.retrieve("cse/cae1/box"))
    assert (await rig.create("cse/cae1/box", new, {"rn": "a", **content[new]}, "Cae1")).status == Status.CONFLICT
    assert only(await rig.retrieve("cse/cae1/box")) == before
    assert only(await rig.retrieve("cse/cae1/box/a")) == first
    await rig.made("cse/cae1", 3, {"rn": "a"}, "Cae1")


@pytest.mark.parametrize(("to", "ty", "name"), [("cse/cae1/box", 3, "la"), ("cse/cae1/box", 3, "ol"),
                                                ("cse/cae1/box", 4, "la"), ("cse/cae1/box", 4, "ol"),
                                                ("cse/cae1/box", 23, "la"), ("cse/g", 23, "fopt"),
                                                ("cse/g", 23, "sfop"), ("cse/cae1/s", 18, "ntsr")])
async def test_adr_5_names_of_virtual_children(rig: Rig, to: str, ty: int, name: str) -> None:
    await boxed(rig)
    await rig.made("cse", 9, {"rn": "g", "mid": ["cse/cae1"], "mnm": 1}, "Cae1")
    await rig.made("cse/cae1", 23, {"rn": "s", "nu": ["http://sink/s"]}, "Cae1")
    content: dict[int, dict[str, Any]] = {3: {}, 4: {"con": "1"}, 23: {"nu": ["http://sink/a"]},
                                          18: {"se": {"sce": ["* * * * * * *"]}}}
    assert (await rig.create(to, ty, {"rn": name, **content[ty]}, "Cae1")).status == Status.CONFLICT


@pytest.mark.parametrize("name", ["la", "fopt"])
async def test_adr_5_names_of_virtual_children_are_free_elsewhere(rig: Rig, name: str) -> None:
    made = await rig.made("cse/cae1", 3, {"rn": name}, "Cae1")
    assert only(await rig.retrieve(f"cse/cae1/{name}")) == made


@pytest.mark.parametrize("name", ["cin-1", "cin-ff"])
async def test_adr_5_the_form_of_a_generated_name_is_kept_free(rig: Rig, name: str) -> None:
    await boxed(rig)
    for ty, content in ((3, {}), (4, {"con": "1"})):
        assert (await rig.create("cse/cae1/box", ty, {"rn": name, **content}, "Cae1")).status == Status.CONFLICT


async def test_adr_6_identifiers_leave_sp_relative(rig: Rig) -> None:
    await boxed(rig)
    await rig.made("cse/cae1/box", 23, {"rn": "s", "nu": ["http://sink/a"], "enc": {"net": [3]}, "nct": 3}, "Cae1")
    made = await rig.made("cse/cae1/box", 3, {"rn": "in"}, "Cae1")
    (content,) = rig.sink.contents("http://sink/a")
    assert content["m2m:sgn"]["sur"] == "/banyan/cse/cae1/box/s"
    assert content["m2m:sgn"]["nev"]["rep"] == {"m2m:uri": f"/banyan/{made['ri']}"}


@pytest.mark.parametrize("fr", ["Cae1", "/banyan/Cae1", "//banyan.example/banyan/Cae1"])
async def test_adr_7_one_originator_in_every_form(rig: Rig, fr: str) -> None:
    await boxed(rig)
    assert (await rig.retrieve("cse/cae1/box", fr)).status == Status.OK
    made = await rig.made("cse/cae1", 3, {"rn": "other", "cr": None}, fr)
    assert made["cr"] == "Cae1"
    assert (await rig.delete("cse/cae1/other", "Cae1")).status == Status.DELETED


@pytest.mark.parametrize("fr", ["Sae1", "/Sae1", "//banyan.example/Sae1"])
async def test_adr_7_an_sp_wide_stem_in_every_form(rig: Rig, fr: str) -> None:
    await rig.register("Sae1")
    assert (await rig.retrieve("cse/sae1", fr)).status == Status.OK


@pytest.mark.parametrize(("fr", "known"), [("cae1", False), ("CAE1", False), ("/banyan/Cae2", False),
                                           ("/other/Cae1", True), ("//else.example/banyan/Cae1", True),
                                           ("/Cae1", True)])
async def test_adr_7_somebody_else(rig: Rig, fr: str, known: bool) -> None:
    await boxed(rig)
    status = Status.ORIGINATOR_HAS_NO_PRIVILEGE if known else Status.ORIGINATOR_NOT_AUTHENTICATED
    assert (await rig.retrieve("cse/cae1/box", fr)).status == status


@pytest.mark.parametrize("acor", ["Cae2", "/banyan/Cae2", "//banyan.example/banyan/Cae2"])
@pytest.mark.parametrize("fr", ["Cae2", "/banyan/Cae2", "//banyan.example/banyan/Cae2"])
async def test_adr_7_policies_mean_the_entity(rig: Rig, acor: str, fr: str) -> None:
    await rig.register("Cae2")
    rule = {"acr": [{"acor": [acor], "acop": 2}]}
    await rig.made("cse/cae1", 1, {"rn": "p", "pv": rule, "pvs": rule}, "Cae1")
    await rig.made("cse/cae1", 3, {"rn": "box", "acpi": ["cse/cae1/p"]}, "Cae1")
    assert (await rig.retrieve("cse/cae1/box", fr)).status == Status.OK
    assert (await rig.delete("cse/cae1/box", fr)).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


async def test_adr_4_no_ae_takes_the_name_of_the_base() -> None:
    rig = await Rig.open(cse_name="CSE")
    answer = await rig.create("CSE", 2, {"api": "N1", "rr": True, "srv": ["3"]}, "CSE")
    assert answer.status == Status.APP_RULE_VALIDATION_FAILED
    assert only(await rig.retrieve("CSE"))["ty"] == 5
    await rig.close()


@pytest.mark.parametrize("ask", [Identity.address, Identity.entity])
def test_long_identifiers_are_not_kept(ask: Callable[[Identity, str], object]) -> None:
    identity, long = Identity("/banyan", "//banyan.example", "cse"), "/x/" + "C" * identifiers.KNOWN_LENGTH
    kept = [known.cache_info().currsize for known in (identifiers._known_address, identifiers._known_entity)]
    assert ask(identity, long) == ask(identity, long)
    assert kept == [known.cache_info().currsize for known in (identifiers._known_address, identifiers._known_entity)]
