"""A CSE at Mosquitto, asked and notified over Eclipse Paho's client in both versions of MQTT."""

from __future__ import annotations

import asyncio
import json
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.bindings.mqtt.mosquitto import Mosquitto
from tests.bindings.mqtt.paho import PahoAe
from tests.bindings.mqtt.served import cse_id, whole_cse

VERSIONS = ("3.1.1", "5")
AE: dict[str, Any] = {"api": "N1", "rr": True, "srv": ["3"]}
LARGE = 900_000


async def registered(ae: PahoAe, broker: Mosquitto, **more: Any) -> None:
    """Register an AE that is told at the broker, with a container ``c``."""
    content = {"m2m:ae": {"rn": ae.stem.lower(), **AE, "poa": [broker.url], **more}}
    assert (await ae.ask(1, "cse", "reg", ty=2, pc=content))["rsc"] == 2001
    assert (await ae.ask(1, f"cse/{ae.stem.lower()}", "cnt", ty=3, pc={"m2m:cnt": {"rn": "c"}}))["rsc"] == 2001


async def subscribed(ae: PahoAe) -> None:
    """Have the AE told of what comes into its container."""
    sub = {"m2m:sub": {"rn": "s", "nu": [ae.stem], "nct": 1, "enc": {"net": [3]}}}
    assert (await ae.ask(1, f"cse/{ae.stem.lower()}/c", "sub", ty=23, pc=sub))["rsc"] == 2001


