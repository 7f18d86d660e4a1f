"""A whole CSE without a socket for tests of the primitive: requests in, answers out, notifications recorded."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cse.client.transport import Unreachable
from cse.clock import timestamp
from cse.codecs import Limits, decode, encode
from cse.device_management import Adapter
from cse.engine import Cse, Ports
from cse.location_server import LocationServer
from cse.primitive import FilterCriteria, Operation, RequestPrimitive, ResponsePrimitive
from cse.settings import CseSettings
from cse.storage.memory import MemoryStore
from cse.storage.port import Store
from resources.registry import Registry
from resources.status import Status

ADMIN = "CAdmin"
LIMITS = Limits(max_depth=200, max_members=10**7)


class RigClock:
    """A clock that stands still until ``advance`` moves it; sleepers wake in the order of their times."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def time(self) -> float:
        """Each look moves the time by a microsecond, so that two moments are never equal."""
        self.now += 1e-6
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved past that moment."""
        future = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + max(seconds, 0.0), next(self._numbers), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move the clock and let everybody act whose time has come."""
        await settle()
        end = self.now + seconds
        while due := [one for one in self._sleepers if one[0] <= end]:
            first = min(due)
            self._sleepers.remove(first)
            self.now = max(self.now, first[0])
            if not first[2].done():
                first[2].set_result(None)
            await settle()
        self.now = end
        await settle()


async def settle(turns: int = 40) -> None:
    """Let tasks that are ready run."""
    for _ in range(turns):
        await asyncio.sleep(0)


@dataclass
class Sink:
    """A notification target for ``http`` URLs: keeps what arrives; ``answer`` decides the status by URL."""

    received: list[tuple[str, RequestPrimitive, dict[str, Any]]] = field(default_factory=list)
    answer: Callable[[str, dict[str, Any]], Status | None] = lambda url, content: Status.OK

    async def send(self, url: str, request: RequestPrimitive, *, timeout_s: float) -> ResponsePrimitive:
        """Record a request; an answer of None means: cannot be reached."""
        content = decode(encode(request.content), LIMITS)
        status = self.answer(url, content)
        if status is None:
            raise Unreachable(url)
        self.received.append((url, request, content))
        return ResponsePrimitive(status, request.request_id)

    async def close(self) -> None:
        """Nothing to release."""

    def contents(self, url: str | None = None, *, verifications: bool = False) -> list[dict[str, Any]]:
        """Contents that arrived, without verification requests unless wanted."""
        return [content for target, _, content in self.received
                if url in (None, target) and (verifications or "vrq" not in content.get("m2m:sgn", {}))]


class Rig:
    """One CSE (memory store unless given) with an administrator, a clock to move and a sink for notifications."""

    def __init__(self, cse: Cse, clock: RigClock, sink: Sink) -> None:
        self.cse = cse
        self.clock = clock
        self.sink = sink
        self._numbers = itertools.count(1)

    @classmethod
    async def open(cls, *, store: Store | None = None, registry: Registry | None = None, clock: RigClock | None = None,
                   adapters: Sequence[Adapter] = (), location_server: LocationServer | None = None,
                   multicast_groups: Sequence[str] = (), **settings: Any) -> Rig:
        """Start a CSE ``/banyan`` named ``cse`` in ``//banyan.example``; keywords are ``CseSettings``."""
        clock, sink = clock or RigClock(), Sink()
        settings.setdefault("administrators", [ADMIN])
        ports = Ports(store or MemoryStore(), {"http": sink}, clock, registry or Registry.default(), adapters=adapters,
                      location_server=location_server, multicast_groups=multicast_groups)
        return cls(await Cse.open(CseSettings(**settings), ports), clock, sink)

    async def close(self) -> None:
        """Stop the CSE."""
        await self.cse.close()

    @property
    def now(self) -> str:
        """The time of the clock as ``m2m:timestamp``."""
        return timestamp(self.clock.now)

    def at(self, seconds: float) -> str:
        """A ``m2m:timestamp`` so many seconds from now."""
        return timestamp(self.clock.now + seconds)

    async def request(self, operation: Operation, to: str, fr: str = ADMIN, **parameters: Any) -> ResponsePrimitive:
        """Send a request; the content of the answer is decoded. Keywords are fields of ``RequestPrimitive``."""
        parameters.setdefault("request_id", f"r{next(self._numbers)}")
        parameters.setdefault("release_version", "3")
        response = await self.cse.handle(RequestPrimitive(operation, to, fr, **parameters))
        if response.content is not None:
            response.content = decode(encode(response.content), LIMITS)
        await settle()
        return response

    async def create(self, to: str, ty: int, content: dict[str, Any], fr: str = ADMIN,
                     **more: Any) -> ResponsePrimitive:
        """CREATE; ``content`` without its root for a known type, for example ``{"rn": "c1"}``."""
        root = self.cse.core.registry.by_number[ty].root if ty in self.cse.core.registry.by_number else "m2m:x"
        whole = content if any(":" in name for name in content) else {root: content}
        return await self.request(Operation.CREATE, to, fr, resource_type=ty, content=whole, **more)

    async def retrieve(self, to: str, fr: str = ADMIN, *, fc: FilterCriteria | None = None,
                       rcn: int | None = None, **more: Any) -> ResponsePrimitive:
        """RETRIEVE."""
        return await self.request(Operation.RETRIEVE, to, fr, filter_criteria=fc, result_content=rcn, **more)

    async def update(self, to: str, content: dict[str, Any], fr: str = ADMIN, **more: Any) -> ResponsePrimitive:
        """UPDATE; ``content`` with its root, for example ``{"m2m:cnt": {"mni": 3}}``."""
        return await self.request(Operation.UPDATE, to, fr, content=content, **more)

    async def delete(self, to: str, fr: str = ADMIN, **more: Any) -> ResponsePrimitive:
        """DELETE."""
        return await self.request(Operation.DELETE, to, fr, **more)

    async def discover(self, to: str, fr: str = ADMIN, **conditions: Any) -> list[str]:
        """Addresses found under ``to``; keywords are tags with a list of values."""
        response = await self.retrieve(to, fr, fc=FilterCriteria(conditions, usage=1))
        assert response.status == Status.OK, response.content
        found: list[str] = response.content["m2m:uril"]  # type: ignore[index]
        return found

    async def register(self, stem: str = "Cae1", name: str | None = None, **attributes: Any) -> dict[str, Any]:
        """Register an AE with this stem (name: the stem in lower case) and return its attributes."""
        given = {"api": "N1", "rr": True, "srv": ["3"], "rn": name or stem.lower(), **attributes}
        return only(await self.create("cse", 2, given, stem))

    async def made(self, to: str, ty: int, content: dict[str, Any], fr: str = ADMIN, **more: Any) -> dict[str, Any]:
        """CREATE that must succeed; returns the attributes."""
        response = await self.create(to, ty, content, fr, **more)
        assert response.status == Status.CREATED, response.content
        return only(response)


def only(response: ResponsePrimitive) -> dict[str, Any]:
    """The attributes in a content with one root; fails when the request failed."""
    assert response.status.succeeded, (response.status, response.content)
    assert response.content is not None
    (attributes,) = response.content.values()
    assert isinstance(attributes, dict)
    return attributes


def message(response: ResponsePrimitive) -> str:
    """The text of an error answer."""
    assert response.content is not None
    text: str = response.content["m2m:dbg"]
    return text
