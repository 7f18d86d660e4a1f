"""A CSE that is its own broker, with MQTT clients that are not ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import shlex
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bindings.mqtt.client import MqttTransport
from cse.app import Node, greeting, running
from cse.settings import BrokerSettings, CseSettings, HttpSettings, MqttSettings, Settings, StoreSettings
from resources.status import Status
from tests.bindings.contract import RETRIEVE
from tests.bindings.mqtt.mosquitto import program

ASK, ANSWERS = "/oneM2M/req/CAdmin/banyan/json", "/oneM2M/resp/CAdmin/#"
REQUEST = json.dumps({"op": 2, "to": "cse", "fr": "CAdmin", "rqi": "1", "rvi": "3"})


def settings_of(folder: Path, **given: Any) -> Settings:
    return Settings(
        cse=CseSettings(administrators=["CAdmin"]),
        store=StoreSettings(kind="memory"),
        http=HttpSettings(enabled=False),
        broker=BrokerSettings(enabled=True, port=0, logins=str(folder / "logins"), **given),
    )


class Inside:
    """A running CSE, and the password that its first start made."""

    def __init__(self, node: Node, folder: Path) -> None:
        self.node = node
        self.url = node.urls[0]
        self.port = urlsplit(self.url).port or 0
        self.secret = folder / "logins.CAdmin"
        self.password = self.secret.read_text().strip()

    async def run(self, name: str, *arguments: str) -> tuple[int, str]:
        command = [program(name), "-p", str(self.port), *arguments]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=15, check=False)
        return done.returncode, done.stdout.decode() + done.stderr.decode()


@contextlib.asynccontextmanager
async def inside(folder: Path, **given: Any) -> AsyncIterator[Inside]:
    async with running(settings_of(folder, **given)) as [node]:
        yield Inside(node, folder)


async def test_the_clients_of_mosquitto_ask_and_are_answered(tmp_path: Path) -> None:
    async with inside(tmp_path) as cse:
        login = ("-u", "CAdmin", "-P", cse.password, "-q", "1")
        kept = (*login, "-i", "A::CAdmin", "-c", "-t", ANSWERS)
        assert (await cse.run("mosquitto_sub", *kept, "-E"))[0] == 0
        assert (await cse.run("mosquitto_pub", *login, "-t", ASK, "-m", REQUEST))[0] == 0
        code, out = await cse.run("mosquitto_sub", *kept, "-C", "1", "-W", "5", "-F", "%t %p")
        assert (code, out.split(" ")[0]) == (0, "/oneM2M/resp/CAdmin/banyan/json")
        assert json.loads(out.partition(" ")[2])["rsc"] == 2000


async def test_what_a_person_is_told_first_does(tmp_path: Path) -> None:
    async with inside(tmp_path) as cse:
        words = shlex.split(greeting(cse.node).splitlines()[-1])
        program_ = "from cse.cli.main import main; raise SystemExit(main())"
        command = [sys.executable, "-c", program_, *words[1:], "--json"]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=30, check=False)
    assert json.loads(done.stdout)["m2m:cb"]["csi"] == "/banyan"


async def test_who_is_not_let_in_is_told_why(tmp_path: Path) -> None:
    async with inside(tmp_path) as cse:
        topic = ("-t", "t", "-m", "m")
        right = ("-u", "CAdmin", "-P", cse.password)
        for arguments, code in (
            ((), 5), (("-u", "CAdmin", "-P", "wrong"), 4), (("-u", "Cnobody", "-P", cse.password), 4), (right, 0),
            ((*right, "-V", "31"), 1),
        ):  # fmt: skip
            assert (await cse.run("mosquitto_pub", *arguments, *topic))[0] == code, arguments
        _, said = await cse.run("mosquitto_pub", *right, "-V", "5", *topic)
        assert "Unsupported Protocol Version" in said


async def test_paho_asks_and_is_answered(tmp_path: Path) -> None:
    got: queue.Queue[tuple[str, bytes | bytearray, int]] = queue.Queue()
    async with inside(tmp_path) as cse:
        client = paho.Client(CallbackAPIVersion.VERSION2, "A::CAdmin", clean_session=False)
        client.username_pw_set("CAdmin", cse.password)
        client.on_message = lambda _client, _data, message: got.put((message.topic, message.payload, message.qos))
        client.connect("127.0.0.1", cse.port)
        client.loop_start()
        client.subscribe(ANSWERS, qos=2)
        for number in range(50):
            client.publish(ASK, REQUEST.replace('"1"', f'"{number}"'), qos=1)
        answers = [await asyncio.to_thread(got.get, timeout=10) for _ in range(50)]
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)
    assert {(topic, qos) for topic, _, qos in answers} == {("/oneM2M/resp/CAdmin/banyan/json", 1)}
    assert sorted(int(json.loads(payload)["rqi"]) for _, payload, _ in answers) == list(range(50))


async def test_an_ae_asks_in_its_own_name_alone_and_a_prefix_is_part_of_its_topics(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    settings.broker = replace(settings.broker, port=port)
    settings.mqtt = MqttSettings(url=f"mqtt://127.0.0.1:{port}/site")
    async with running(settings) as [node]:
        cse = Inside(node, tmp_path)
        for url, originator, answered in (
            (f"{settings.mqtt.url}?cse=/banyan", "CAdmin", True),
            (f"{settings.mqtt.url}?cse=/banyan", "Cother", False),
            (f"mqtt://127.0.0.1:{port}?cse=/banyan", "CAdmin", False),
        ):
            transport = MqttTransport(url, user="CAdmin", password_file=str(cse.secret))
            asked = transport.send(replace(RETRIEVE, originator=originator), timeout_s=5.0 if answered else 0.5)
            if answered:
                assert (await asked).status is Status.OK
            else:
                with pytest.raises(Exception, match="no answer in time"):
                    await asked
            await transport.close()


async def test_tls(tmp_path: Path, certificates: Path) -> None:
    ca = str(certificates / "ca.pem")
    settings = settings_of(tmp_path, certificate=str(certificates / "server.pem"),
                           private_key=str(certificates / "server.key"))  # fmt: skip
    settings.mqtt = MqttSettings(ca=ca)
    async with running(settings) as [node]:
        cse = Inside(node, tmp_path)
        assert cse.url.startswith("mqtts://127.0.0.1:")
        for authority, answered in ((ca, True), ("", False)):
            transport = MqttTransport(f"{cse.url}?cse=/banyan", user="CAdmin", password_file=str(cse.secret),
                                      ca=authority)  # fmt: skip
            asked = transport.send(RETRIEVE, timeout_s=5.0)
            if answered:
                assert (await asked).status is Status.OK
            else:
                with pytest.raises(Exception, match="certificate"):
                    await asked
            await transport.close()


async def test_it_does_not_serve_others_without_tls_unless_it_is_told_to(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"broker\.host: 0\.0\.0\.0 would serve without TLS"):
        async with inside(tmp_path, host="0.0.0.0"):
            pass
    async with inside(tmp_path, host="0.0.0.0", allow_plain=True) as cse:
        assert (await cse.run("mosquitto_pub", "-u", "CAdmin", "-P", cse.password, "-t", "t", "-m", "m"))[0] == 0


async def test_a_start_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    async with inside(tmp_path) as cse:
        before = asyncio.all_tasks()
        taken = settings_of(tmp_path)
        taken.broker = replace(taken.broker, port=cse.port)
        broken = settings_of(tmp_path)
        broken.store = StoreSettings(path=str(tmp_path))
        for wrong in (taken, broken):
            with pytest.raises(Exception, match=r"address already in use|is a directory|unable to open"):
                async with running(wrong):
                    pass
            assert asyncio.all_tasks() <= before