def content_of(told: dict[str, Any]) -> str:
    """What an instance says that one is told of."""
    return str(told["pc"]["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"])


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_operation_and_notifications_in_order(broker: Mosquitto, version: str) -> None:
    name = cse_id()
    async with whole_cse(broker, name, version=version), PahoAe(broker, name, "Cpaho", version).connected() as ae:
        await registered(ae, broker)
        await subscribed(ae)
        for number in range(5):
            ae.send(1, "cse/cpaho/c", f"i{number}", ty=4, pc={"m2m:cin": {"con": str(number)}})
        told = [await ae.told() for _ in range(5)]
        assert [content_of(one) for one in told] == list("01234")
        assert [(await ae.answered.get())[1]["rsc"] for _ in range(5)] == [2001] * 5
        found = await ae.ask(2, "cse/cpaho/c", "look")
        assert found["pc"]["m2m:cnt"]["cni"] == 5
        assert (await ae.ask(3, "cse/cpaho/c", "lbl", pc={"m2m:cnt": {"lbl": ["a"]}}))["rsc"] == 2004
        assert (await ae.ask(4, "cse/cpaho/c/la", "gone"))["rsc"] == 2002
        assert (await ae.ask(2, "cse/cpaho/nothing", "no"))["rsc"] == 4004
        assert ae.wire == {(1, False, False)}, "QoS 1, nothing retained, nothing repeated"


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_comes_while_an_ae_is_away_is_told_when_it_is_back(broker: Mosquitto, version: str) -> None:
    name = cse_id()
    async with whole_cse(broker, name, version=version), PahoAe(broker, name, "Cother", version).connected() as other:
        ae = PahoAe(broker, name, "Caway", version)
        async with ae.connected():
            await registered(ae, broker)
            await subscribed(ae)
            policy = {"m2m:acp": {"rn": "p", "pv": {"acr": [{"acor": ["all"], "acop": 63}]},
                                  "pvs": {"acr": [{"acor": ["Caway"], "acop": 63}]}}}  # fmt: skip
            ri = (await ae.ask(1, "cse/caway", "acp", ty=1, pc=policy))["pc"]["m2m:acp"]["ri"]
            assert (await ae.ask(3, "cse/caway/c", "acpi", pc={"m2m:cnt": {"acpi": [ri]}}))["rsc"] == 2004
        await registered(other, broker)
        for number in range(3):
            answer = await other.ask(1, "cse/caway/c", f"i{number}", ty=4, pc={"m2m:cin": {"con": str(number)}})
            assert answer["rsc"] == 2001
        async with ae.connected():
            told: dict[str, None] = {}
            while len(told) < 3:
                told[content_of(await ae.told())] = None
            assert list(told) == ["0", "1", "2"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_request_for_another_ae_goes_on_to_it_and_its_answer_comes_back(
    broker: Mosquitto, version: str
) -> None:
    """Retargeting: the CSE is the receiver of the topic, the target is an AE that it reaches over the broker."""
    name = cse_id()
    async with (
        whole_cse(broker, name, version=version),
        PahoAe(broker, name, "Cone", version).connected() as one,
        PahoAe(broker, name, "Ctwo", version).connected() as two,
    ):
        await registered(one, broker)
        await registered(two, broker)
        all_of_it = {"acor": ["Ctwo"], "acop": 63}
        policy = {"m2m:acp": {"rn": "p", "pv": {"acr": [{"acor": ["Cone"], "acop": 16}, all_of_it]},
                              "pvs": {"acr": [all_of_it]}}}  # fmt: skip
        ri = (await two.ask(1, "cse/ctwo", "acp", ty=1, pc=policy))["pc"]["m2m:acp"]["ri"]
        assert (await two.ask(3, "cse/ctwo", "acpi", pc={"m2m:ae": {"acpi": [ri]}}))["rsc"] == 2004
        for number, to in enumerate(("cse/ctwo", "Ctwo", f"{name}/Ctwo")):
            asking = asyncio.create_task(one.ask(5, to, f"tell-{number}", pc={"m2m:sgn": {"sur": "cse/x"}}))
            told = await two.told()
            assert (told["op"], told["fr"], told["pc"]) == (5, f"{name}/Cone", {"m2m:sgn": {"sur": "cse/x"}})
            assert (await asking)["rsc"] == 2000


async def test_what_is_for_another_cse_is_not_done_here(broker: Mosquitto) -> None:
    name = cse_id()
    async with whole_cse(broker, name), PahoAe(broker, name, "Cpaho", "3.1.1").connected() as ae:
        await registered(ae, broker)
        assert (await ae.ask(2, "/other/cse", "r1"))["rsc"] == 4004
        assert (await ae.ask(2, "//other.example/cse/x", "r2"))["rsc"] == 4004
        for number, to in enumerate((f"{name}/cse/cpaho", f"{name}/-/cpaho", f"//banyan.example{name}/Cpaho")):
            assert (await ae.ask(2, to, f"own-{number}"))["pc"]["m2m:ae"]["aei"] == "Cpaho"


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_point_of_access_at_another_broker(broker: Mosquitto, tmp_path: Path, version: str) -> None:
    """The AE asks over one broker and is told, and answers, over another."""
    other, name = Mosquitto(tmp_path), cse_id()
    other.start()
    async with (
        whole_cse(broker, name, version=version),
        PahoAe(broker, name, "Cpaho", version).connected() as asks,
        PahoAe(other, name, "Cpaho", version).connected() as hears,
    ):
        await registered(asks, other)
        await subscribed(asks)
        for number in range(3):
            ask = asks.ask(1, "cse/cpaho/c", f"i{number}", ty=4, pc={"m2m:cin": {"con": str(number)}})
            answer, told = await asyncio.gather(ask, hears.told())
            assert (answer["rsc"], content_of(told)) == (2001, str(number))
    other.stop()


async def test_aes_of_one_make_register_by_their_credentials_and_are_not_taken_for_one(broker: Mosquitto) -> None:
    """Their requests are the same to the byte: only the topic tells them apart."""
    name = cse_id()
    async with whole_cse(broker, name):
        given = []
        for credential in ("cred:1", "cred:2", "cred:2"):
            async with PahoAe(broker, name, credential, "3.1.1", first=True).connected() as ae:
                answer = await ae.ask(1, "cse", "r1", fr="C", ty=2, pc={"m2m:ae": AE})
                given.append(answer["pc"]["m2m:ae"]["aei"])
        assert given[0] != given[1]
        assert given[1] == given[2], "the same request again"


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_a_request_of_any_quality_of_service_is_answered_with_1(broker: Mosquitto, qos: int) -> None:
    name = cse_id()
    async with whole_cse(broker, name), PahoAe(broker, name, "Cpaho", "3.1.1").connected() as ae:
        await registered(ae, broker)
        assert (await ae.ask(1, "cse/cpaho/c", "i", ty=4, qos=qos, pc={"m2m:cin": {"con": "1"}}))["rsc"] == 2001
        assert ae.wire == {(1, False, False)}


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_request_that_somebody_had_a_broker_retain_is_done_when_it_comes_and_not_at_each_start(
    broker: Mosquitto, version: str
) -> None:
    name = cse_id()
    async with PahoAe(broker, name, "Cpaho", version).connected() as ae:
        async with whole_cse(broker, name, version=version):
            await registered(ae, broker)
            topic = f"/oneM2M/req/Cpaho/{name[1:]}/json"
            request = {"op": 1, "to": "cse/cpaho/c", "fr": "Cpaho", "rqi": "kept", "rvi": "3", "ty": 4,
                       "pc": {"m2m:cin": {"con": "1"}}}  # fmt: skip
            ae.publish(topic, json.dumps(request), retain=True)
            assert (await ae.answered.get())[1]["rsc"] == 2001
        async with whole_cse(broker, name, version=version, client_id="a new session"):
            assert (await ae.ask(2, "cse", "look", fr="Cpaho"))["rqi"] == "look", "nothing else is answered"
            ae.publish(topic, b"", retain=True)
            assert (await ae.answered.get())[1]["rsc"] == 4000, "an empty request is one all the same"
        assert ae.answered.empty()


@pytest.mark.parametrize("version", VERSIONS)
async def test_large_contents(broker: Mosquitto, version: str) -> None:
    name = cse_id()
    async with whole_cse(broker, name, version=version), PahoAe(broker, name, "Cpaho", version).connected() as ae:
        await registered(ae, broker)
        await subscribed(ae)
        content = "x" * LARGE + "전"
        asked = ae.ask(1, "cse/cpaho/c", "i", ty=4, pc={"m2m:cin": {"con": content}})
        answer, told = await asyncio.gather(asked, ae.told())
        assert (answer["rsc"], content_of(told) == content) == (2001, True)
        assert (await ae.ask(2, "cse/cpaho/c/la", "la"))["pc"]["m2m:cin"]["con"] == content
        too_large = await _too_large(ae)
        assert (too_large["rsc"], "1048576" in too_large["pc"]["m2m:dbg"]) == (4000, True)


async def _too_large(ae: PahoAe) -> dict[str, Any]:
    """Who sends more than the CSE takes is told so, without his identifier: it was not read."""
    ae.send(1, "cse/cpaho/c", "large", ty=4, pc={"m2m:cin": {"con": "x" * 1_060_000}})
    async with asyncio.timeout(10.0):
        return (await ae.answered.get())[1]


async def test_over_tls_with_certificates_of_both_sides(tmp_path: Path, certificates: Path) -> None:
    ca = str(certificates / "ca.pem")
    own, key = str(certificates / "client.pem"), str(certificates / "client.key")
    more = (f"cafile {ca}\ncertfile {certificates}/server.pem\nkeyfile {certificates}/server.key\n"
            "require_certificate true\ntls_version tlsv1.2\n")  # fmt: skip
    broker, name = Mosquitto(tmp_path, more=more), cse_id()
    broker.start()
    url = broker.url.replace("mqtt:", "mqtts:")
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(own, key)
    ae = PahoAe(broker, name, "Cpaho", "5")
    ae.tls = context
    async with whole_cse(broker, name, url=url, ca=ca, certificate=own, private_key=key), ae.connected():
        content = {"m2m:ae": {"rn": "cpaho", **AE, "poa": [url]}}
        assert (await ae.ask(1, "cse", "reg", ty=2, pc=content))["rsc"] == 2001
        assert (await ae.ask(1, "cse/cpaho", "cnt", ty=3, pc={"m2m:cnt": {"rn": "c"}}))["rsc"] == 2001
        await subscribed(ae)
        asked = ae.ask(1, "cse/cpaho/c", "i", ty=4, pc={"m2m:cin": {"con": "1"}})
        answer, told = await asyncio.gather(asked, ae.told())
        assert (answer["rsc"], content_of(told)) == (2001, "1")
    broker.stop()
