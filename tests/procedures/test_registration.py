"""Registration of AEs, and the CSEBase (procedures section 7, AE-1 … AE-8 and CSR-4)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cse.settings import RegistrationSettings
from cse.storage.memory import MemoryStore
from resources.enumerations import STANDARD_TYPES
from resources.status import Status
from tests.rig import ADMIN, Rig, only

GIVEN: dict[str, Any] = {"api": "N1", "rr": True, "srv": ["3"]}


async def aes(rig: Rig) -> list[str]:
    """Names of the AEs that are registered."""
    found = await rig.discover("cse", ty=[2])
    return sorted(address.rpartition("/")[2] for address in found)


async def refused(rig: Rig, status: Status, fr: str = "Cnew", to: str = "cse", **given: Any) -> None:
    """Check that a registration is refused and nothing is left of it."""
    answer = await rig.create(to, 2, {**GIVEN, **given}, fr)
    assert answer.status == status, answer.content
    assert await aes(rig) == ["cae1"]


@pytest.mark.parametrize("missing", ["api", "rr", "srv"])
async def test_ae_1_mandatory_attributes(rig: Rig, missing: str) -> None:
    given = {name: value for name, value in GIVEN.items() if name != missing}
    assert (await rig.create("cse", 2, given, "Cnew")).status == Status.BAD_REQUEST
    assert await aes(rig) == ["cae1"]


@pytest.mark.parametrize(("api", "status"), [
    ("N1", Status.CREATED), ("Rcom.example", Status.CREATED), ("rcom", Status.CREATED),
    ("n1", Status.BAD_REQUEST), ("xyz", Status.BAD_REQUEST), ("", Status.BAD_REQUEST), (1, Status.BAD_REQUEST),
])
async def test_ae_1_app_id(rig: Rig, api: Any, status: Status) -> None:
    assert (await rig.create("cse", 2, {**GIVEN, "api": api}, "Cnew")).status == status
    assert len(await aes(rig)) == (2 if status == Status.CREATED else 1)


@pytest.mark.parametrize(("to", "status"), [
    pytest.param("/other/cse", Status.BAD_REQUEST, id="AE-1 FWD-3 another CSE"),
    pytest.param("//elsewhere/other/cse", Status.BAD_REQUEST, id="AE-1 FWD-3 another SP"),
    pytest.param("cse/cae1", Status.INVALID_CHILD_RESOURCE_TYPE, id="AE-1 below an AE"),
    pytest.param("cse/none", Status.NOT_FOUND, id="AE-1 nowhere"),
])
async def test_ae_1_only_below_the_base(rig: Rig, to: str, status: Status) -> None:
    await refused(rig, status, to=to)


@pytest.mark.parametrize("to", ["cse", "-", "banyan", "/banyan", "/banyan/cse", "//banyan.example/banyan/-"])
async def test_ae_1_all_addresses_of_the_base(rig: Rig, to: str) -> None:
    assert only(await rig.create(to, 2, dict(GIVEN), "Cnew"))["pi"] == "banyan"


@pytest.mark.parametrize(("name", "value"), [("aei", "Cx"), ("ri", "Cx"), ("pi", "banyan"), ("ct", "20260101T000000")])
async def test_ae_1_what_the_host_sets(rig: Rig, name: str, value: str) -> None:
    await refused(rig, Status.BAD_REQUEST, **{name: value})


@pytest.mark.parametrize(("fr", "kind"), [("", "C"), ("C", "C"), ("S", "S")])
async def test_ae_2_a_stem_is_assigned(rig: Rig, fr: str, kind: str) -> None:
    first, second = [await rig.create("cse", 2, dict(GIVEN), fr) for _ in range(2)]
    stems = [only(one)["aei"] for one in (first, second)]
    assert all(stem.startswith(kind) and len(stem) > 8 for stem in stems)
    assert stems[0] != stems[1]
    for answer in (first, second):
        made = only(answer)
        assert made["ri"] == made["aei"] == answer.to
    assert (await rig.create(f"cse/{only(first)['rn']}", 3, {}, stems[0])).status == Status.CREATED


@pytest.mark.parametrize("fr", ["Cmine", "Smine", "/banyan/Cmine", "//banyan.example/banyan/Cmine", "/Smine"])
async def test_ae_2_a_stem_of_one_s_own(rig: Rig, fr: str) -> None:
    made = only(await rig.create("cse", 2, dict(GIVEN), fr))
    assert made["ri"] == made["aei"] == made["rn"] == fr.rpartition("/")[2]


@pytest.mark.parametrize("fr", ["mine", "xC", "C/x", "C x", "/other/Cx", "/other", "//elsewhere/other/Cx", "/banyan"])
async def test_ae_2_no_stem(rig: Rig, fr: str) -> None:
    await refused(rig, Status.BAD_REQUEST, fr)


@pytest.mark.parametrize("form", ["Cae1", "/banyan/Cae1", "//banyan.example/banyan/Cae1"])
async def test_ae_3_stem_in_use(rig: Rig, form: str) -> None:
    await refused(rig, Status.ORIGINATOR_HAS_ALREADY_REGISTERED, form, rn="other")


async def test_ae_3_name_in_use(rig: Rig) -> None:
    await refused(rig, Status.CONFLICT, rn="cae1")
    await refused(rig, Status.CONFLICT, rn="base-access")


async def test_ae_3_one_of_many_at_once(rig: Rig) -> None:
    found = await asyncio.gather(*(rig.create("cse", 2, {**GIVEN, "rn": f"n{n}"}, "Cnew") for n in range(10)))
    statuses = [one.status for one in found]
    assert statuses.count(Status.CREATED) == 1
    assert statuses.count(Status.ORIGINATOR_HAS_ALREADY_REGISTERED) == 9


@pytest.mark.parametrize(("fr", "api", "status"), [
    ("Cok1", "N1", Status.CREATED), ("Cno", "N1", Status.APP_RULE_VALIDATION_FAILED),
    ("Cok1", "N2", Status.APP_RULE_VALIDATION_FAILED), ("C", "N1", Status.APP_RULE_VALIDATION_FAILED),
    (ADMIN, "N1", Status.APP_RULE_VALIDATION_FAILED),
])
async def test_ae_3_who_may_register(fr: str, api: str, status: Status) -> None:
    rig = await Rig.open(registration=RegistrationSettings(ae_ids=["Cok*"], app_ids=["N1"]))
    assert (await rig.create("cse", 2, {**GIVEN, "api": api}, fr)).status == status
    assert len(await aes(rig)) == (status == Status.CREATED)
    await rig.close()


async def test_ae_3_nobody_may_register() -> None:
    rig = await Rig.open(registration=RegistrationSettings(ae_ids=[]))
    assert (await rig.create("cse", 2, dict(GIVEN), "Cx")).status == Status.APP_RULE_VALIDATION_FAILED
    await rig.close()


async def test_ae_5_deregistration_takes_everything_along(rig: Rig) -> None:
    box = await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    instance = await rig.made("cse/cae1/box", 4, {"con": "x"}, "Cae1")
    await rig.made("cse", 23, {"nu": ["http://sink/x"], "enc": {"net": [4], "chty": [2]}})
    assert (await rig.delete("cse/cae1", "Cae1")).status == Status.DELETED
    for to in ("cse/cae1", "Cae1", box["ri"], instance["ri"], "cse/cae1/box/la"):
        assert (await rig.retrieve(to)).status == Status.NOT_FOUND
    assert (await rig.retrieve("cse", "Cae1")).status == Status.ORIGINATOR_NOT_AUTHENTICATED
    assert len(rig.sink.contents("http://sink/x")) == 1


@pytest.mark.parametrize("name", ["cae1", "another"])
async def test_ae_5_registration_again(rig: Rig, name: str) -> None:
    await rig.made("cse/cae1", 3, {"rn": "box"}, "Cae1")
    await rig.delete("cse/cae1", "Cae1")
    assert (await rig.register("Cae1", name))["ri"] == "Cae1"
    assert (await rig.retrieve(f"cse/{name}/box", "Cae1")).status == Status.NOT_FOUND
    assert (await rig.create(f"cse/{name}", 3, {"rn": "box"}, "Cae1")).status == Status.CREATED


async def test_ae_5_registration_again_after_expiry(rig: Rig) -> None:
    await rig.register("Cshort", et=rig.at(5))
    await rig.clock.advance(20)
    assert (await rig.retrieve("cse", "Cshort")).status == Status.ORIGINATOR_NOT_AUTHENTICATED
    await rig.register("Cshort")


async def test_ae_5_registration_survives_a_restart() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    await rig.register()
    await rig.close()
    rig = await Rig.open(store=store)
    await refused(rig, Status.ORIGINATOR_HAS_ALREADY_REGISTERED, "Cae1")
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK
    await rig.close()


async def test_ae_6_an_ae_and_its_own_resource(rig: Rig) -> None:
    await rig.register("Cae2")
    assert (await rig.retrieve("cse/cae1", "Cae1")).status == Status.OK
    assert (await rig.update("cse/cae1", {"m2m:ae": {"apn": "x"}}, "Cae1")).status == Status.UPDATED
    for answer in (await rig.retrieve("cse/cae1", "Cae2"), await rig.delete("cse/cae1", "Cae2"),
                   await rig.update("cse/cae1", {"m2m:ae": {"apn": "y"}}, "Cae2")):
        assert answer.status == Status.ORIGINATOR_HAS_NO_PRIVILEGE
    rules = {"pv": {"acr": [{"acor": ["Cae2"], "acop": 2}]}, "pvs": {"acr": [{"acor": [ADMIN], "acop": 63}]}}
    policy = await rig.made("cse", 1, rules)
    await rig.update("cse/cae1", {"m2m:ae": {"acpi": [policy["ri"]]}}, "Cae1")
    assert (await rig.retrieve("cse/cae1", "Cae2")).status == Status.OK
    assert (await rig.delete("cse/cae1", "Cae1")).status == Status.ORIGINATOR_HAS_NO_PRIVILEGE


@pytest.mark.parametrize("release", [None, "1", "2a", "3", "4"])
async def test_ae_1_older_releases_have_no_supported_releases(rig: Rig, release: str | None) -> None:
    answer = await rig.create("cse", 2, {"api": "N1", "rr": True}, "Cnew", release_version=release)
    if release in ("3", "4"):
        assert answer.status == Status.BAD_REQUEST
    elif release == "1":
        assert answer.status == Status.RELEASE_VERSION_NOT_SUPPORTED
    else:
        assert only(answer)["srv"] == [release or "1"]


async def test_csr_1_a_cse_alone_makes_its_resource_and_once(rig: Rig) -> None:
    await rig.update("cse/base-access", {"m2m:acp": {"pv": {"acr": [{"acor": ["/far", "Cae1"], "acop": 63}]}}})
    given = {"cb": "/far/base", "rr": False, "srv": ["3"]}
    for fr, status in (("Cae1", Status.OPERATION_NOT_ALLOWED), (ADMIN, Status.OPERATION_NOT_ALLOWED),
                       ("/stranger", Status.ORIGINATOR_HAS_NO_PRIVILEGE), ("/far", Status.CREATED),
                       ("/far", Status.ORIGINATOR_HAS_ALREADY_REGISTERED)):
        assert (await rig.create("cse", 16, dict(given), fr)).status == status
    (found,) = await rig.discover("cse", ty=[16])
    assert only(await rig.retrieve(found, "/far"))["csi"] == "/far"


async def test_csr_4_what_the_base_says(rig: Rig) -> None:
    base = only(await rig.retrieve("cse", "Cae1"))
    assert (base["ty"], base["ri"], base["pi"], base["rn"]) == (5, "banyan", "", "cse")
    assert (base["csi"], base["cst"], base["spi"]) == ("/banyan", 1, "//banyan.example")
    assert set(base["srt"]) >= {1, 2, 3, 4, 5, 9, 23}
    assert set(base["srt"]) <= STANDARD_TYPES.keys()
    assert base["srv"] == ["2a", "3", "4"]
    assert base["csz"] == ["json"]
    await rig.cse.reachable_at(["http://here:8080"])
    assert only(await rig.retrieve("cse", "Cae1"))["poa"] == ["http://here:8080"]


@pytest.mark.parametrize(("kind", "number"), [("IN", 1), ("MN", 2), ("ASN", 3)])
async def test_csr_4_types_of_cse(kind: str, number: int) -> None:
    rig = await Rig.open(cse_type=kind)
    assert only(await rig.retrieve("cse"))["cst"] == number
    await rig.close()


@pytest.mark.parametrize("fr", [ADMIN, "Cae1", "/other"])
async def test_csr_4_the_base_is_not_changed_by_request(rig: Rig, fr: str) -> None:
    before = only(await rig.retrieve("cse"))
    for answer in (await rig.create("cse", 5, {"rn": "x"}, fr), await rig.update("cse", {"m2m:cb": {"lbl": ["x"]}}, fr),
                   await rig.update("/banyan", {"m2m:cb": {"poa": []}}, fr), await rig.delete("cse", fr),
                   await rig.delete("-", fr)):
        assert answer.status == Status.OPERATION_NOT_ALLOWED
    after = only(await rig.retrieve("cse"))
    assert {**after, "ctm": None} == {**before, "ctm": None}


async def test_csr_4_made_once() -> None:
    store = MemoryStore()
    rig = await Rig.open(store=store)
    before = only(await rig.retrieve("cse"))
    await rig.close()
    rig = await Rig.open(store=store)
    after = only(await rig.retrieve("cse"))
    assert (after["ct"], after["ri"]) == (before["ct"], before["ri"])
    await rig.close()
