"""The text that a scrape reads."""

from __future__ import annotations

from cse.dispatcher import Dispatcher
from cse.observe.metrics import Metrics
from cse.primitive import Operation, RequestPrimitive
from resources.status import Status


class Watch:
    """A clock that moves when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_requests_are_counted_with_status_and_duration() -> None:
    watch = Watch()
    metrics = Metrics(watch)
    for _ in range(2):
        began = metrics.begun()
        watch.now += 0.003
        assert "banyan_requests_in_flight 1" in metrics.exposition()
        metrics.ended(began, Operation.RETRIEVE, Status.OK)
    lines = metrics.exposition().splitlines()
    assert 'banyan_requests_total{operation="RETRIEVE",status="2000"} 2' in lines
    assert "banyan_requests_in_flight 0" in lines
    assert 'banyan_request_duration_seconds_bucket{le="0.0025"} 0' in lines
    assert 'banyan_request_duration_seconds_bucket{le="0.005"} 2' in lines
    assert 'banyan_request_duration_seconds_bucket{le="+Inf"} 2' in lines
    assert "banyan_request_duration_seconds_sum 0.006000" in lines
    assert "banyan_request_duration_seconds_count 2" in lines


async def test_a_request_that_is_given_up_counts_as_5000() -> None:
    metrics = Metrics()
    dispatcher = Dispatcher(metrics)  # has no core: reading it fails, which is an answer
    response = await dispatcher.handle(RequestPrimitive(Operation.CREATE, "cse", "Cae", "1"))
    assert response.status == Status.INTERNAL_SERVER_ERROR
    assert 'banyan_requests_total{operation="CREATE",status="5000"} 1' in metrics.exposition()
    assert "banyan_requests_in_flight 0" in metrics.exposition()


def test_readings_are_taken_at_the_scrape() -> None:
    metrics = Metrics()
    pending = [1]
    metrics.gauge("banyan_notifications_pending", "Waiting.", lambda: len(pending))
    metrics.counter(
        "banyan_notifications_total", "Sent.", lambda: {(("result", 'a"b\\c\n'),): 2, (("result", "ok"),): 3}
    )
    metrics.gauge("banyan_load", "Share.", lambda: 0.25)
    batches = metrics.histogram("banyan_batch_size", "Units per commit.", (1, 10))
    batches.observe(10)
    batches.observe(11)
    pending.append(2)
    text = metrics.exposition()
    assert "# HELP banyan_notifications_pending Waiting.\n# TYPE banyan_notifications_pending gauge\n" in text
    assert "banyan_notifications_pending 2\n" in text
    assert 'banyan_notifications_total{result="a\\"b\\\\c\\n"} 2\n' in text
    assert "banyan_load 0.25\n" in text
    assert 'banyan_batch_size_bucket{le="10"} 1\nbanyan_batch_size_bucket{le="+Inf"} 2\n' in text
    assert text.endswith("\n")
