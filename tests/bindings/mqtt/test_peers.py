"""A CSE at Mosquitto, asked and notified by mosquitto_pub and mosquitto_sub."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bindings.mqtt.client import MqttTransport
from cse.client.transport import Unreachable
from cse.primitive import Operation, RequestPrimitive
from resources.status import Status
from tests.bindings.contract import RETRIEVE
from tests.bindings.mqtt.clients import Ae, Subscriber, publish
from tests.bindings.mqtt.mosquitto import Mosquitto, program
from tests.bindings.mqtt.served import ADMIN, cse_id, served, whole_cse
from tests.bindings.small_cse import SmallCse
from tests.codecs.serialisations import CODECS

AE: dict[str, Any] = {"api": "N1", "rr": True, "srv": ["3"]}
INSTANCE = {"m2m:cin": {"con": "1"}}


async def registered(broker: Mosquitto, name: str, stem: str = "Cae1", **more: Any) -> Ae:
    """Give an AE that is registered at a CSE and has a container ``c``."""
    ae = await Ae(broker, name, stem).listen()
    content = {"m2m:ae": {"rn": stem.lower(), **AE, **more}}
    assert (await ae.ask(1, "cse", "reg", ty=2, pc=content))["rsc"] == 2001
    assert (await ae.ask(1, f"cse/{stem.lower()}", "cnt", ty=3, pc={"m2m:cnt": {"rn": "c"}}))["rsc"] == 2001
    return ae


async def test_a_request_and_its_answer_to_the_byte(broker: Mosquitto) -> None:
    cse, name = SmallCse(), cse_id()
    level = name[1:]
    async with served(cse.handle, broker, name):
        answers = await Subscriber(broker, "/oneM2M/resp/#").listen()
        request = b'{"op":4,"to":"cse","fr":"Cae1","rqi":"r1","rvi":"3"}'
        await publish(broker, f"/oneM2M/req/Cae1/{level}/json", request)
        expected = f'{{"rsc":2002,"rqi":"r1","rvi":"3","to":"Cae1","fr":"{name}"}}'
        assert await answers.take(1) == [(f"/oneM2M/resp/Cae1/{level}/json", expected)]
    assert cse.seen[0].source_address is None


async def test_an_ae_registers_by_its_credential(broker: Mosquitto) -> None:
    name = cse_id()
    async with whole_cse(broker, name):
        answers = await Subscriber(broker, "/oneM2M/reg_resp/cred:1/#").listen()
        request = {"op": 1, "to": "cse", "fr": "C", "rqi": "r1", "rvi": "3", "ty": 2, "pc": {"m2m:ae": AE}}
        await publish(broker, f"/oneM2M/reg_req/cred:1/{name[1:]}/json", request)
        [(topic, payload)] = await answers.take(1)
        answer = json.loads(payload)
        assert topic == f"/oneM2M/reg_resp/cred:1/{name[1:]}/json"
        assert (answer["rsc"], answer["pc"]["m2m:ae"]["aei"][0]) == (2001, "C")


async def test_what_is_no_registration_is_not_asked_on_the_topic_for_registrations(broker: Mosquitto) -> None:
    cse, name = SmallCse(), cse_id()
    async with served(cse.handle, broker, name):
        answers = await Subscriber(broker, "/oneM2M/reg_resp/cred/#").listen()
        request = {"op": 4, "to": "cse", "fr": "CAdmin", "rqi": "r1", "rvi": "3"}
        await publish(broker, f"/oneM2M/reg_req/cred/{name[1:]}/json", request)
        [(_, payload)] = await answers.take(1)
        assert (json.loads(payload)["rsc"], json.loads(payload)["rqi"], cse.seen) == (4000, "r1", [])


@pytest.mark.parametrize("version", ["3.1.1", "5"])
async def test_an_ae_creates_and_is_notified_at_its_point_of_access(broker: Mosquitto, version: str) -> None:
    name = cse_id()
    async with whole_cse(broker, name, version=version) as node:
        assert node.urls == [broker.url]
        ae = await registered(broker, name, poa=[broker.url])
        sub = {"m2m:sub": {"rn": "s", "nu": [ae.stem], "nct": 1, "enc": {"net": [3]}}}
        assert (await ae.ask(1, "cse/cae1/c", "sub", ty=23, pc=sub))["rsc"] == 2001
        for number in range(3):
            instance = {"m2m:cin": {"con": str(number)}}
            assert (await ae.ask(1, "cse/cae1/c", f"i{number}", ty=4, pc=instance))["rsc"] == 2001
            [(topic, payload)] = await ae.asked.take(1)
            told = json.loads(payload)
            assert topic == f"/oneM2M/req/{name[1:]}/Cae1/json"
            assert (told["op"], told["to"], told["fr"], told["rvi"]) == (5, f"{name}/Cae1", name, "3")
            assert told["pc"]["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"] == str(number)
            await ae.answer(told["rqi"])


async def test_an_ae_is_told_where_it_writes_itself_with_the_cse_id(broker: Mosquitto) -> None:
    name = cse_id()
    async with whole_cse(broker, name):
        ae = await registered(broker, name, poa=[broker.url])
        sub = {"m2m:sub": {"rn": "s", "nu": [ae.stem], "nct": 1, "enc": {"net": [3]}}}
        assert (await ae.ask(1, "cse/cae1/c", "sub", ty=23, pc=sub))["rsc"] == 2001
        told = await Subscriber(broker, f"/oneM2M/req/+/{name[1:]}:Cae1/#").listen()
        request = {"op": 1, "to": "cse/cae1/c", "fr": "Cae1", "rqi": "x", "rvi": "3", "ty": 4, "pc": INSTANCE}
        await publish(broker, f"/oneM2M/req/{name[1:]}:Cae1/{name[1:]}/json", request)
        [(topic, _)] = await told.take(1)
        assert topic == f"/oneM2M/req/{name[1:]}/{name[1:]}:Cae1/json"


async def test_a_notification_goes_to_the_topic_of_its_url_at_any_broker(broker: Mosquitto, tmp_path: Path) -> None:
    other, name = Mosquitto(tmp_path), cse_id()
    other.start()
    async with whole_cse(broker, name):
        ae = await registered(broker, name)
        told = await Subscriber(other, "#").listen()
        sub = {"m2m:sub": {"rn": "s", "nu": [f"{other.url}/site/power"], "nct": 1, "enc": {"net": [3]}}}
        assert (await ae.ask(1, "cse/cae1/c", "sub", ty=23, pc=sub))["rsc"] == 2001
        for number in range(2):
            assert (await ae.ask(1, "cse/cae1/c", f"i{number}", ty=4, pc=INSTANCE))["rsc"] == 2001
        found = await told.take(3)
        assert [topic for topic, _ in found] == ["site/power"] * 3
        assert "vrq" in found[0][1], "a subscription is verified first"
        assert [json.loads(one)["pc"]["m2m:sgn"]["sur"] for _, one in found[1:]] == [f"{name}/cse/cae1/c/s"] * 2
    other.stop()


async def test_an_answer_is_waited_for_on_a_topic_of_the_profile(broker: Mosquitto) -> None:
    name = cse_id()
    async with whole_cse(broker, name):
        ae = await registered(broker, name)
        target = f"{broker.url}//oneM2M/req/{name[1:]}/Cother/json"
        sub = {"m2m:sub": {"rn": "s", "nu": [target], "nct": 1, "enc": {"net": [3]}}}
        assert (await ae.ask(1, "cse/cae1/c", "sub", ty=23, pc=sub))["rsc"] == 5204, "nobody answers the verification"


async def test_the_same_request_twice_is_done_once_and_answered_twice(broker: Mosquitto) -> None:
    name = cse_id()
    async with whole_cse(broker, name):
        ae = await registered(broker, name)
        first = await ae.ask(1, "cse/cae1/c", "twice", ty=4, pc=INSTANCE)
        assert await ae.ask(1, "cse/cae1/c", "twice", ty=4, pc=INSTANCE) == first
        container = (await ae.ask(2, "cse/cae1/c", "look"))["pc"]["m2m:cnt"]
        assert (first["rsc"], container["cni"]) == (2001, 1)
        again = await ae.ask(1, "cse/cae1/c", "twice", ty=4, pc={"m2m:cin": {"con": "2"}})
        assert (again["rsc"], again != first) == (2001, True), "another request under an identifier that was used"


async def test_a_second_look_is_a_new_one(broker: Mosquitto) -> None:
    name = cse_id()
    async with whole_cse(broker, name):
        ae = await registered(broker, name)
        counts = []
        for _ in range(2):
            counts.append((await ae.ask(2, "cse/cae1/c", "look"))["pc"]["m2m:cnt"]["cni"])
            await ae.ask(1, "cse/cae1/c", f"i{len(counts)}", ty=4, pc=INSTANCE)
        assert counts == [0, 1]


async def test_a_request_that_a_broker_kept_too_long_has_expired(broker: Mosquitto) -> None:
    name = cse_id()
    async with whole_cse(broker, name):
        ae = await registered(broker, name)
        answer = await ae.ask(1, "cse/cae1/c", "late", ty=4, pc=INSTANCE, rqet="20200101T000000")
        assert answer["rsc"] == 4008


@pytest.mark.parametrize(
    ("type_", "payload", "status", "request_id"),
    [
        ("json", b"", 4000, None),
        ("json", b"\xff\xfe", 4000, None),
        ("json", b"[1]", 4000, None),
        ("json", b'{"op":1,"rqi":"r1"}', 4000, "r1"),
        ("json", b'{"op":1,"to":"cse","rqi":"r1","what":1}', 4000, "r1"),
        ("json", b"[" * 5000, 4000, None),
        ("json", b'"' + b"a" * 3000 + b'"', 4000, None),
        ("yaml", b"op: 2", 4015, None),
        ("cbor", b"\xa1", 4000, None),
    ],
)
async def test_what_cannot_be_read_is_answered(
    broker: Mosquitto, type_: str, payload: bytes, status: int, request_id: str | None
) -> None:
    cse, name = SmallCse(), cse_id()
    async with served(cse.handle, broker, name, CODECS, max_payload_bytes=2000):
        answers = await Subscriber(broker, f"/oneM2M/resp/+/{name[1:]}/json").listen()
        if type_ == "cbor":
            transport = MqttTransport(f"{broker.url}?cse={name}")
            await publish(broker, f"/oneM2M/req/Cae1/{name[1:]}/cbor", payload)
            assert (await transport.send(RETRIEVE, timeout_s=5.0)).status == Status.OK
            await transport.close()
            return
        await publish(broker, f"/oneM2M/req/Cae1/{name[1:]}/{type_}", payload)
        [(_, answer)] = await answers.take(1)
        assert (json.loads(answer)["rsc"], json.loads(answer).get("rqi")) == (status, request_id)
    assert cse.seen == []


async def test_where_brokers_check_topics_an_originator_that_is_not_that_of_the_topic_is_refused(
    broker: Mosquitto,
) -> None:
    cse, name = SmallCse(), cse_id()
    async with served(cse.handle, broker, name, check_originator=True):
        answers = await Subscriber(broker, f"/oneM2M/resp/+/{name[1:]}/json").listen()
        found = []
        for level, fr in (("Cevil", "CAdmin"), ("Cae1", "Cae1"), (f"{name[1:]}:Cae1", "Cae1"), ("Cae1", f"{name}/Cae1"),
                          ("C", ""), ("other", "/other"), (":sp:other", "//sp/other")):  # fmt: skip
            request = {"op": 2, "to": "cse", "fr": fr, "rqi": "r1", "rvi": "3"}
            await publish(broker, f"/oneM2M/req/{level}/{name[1:]}/json", request)
            [(_, answer)] = await answers.take(1)
            found.append(json.loads(answer)["rsc"])
        assert found == [4103, 2000, 2000, 2000, 4103, 2000, 2000]


async def test_more_requests_at_a_time_than_allowed_are_told_to_come_again(broker: Mosquitto) -> None:
    cse, name = SmallCse(), cse_id()
    cse.pause_s = 0.5
    async with served(cse.handle, broker, name, max_requests=5):
        transport = MqttTransport(f"{broker.url}?cse={name}")
        answers = await asyncio.gather(*(transport.send(RETRIEVE, timeout_s=5.0) for _ in range(12)))
        statuses = [one.status for one in answers]
        assert (statuses.count(Status.OK), statuses.count(Status.INTERNAL_SERVER_ERROR)) == (5, 7)
        await transport.close()


async def test_a_request_that_waits_for_another_message_does_not_keep_it_away(tmp_path: Path) -> None:
    """A broker with one message under way: the answer that a request waits for comes after the request."""
    broker, name = Mosquitto(tmp_path, more="max_inflight_messages 1\n"), cse_id()
    broker.start()
    async with whole_cse(broker, name):
        ae = await registered(broker, name, poa=[broker.url])
        other = await registered(broker, name, "Cother")

        async def verified() -> None:
            [(_, payload)] = await ae.asked.take(1)
            await ae.answer(json.loads(payload)["rqi"])

        sub = {"m2m:sub": {"rn": "s", "nu": [f"{name}/Cae1"], "nct": 1, "enc": {"net": [3]}}}
        answer, _ = await asyncio.gather(other.ask(1, "cse/cother/c", "sub", ty=23, pc=sub), verified())
        assert answer["rsc"] == 2001
    broker.stop()


def user_with_password(file: Path, user: str) -> None:
    file.touch()
    subprocess.run([program("mosquitto_passwd"), "-b", str(file), user, "hush"], check=True)


async def test_user_and_password(tmp_path: Path) -> None:
    passwords, secret = tmp_path / "passwords", tmp_path / "secret"
    secret.write_text("hush\n")
    user_with_password(passwords, "cse")
    broker, cse, name = Mosquitto(tmp_path, anonymous=False, more=f"password_file {passwords}\n"), SmallCse(), cse_id()
    broker.start()
    async with served(cse.handle, broker, name, user="cse", password_file=str(secret)) as server:
        assert server.connected
        allowed = MqttTransport(f"{broker.url}?cse={name}", user="cse", password_file=str(secret))
        assert (await allowed.send(RETRIEVE, timeout_s=5.0)).status == Status.OK
        await allowed.close()
        stranger = MqttTransport(f"{broker.url}?cse={name}")
        with pytest.raises(Unreachable, match="not authorised"):
            await stranger.send(RETRIEVE, timeout_s=5.0)
        await stranger.close()
    broker.stop()


ACL = """\
pattern write /oneM2M/req/%u/+/+
pattern read /oneM2M/resp/%u/#
pattern read /oneM2M/req/+/%u/#
pattern write /oneM2M/resp/+/%u/+
user cse
topic readwrite /oneM2M/#
"""


async def test_the_documented_acl_has_each_ae_ask_under_its_own_name_alone(tmp_path: Path) -> None:
    assert ACL in (Path(__file__).parents[3] / "docs/bindings.md").read_text()
    passwords, secret, acl = tmp_path / "passwords", tmp_path / "secret", tmp_path / "acl"
    secret.write_text("hush")
    acl.write_text(ACL)
    for user in ("cse", "Cae1"):
        user_with_password(passwords, user)
    broker, cse, name = (
        Mosquitto(tmp_path, anonymous=False, more=f"password_file {passwords}\nacl_file {acl}\n"), SmallCse(), cse_id()
    )  # fmt: skip
    broker.start()
    async with served(cse.handle, broker, name, user="cse", password_file=str(secret), check_originator=True):
        ae = MqttTransport(f"{broker.url}?cse={name}", user="Cae1", password_file=str(secret))
        assert (await ae.send(replace(RETRIEVE, originator="Cae1"), timeout_s=5.0)).status == Status.OK
        with pytest.raises(Unreachable):
            await ae.send(RETRIEVE, timeout_s=0.5)
        await ae.close()
    assert len(cse.seen) == 1
    broker.stop()


async def test_tls_with_certificates_of_both_sides(tmp_path: Path, certificates: Path) -> None:
    ca = str(certificates / "ca.pem")
    more = (f"cafile {ca}\ncertfile {certificates}/server.pem\nkeyfile {certificates}/server.key\n"
            "require_certificate true\ntls_version tlsv1.2\n")  # fmt: skip
    broker, cse, name = Mosquitto(tmp_path, more=more), SmallCse(), cse_id()
    broker.start()
    key, url = str(certificates / "client.key"), broker.url.replace("mqtt:", "mqtts:")
    own = str(certificates / "client.pem")
    async with served(cse.handle, broker, name, url=url, certificate=own, private_key=key, ca=ca) as server:
        assert server.connected
        allowed = MqttTransport(f"{url}?cse={name}", client_certificate=own, private_key=key, ca=ca)
        assert (await allowed.send(RETRIEVE, timeout_s=5.0)).status == Status.OK
        await allowed.close()
        for stranger in (MqttTransport(f"{url}?cse={name}", ca=ca), MqttTransport(f"{url}?cse={name}"),
                         MqttTransport(f"{broker.url}?cse={name}")):  # fmt: skip
            with pytest.raises(Unreachable):
                await stranger.send(RETRIEVE, timeout_s=2.0)
            await stranger.close()
    broker.stop()


async def test_a_broker_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    transport = MqttTransport(f"{broker.url}?cse=/cse")
    with pytest.raises(Unreachable, match="Connect"):
        await transport.send(RETRIEVE, timeout_s=5.0)
    await transport.close()


async def test_a_cse_without_its_broker_starts_and_is_there_when_the_broker_is(tmp_path: Path) -> None:
    broker, cse, name = Mosquitto(tmp_path), SmallCse(), cse_id()
    async with served(cse.handle, broker, name) as server:
        before = server.connected
        broker.start()
        transport = MqttTransport(f"{broker.url}?cse={name}")
        async with asyncio.timeout(5.0):
            while not server.connected:  # noqa: ASYNC110 - a socket is waited for
                await asyncio.sleep(0.05)
        assert not before
        assert (await transport.send(RETRIEVE, timeout_s=5.0)).status == Status.OK
        await transport.close()
    broker.stop()


@pytest.mark.parametrize("url", ["mqtt://h", "mqtt://h?cse=+", "mqtt://u:p@h?cse=/c", "mqtt://h/a/%23?cse=/c"])
def test_addresses_that_do_not_do(url: str) -> None:
    with pytest.raises(ValueError, match=r"mqtt|broker|published|\?cse="):
        MqttTransport(url)


async def test_the_first_registration_of_the_client_has_no_name_yet(broker: Mosquitto) -> None:
    name = cse_id()
    async with whole_cse(broker, name):
        transport = MqttTransport(f"{broker.url}?cse={name}")
        request = RequestPrimitive(Operation.CREATE, "cse", "S", "r1", "3", resource_type=2, content={"m2m:ae": AE})
        response = await transport.send(request, timeout_s=5.0)
        assert response.status == Status.CREATED
        await transport.close()


async def test_the_command_line_speaks_mqtt(broker: Mosquitto) -> None:
    name = cse_id()
    async with whole_cse(broker, name):
        command = [sys.executable, "-c", "from cse.cli.main import main; main()", "get", "cse", "--from", ADMIN,
                   "--json", "--cse", f"{broker.url}?cse={name}"]  # fmt: skip
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["m2m:cb"]["csi"] == name
