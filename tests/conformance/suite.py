"""The suite in this process against a CSE: over a real socket, as a stranger would run it."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from conformance_tests.case import Case
from conformance_tests.http.client import HttpClient
from conformance_tests.loading import Catalogue, load_catalogue
from conformance_tests.primitive import RETRIEVE, UPDATE, Request
from conformance_tests.profile import Target
from conformance_tests.runner import Progress
from conformance_tests.session import Options, Outcome, Session
from conformance_tests.verdict import CaseResult, Verdict
from conformance_tests.yaml_files import read_yaml
from cse.app import Node
from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings

ROOT = Path(__file__).parents[2]
ADMIN = "CAdmin"
PROFILE = read_yaml(ROOT / "conformance_tests" / "profiles" / "banyan.yaml")
SP_ID = PROFILE["sp_id"]
#: What the CSE claims, and what the tests open to a tester: other CSEs may register.
CLAIMS = (*PROFILE["claim"], "option:registration-of-cse")
REGISTREES = "/conformance-*"


@functools.cache
def catalogue() -> Catalogue:
    """The catalogue, read once."""
    return load_catalogue()


def named(*ids: str) -> list[Case]:
    """The cases of these identifiers, each of which must exist."""
    known = {case.id: case for case in catalogue().cases}
    return [known[one] for one in ids]


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """A CSE with all that its composition root gives it, in memory and on a port of its own; its address."""
    node = Node(
        Settings(
            cse=CseSettings(administrators=[ADMIN], sp_id=SP_ID),
            store=StoreSettings(kind="memory"),
            http=HttpSettings(port=0),
        )
    )
    url = await node.start()
    try:
        await open_registration(url)
        yield url
    finally:
        await node.stop()


async def open_registration(url: str) -> None:
    """Let the CSEs that a tester plays act on the CSEBase."""
    address = "cse/base-access"
    async with HttpClient(url) as client:
        policy = (await client.send(Request(RETRIEVE, address, ADMIN, "1", parameters={"rvi": "3"})))[0].pc
        rules = [*policy["m2m:acp"]["pv"]["acr"], {"acor": [REGISTREES], "acop": 63}]
        change = Request(UPDATE, address, ADMIN, "2", pc={"m2m:acp": {"pv": {"acr": rules}}}, parameters={"rvi": "3"})
        assert (await client.send(change))[0].rsc == 2004


async def play(url: str, cases: Iterable[Case], *, seed: int = 0, options: Options | None = None) -> Outcome:
    """Run cases against the CSE at that address."""
    target = Target(url, ADMIN, sp_id=SP_ID)
    async with Session(HttpClient(url), target, catalogue(), options or Options(seed=seed, claims=CLAIMS)) as session:
        return await session.run(cases, Progress())


def verdicts(outcome: Outcome) -> Counter[Verdict]:
    """How many cases got which verdict."""
    return Counter(result.verdict for result in outcome.results)


def without_pass(outcome: Outcome) -> dict[str, str]:
    """The cases that neither passed nor are not applicable, with the reason."""
    return {one.id: f"{one.verdict}: {one.reason}" for one in outcome.results if _says_something(one)}


def _says_something(result: CaseResult) -> bool:
    return result.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}
