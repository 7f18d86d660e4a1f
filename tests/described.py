"""A running CSE tried by its own OpenAPI description: schemathesis invents requests and judges the answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok

from cse.app import Node
from cse.reference.examples import EXAMPLES
from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings
from resources.model import ResourceType
from resources.registry import Registry
from resources.status import Status

ADMIN = {"X-M2M-Origin": "CAdmin", "X-M2M-RI": "r1", "X-M2M-RVI": "3"}
JUDGES = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "negative_data_rejection")

#: Answers of the 5xx class that the bindings of oneM2M prescribe, and what was asked for.
PRESCRIBED = {
    Status.RELEASE_VERSION_NOT_SUPPORTED: "X-M2M-RVI names a release that there is not",
    Status.NOT_IMPLEMENTED: "a part of the standard that is named as not implemented",
    Status.REQUEST_TIMEOUT: "a request that had expired when it came",
    Status.SUBSCRIPTION_VERIFICATION_INITIATION_FAILED: "a notification target that cannot be reached",
    Status.JOIN_MULTICAST_GROUP_FAILED: "a multicast group that this machine cannot join",
    Status.MGMT_SESSION_CANNOT_BE_ESTABLISHED: "a management command to a device that nothing leads to",
    Status.SPECIALIZATION_SCHEMA_NOT_FOUND: "a device model that there is not",
}

REGISTRY = Registry.default()

#: Examples of the description that a CSE alone cannot make, or that lock what they stand under.
NOT_PLANTED = frozenset({"csr", "dlv", "lmg", "mssp", "smi", "svsn", "trac", "tram"})
#: Types whose resources close the CSE to others: service subscriptions, schedules, transactions.
CLOSING = "ty=11+18+50+51"
#: What stands below the examples without being one, and its type.
MORE = {
    "meter/power/la": "contentInstance", "meter/series/la": "timeSeriesInstance", "meter/meters/fopt": "group",
    "meter/temperature/ol": "flexContainerInstance", "meter/meters/fopt/power": "container",
    "meter/meters/fopt/power/la": "contentInstance", "meter/polled/pcu": "pollingChannel",
}


@dataclass
class Trial:
    """What came of a run: how many requests, answers by (method, HTTP status, X-M2M-RSC), what was wrong."""

    requests: int = 0
    answers: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{count:6} {method:6} {http} {rsc}" for (method, http, rsc), count in sorted(self.answers.items())]
        return "\n".join([f"{self.requests} requests", *lines, *self.failures.values()])


def new_seed() -> int:
    """A number that BANYAN_SEED may give, to repeat a run."""
    return int(os.environ.get("BANYAN_SEED", "") or random.SystemRandom().randrange(2**32))


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """A CSE in a thread of its own that waits for nobody long; its address."""
    started: Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    own = CseSettings(administrators=["CAdmin"], max_results=50, polling_timeout_s=0.1, notification_timeout_s=0.5,
                      request_timeout_s=2, serializations=[])  # the others are not written by schemathesis

    async def serve() -> None:
        settings_ = Settings(cse=own, store=StoreSettings(kind="memory"), http=HttpSettings(port=0))
        node, stop = Node(settings_), asyncio.Event()
        started.set_result((await node.start(), asyncio.get_running_loop(), stop))
        await stop.wait()
        await node.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    url, loop, stop = started.result(10)
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)


def try_out(url: str, number: int, seeded: int) -> Trial:
    """Send about so many requests, half of them wrong on purpose, to a tree made for it."""
    trial = Trial()
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    schema.validate()
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    tries = max(1, number // (2 * len(operations)))
    with requests.Session() as session:
        tree = Tree(session, url)
        for operation in operations:
            for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
                _try(trial, tree, operation, mode, tries, seeded)
    return trial


def _try(trial: Trial, tree: Tree, operation: Any, mode: GenerationMode, tries: int, seeded: int) -> None:
    tree.plant()

    @seed(seeded)
    @settings(max_examples=tries, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(mode), chance=st.randoms(use_true_random=False))
    def ask(case: Any, chance: random.Random) -> None:
        _aim(case, chance, tree)
        response = case.call(session=tree.session, timeout=20)
        rsc = response.headers.get("x-m2m-rsc", [""])[0]
        trial.requests += 1
        trial.answers[case.method.upper(), response.status_code, rsc] += 1
        _judge(trial, case, response, rsc)
        if trial.requests % 100 == 0 or (case.method.upper() == "DELETE" and response.status_code == 200):
            tree.plant()

    ask()


def _aim(case: Any, chance: random.Random, tree: Tree) -> None:
    """Send most requests to what is there, as somebody who may do it, with a few fields: else most are refused early.

    What schemathesis made wrong stays as it is.
    """
    wrong = {location for location, one in case.meta.components.items() if one.mode is GenerationMode.NEGATIVE}
    if ParameterLocation.PATH not in wrong and case.path_parameters and chance.random() < 0.9:
        case.path_parameters.update(_address(case, chance, tree))
    if ParameterLocation.HEADER not in wrong and chance.random() < 0.9:
        case.headers["X-M2M-Origin"] = "CAdmin"
    if ParameterLocation.QUERY not in wrong and case.query:
        case.query = _some(case.query, (), chance)
        if case.method.upper() == "DELETE":
            case.query.pop("rt", None)  # the tree is made again at once
    if ParameterLocation.BODY not in wrong and isinstance(case.body, dict):
        case.body = {root: _inside(root, inside, chance) if isinstance(inside, dict) else inside
                     for root, inside in case.body.items()}


def _inside(root: str, inside: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Less of a content: what is required, from the example most of the time, and a few others."""
    type_ = REGISTRY.by_root.get(root)
    required = [] if type_ is None else [row.short for row in type_.attributes if row.create.value == "M"]
    less = _some(inside, required, chance)
    example = {} if type_ is None else EXAMPLES.get(type_.short, {}).get(root, {})
    return less if chance.random() < 0.3 or "rn" in less else {
        **less, **{name: value for name, value in example.items() if name in required}}


