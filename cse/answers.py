"""Answers to requests that may come twice, kept with what was done: it is done once, whenever this CSE dies.

A binding whose messages may come again sets ``repetition``. The answer is written in the unit of work of the operation,
so a crash leaves both or neither. Nothing is kept of requests that change nothing here: to do them again is no harm.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from functools import partial

from cse.clock import Clock
from cse.codecs import Limits, decode, encode
from cse.parameters import object_from_response, response_from_object
from cse.primitive import Repetition, RequestPrimitive, ResponsePrimitive
from cse.settings import CseSettings
from cse.storage.port import AnswerRecord
from cse.work import Work

#: What was written here has been checked before.
_LIMITS = Limits(max_depth=10_000, max_members=10**9)


class Answers:
    """The latest answers: at most so many, so many bytes, and for so long. The oldest go first."""

    def __init__(self, settings: CseSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._kept: OrderedDict[int, tuple[AnswerRecord, float]] = OrderedDict()
        self._latest: dict[bytes, int] = {}
        self._last = 0
        self._bytes = 0

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def restore(self, records: Iterable[AnswerRecord]) -> None:
        """Know what was kept before this start; the time that the CSE was away does not count."""
        for record in records:
            self._add(record)

    def find(self, repetition: Repetition) -> ResponsePrimitive | None:
        """The answer to the same request, if it was done; it may not be durable yet."""
        self._forget()
        number = self._latest.get(repetition.key)
        record = self._kept[number][0] if number is not None else None
        if record is None or record.digest != repetition.digest:
            return None
        return response_from_object(decode(record.body, _LIMITS))

    def keep(self, work: Work, request: RequestPrimitive, response: ResponsePrimitive) -> None:
        """Write the answer in the unit of work of the operation; of several to one request the first counts."""
        repetition = request.repetition
        assert repetition is not None
        before = self._latest.get(repetition.key)
        if before is not None and self._kept[before][0].digest == repetition.digest:
            return
        response.request_id = request.request_id
        number = self._last + 1
        record = AnswerRecord(number, *repetition, encode(object_from_response(response)))
        self._add(record)
        work.undo.append(partial(self._drop, number))
        work.changes.answers[number] = record
        self._forget()
        work.changes.forgotten = next(iter(self._kept), number + 1) - 1

    def _add(self, record: AnswerRecord) -> None:
        self._kept[record.number] = record, self._clock.time()
        self._latest[record.key] = self._last = record.number
        self._bytes += len(record.body)

    def _drop(self, number: int) -> None:
        record, _ = self._kept.pop(number, (None, 0.0))
        if record is not None:
            self._bytes -= len(record.body)
            if self._latest.get(record.key) == number:
                del self._latest[record.key]

    def _forget(self) -> None:
        settings, until = self._settings, self._clock.time() - self._settings.answers_kept_s
        while self._kept:
            number, (_, since) = next(iter(self._kept.items()))
            if len(self._kept) <= settings.max_answers and self._bytes <= settings.max_answer_bytes and since > until:
                return
            self._drop(number)
