import pytest

from ae_samples.monitor.alarms import PeakAlarm, threshold_from


def run(alarm: PeakAlarm, *demands: float) -> list[tuple[str, float, float]]:
    events = [alarm.update(900.0 * n, kw) for n, kw in enumerate(demands)]
    return [(event.state, event.time, event.value_kw) for event in events if event]


def test_an_alarm_is_raised_once_and_cleared_below_the_hysteresis() -> None:
    assert run(PeakAlarm(100.0), 90, 100, 120, 99, 96, 95, 90, 80) == [
        ("raised", 900.0, 100), ("cleared", 4500.0, 95),
    ]  # fmt: skip


def test_it_can_be_raised_again_after_it_was_cleared() -> None:
    assert [state for state, *_ in run(PeakAlarm(100.0), 101, 90, 101)] == ["raised", "cleared", "raised"]


def test_the_cleared_event_tells_when_it_began_and_how_high_it_went() -> None:
    alarm = PeakAlarm(100.0)
    run(alarm, 50, 110, 140, 120)
    event = alarm.update(3600.0, 60)
    assert event is not None
    assert (event.since, event.peak_kw, event.threshold_kw) == (900.0, 140, 100.0)


def test_a_demand_that_is_not_newer_changes_nothing() -> None:
    alarm = PeakAlarm(100.0)
    run(alarm, 50, 110)
    assert alarm.update(900.0, 10) is None
    assert alarm.update(0.0, 10) is None
    assert alarm.active is not None


def test_without_a_threshold_there_is_no_alarm() -> None:
    assert run(PeakAlarm(None), 1e9, 0) == []


def test_an_active_alarm_keeps_its_threshold() -> None:
    alarm = PeakAlarm(100.0)
    alarm.update(0.0, 110)
    alarm.threshold_kw = 200.0
    assert alarm.update(900.0, 150) is None
    event = alarm.update(1800.0, 90)
    assert event is not None
    assert event.threshold_kw == 100.0


def test_after_a_restart_of_time_it_can_be_raised_at_an_older_time() -> None:
    alarm = PeakAlarm(100.0)
    run(alarm, 50, 110)
    alarm.restart()
    event = alarm.update(0.0, 105)
    assert event is not None
    assert event.state == "raised"


@pytest.mark.parametrize("count", [0, 91])
def test_less_than_a_day_gives_no_threshold(count: int) -> None:
    assert threshold_from([1.0] * count) is None


def test_the_threshold_is_reached_by_two_percent_of_the_past() -> None:
    threshold = threshold_from([float(n) for n in range(1000)])
    assert threshold is not None
    assert sum(n >= threshold for n in range(1000)) == 20
