"""One case while it runs: what it captured, sent and received."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from conformance_tests.capture import Capture
from conformance_tests.case import Case, CatalogueError
from conformance_tests.cse_clock import CseClock
from conformance_tests.http.client import HttpClient
from conformance_tests.http.notification_server import Endpoint, NotificationServer
from conformance_tests.identifiers import Identifiers
from conformance_tests.matching import Matching
from conformance_tests.primitive import NoAnswer, Request, Response
from conformance_tests.profile import Target
from conformance_tests.substitution import reach, substitute
from conformance_tests.timestamps import in_seconds
from conformance_tests.types import ResourceTypes
from conformance_tests.verdict import Exchange

#: Messages kept of one case; a case that repeats itself keeps the last ones.
MAX_EXCHANGES = 60


class Mismatch(Exception):
    """The CSE did something else than was expected; the text says what."""


class CannotTell(Exception):
    """The case cannot go on for a reason that says nothing about the CSE."""


@dataclass(slots=True)
class Tester:
    """What all cases of a run share."""

    client: HttpClient
    target: Target
    types: ResourceTypes
    notifications: NotificationServer | None
    patience_s: float
    prefix: str
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    clock: CseClock = field(default_factory=CseClock)


class Execution:
    """The state of one running case."""

    def __init__(self, tester: Tester, case: Case, ae_ids: AeIds) -> None:
        self.tester, self.case, self.ae_ids = tester, case, ae_ids
        self.started = time.monotonic()
        self.step = ""
        self.captures: dict[str, Any] = {}
        self.observed: list[str] = []
        self.exchanges: list[Exchange] = []
        self.created: list[str] = []
        self.assigned: dict[str, str] = {}
        self.background: dict[str, asyncio.Task[None]] = {}
        self.identifiers = Identifiers(tester.target.cse_id, tester.target.sp_id, tester.target.cse_name)
        self.identifiers.aliases[tester.target.cse_name] = tester.target.cse_ri
        self.matching = Matching(self.identifiers)
        self.unique = f"{tester.prefix}{next(tester.numbers)}"

    # --- names -----------------------------------------------------------------------------------------------------

    def resolve(self, value: Any) -> Any:
        """Return the value with its references replaced; raises CannotTell for one that leads nowhere."""
        return substitute(value, self._look_up)

    def _look_up(self, reference: str) -> Any:
        if reference.startswith("in:"):
            return in_seconds(float(reference[3:]) + self.tester.clock.ahead_s)
        name, _, part = reference.partition(".")
        try:
            if name in self.captures:
                return self._captured(name, part)
            return self._known(reference)
        except (LookupError, TypeError) as error:
            raise CannotTell(f"${{{reference}}} leads nowhere ({error})") from error

    def _captured(self, name: str, part: str) -> Any:
        found = self.captures[name]
        if isinstance(found, Endpoint):
            return {"url": found.url}[part or "url"]
        if not isinstance(found, Capture):
            return reach(found, part.split(".")) if part else found
        if part:
            return found.part(part)
        if found.address is None:
            raise LookupError("the answer names no resource")
        return found.address

    def _known(self, reference: str) -> Any:
        target = self.tester.target
        known: dict[str, Any] = {
            "cse": target.cse_name,
            "cse.ri": target.cse_ri,
            "cse.csi": target.cse_id,
            "csi": target.cse_id,
            "spid": target.sp_id,
            "admin": target.originator,
            "unique": self.unique,
            "stranger": "Cstranger" + self.unique,
            "appid": target.app_id,
        }
        if reference == "aeid":
            return self.ae_ids.take()
        if reference == "cseid":
            return target.registree.replace("*", f"{self.unique}-{next(self.tester.numbers)}")
        if reference in {"denied_appid", "denied_aeid"}:
            return target.denied[reference]
        if reference.startswith("cse."):
            return reach(target.attributes, reference[4:].split("."))
        return known[reference]

    def address(self, target: str) -> str:
        """Return the address a step means: the name of a capture, ``cse``, or an address itself."""
        if target == "cse":
            return self.tester.target.cse_name
        found = self.captures.get(target)
        if isinstance(found, Capture):
            if found.address is None:
                raise CannotTell(f"{target} names no resource")
            return found.address
        return target

    def type_of(self, target: str) -> str | None:
        """Return the short name of the type of a captured resource."""
        found = self.captures.get(target)
        return found.type if isinstance(found, Capture) else "cb" if target == "cse" else None

    def originator(self, by: str | None) -> str | None:
        """Return the From value a step means; ``none`` leaves it out.

        An AE-ID that the CSE has replaced at the registration stands for the one it gave.
        """
        if by is None:
            by = "ae" if "ae" in self.captures else "admin"
        if by in {"admin", "none"}:
            return self.tester.target.originator if by == "admin" else None
        found = self.captures.get(by)
        if isinstance(found, Capture):
            return str(found.part("aei"))
        return self.assigned.get(by, by)

    def assign(self, wanted: str, given: str) -> None:
        """Remember that the CSE registered an AE under another AE-ID than it wanted."""
        if not self.identifiers.same(wanted, given):
            self.assigned[wanted] = given

    # --- messages --------------------------------------------------------------------------------------------------

    async def send(self, request: Request) -> Response:
        """Send a request and keep both messages; raises Mismatch when no answer comes."""
        step, at_s = self.step, time.monotonic() - self.started
        try:
            response, sent, received = await self.tester.client.send(request)
        except NoAnswer as error:
            self.keep(Exchange("out", at_s, step, _outline(request), f"({error})"))
            raise Mismatch(f"no answer to {_outline(request)}: {error}") from error
        except ValueError as error:
            raise CatalogueError(f"{self.case.id}: {error}") from error
        self.keep(Exchange("out", at_s, step, sent, received))
        return response

    def keep(self, exchange: Exchange) -> None:
        """Keep a message for the report."""
        self.exchanges.append(exchange)
        if len(self.exchanges) > MAX_EXCHANGES:
            del self.exchanges[MAX_EXCHANGES // 2]

    def request(self, op: int, to: str, by: str | None, **more: Any) -> Request:
        """Return a request with a new identifier and the release of the run."""
        request = Request(op, to, self.originator(by), f"{self.unique}-{next(self.tester.numbers)}", **more)
        request.parameters.setdefault("rvi", self.tester.target.rvi)
        return request

    def endpoint(self, name: str) -> Endpoint:
        """Return the notification endpoint of that name."""
        found = self.captures.get(name)
        if not isinstance(found, Endpoint):
            raise CatalogueError(f"{self.case.id}: there is no `listen: {name}` before this step")
        return found

    def note_observed(self, text: str) -> None:
        """Record which of several permitted outcomes was seen."""
        self.observed.append(f"{self.step}: {text}")


class AeIds:
    """AE-IDs a case may register with: made from a pattern with one ``*``, or taken from a list in turn."""

    def __init__(self, patterns: tuple[str, ...], prefix: str) -> None:
        self._patterns, self._prefix, self._numbers = patterns, prefix, itertools.count()

    def take(self) -> str:
        """Return an AE-ID that nobody else uses now."""
        number = next(self._numbers)
        return self._patterns[number % len(self._patterns)].replace("*", f"{self._prefix}{number}")


def _outline(request: Request) -> str:
    names = {1: "CREATE", 2: "RETRIEVE", 3: "UPDATE", 4: "DELETE", 5: "NOTIFY"}
    return f"{names.get(request.op, request.op)} {request.to}"
