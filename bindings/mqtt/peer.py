"""One entity at one broker: it asks and is answered, it is asked and answers (TS-0010 6.4)."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from bindings.mqtt.broker import Broker, Options, Publication
from bindings.mqtt.mapping import (
    ANSWERS,
    REGISTRATION,
    Address,
    Refused,
    Topic,
    request_of,
    request_payload,
    response_of,
    response_payload,
    topic_of,
)
from bindings.mqtt.repetition import Answers
from cse.client.transport import ANSWER_LIMITS, Handler, Unreachable
from cse.codecs import JSON_ONLY, Codec, Codecs, Limits
from cse.parameters import refusal
from cse.primitive import Operation, Repetition, RequestPrimitive, ResponsePrimitive
from resources.errors import BadRequest, CseError, OriginatorError, ReceiverError
from resources.status import Status

_log = logging.getLogger(__name__)

#: A request that takes longer is acknowledged to the broker before it is answered: what a broker has under way with a
#: client is bounded, and one that waits for something, perhaps for a message of this broker, must not hold up the rest.
ACKNOWLEDGE_AFTER_S = 1.0
#: After a lost connection what is not answered is sent again at once and after these pauses: the other side may be back
#: later, and a broker that has forgotten its subscriptions drops what comes until then.
_REPEATS_S = (0.0, 1.0, 2.0)
_MAX_ANSWER_BYTES = 32 * 1024 * 1024
_DRAIN_S = 10.0
#: How many topics an entity listens to at a broker.
_MOST_FILTERS = 10_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """What others can have this side hold."""

    limits: Limits = ANSWER_LIMITS
    payload_bytes: int = 16 * 1024 * 1024
    requests: int = 256
    answers: int = 10_000
    answers_kept_s: float = 300.0


@dataclass(slots=True, eq=False)
class _Waiting:
    topic: str
    payload: bytes
    codec: Codec
    answer: asyncio.Future[ResponsePrimitive]
    publication: Publication
    since_s: float


@dataclass(slots=True)
class Role:
    """What an entity does with requests for it. ``admit`` looks at each, raises CseError for one to be refused."""

    handler: Handler
    entity: str = ""
    admit: Callable[[Topic, RequestPrimitive], None] = field(default=lambda _topic, _request: None)


class Peer:
    """``role`` is None while nothing is answered here."""

    def __init__(
        self, address: Address, options: Options, bounds: Bounds | None = None, codecs: Codecs = JSON_ONLY
    ) -> None:
        self.role: Role | None = None
        self._bounds = bounds or Bounds()
        self._codecs = codecs
        self._broker = Broker(address, options, self._arrived, self._back)
        self._clock = asyncio.get_running_loop().time
        self._answers = Answers(self._bounds.answers, _MAX_ANSWER_BYTES, self._bounds.answers_kept_s, self._clock)
        self._waiting: dict[tuple[str, str, str], _Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._repeating: asyncio.Task[None] | None = None
        self._stopping: asyncio.Event | None = None
        self._filters: set[str] = set()
        self._working = 0

    @property
    def connected(self) -> bool:
        """True while the broker takes messages."""
        return self._broker.connected

    @property
    def waiting(self) -> int:
        """Requests that wait for their answer."""
        return len(self._waiting)

    async def start(self, timeout_s: float) -> str:
        """Connect, and go on trying. Returns why there never was a connection, '' when there was one."""
        return await self._broker.start(timeout_s)

    async def reach(self, timeout_s: float) -> None:
        """Connect; raises Unreachable where there never was a connection. After that messages wait for the next."""
        reason = await self.start(timeout_s)
        if reason:
            raise Unreachable(f"{self._broker.address}: {reason}")

    def listen(self, *filters: str) -> None:
        """Have messages of these topics; raises Unreachable for more topics than one listens to."""
        self._filters.update(filters)
        if len(self._filters) > _MOST_FILTERS:
            self._filters.difference_update(filters)
            raise Unreachable(f"more than {_MOST_FILTERS} topics are listened to at {self._broker.address}")
        self._broker.subscribe(*filters)

    async def ask(self, topic: Topic, request: RequestPrimitive, codec: Codec, timeout_s: float) -> ResponsePrimitive:
        """Send a request and return its answer; raises Unreachable. The topic of the answer has to be listened to."""
        rqi = request.request_id
        while not rqi or (ANSWERS[topic.kind], topic.originator, rqi) in self._waiting:
            rqi = secrets.token_hex(8)
        sent = request if rqi == request.request_id else replace(request, request_id=rqi)
        payload = self._written(sent, codec)
        publication = self._broker.publish(str(topic), payload)
        answer: asyncio.Future[ResponsePrimitive] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(str(topic), payload, codec, answer, publication, self._clock())
        key = (ANSWERS[topic.kind], topic.originator, rqi)
        self._waiting[key] = waiting
        try:
            async with asyncio.timeout(timeout_s):
                response = await answer
        except TimeoutError:
            raise Unreachable(f"{self._broker.address}: no answer in time") from None
        finally:
            del self._waiting[key]
            self._broker.forget(waiting.publication)
        response.request_id = request.request_id
        return response

    async def tell(self, topic: str, request: RequestPrimitive, codec: Codec, timeout_s: float) -> None:
        """Send a request that nobody answers; returns when the broker has it. Raises Unreachable."""
        publication = self._broker.publish(topic, self._written(request, codec))
        try:
            async with asyncio.timeout(timeout_s):
                await publication.acknowledged
        except TimeoutError:
            self._broker.forget(publication)
            raise Unreachable(f"{self._broker.address}: the broker did not take it in time") from None

    async def close(self) -> None:
        """Answer what is under way, then disconnect; what comes meanwhile is left to the broker, for the next time."""
        self._stopping = asyncio.Event()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_DRAIN_S)
        if self._repeating is not None:
            self._repeating.cancel()
        await self._broker.close()
        self._stopping.set()
        for waiting in self._waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_exception(Unreachable("the client is closed"))

    def _written(self, request: RequestPrimitive, codec: Codec) -> bytes:
        try:
            payload = request_payload(request, codec)
        except CseError as error:
            raise Unreachable(error.message) from None
        if len(payload) > self._bounds.payload_bytes:
            raise Unreachable(f"the request is larger than {self._bounds.payload_bytes} bytes")
        return payload

    async def _arrived(self, text: str, payload: bytes) -> None:
        """Take a message; returning acknowledges it."""
        if self._stopping is not None:
            await self._stopping.wait()
            return
        topic = topic_of(text)
        if topic is None:
            _log.debug("nothing is known to do with topic %.200r", text)
        elif topic.kind not in ANSWERS:
            self._is_answered(topic, payload)
        elif self.role is not None:
            loop = asyncio.get_running_loop()
            received: asyncio.Future[None] = loop.create_future()
            task = loop.create_task(self._serve(self.role, topic, payload))
            self._tasks.add(task)
            late = loop.call_later(ACKNOWLEDGE_AFTER_S, _settle, received)
            task.add_done_callback(partial(self._served, received, late))
            await received

    def _served(self, received: asyncio.Future[None], late: asyncio.TimerHandle, task: asyncio.Task[None]) -> None:
        late.cancel()
        self._tasks.discard(task)
        _settle(received)

    def _is_answered(self, topic: Topic, payload: bytes) -> None:
        codec = self._codecs.of_name(topic.type)
        if codec is None or len(payload) > self._bounds.payload_bytes:
            return
        try:
            response = response_of(payload, codec, ANSWER_LIMITS)
        except CseError as error:
            _log.debug("an answer on %s is not readable: %s", topic, error.message)
            return
        waiting = self._waiting.get((topic.kind, topic.originator, response.request_id))
        if waiting is not None and not waiting.answer.done():
            waiting.answer.set_result(response)

    async def _serve(self, role: Role, topic: Topic, payload: bytes) -> None:
        """Answer a request, once however often it comes."""
        codec = self._codecs.of_name(topic.type)
        if codec is None:
            self._tell(topic.answer(self._codecs.preferred.name), refusal(_unknown(topic.type, self._codecs), {}))
            return
        try:
            request = self._read(payload, codec)
            role.admit(topic, request)
        except Refused as refused:
            self._tell(topic.answer(), refused.answer)
            return
        except CseError as error:
            told = {"rqi": request.request_id, "rvi": request.release_version}
            self._tell(topic.answer(), refusal(error, told))
            return
        if request.operation is Operation.RETRIEVE:  # to look twice does nothing twice, and the second look is newer
            self._send(topic.answer(), await self._answer(role, request, codec))
        else:
            await self._once(role, topic, payload, request, codec)

    async def _once(self, role: Role, topic: Topic, payload: bytes, request: RequestPrimitive, codec: Codec) -> None:
        registers = topic.kind == REGISTRATION or not request.originator  # fr may be just "C" or "S" then
        repetition = Repetition.of(topic.originator if registers else request.originator, request.request_id, payload)
        seen = self._answers.find(repetition)
        if seen is not None:
            if not seen.answer.done():
                await asyncio.wait({seen.answer})
            elif not seen.answer.cancelled():
                self._send(topic.answer(), seen.answer.result())
            return
        seen = self._answers.begin(repetition)
        request.repetition = repetition
        try:
            answer = await self._answer(role, request, codec)
        except BaseException:
            self._answers.give_up(repetition, seen)
            raise
        self._answers.end(repetition, seen, answer)
        self._send(topic.answer(), answer)

    def _read(self, payload: bytes, codec: Codec) -> RequestPrimitive:
        if len(payload) > self._bounds.payload_bytes:
            error = BadRequest(f"MQTT: the payload is larger than {self._bounds.payload_bytes} bytes")
            raise Refused(refusal(error, {}))
        request = request_of(payload, codec, self._bounds.limits)
        if self._working >= self._bounds.requests:
            busy = ReceiverError(f"{self._bounds.requests} requests are under way here already; try again later")
            raise Refused(refusal(busy, {"rqi": request.request_id, "rvi": request.release_version}))
        return request

    async def _answer(self, role: Role, request: RequestPrimitive, codec: Codec) -> bytes:
        to, release = request.originator, request.release_version
        self._working += 1
        try:
            response = await role.handler(request)
        except Exception:  # noqa: BLE001 - whatever fails in a handler, the peer gets an answer
            _log.exception("%s %r failed", request.operation.name, request.to)
            response = ResponsePrimitive(
                Status.INTERNAL_SERVER_ERROR, request.request_id,
                {"m2m:dbg": "internal error; see the log of the CSE"}, release,
            )  # fmt: skip
        finally:
            self._working -= 1
        response.to, response.originator = response.to or to, response.originator or role.entity
        return response_payload(response, codec)

    def _tell(self, topic: Topic, response: ResponsePrimitive) -> None:
        codec = self._codecs.of_name(topic.type) or self._codecs.preferred
        self._send(topic, response_payload(response, codec))

    def _send(self, topic: Topic, answer: bytes) -> None:
        try:
            self._broker.publish(str(topic), answer)
        except Unreachable as error:
            _log.warning("an answer is not sent: %s", error)

    def _back(self) -> None:
        if self._repeating is not None:
            self._repeating.cancel()
        self._repeating = asyncio.get_running_loop().create_task(self._repeat(self._clock()))

    async def _repeat(self, back_s: float) -> None:
        for pause_s in _REPEATS_S:
            await asyncio.sleep(pause_s)
            for waiting in list(self._waiting.values()):
                if waiting.since_s < back_s and waiting.publication.acknowledged.done():
                    with suppress(Unreachable):
                        waiting.publication = self._broker.publish(waiting.topic, waiting.payload)


def _settle(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


def _unknown(type_: str, codecs: Codecs) -> CseError:
    return OriginatorError(f"{type_[:20]!r}: this CSE reads {', '.join(codecs.names)}", Status.UNSUPPORTED_MEDIA_TYPE)
