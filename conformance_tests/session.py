"""A run put together: connection, notification server, examination of the CSE, cases, report."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

from conformance_tests.case import Case
from conformance_tests.execution import Tester
from conformance_tests.http.client import HttpClient
from conformance_tests.http.notification_server import NotificationServer
from conformance_tests.loading import Catalogue
from conformance_tests.profile import Features, Target, examine, features_of
from conformance_tests.runner import Plan, Progress, new_prefix, remove_leftovers, run
from conformance_tests.verdict import CaseResult


@dataclass(slots=True)
class Options:
    """What a tester asks for. ``listen`` is ``(host, port)`` of the notification server, None for none."""

    seed: int = 0
    jobs: int = 8
    patience_s: float = 5.0
    listen: tuple[str, int] | None = ("127.0.0.1", 0)
    notify_host: str | None = None
    claims: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    ae_ids: tuple[str, ...] = ("C*",)


@dataclass(slots=True)
class Outcome:
    """What a run has found; ``results`` grows while it runs."""

    target: Target
    features: Features
    started: str
    duration_s: float = 0.0
    results: list[CaseResult] = field(default_factory=list)
    leftovers: int = 0


class Session:
    """Use as ``async with Session(...) as session: await session.run(cases, progress)``.

    Entering it examines the CSE; raises ``profile.Unusable`` when there is none, OSError when the notification server
    cannot listen.
    """

    def __init__(self, client: HttpClient, target: Target, catalogue: Catalogue, options: Options) -> None:
        self._client, self._target, self._catalogue, self._options = client, target, catalogue, options
        self._stack = AsyncExitStack()
        self.outcome: Outcome
        self._tester: Tester

    async def __aenter__(self) -> Session:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._client)
            target = await examine(self._client.send, self._target)
            server = await self._server(stack)
            self._tester = Tester(
                self._client, target, self._catalogue.types, server, self._options.patience_s, new_prefix()
            )
            features = features_of(
                target,
                self._catalogue.types,
                self._catalogue.options,
                listening=server is not None,
                claims=self._options.claims,
                lacks=self._options.lacks,
            )
            self.outcome = Outcome(target, features, datetime.now(UTC).isoformat(timespec="seconds"))
            self.outcome.leftovers = await remove_leftovers(self._tester)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _server(self, stack: AsyncExitStack) -> NotificationServer | None:
        if self._options.listen is None:
            return None
        host, port = self._options.listen
        return await stack.enter_async_context(NotificationServer(host, port, self._options.notify_host))

    async def run(self, cases: Iterable[Case], progress: Progress) -> Outcome:
        """Run the cases; when cancelled, ``outcome`` holds what has run."""
        plan = Plan(tuple(cases), self.outcome.features, self._options.seed, self._options.jobs, self._options.ae_ids)
        began = time.monotonic()
        try:
            await run(self._tester, plan, _Recording(self.outcome, progress))
        finally:
            self.outcome.duration_s = time.monotonic() - began
        places = {case.id: place for place, case in enumerate(plan.cases)}
        self.outcome.results.sort(key=lambda result: places[result.id])
        return self.outcome


class _Recording(Progress):
    """Keeps every result, and passes on."""

    def __init__(self, outcome: Outcome, progress: Progress) -> None:
        self._outcome, self._progress = outcome, progress

    def starts(self, case: Case) -> None:
        self._progress.starts(case)

    def ends(self, result: CaseResult) -> None:
        self._outcome.results.append(result)
        self._progress.ends(result)
