"""Section 4: result content of every operation, nesting, limits, references."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cse.operations.internal import make
from cse.primitive import FilterCriteria, Operation, ResponsePrimitive
from cse.work import Work
from resources.status import Status
from tests.rig import Rig, only
from tests.storage.gated import GatedStore

ALLOWED: dict[str, set[int]] = {
    "C": {0, 1, 2, 3, 9}, "R": {1, 4, 5, 6, 8, 12}, "U": {0, 1, 9}, "D": {0, 1, 4, 5, 6, 8},
    "discovery": {6, 11}, "N": set(),
}


@pytest.fixture
async def tree(rig: Rig) -> Rig:
    """``cse/cae1/box`` with an instance ``i``, containers ``a`` (``a1``, ``a2``) and ``b``, and a subscription."""
    for name in ("box", "box/a", "box/b", "box/a/a1", "box/a/a2"):
        parent, _, last = f"cse/cae1/{name}".rpartition("/")
        await rig.made(parent, 3, {"rn": last}, "Cae1")
    await rig.made("cse/cae1/box", 4, {"rn": "i", "con": "1"}, "Cae1")
    await rig.made("cse/cae1/box", 23, {"rn": "s", "nu": ["http://sink/a"]}, "Cae1")
    return rig


async def ask(rig: Rig, kind: str, rcn: int | None, to: str = "cse/cae1/box", **more: Any) -> ResponsePrimitive:
    """Send a request of a kind of ALLOWED."""
    parameters: dict[str, dict[str, Any]] = {
        "C": {"resource_type": 3, "content": {"m2m:cnt": {"rn": "new", "mni": 3, "cr": None}}}, "R": {},
        "U": {"content": {"m2m:cnt": {"mni": 7}}}, "D": {}, "discovery": {"filter_criteria": FilterCriteria(usage=1)},
        "N": {"content": {"m2m:sgn": {}}},
    }
    operations = {"C": Operation.CREATE, "R": Operation.RETRIEVE, "U": Operation.UPDATE, "D": Operation.DELETE,
                  "discovery": Operation.RETRIEVE, "N": Operation.NOTIFY}
    return await rig.request(operations[kind], "cse" if kind == "N" else to, result_content=rcn,
                             **{**parameters[kind], **more})


def names(response: ResponsePrimitive) -> list[str]:
    """Names of the references of an answer."""
    assert response.content is not None
    (inside,) = response.content.values()
    return [one["nm"] for one in inside.get("rrf", inside.get("ch"))]


@pytest.mark.parametrize("kind", list(ALLOWED))
@pytest.mark.parametrize("rcn", [*range(14), -1, 99])
async def test_rcn_1_every_combination(tree: Rig, kind: str, rcn: int) -> None:
    before = await tree.discover("cse"), only(await tree.retrieve("cse/cae1/box"))
    answer = await ask(tree, kind, rcn)
    if rcn in ALLOWED[kind]:
        assert answer.status.succeeded
        return
    assert answer.status == Status.BAD_REQUEST
    assert (await tree.discover("cse"), only(await tree.retrieve("cse/cae1/box"))) == before


@pytest.mark.parametrize("to", ["cse", "cse/cae1", "cse/cae1/box", "cse/cae1/box/i", "cse/cae1/box/s"])
async def test_rcn_1_the_original_of_what_is_not_announced(tree: Rig, to: str) -> None:
    assert (await ask(tree, "R", 7, to)).status == Status.BAD_REQUEST


@pytest.mark.parametrize(("kind", "rcn"), [("C", 0), ("U", 0), ("D", 0), ("D", None)])
async def test_rcn_1_nothing(tree: Rig, kind: str, rcn: int | None) -> None:
    answer = await ask(tree, kind, rcn)
    assert answer.status.succeeded
    assert answer.content is None


@pytest.mark.parametrize("rcn", [None, 1])
@pytest.mark.parametrize("kind", ["C", "R", "U"])
async def test_rcn_1_attributes_after_the_operation(tree: Rig, kind: str, rcn: int | None) -> None:
    answer = await ask(tree, kind, rcn)
    to = "cse/cae1/box/new" if kind == "C" else "cse/cae1/box"
    assert answer.content == (await tree.retrieve(to)).content


async def test_rcn_1_attributes_as_they_were_before_the_deletion(tree: Rig) -> None:
    before = await tree.retrieve("cse/cae1/box")
    assert (await ask(tree, "D", 1)).content == before.content


@pytest.mark.parametrize("ty", [3, 4, 23])
async def test_rcn_1_hierarchical_address(tree: Rig, ty: int) -> None:
    by_type: dict[int, dict[str, Any]] = {3: {}, 4: {"con": "1"}, 23: {"nu": ["http://sink/a"]}}
    for given, parent in (({"rn": "new"}, "cse/cae1/box"), ({}, "Cae1/box")):
        answer = await tree.create(parent, ty, {**by_type[ty], **given}, "Cae1", result_content=2)
        assert answer.content is not None
        (root, address), = answer.content.items()
        assert root == "m2m:uri"
        assert address.startswith("cse/cae1/box/new" if given else "cse/cae1/box/")
        assert only(await tree.retrieve(address))["ty"] == ty


@pytest.mark.parametrize("ty", [3, 4])
async def test_rcn_1_address_and_attributes(tree: Rig, ty: int) -> None:
    content = {"rn": "new", **({"con": "1"} if ty == 4 else {})}
    answer = await tree.create("cse/cae1/box", ty, content, "Cae1", result_content=3)
    whole = await tree.retrieve("cse/cae1/box/new")
    assert whole.content is not None
    assert answer.content == {"m2m:rce": {**whole.content, "uri": "cse/cae1/box/new"}}


@pytest.mark.parametrize("kind", ["R", "D"])
async def test_rcn_1_attributes_and_children(tree: Rig, kind: str) -> None:
    one = {to: only(await tree.retrieve(to)) for to in ["cse/cae1/box", *await tree.discover("cse/cae1/box")]}
    assert (await ask(tree, kind, 4)).content == {"m2m:cnt": {
        **one["cse/cae1/box"],
        "m2m:cnt": [
            {**one["cse/cae1/box/a"], "m2m:cnt": [one["cse/cae1/box/a/a1"], one["cse/cae1/box/a/a2"]]},
            one["cse/cae1/box/b"],
        ],
        "m2m:cin": [one["cse/cae1/box/i"]], "m2m:sub": [one["cse/cae1/box/s"]],
    }}


@pytest.mark.parametrize("kind", ["R", "D"])
async def test_rcn_1_children_alone(tree: Rig, kind: str) -> None:
    whole = only(await ask(tree, "R", 4))
    answer = await ask(tree, kind, 8)
    assert answer.content == {"m2m:cnt": {name: value for name, value in whole.items() if ":" in name}}


@pytest.mark.parametrize("kind", ["R", "D"])
@pytest.mark.parametrize("rcn", [5, 6])
@pytest.mark.parametrize("drt", [1, 2])
async def test_rcn_5_references(tree: Rig, kind: str, rcn: int, drt: int) -> None:
    attributes = only(await tree.retrieve("cse/cae1/box"))
    found = {to: only(await tree.retrieve(to)) for to in await tree.discover("cse/cae1/box")}
    answer = await ask(tree, kind, rcn, result_type=drt)
    assert answer.content is not None
    ((root, inside),) = answer.content.items()
    references = inside.pop("ch" if rcn == 5 else "rrf")
    assert (root, inside) == (("m2m:cnt", attributes) if rcn == 5 else ("m2m:rrl", {}))
    expected = [{"nm": one["rn"], "typ": one["ty"], "val": to if drt == 1 else one["ri"]} for to, one in found.items()]
    assert sorted(references, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize(("rcn", "content"), [(4, None), (8, {"m2m:cin": {}}), (6, {"m2m:rrl": {"rrf": []}})])
@pytest.mark.parametrize("kind", ["R", "D"])
async def test_rcn_1_children_of_an_instance(tree: Rig, kind: str, rcn: int, content: dict[str, Any] | None) -> None:
    whole = await tree.retrieve("cse/cae1/box/i")
    assert (await ask(tree, kind, rcn, "cse/cae1/box/i")).content == (content or whole.content)


async def test_rcn_1_modified_attributes_of_an_update(tree: Rig) -> None:
    before = only(await tree.retrieve("cse/cae1/box"))
    modified = only(await ask(tree, "U", 9))
    after = only(await tree.retrieve("cse/cae1/box"))
    assert modified == {"lt": after["lt"], "st": before["st"] + 1}
    limited = only(await ask(tree, "U", 9, content={"m2m:cnt": {"et": "99991231T000000"}}))
    assert limited.keys() == {"lt", "st", *(["et"] if before["et"] != only(await tree.retrieve("Cae1"))["et"] else [])}


async def test_rcn_1_modified_attributes_show_a_value_that_was_changed(rig: Rig) -> None:
    rig.cse.core.settings.max_instances = 10
    await rig.made("cse/cae1", 3, {"rn": "box", "mni": 3}, "Cae1")
    modified = only(await rig.update("cse/cae1/box", {"m2m:cnt": {"mni": 99}}, "Cae1", result_content=9))
    assert modified["mni"] == 10
    made = only(await rig.create("cse/cae1", 3, {"mni": 99}, "Cae1", result_content=9))
    assert made["mni"] == 10


async def test_rcn_6_of_a_create_is_what_the_cse_set(tree: Rig) -> None:
    """RCN-6: rcn 9 of a CREATE."""
    modified = only(await ask(tree, "C", 9))
    whole = only(await tree.retrieve("cse/cae1/box/new"))
    assert modified == {name: value for name, value in whole.items() if name not in ("rn", "mni")}
    assert modified.keys() >= {"ri", "pi", "ct", "lt", "ty", "et", "st", "cr"}
    generated = only(await tree.create("cse/cae1/box", 4, {"con": "1", "et": tree.at(9)}, "Cae1", result_content=9))
    assert generated.keys() >= {"rn", "ri", "cs", "st"}
    assert generated.keys().isdisjoint({"con", "et"})


@pytest.mark.parametrize("rcn", [4, 5, 6, 8])
async def test_rcn_2_virtual_resources_are_no_children(tree: Rig, rcn: int) -> None:
    await tree.made("cse/cae1", 9, {"rn": "g", "mid": [], "mnm": 1}, "Cae1")
    answer = await tree.retrieve("cse/cae1", rcn=rcn)
    assert not any(f'"{name}"' in str(answer.content).replace("'", '"') for name in ("la", "ol", "fopt"))


async def test_rcn_2_parents_come_before_children(tree: Rig) -> None:
    answer = await tree.retrieve("cse", rcn=6)
    assert answer.content is not None
    addresses = [one["val"] for one in answer.content["m2m:rrl"]["rrf"]]
    assert addresses.index("cse/cae1/box") < addresses.index("cse/cae1/box/a") < addresses.index("cse/cae1/box/a/a1")
    for address in addresses:
        parent = address.rpartition("/")[0]
        assert parent == "cse" or addresses.index(parent) < addresses.index(address)


@pytest.mark.parametrize("rcn", [4, 5, 6, 8])
async def test_rcn_3_children_that_may_not_be_read(tree: Rig, rcn: int) -> None:
    await tree.register("Cae2")
    rule = {"acr": [{"acor": ["Cae2"], "acop": 2}]}
    await tree.made("cse", 1, {"rn": "p", "pv": rule, "pvs": rule})
    await tree.update("cse/cae1/box", {"m2m:cnt": {"acpi": ["cse/p"]}})
    await tree.update("cse/cae1/box/b", {"m2m:cnt": {"acpi": ["cse/p"]}})
    await tree.update("cse/cae1/box/a/a1", {"m2m:cnt": {"acpi": ["cse/p"]}})
    answer = await tree.retrieve("cse/cae1/box", "Cae2", rcn=rcn)
    if rcn in (5, 6):
        assert names(answer) == ["b", "i"]
    else:
        inside = only(answer)
        assert [one["rn"] for one in inside["m2m:cnt"]] == ["b"]
        assert [one["rn"] for one in inside["m2m:cin"]] == ["i"]
        assert "m2m:sub" not in inside


async def test_rcn_3_children_that_may_not_be_discovered(tree: Rig) -> None:
    await tree.register("Cae2")
    for name, bits in (("all", 34), ("read", 2), ("find", 32)):
        rule = {"acr": [{"acor": ["Cae2"], "acop": bits}]}
        await tree.made("cse", 1, {"rn": name, "pv": rule, "pvs": rule})
    await tree.update("cse/cae1/box", {"m2m:cnt": {"acpi": ["cse/all"]}})
    await tree.update("cse/cae1/box/a", {"m2m:cnt": {"acpi": ["cse/read"]}})
    await tree.update("cse/cae1/box/b", {"m2m:cnt": {"acpi": ["cse/find"]}})
    assert sorted(await tree.discover("cse/cae1/box", "Cae2")) == ["cse/cae1/box/b", "cse/cae1/box/i"]
    assert names(await tree.retrieve("cse/cae1/box", "Cae2", rcn=6)) == ["a", "i"]


@pytest.mark.parametrize(("level", "found"), [
    (1, {"a", "b", "i", "s"}), (2, {"a", "b", "i", "s", "a1", "a2"}), (3, {"a", "b", "i", "s", "a1", "a2"})])
@pytest.mark.parametrize("rcn", [5, 6])
async def test_rcn_4_level(tree: Rig, level: int, found: set[str], rcn: int) -> None:
    assert set(names(await tree.retrieve("cse/cae1/box", rcn=rcn, fc=FilterCriteria(level=level)))) == found


async def test_rcn_4_limit_and_offset_page_through_the_children(tree: Rig) -> None:
    found: list[str] = []
    offset, pages = 1, 0
    while True:
        answer = await tree.retrieve("cse/cae1/box", rcn=6, fc=FilterCriteria(limit=3, offset=offset))
        assert len(names(answer)) <= 3
        found += names(answer)
        pages += 1
        if answer.content_status != 1:
            break
        assert answer.content_offset is not None
        assert answer.content_offset > offset
        offset = answer.content_offset
    assert sorted(found) == sorted(["a", "a1", "a2", "b", "s", "i"])
    assert pages == 2
    assert answer.content_offset is None


async def test_rcn_4_a_child_is_whole_or_absent(tree: Rig) -> None:
    answer = await tree.retrieve("cse/cae1/box", rcn=6, fc=FilterCriteria(limit=2))
    assert names(answer) == []
    assert (answer.content_status, answer.content_offset) == (1, 1)
    answer = await tree.retrieve("cse/cae1/box", rcn=6, fc=FilterCriteria(limit=3))
    assert sorted(names(answer)) == ["a", "a1", "a2"]
    assert (answer.content_status, answer.content_offset) == (1, 2)


@pytest.mark.parametrize(("limit", "status"), [(5, 1), (6, None), (7, None)])
async def test_rcn_4_only_a_cut_result_is_partial(tree: Rig, limit: int, status: int | None) -> None:
    answer = await tree.retrieve("cse/cae1/box", rcn=6, fc=FilterCriteria(limit=limit))
    assert answer.content_status == status


@pytest.mark.parametrize("offset", [5, 6, 1000])
async def test_rcn_4_an_offset_behind_the_end(tree: Rig, offset: int) -> None:
    assert names(await tree.retrieve("cse/cae1/box", rcn=6, fc=FilterCriteria(offset=offset))) == []


@pytest.mark.parametrize("drt", [1, 2])
async def test_rcn_5_identifier_type_of_a_discovery(tree: Rig, drt: int) -> None:
    answer = await ask(tree, "discovery", None, result_type=drt)
    assert answer.content is not None
    found = answer.content["m2m:uril"]
    assert len(found) == 6
    for address in found:
        assert ("/" in address) is (drt == 1)
        assert (await tree.retrieve(address)).status == Status.OK
    answer = await ask(tree, "discovery", 6, result_type=drt)
    assert answer.content is not None
    assert sorted(one["val"] for one in answer.content["m2m:rrl"]["rrf"]) == sorted(found)


async def test_rcn_1_what_is_shown_is_durable() -> None:
    store = GatedStore()
    rig = await Rig.open(store=store)
    await rig.made("cse", 3, {"rn": "box"})
    store.gate.clear()
    writing = asyncio.ensure_future(rig.create("cse/box", 4, {"con": "1"}))
    await asyncio.sleep(0)
    readers = [asyncio.ensure_future(one) for one in (
        rig.retrieve("cse/box"), rig.retrieve("cse/box/la"), rig.retrieve("cse/box", rcn=4),
        rig.retrieve("cse/box", attribute_list=["cni"]), rig.retrieve("cse", fc=FilterCriteria({"ty": [4]}, usage=1)))]
    others = await rig.retrieve("cse")
    assert others.status == Status.OK
    for _ in range(50):
        await asyncio.sleep(0)
    assert not any(one.done() for one in (writing, *readers))
    store.gate.set()
    assert (await writing).status == Status.CREATED
    assert [(await one).status for one in readers] == [Status.OK] * 5
    await rig.close()


async def test_rcn_1_the_original_of_an_announced_resource(tree: Rig) -> None:
    """The copy is made by the CSE in this test: its place is below a CSE that announces."""
    core, work = tree.cse.core, Work()
    copy = {"rn": "copy", "lnk": "/banyan/cse/cae1/box"}
    make(core, work, core.tree.by_id["Cae1"], core.registry.by_number[10003], copy, creator="Cae1")
    await core.commit(work)
    answer = await ask(tree, "R", 7, "cse/cae1/copy", fr="Cae1")
    assert answer.content == (await tree.retrieve("cse/cae1/box", "Cae1")).content
    await tree.register("Cae2")
    rules = {"acr": [{"acor": ["Cae2"], "acop": 2}]}
    await tree.made("cse", 1, {"rn": "p", "pv": rules, "pvs": rules})
    await tree.update("cse/cae1/copy", {"m2m:cntA": {"acpi": ["cse/p"]}})
    assert (await ask(tree, "R", 7, "cse/cae1/copy", fr="Cae2")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    await tree.delete("cse/cae1/box", "Cae1")
    assert (await ask(tree, "R", 7, "cse/cae1/copy", fr="Cae1")).status == Status.NOT_FOUND
    core.tree.find("cse/cae1/copy").attributes["lnk"] = "/other/cse/c"  # type: ignore[union-attr]
    assert (await ask(tree, "R", 7, "cse/cae1/copy", fr="Cae1")).status == Status.NOT_FOUND


async def test_rcn_1_addresses_of_what_was_discovered(tree: Rig) -> None:
    found = await ask(tree, "discovery", 11)
    assert found.content == (await ask(tree, "discovery", None)).content
    for to in ("cse/cae1/box", "cse/cae1/box/i"):
        assert (await ask(tree, "R", 11, to)).status == Status.BAD_REQUEST


@pytest.mark.parametrize(("acop", "asked", "bits"), [
    (63, None, 63), (34, None, 34), (34, 2, 2), (34, 9, 0), (1, 63, 1)])
@pytest.mark.parametrize("to", ["cse/cae1/box", "cse/cae1/box/i", "cse/cae1/box/la"])
async def test_rcn_1_permissions_of_the_originator(tree: Rig, acop: int, asked: int | None, bits: int, to: str) -> None:
    await tree.register("Cae2")
    rules = {"acr": [{"acor": ["Cae2"], "acop": acop}]}
    await tree.made("cse", 1, {"rn": "p", "pv": rules, "pvs": rules})
    await tree.update("cse/cae1/box", {"m2m:cnt": {"acpi": ["cse/p"]}})
    criteria = FilterCriteria(permissions=asked) if asked else None
    answer = await tree.retrieve(to, "Cae2", rcn=12, fc=criteria)
    assert answer.content == {"m2m:acr": {"acor": ["Cae2"], "acop": bits}}
    await tree.register("Cae3")
    assert (await tree.retrieve(to, "Cae3", rcn=12)).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    for rcn in (None, 1, 4, 6):
        answer = await tree.retrieve("cse/cae1/box", rcn=rcn, fc=FilterCriteria(permissions=2))
        assert answer.status == Status.BAD_REQUEST


@pytest.mark.parametrize("rcn", [4, 5, 6, 8])
async def test_rcn_4_many_instances_are_read_page_by_page(rig: Rig, rcn: int,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.made("cse/cae1", 3, {"rn": "big"}, "Cae1")
    await rig.made("cse/cae1/big", 3, {"rn": "in"}, "Cae1")
    for number in range(25):
        await rig.made("cse/cae1/big", 4, {"rn": f"i{number}", "con": "1"}, "Cae1")
        await rig.made("cse/cae1/big/in", 4, {"con": "1"}, "Cae1")
    monkeypatch.setattr("cse.instances.PAGE", 4)
    turns: list[int] = []

    async def count() -> None:
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    before = len(turns)
    whole = await rig.retrieve("cse/cae1/big", "Cae1", rcn=rcn)
    assert len(turns) - before > 6
    counting.cancel()
    assert (whole.content_status, whole.content_offset) == (None, None)
    part = await rig.retrieve("cse/cae1/big", "Cae1", rcn=rcn, fc=FilterCriteria(limit=20))
    assert (part.content_status, part.content_offset) == (1, 1)
    rest = await rig.retrieve("cse/cae1/big", "Cae1", rcn=rcn, fc=FilterCriteria(limit=20, offset=2))
    assert (rest.content_status, rest.content_offset) == (1, 22)
    last = await rig.retrieve("cse/cae1/big", "Cae1", rcn=rcn, fc=FilterCriteria(limit=20, offset=22))
    assert (last.content_status, last.content_offset) == (None, None)
    if rcn == 6:
        assert names(rest) + names(last) == [f"i{number}" for number in range(25)]


@pytest.mark.parametrize("rcn", [4, 6])
async def test_rcn_4_a_condition_counts_only_the_instances_that_match(rig: Rig, rcn: int) -> None:
    await rig.made("cse/cae1", 3, {"rn": "big", "lbl": ["x"]}, "Cae1")
    await rig.made("cse/cae1/big", 3, {"rn": "in"}, "Cae1")
    for number in range(10):
        await rig.made("cse/cae1/big/in", 4, {"con": "1", "lbl": ["x"] if number % 5 == 0 else ["y"]}, "Cae1")
    answer = await rig.retrieve("cse/cae1/big", "Cae1", rcn=rcn, fc=FilterCriteria({"lbl": ["x"]}, limit=3))
    assert answer.content_status is None
    answer = await rig.retrieve("cse/cae1/big", "Cae1", rcn=rcn, fc=FilterCriteria({"lbl": ["y"]}, limit=3))
    assert answer.status == Status.NOT_FOUND or answer.content_status == 1


@pytest.mark.parametrize("to", ["cse", "cse/cae1", "cse/cae1/box", "cse/cae1/box/i", "cse/cae1/box/s"])
async def test_ret_1_every_attribute_alone(tree: Rig, to: str) -> None:
    whole = only(await tree.retrieve(to))
    for name, value in whole.items():
        if name != "ctm":
            assert only(await tree.retrieve(f"{to}#{name}")) == {name: value}
            assert only(await tree.retrieve(to, attribute_list=[name, "rn"])) == {name: value, "rn": whole["rn"]}
    if "ctm" in whole:
        assert only(await tree.retrieve(f"{to}#ctm"))["ctm"] >= whole["ctm"]
    assert (await tree.retrieve(f"{to}#nonsense")).status == Status.BAD_REQUEST
