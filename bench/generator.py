"""The load on a binding, a process of its own: what to do comes as JSON on stdin, what was seen goes to stdout."""

from __future__ import annotations

import json
import resource
import select
import sys
import time
from typing import Any

from bench.load import Result
from bench.speakers import SPEAKERS, Speaker

#: A request without an answer for this long is lost, and another one sent.
_PATIENCE_S = 2.0


class Load:
    """Connections with one request under way each."""

    def __init__(self, speakers: list[Speaker], seconds: float) -> None:
        self._speakers = {speaker.sock.fileno(): speaker for speaker in speakers}
        self._seconds = seconds
        self._began_s: dict[int, float] = {}
        self._took_s: list[float] = []
        self._number = time.time_ns() // 1000
        self._failures = 0

    def run(self) -> Result:
        """Send until the time is over and everything is answered or lost."""
        poll = select.epoll()
        clock = time.perf_counter
        began = clock()
        until, looked = began + self._seconds, began
        for number in self._speakers:
            poll.register(number, select.EPOLLIN)
            self._ask(number, began)
        while self._began_s:
            for number, _ in poll.poll(0.5):
                speaker = self._speakers[number]
                data = speaker.sock.recv(65536)
                if not data:
                    raise RuntimeError("the server has closed a connection")
                heard, now = speaker.read(data), clock()
                if heard.reply:
                    speaker.sock.send(heard.reply)
                if not heard.answers:
                    continue
                self._took_s.append(now - self._began_s.pop(number))
                self._failures += heard.failures
                if now < until:
                    self._ask(number, now)
            if clock() - looked > 0.5:
                looked = clock()
                self._lose(looked, until)
        return self._result(clock() - began)

    def _ask(self, number: int, now: float) -> None:
        speaker = self._speakers[number]
        self._number += 1
        self._began_s[number] = now
        speaker.sock.send(speaker.request(self._number))

    def _lose(self, now: float, until: float) -> None:
        """Give up what was not answered."""
        for number in [number for number, began in self._began_s.items() if now - began > _PATIENCE_S]:
            self._failures += 1
            del self._began_s[number]
            if now < until:
                self._ask(number, now)

    def _result(self, lasted_s: float) -> Result:
        took_s = sorted(self._took_s) or [0.0]
        return Result(len(self._took_s) / lasted_s, len(self._took_s), self._failures,
                      took_s[len(took_s) // 2] * 1000, took_s[len(took_s) * 99 // 100] * 1000)  # fmt: skip


def load(job: dict[str, Any]) -> tuple[Result, float]:
    """Do a job: ``binding``, ``port``, ``members`` of the request, ``connections``, ``seconds``.

    Returns what was seen, and the share of the time in which the load itself was computing.
    """
    made = SPEAKERS[job["binding"]]
    speakers = [made(job["port"], job["members"], f"load{number}") for number in range(job["connections"])]
    began, used_s = time.perf_counter(), _cpu_s()
    result = Load(speakers, job["seconds"]).run()
    return result, (_cpu_s() - used_s) / (time.perf_counter() - began)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    print(json.dumps(load(json.load(sys.stdin))))
