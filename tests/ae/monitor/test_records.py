import json

import pytest

from ae_samples.monitor.alarms import RAISED, AlarmEvent
from ae_samples.monitor.intervals import Interval, Total
from ae_samples.monitor.records import (
    TO_KWH,
    Sample,
    alarm_of,
    alarm_record,
    device_of,
    interval_of,
    interval_record,
    sample_of,
    total_of,
    total_record,
)
from cse.clock import seconds_of


def test_what_is_written_can_be_read_again() -> None:
    interval = Interval(900.0, 1800.0, 12.5, 4.25, estimated=True, complete=False)
    total = Total(0.0, 3600.0, 50.0, 80.0, 900.0, estimated=False, complete=True)
    event = AlarmEvent(RAISED, 1800.0, 210.0, 200.0, 1800.0, 210.0)
    assert interval_of({"con": json.dumps(interval_record(interval))}) == interval
    assert interval_of({"con": interval_record(Interval(0.0, 900.0, 1.0))}) == Interval(0.0, 900.0, 1.0)
    assert total_of({"con": json.dumps(total_record(total))}) == total
    assert alarm_of({"con": json.dumps(alarm_record(event))}) == event


@pytest.mark.parametrize("con", [None, "", "text", "{broken", "[]", 5, {}, {"start": "x"}, {"start": 5, "end": None}])
def test_foreign_content_is_none_of_the_records(con: object) -> None:
    instance = {"con": con}
    assert interval_of(instance) is None
    assert total_of(instance) is None
    assert alarm_of(instance) is None
    assert sample_of(instance, TO_KWH) is None


@pytest.mark.parametrize(("value", "unit", "kwh"), [(5_000_000, "Wh", 5000.0), (5, "kWh", 5.0), (5, "MWh", 5000.0)])
def test_units_of_energy(value: float, unit: str, kwh: float) -> None:
    instance = {"con": {"value": value, "unit": unit, "time": "20150312T131500"}}
    assert sample_of(instance, TO_KWH) == Sample(seconds_of("20150312T131500"), kwh)


def test_a_sample_without_a_time_has_that_of_its_instance() -> None:
    instance = {"con": {"value": 1, "unit": "kWh"}, "ct": "20150312T131500"}
    assert sample_of(instance, TO_KWH) == Sample(seconds_of("20150312T131500"), 1.0)


@pytest.mark.parametrize("value", ["1e999", "NaN", "-Infinity"])
def test_a_number_that_is_not_finite_is_no_sample(value: str) -> None:
    assert sample_of({"con": f'{{"value": {value}, "unit": "kWh", "time": "20150312T131500"}}'}, TO_KWH) is None


def test_the_state_of_the_device() -> None:
    assert device_of({"con": '{"state": "stale", "reason": "no answer", "since": "x"}'}) == ("stale", "no answer")
    assert device_of({"con": {}}) == ("unknown", "")
    assert device_of({"con": "online"}) == ("online", "")
