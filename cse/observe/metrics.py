"""Metrics in the Prometheus text format: counts on the request path are plain integers, the rest is read when asked.

``begun`` and ``ended`` are called by the dispatcher; everything else registers a function that is read at a scrape.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter

from cse.primitive import Operation

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

Labels = tuple[tuple[str, str], ...]
#: One number, or numbers by labels.
Reading = float | Mapping[Labels, float]


class Histogram:
    """Counts by upper bound."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: tuple[float, ...] = BUCKETS_S) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def lines(self, name: str) -> Iterable[str]:
        """Write the samples."""
        total = 0
        for bound, count in zip(self._bounds, self._counts, strict=False):
            total += count
            yield f'{name}_bucket{{le="{bound:g}"}} {total}'
        total += self._counts[-1]
        yield f'{name}_bucket{{le="+Inf"}} {total}'
        yield f"{name}_sum {self._sum:.6f}"
        yield f"{name}_count {total}"


class Metrics:
    """The metrics of one CSE."""

    def __init__(self, now: Callable[[], float] = perf_counter) -> None:
        self._now = now
        self._requests: dict[tuple[int, int], int] = {}
        self._durations = Histogram()
        self._in_flight = 0
        self._histograms: list[tuple[str, str, Histogram]] = []
        self._readings: list[tuple[str, str, str, Callable[[], Reading]]] = []

    def begun(self) -> float:
        """Note that a request has come; returns what ``ended`` wants to know."""
        self._in_flight += 1
        return self._now()

    def ended(self, began: float, operation: int, status: int) -> None:
        """Count a request by operation and status, and its duration."""
        self._in_flight -= 1
        key = (operation, status)
        self._requests[key] = self._requests.get(key, 0) + 1
        self._durations.observe(self._now() - began)

    def counter(self, name: str, meaning: str, read: Callable[[], Reading]) -> None:
        """Add a number that only grows; ``name`` ends in ``_total``."""
        self._readings.append((name, "counter", meaning, read))

    def gauge(self, name: str, meaning: str, read: Callable[[], Reading]) -> None:
        """Add a number that goes up and down."""
        self._readings.append((name, "gauge", meaning, read))

    def histogram(self, name: str, meaning: str, bounds: tuple[float, ...] = BUCKETS_S) -> Histogram:
        """Add a histogram, for example of batch sizes; its ``observe`` is called where the value is known."""
        histogram = Histogram(bounds)
        self._histograms.append((name, meaning, histogram))
        return histogram

    def exposition(self) -> str:
        """Write all metrics in the text format."""
        lines: list[str] = []
        requests: dict[Labels, float] = {
            (("operation", Operation(number).name), ("status", str(status))): count
            for (number, status), count in self._requests.items()
        }
        _add(lines, "banyan_requests_total", "counter", "Requests by operation and response status.", requests)
        _add(lines, "banyan_requests_in_flight", "gauge", "Requests being worked on.", self._in_flight)
        own = ("banyan_request_duration_seconds", "Time from request to answer in the core.", self._durations)
        for name, meaning, histogram in (own, *self._histograms):
            lines += _head(name, "histogram", meaning)
            lines += histogram.lines(name)
        for name, kind, meaning, read in self._readings:
            _add(lines, name, kind, meaning, read())
        return "\n".join(lines) + "\n"


def _add(lines: list[str], name: str, kind: str, meaning: str, reading: Reading) -> None:
    lines += _head(name, kind, meaning)
    if isinstance(reading, Mapping):
        for labels, number in sorted(reading.items()):
            text = ",".join(f'{label}="{_escape(value)}"' for label, value in labels)
            lines.append(f"{name}{{{text}}} {_number(number)}")
    else:
        lines.append(f"{name} {_number(reading)}")


def _number(value: float) -> str:
    return str(int(value)) if value % 1 == 0 else repr(value)


def _head(name: str, kind: str, meaning: str) -> tuple[str, str]:
    return f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