def _address(case: Any, chance: random.Random, tree: Tree) -> dict[str, str]:
    """An address of the right length; where the type may stand or is that of the content, if there is such a place."""
    length = len(case.path_parameters)
    places = [(address.split("/"), name) for address, name in tree.types.items() if address.count("/") == length - 1]
    number = (case.media_type or "").partition("ty=")[2]
    roots = set(case.body) if isinstance(case.body, dict) else set()
    fit = [place for place in places if (place[1] in REGISTRY.by_number[int(number)].parents if number
                                         else tree.root(place[1]) in roots)]
    return dict(zip(sorted(case.path_parameters), chance.choice(fit or places)[0], strict=True))


def _some(fields: dict[str, Any], required: Sequence[str], chance: random.Random) -> dict[str, Any]:
    """What is required, and a few of the others."""
    others = [name for name in fields if name not in required]
    kept = {*required, *chance.sample(others, min(len(others), chance.choice((0, 1, 1, 2, 2, 3, 5))))}
    return {name: value for name, value in fields.items() if name in kept}


def _judge(trial: Trial, case: Any, response: requests.Response, rsc: str) -> None:
    names = set(JUDGES)
    if rsc.isdecimal() and int(rsc) in PRESCRIBED:
        names.discard("not_a_server_error")
    if not response.content:
        names -= {"content_type_conformance", "response_schema_conformance"}
    if response.status_code == 202 or b"m2m:agr" in response.content:  # what is wrong is said later, or by each member
        names.discard("negative_data_rejection")
    load_all_checks()
    try:
        case.validate_response(response, checks=[check for check in CHECKS.get_all() if check.__name__ in names])
    except FailureGroup as group:
        for one in group.exceptions:
            kind = (case.operation.label, f"{one.title} {rsc}")
            trial.failures.setdefault(kind, f"{case.operation.label}: {one.title} {rsc}\n{one.message[:600]}\n"
                                            f"{case.as_curl_command()[:1500]}\n{response.text[:400]}\n")


class Tree:
    """What is tried: the examples of the description, each below another one where its type may stand."""

    def __init__(self, session: requests.Session, url: str) -> None:
        self.session = session
        self.types: dict[str, str] = {"meter/power/inner": "container", "meter/power/inner/deep": "container",
                                      "meter/power/inner/deep/more": "container"}
        self._url = url
        self._made: list[tuple[str, ResourceType, dict[str, Any]]] = []
        for short, content in EXAMPLES.items():
            if short not in NOT_PLANTED:
                self._find_place(content)
        self._made += [(parent, REGISTRY.by_name["container"], {"m2m:cnt": {"rn": name}}) for parent, _, name in
                       (f"/{address}".rpartition("/") for address in self.types if "/inner" in address)]
        self.types |= MORE
        self.plant()

    def root(self, name: str) -> str:
        """Root element of a type, or of the device model that stands for all."""
        type_ = next(one for one in REGISTRY.types if one.name == name)
        return "cod:tempe" if type_.short == "fcnt" else type_.root

    def plant(self) -> None:
        """Make what is missing, and remove what closes the CSE to others."""
        found = self.session.get(f"{self._url}/cse?fu=1&drt=2&{CLOSING}", headers=ADMIN).json()
        for closing in found.get("m2m:uril", ()):
            self.session.delete(f"{self._url}/{closing}", headers=ADMIN)
        for parent, type_, content in self._made:
            self._create(parent, type_, content)

    def _find_place(self, content: dict[str, Any]) -> None:
        (root, inside), = content.items()
        type_ = REGISTRY.by_root[root]
        parents = {name: f"/{address}" for address, name in self.types.items()} | {"CSEBase": ""}
        for parent in (parents[name] for name in type_.parents if name in parents):
            if self._create(parent, type_, content) == 201:
                address = f"{parent}/{inside['rn']}".removeprefix("/")
                self.types[address] = "flexContainer" if type_.number == 28 else type_.name
                self._made.append((parent, type_, content))
                return
        raise AssertionError(f"no place for {content}")

    def _create(self, parent: str, type_: ResourceType, content: dict[str, Any]) -> int:
        origin = "Cmeter" if type_.short in ("ae", "pch", "sub", "crs") else "CAdmin"
        headers = {**ADMIN, "X-M2M-Origin": origin, "Content-Type": f"application/json;ty={type_.number}"}
        return self.session.post(f"{self._url}/cse{parent}", json=content, headers=headers).status_code
