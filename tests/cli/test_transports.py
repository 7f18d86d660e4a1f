"""``--transport``, and ``watch`` over every binding: a CSE in one process, commands in others."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cse.cli.errors import UsageError
from cse.cli.transports import TRANSPORTS, address_over
from tests.cli.test_processes import banyan, started

PORTS = ("HTTP__PORT", "WEBSOCKET__PORT", "COAP__PORT", "BROKER__PORT")


def _free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def _name(transport: str) -> str:
    return transport.replace("+", "-")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A CSE with all bindings and a broker inside; its settings are those of the commands too."""
    folder = tmp_path_factory.mktemp("cse")
    environment = {f"BANYAN_{name}": _free_port() for name in PORTS} | {
        "BANYAN_WEBSOCKET__ENABLED": "true", "BANYAN_COAP__ENABLED": "true", "BANYAN_COAP__TCP": "true",
        "BANYAN_BROKER__ENABLED": "true", "BANYAN_BROKER__LOGINS": str(folder / "broker-logins"),
        "BANYAN_ORIGINATOR": "CAdmin",
    }  # fmt: skip
    arguments = ("run", "--admin", "CAdmin", "--store-path", str(folder / "cse.db"))
    with started(*arguments, **environment) as process:
        assert process.stdout is not None
        greeting = process.stdout.readline()
        assert "mqtt://" in greeting, process.communicate()
        made = banyan("--transport", "http", "create", "cse", "ae", "rn=meter", "api=Nmeter", "rr:=false", 'srv:=["3"]',
                      "--from", "Cmeter", **environment)  # fmt: skip
        assert made.returncode == 0, made.stderr
        for name in (*TRANSPORTS, "polled"):
            banyan("--transport", "http", "create", "cse/meter", "cnt", f"rn=power-{_name(name)}", "--from", "Cmeter",
                   **environment)  # fmt: skip
        yield environment
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_same_request_over_each(environment: dict[str, str], transport: str) -> None:
    done = banyan("--transport", transport, "get", "cse", "--json", **environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["m2m:cb"]["csi"] == "/banyan"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_watch_over_each(environment: dict[str, str], transport: str) -> None:
    target = f"cse/meter/power-{_name(transport)}"
    seen = _watched(environment, target, "--transport", transport)
    assert seen == ["0", "1", "2"]
    found = banyan("--transport", "http", "discover", target, "ty=23", **environment)
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize("transport", ["http", "coap"])
def test_watch_by_polling(environment: dict[str, str], transport: str) -> None:
    seen = _watched(environment, "cse/meter/power-polled", "--transport", transport, "--poll", "--from", "Cmeter")
    assert seen == ["0", "1", "2"]


def _watched(environment: dict[str, str], target: str, *options: str) -> list[str]:
    """What ``watch`` prints of three new instances: their contents."""
    with started("watch", target, "--count", "3", "--events", "create", *options, **environment) as watch:
        assert watch.stderr is not None
        line = watch.stderr.readline()
        assert line.startswith("watching"), line + watch.stderr.read()
        for number in range(3):
            banyan("--transport", "http", "create", target, "cin", f"con={number}", "--from", "Cmeter", **environment)
        out, _ = watch.communicate(timeout=15)
    return re.findall(r'created m2m:cin \S+ "(.*)"', out)


def test_polling_is_for_registered_aes(environment: dict[str, str]) -> None:
    done = banyan("watch", "cse", "--poll", "--transport", "http", **environment)
    assert done.returncode == 2
    assert "CAdmin is no AE of this CSE" in done.stderr
    assert "--from names a registered AE" in done.stderr


#: What is given -> what is asked. The settings are the defaults.
ADDRESSES = {
    ("coap", "http://127.0.0.1:8080", False): "coap://127.0.0.1:5683",
    ("coap+tcp", "http://127.0.0.1:8080", False): "coap+tcp://127.0.0.1:5683",
    ("ws", "http://127.0.0.1:8080", False): "ws://127.0.0.1:8081",
    ("mqtt", "http://127.0.0.1:8080", False): "mqtt://127.0.0.1:1883?cse=/banyan",
    ("coap", "https://cse.example:443/root", True): "coap://cse.example:5683",
    ("coap", "http://[2001:db8::1]:8080", True): "coap://[2001:db8::1]:5683",
    ("ws", "wss://cse.example:444", True): "wss://cse.example:444",
    ("http", "http://cse.example:81", True): "http://cse.example:81",
    ("mqtt", "mqtt://broker.example:1884", True): "mqtt://broker.example:1884?cse=/banyan",
    ("mqtt", "mqtt://broker.example?cse=/other", True): "mqtt://broker.example?cse=/other",
}


@pytest.mark.parametrize(("transport", "cse_url", "given"), ADDRESSES)
def test_the_usual_address(
    transport: str, cse_url: str, given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BANYAN_")]:
        monkeypatch.delenv(name)
    assert address_over(transport, cse_url, "CAdmin", given=given) == ADDRESSES[transport, cse_url, given]


def test_the_settings_of_the_folder_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "banyan.toml").write_text('[coap]\nport = 15683\n[cse]\ncse_id = "/site"\n[broker]\nport = 11883\n')
    (tmp_path / "broker-logins.CAdmin").write_text("secret\n")
    assert address_over("coap", "", "CAdmin", given=False) == "coap://127.0.0.1:15683"
    assert address_over("mqtt", "", "CAdmin", given=False) == (
        "mqtt://127.0.0.1:11883?cse=/site&user=CAdmin&password_file=broker-logins.CAdmin")  # fmt: skip
    assert address_over("mqtt", "", "Cother", given=False) == "mqtt://127.0.0.1:11883?cse=/site"


def test_no_such_transport() -> None:
    with pytest.raises(UsageError, match="'amqp' is no transport"):
        address_over("amqp", "", "", given=False)


#: What is wrong -> exit code, and words that have to be in what is said.
WRONG = {
    "wrong scheme": (["--cse", "amqp://127.0.0.1:1"], 2, ["no address of a CSE", "coap+tcp", "mqtt"]),
    "no scheme": (["--cse", "127.0.0.1:8080"], 2, ["no address of a CSE", "http://127.0.0.1:8080"]),
    "nobody at the port, HTTP": (["--cse", "http://127.0.0.1:{free}"], 3, ["Connection refused", "--cse URL"]),
    "nobody at the port, CoAP": (["--cse", "coap://127.0.0.1:{free}"], 3, ["Connection refused", "--cse URL"]),
    "nobody at the port, CoAP over TCP": (["--cse", "coap+tcp://127.0.0.1:{free}"], 3, ["Connection refused"]),
    "nobody at the port, WebSocket": (["--cse", "ws://127.0.0.1:{free}"], 3, ["Connection refused", "--cse URL"]),
    "nobody at the port, MQTT": (["--cse", "mqtt://127.0.0.1:{free}?cse=/banyan"], 3, ["Connection refused"]),
    "which CSE": (["--cse", "mqtt://127.0.0.1:{broker}"], 2, ["which CSE", "?cse=/cse-id"]),
    "no login": (["--cse", "mqtt://127.0.0.1:{broker}?cse=/banyan"], 3, ["user=NAME", "password_file=FILE"]),
    "wrong password": (["--cse", "mqtt://127.0.0.1:{broker}?cse=/banyan&user=CAdmin&password_file={wrong}"], 3,
                       ["user=NAME", "password_file=FILE"]),
    "no password file": (["--cse", "mqtt://127.0.0.1:{broker}?cse=/banyan&user=CAdmin&password_file=/no/such"], 2,
                         ["/no/such", "No such file"]),
    "no such CSE": (["--timeout", "1", "--cse", "mqtt://127.0.0.1:{broker}?cse=/other&{login}"],
                    3, ["no answer in time"]),
    "WebSocket where HTTP is": (["--cse", "ws://127.0.0.1:{http}"], 3, ["refuses the handshake"]),
    "MQTT where HTTP is": (["--cse", "mqtt://127.0.0.1:{http}?cse=/banyan"], 3, ["mqtt://", "the connection was lost"]),
    "CoAP over TCP where HTTP is": (["--cse", "coap+tcp://127.0.0.1:{http}", "--timeout", "3"], 3, ["coap+tcp://"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(environment: dict[str, str], name: str, tmp_path: Path) -> None:
    arguments, code, words = WRONG[name]
    (tmp_path / "wrong").write_text("wrong\n")
    logins = environment["BANYAN_BROKER__LOGINS"]
    http, ws, _, broker = (environment[f"BANYAN_{name}"] for name in PORTS)
    places = {"free": _free_port(), "http": http, "ws": ws, "broker": broker, "wrong": tmp_path / "wrong",
              "login": f"user=CAdmin&password_file={logins}.CAdmin"}  # fmt: skip
    begun = time.monotonic()
    done = banyan("get", "cse", *(one.format(**places) for one in arguments), **environment)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert [word for word in words if word not in done.stderr] == [], done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - begun < 60
