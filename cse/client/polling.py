"""Being told without being reachable: an AE fetches what is for it at its pollingChannel (TS-0001 10.2.5.13)."""

from __future__ import annotations

import asyncio
import itertools
import logging
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cse.client.errors import RequestFailed, Unreachable
from cse.client.own_connection import EntityReceiver
from cse.client.references import references
from cse.client.transport import Handler, Transport, back_off_s
from cse.clock import Clock, SystemClock
from cse.parameters import object_from_response, request_from_object
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from resources.errors import CseError
from resources.status import Status

_log = logging.getLogger(__name__)
NAME = "pollingChannel"
_TYPE = 15
#: How long the CSE is asked to wait for something to fetch.
POLL_S = 30.0
#: How long its answer may take beyond that.
_GRACE_S = 5.0
#: No poll follows another that came back empty faster than that.
_SOON_S = 0.2
#: What a CSE answers to a second pollingChannel.
_IS_THERE = (Status.CONFLICT, Status.BAD_REQUEST)


class PollingReceiver(EntityReceiver):
    """Calls back with what the CSE keeps for AEs in their pollingChannels, over any transport.

    What is fetched is answered after its callback has returned, before more is fetched: in order, one at a time. What
    is fetched again, because its answer was lost, is answered again and not called back again.
    """

    def __init__(self, transport: Transport, *, poll_s: float = POLL_S, release_version: str = "3",
                 clock: Clock | None = None) -> None:
        super().__init__("polling")
        self._way = (transport, poll_s, release_version, clock or SystemClock())
        self._channels: dict[str, tuple[Channel, asyncio.Task[None]]] = {}

    async def ready(self, originator: str) -> None:
        """Make the channel of this AE, if it has none, and fetch from now on.

        Raises ValueError for who is no AE, RequestFailed and Unreachable.
        """
        if originator in self._channels:
            return
        channel = Channel(originator, self.receive, *self._way)
        try:
            await channel.open()
        except RequestFailed as failure:
            if failure.status is not Status.NOT_FOUND:
                raise
            raise ValueError(f"{originator} is no AE of this CSE, so nothing can wait for it in a pollingChannel; "
                             "register it, or be told elsewhere: connect(..., receiver=await listen())") from None
        self._channels[originator] = channel, asyncio.get_running_loop().create_task(channel.run())

    async def close(self) -> None:
        """Fetch no more; the channel stays, and what comes waits in it."""
        tasks = [task for _, task in self._channels.values()]
        self._channels.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Channel:
    """The pollingChannel of one AE: fetched from by ``run`` until that is cancelled."""

    def __init__(self, entity: str, handler: Handler, transport: Transport, poll_s: float, release_version: str,
                 clock: Clock) -> None:  # fmt: skip
        self._transport = transport
        self._entity = entity
        self._handler = handler
        self._poll_s = poll_s
        self._release_version = release_version
        self._clock = clock
        self._numbers = itertools.count(1)
        self._prefix = f"poll-{uuid.uuid4().hex[:8]}"
        self.address = ""

    async def open(self) -> None:
        """Find or make the pollingChannel; raises RequestFailed, Unreachable."""
        made = self._request(Operation.CREATE, self._entity)
        made.resource_type, made.content = _TYPE, {"m2m:pch": {"rn": NAME}}
        answer = await self._send(made)
        if answer.status is Status.CREATED:
            self.address = str(_body(answer.content)["ri"])
            return
        self.address = await self._found() if answer.status in _IS_THERE else ""
        if not self.address:
            raise RequestFailed.of(made, answer)

    async def run(self) -> None:
        """Fetch, have answered, answer, for ever: over lost connections, restarts of the CSE, an expired channel."""
        failures = 0
        while True:
            try:
                if not self.address:
                    await self.open()
                for members in await self._fetch():
                    await self._settle(await self._answered(members))
                failures = 0
            except Exception as error:  # noqa: BLE001 - an AE that fetches no more would not notice
                pause_s = back_off_s(failures)
                failures += 1
                level = logging.INFO if isinstance(error, Unreachable) else logging.WARNING
                _log.log(level, "pollingChannel of %s: %s; tried again in %g s", self._entity, error, pause_s)
                await self._clock.sleep(pause_s)

    async def _fetch(self) -> list[Mapping[str, Any]]:
        """The requests that wait; nothing when none came in time, or the channel is gone. Raises what is in the way."""
        poll = self._request(Operation.RETRIEVE, f"{self.address}/pcu")
        poll.request_expiration = str(int(self._poll_s * 1000))
        begun = self._clock.time()
        answer = await self._transport.send(poll, timeout_s=self._poll_s + _GRACE_S)
        if answer.status is Status.REQUEST_TIMEOUT:
            await self._clock.sleep(max(0.0, _SOON_S - (self._clock.time() - begun)))  # a CSE that ends does not wait
            return []
        if answer.status is Status.NOT_FOUND:
            self.address = ""
            return []
        if answer.status >= Status.BAD_REQUEST:
            raise RequestFailed.of(poll, answer)
        body = _body(answer.content)
        several = body.get("m2m:rqp") if "m2m:agrp" in (answer.content or {}) else [body]
        return [one for one in several if isinstance(one, Mapping)] if isinstance(several, list) else []

    async def _answered(self, members: Mapping[str, Any]) -> ResponsePrimitive:
        try:
            request = request_from_object(members)
        except CseError as error:
            return ResponsePrimitive(error.status, str(members.get("rqi", "")), {"m2m:dbg": error.message})
        return await self._handler(request)

    async def _settle(self, answer: ResponsePrimitive) -> None:
        """Hand an answer in until the CSE has it, or does not wait for it any more."""
        for attempt in itertools.count():
            handed = self._request(Operation.NOTIFY, f"{self.address}/pcu")
            handed.content = {"m2m:rsp": object_from_response(answer)}
            try:
                result = await self._send(handed)
            except Unreachable:
                await self._clock.sleep(back_off_s(attempt))
                continue
            if result.status >= Status.BAD_REQUEST and result.status is not Status.NOT_FOUND:
                raise RequestFailed.of(handed, result)
            return

    async def _found(self) -> str:
        """The pollingChannel that the AE has already; '' when it has none."""
        answer = await self._send(replace(self._request(Operation.RETRIEVE, self._entity), result_content=6))
        children = references(answer.content) if answer.status is Status.OK else []
        return next((one.address for one in children if one.type == _TYPE), "")

    async def _send(self, request: RequestPrimitive) -> ResponsePrimitive:
        return await self._transport.send(request, timeout_s=2 * _GRACE_S)

    def _request(self, operation: Operation, to: str) -> RequestPrimitive:
        return RequestPrimitive(operation, to, self._entity, f"{self._prefix}-{next(self._numbers)}",
                                self._release_version)  # fmt: skip


def _body(content: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return next((one for one in (content or {}).values() if isinstance(one, Mapping)), {})
