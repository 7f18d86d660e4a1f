"""``python -m bench --binding coap,coap+tcp,mqtt,ws``: W1, W2 and W5 over a binding beside the limit of its library.

CSE and limit have one core, in turn; the load, the broker and the notified have the other. Each connection has one
request under way. The limit of CoAP answers what the CSE answered, byte for byte; over MQTT and WebSocket the message
comes back. What was at its limit is named: where that is not the server, the server could do more.
"""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.load import LOAD_CORE, Request, Result, send
from bench.mosquitto import mosquitto
from bench.processes import BANYAN, Server, free_port, running
from bench.report import Row, median_of
from bench.speakers import Coap
from bench.told import TARGETS
from bindings.coap.datagram import read
from bindings.coap.options import known_options

BINDINGS = ("coap", "coap+tcp", "mqtt", "ws")
COMMON = {"fr": "CAdmin", "rvi": "3"}
CONTENT = {"m2m:cin": {"con": "x" * 60}}
WORKLOADS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "W1": ("W1 create contentInstance", {"op": 1, "to": "cse/w1", "ty": 4, "pc": CONTENT, **COMMON}),
    "W2": ("W2 retrieve la", {"op": 2, "to": "cse/w1/la", **COMMON}),
}
SETTINGS = """
[cse]
administrators = ["CAdmin"]
cse_name = "cse"
cse_id = "/bench"
[store]
path = {path}
[http]
port = {http}
[coap]
enabled = {coap}
tcp = true
port = {port}
max_rate = 0
[mqtt]
enabled = {mqtt}
url = "mqtt://127.0.0.1:{broker}"
[websocket]
enabled = {ws}
port = {port}
max_rate = 0
[log]
level = "WARNING"
"""


#: The share from which a core counts as used up.
_BUSY = 0.8


class Second(NamedTuple):
    """One measurement of one side; ``shares`` is how much of a core each process used."""

    result: Result
    cpu_us: float
    shares: dict[str, float]


class Side(NamedTuple):
    """What is measured: who speaks how to which port, and the process behind it."""

    name: str
    speaker: str
    port: int
    server: Server


class OverBinding:
    """The measurements of one binding; ``show`` and ``fact`` take what was found."""

    def __init__(
        self, binding: str, folder: Path, seconds: int, show: Callable[[Row], None], fact: Callable[[str, str], None]
    ) -> None:
        self._binding = binding
        self._folder = folder
        self._seconds = seconds
        self._show = show
        self._fact = fact
        self._log = folder / "log"
        self._broker: Server | None = None

    def run(self, only: set[str], connections: list[int]) -> None:
        """Measure."""
        with contextlib.ExitStack() as stack:
            if self._binding == "mqtt":
                self._broker = stack.enter_context(mosquitto(self._folder, self._log, LOAD_CORE))
            cse = stack.enter_context(self._cse())
            send(cse.server.port, Request("POST", "/cse", "3", '{"m2m:cnt":{"rn":"w1"}}'))
            send(cse.server.port, Request("POST", "/cse/w1", "4", json.dumps(CONTENT)))
            limit = stack.enter_context(self._limit(self._answers(cse.port)))
            for number in connections:
                for name in sorted(only & WORKLOADS.keys()):
                    self._compare(*WORKLOADS[name], cse, limit, number)
                if "W5" in only:
                    self._notifications(cse, limit, number)
            self._fact(f"{self._binding}, RSS of the CSE", f"{cse.server.rss_mib():.0f} MiB")

    @contextlib.contextmanager
    def _cse(self) -> Iterator[Side]:
        port, http = free_port(), free_port()
        enabled = {name: str(self._binding.startswith(name)).lower() for name in ("coap", "mqtt", "ws")}
        config = self._folder / f"{self._binding}.toml"
        path = json.dumps(str(self._folder / f"{self._binding}.db"))
        broker = self._broker.port if self._broker is not None else 1
        config.write_text(SETTINGS.format(path=path, http=http, port=port, broker=broker, **enabled))
        with running(BANYAN, "run", "--config", str(config), port=http, log=self._log, path="/cse") as server:
            yield Side("CSE", self._binding, self._port_for(port), server)

    @contextlib.contextmanager
    def _limit(self, answers: dict[str, Any]) -> Iterator[Side]:
        port, page = self._port_for(free_port()), free_port()
        echo = (sys.executable, "-m", "bench.echo", self._binding, str(port), str(page))
        with running(*echo, port=page, log=self._log, told=json.dumps(answers).encode()) as server:
            yield Side("limit", "mqtt echo" if self._broker is not None else self._binding, port, server)

    def _port_for(self, port: int) -> int:
        return self._broker.port if self._broker is not None else port

    def _answers(self, port: int) -> dict[str, Any]:
        """What the CSE answers over CoAP, by method."""
        if not self._binding.startswith("coap"):
            return {}
        answers = {}
        for number, (_, members) in enumerate(WORKLOADS.values()):
            speaker = Coap(port, members, "first")
            request = speaker.request(time.time_ns() // 1000 + number)
            speaker.sock.settimeout(5)
            speaker.sock.send(request)
            answer = read(speaker.sock.recv(4096), known_options())
            options = [(each, base64.b64encode(value).decode()) for each, value in answer.options]
            answers[str(request[1])] = (answer.code, options, base64.b64encode(answer.payload).decode())
        return answers

    def _compare(
        self, title: str, members: dict[str, Any], cse: Side, limit: Side, connections: int,
        *, beside: dict[str, Any] | None = None, rest: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Measure second by second, CSE and limit in turn: the speed of a machine drifts.

        ``beside`` is what the limit is asked, where it is not the same; ``rest`` waits until the CSE has nothing to do.
        """
        pairs = []
        for _ in range(self._seconds):
            second = self._second(cse, members, connections, 1.0)
            rest()
            pairs.append((second, self._second(limit, beside or members, connections, 1.0)))
        shares = [own.result.per_second / max(1.0, bare.result.per_second) for own, bare in pairs]
        own, bare = median_of(pairs, lambda pair: pair[0].result.per_second)
        bare = median_of([pair[1] for pair in pairs], lambda second: second.result.per_second)
        failures = [sum(pair[side].result.failures for pair in pairs) for side in (0, 1)]
        own, bare = (second._replace(result=second.result._replace(failures=number))
                     for second, number in zip((own, bare), failures, strict=True))  # fmt: skip
        name = f"{self._binding} {title[:2]}"
        self._show(Row(f"{self._binding} limit of {title[:2]}", connections, bare.result, bare.cpu_us))
        self._show(Row(f"{self._binding} {title}", connections, own.result, own.cpu_us, median_of(shares, float)))
        self._fact(f"{name}, {connections} connections, of the limit",
                   f"median {median_of(shares, float):.0%}, from {min(shares):.0%} to {max(shares):.0%}")
        self._fact(f"{name}, CSE: share of a core", _computing(own.shares))
        self._fact(f"{name}, limit: share of a core", _computing(bare.shares))

    def _second(self, side: Side, members: dict[str, Any], connections: int, seconds: float) -> Second:
        broker = self._broker
        used_s, broker_s = side.server.cpu_s(), broker.cpu_s() if broker is not None else 0.0
        job = {"binding": side.speaker, "port": side.port, "members": members, "connections": connections,
               "seconds": seconds}  # fmt: skip
        command = ["taskset", "-c", LOAD_CORE, sys.executable, "-m", "bench.generator"]
        run = subprocess.run(command, input=json.dumps(job), stdout=subprocess.PIPE, text=True, check=True,
                             timeout=seconds + 60)  # fmt: skip
        found, load = json.loads(run.stdout)
        result = Result(*found)
        server_s = side.server.cpu_s() - used_s
        lasted_s = result.answers / result.per_second if result.answers else seconds
        shares = {side.name: server_s / lasted_s, "load": load}
        if broker is not None:
            shares["broker"] = (broker.cpu_s() - broker_s) / lasted_s
        return Second(result, server_s / max(1, result.answers) * 1e6, shares)

    def _notifications(self, cse: Side, limit: Side, connections: int) -> None:
        """Create in a subscribed container, beside the limit; afterwards every instance has to be known to the sink."""
        http, name = cse.server.port, f"w5-{connections}"
        send(http, Request("POST", "/cse", "3", json.dumps({"m2m:cnt": {"rn": name}})))
        port, page = free_port() if self._binding.startswith("coap") else cse.port, free_port()
        notified = (sys.executable, "-m", "bench.told", self._binding, str(port), str(page))
        with running(*notified, port=page, log=self._log, core=LOAD_CORE):
            subscription = {"rn": "s", "nu": [TARGETS[self._binding].format(port)], "nct": 1, "enc": {"net": [3]}}
            send(http, Request("POST", f"/cse/{name}", "23", json.dumps({"m2m:sub": subscription})))
            send(page, Request("DELETE", "/"))
            create = WORKLOADS["W1"][1]

            told: list[dict[str, float]] = []

            def rest() -> None:
                created = _count(http, name) - sum(int(one["created"]) for one in told)
                told.append(settled(page, created) | {"created": created})
                send(page, Request("DELETE", "/"))

            self._compare("W5 create and notify", {**create, "to": f"cse/{name}"}, cse, limit, connections,
                          beside=create, rest=rest)  # fmt: skip
        self._fact(f"{self._binding} W5, {connections} connections", _delivered(told))


def _delivered(told: list[dict[str, float]]) -> str:
    """What the notified heard of, in all seconds together."""
    created, distinct, received, seconds = (
        sum(one[name] for one in told) for name in ("created", "distinct", "received", "seconds")
    )
    return (f"{created:,.0f} created, {distinct:,.0f} delivered ({distinct / (seconds or 1):,.0f}/s), "
            f"{created - distinct:,.0f} lost, {received - distinct:,.0f} twice")  # fmt: skip


def _count(http: int, name: str) -> int:
    count: int = send(http, Request("GET", f"/cse/{name}"))["m2m:cnt"]["cni"]
    return count


def settled(sink_port: int, expected: int, quiet_s: float = 5.0, limit_s: float = 300.0) -> dict[str, float]:
    """Ask the sink until it has heard of everything, or of nothing new for a while."""
    deadline = time.monotonic() + limit_s
    heard, changed = send(sink_port, Request("GET", "/")), time.monotonic()
    while heard["distinct"] < expected and time.monotonic() < min(deadline, changed + quiet_s):
        time.sleep(0.1)
        now = send(sink_port, Request("GET", "/"))
        if now["received"] != heard["received"]:
            changed = time.monotonic()
        heard = now
    return heard


def _computing(shares: dict[str, float]) -> str:
    """Who used how much of a core, and which core was busy: that of the server, or that of all others."""
    server, *others = shares
    rest = sum(shares[name] for name in others)
    told = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    if max(shares[server], rest) < _BUSY:
        return f"{told}: nobody is busy, all wait for the disk or each other"
    return f"{told}: {server if shares[server] >= rest else ' and '.join(others)} at the limit"
