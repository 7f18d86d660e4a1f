"""Contexts of a rule: time windows, networks, regions (ACP-6)."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from typing import Any

import pytest

from cse.access.contexts import Location, compile_context, distance_m
from cse.schedules import compile_schedule


@dataclass
class Known:
    now: float = 0.0
    address: str | None = None
    location: Location | None = None


def met(context: Any, known: Known | None = None) -> bool:
    condition = compile_context(context)
    return condition is not None and condition(known or Known())


def at(text: str) -> float:
    """Seconds since the epoch of ``YYYY-MM-DD hh:mm:ss`` UTC."""
    date, clock = text.split(" ")
    return float(calendar.timegm((*map(int, date.split("-")), *map(int, clock.split(":")))))


# 2026-03-01 is a Sunday.
@pytest.mark.parametrize(
    ("entry", "moment", "expected"),
    [
        pytest.param("* * * * * * *", "2026-03-01 00:00:00", True, id="ACP-6 always"),
        pytest.param("30 * * * * * *", "2026-03-01 00:00:30", True, id="ACP-6 second"),
        pytest.param("30 * * * * * *", "2026-03-01 00:00:31", False, id="ACP-6 other second"),
        pytest.param("* 0-5 2,6,10 * * * *", "2026-03-01 06:05:59", True, id="ACP-6 range and list"),
        pytest.param("* 0-5 2,6,10 * * * *", "2026-03-01 06:06:00", False, id="ACP-6 after the range"),
        pytest.param("* 0-5 2,6,10 * * * *", "2026-03-01 07:00:00", False, id="ACP-6 not in the list"),
        pytest.param("*/15 * * * * * *", "2026-03-01 00:00:45", True, id="ACP-6 every fifteenth"),
        pytest.param("*/15 * * * * * *", "2026-03-01 00:00:46", False, id="ACP-6 not every fifteenth"),
        pytest.param("* 10-30/10 * * * * *", "2026-03-01 00:30:00", True, id="ACP-6 stepped range, last"),
        pytest.param("* 10-30/10 * * * * *", "2026-03-01 00:25:00", False, id="ACP-6 stepped range, between"),
        pytest.param("* 1,10-12,50-58/4 * * * * *", "2026-03-01 00:54:00", True, id="ACP-6 mixed list"),
        pytest.param("* * * 1 * * *", "2026-03-01 12:00:00", True, id="ACP-6 day of month"),
        pytest.param("* * * */2 * * *", "2026-03-03 12:00:00", True, id="ACP-6 step counts from the first day"),
        pytest.param("* * * */2 * * *", "2026-03-02 12:00:00", False, id="ACP-6 step, even day"),
        pytest.param("* * * * 3 * *", "2026-03-31 23:59:59", True, id="ACP-6 month"),
        pytest.param("* * * * 3 * *", "2026-04-01 00:00:00", False, id="ACP-6 next month"),
        pytest.param("* * * * * 0 *", "2026-03-01 12:00:00", True, id="ACP-6 Sunday is 0"),
        pytest.param("* * * * * 6 *", "2026-02-28 12:00:00", True, id="ACP-6 Saturday is 6"),
        pytest.param("* * * * * 1-5 *", "2026-03-01 12:00:00", False, id="ACP-6 working days"),
        pytest.param("* * * 1 * 1 *", "2026-03-01 12:00:00", False, id="ACP-6 day of month and day of week"),
        pytest.param("* * * * * * 2026-2027", "2027-12-31 23:59:59", True, id="ACP-6 years"),
        pytest.param("* * * * * * 2026-2027", "2028-01-01 00:00:00", False, id="ACP-6 year after"),
        pytest.param("* * * 29 2 * *", "2028-02-29 10:00:00", True, id="ACP-6 leap day"),
    ],
)
def test_acp_6_schedule(entry: str, moment: str, expected: bool) -> None:
    assert compile_schedule(entry)(at(moment)) is expected
    assert compile_schedule(entry)(at(moment) + 0.999) is expected
    assert met({"actw": [entry]}, Known(now=at(moment))) is expected


MALFORMED = [
    "", "*", "* * * * * *", "* * * * * * * *", "*  * * * * * *", " * * * * * * *", "60 * * * * * *", "* 60 * * * * *",
    "* * 24 * * * *", "* * * 0 * * *", "* * * 32 * * *", "* * * * 0 * *", "* * * * 13 * *", "* * * * * 7 *",
    "* * * * * * 1999", "5-1 * * * * * *", "1-5/0 * * * * * *", "*/0 * * * * * *", "5/2 * * * * * *",
    "1, * * * * * *", ",1 * * * * * *", "-1 * * * * * *", "a * * * * * *", "\u0661 * * * * * *", "1\n * * * * * *",
    "*/99999999999999999999 * * * * * *", "L * * * * * *", "* * * * * MON *",
]  # fmt: skip


@pytest.mark.parametrize("entry", MALFORMED, ids=[f"ACP-6 {entry!r}" for entry in MALFORMED])
def test_acp_6_malformed_schedule_opens_no_window(entry: str) -> None:
    with pytest.raises(ValueError, match="schedule entry"):
        compile_schedule(entry)
    assert not met({"actw": [entry]})
    assert met({"actw": [entry, "* * * * * * *"]}, Known(now=at("2026-03-01 00:00:00")))


@pytest.mark.parametrize(
    ("networks", "address", "expected"),
    [
        pytest.param({"ipv4": ["10.0.0.0/8"]}, "10.255.0.1", True, id="ACP-6 IPv4 network"),
        pytest.param({"ipv4": ["10.0.0.0/8"]}, "11.0.0.1", False, id="ACP-6 outside"),
        pytest.param({"ipv4": ["10.0.0.7"]}, "10.0.0.7", True, id="ACP-6 IPv4 address"),
        pytest.param({"ipv4": ["10.0.0.7"]}, "10.0.0.70", False, id="ACP-6 address is no prefix"),
        pytest.param({"ipv4": ["10.1.2.3/8"]}, "10.9.9.9", True, id="ACP-6 host bits are ignored"),
        pytest.param({"ipv4": ["1.1.1.1", "10.0.0.0/8"]}, "10.0.0.1", True, id="ACP-6 one of several"),
        pytest.param({"ipv4": ["10.0.0.0/8"]}, "::ffff:10.0.0.1", True, id="ACP-6 IPv4-mapped originator"),
        pytest.param({"ipv6": ["::ffff:10.0.0.0/104"]}, "10.0.0.1", True, id="ACP-6 IPv4-mapped network"),
        pytest.param({"ipv6": ["::ffff:10.0.0.0/104"]}, "11.0.0.1", False, id="ACP-6 outside IPv4-mapped network"),
        pytest.param({"ipv6": ["fd00::/32"]}, "fd00:0:1::1", True, id="ACP-6 IPv6 network"),
        pytest.param({"ipv6": ["fd00::/32"]}, "fd00:1::1", False, id="ACP-6 outside IPv6"),
        pytest.param({"ipv6": ["fd00::7/32"]}, "fd00:0:1::1", True, id="ACP-6 IPv6 host bits are ignored"),
        pytest.param({"ipv6": ["fe80::1"]}, "fe80::1%eth0", True, id="ACP-6 IPv6 with a zone"),
        pytest.param({"ipv6": ["FD00::0:1"]}, "fd00::1", True, id="ACP-6 IPv6 spelled differently"),
        pytest.param({"ipv6": ["::/0"]}, "10.0.0.1", False, id="ACP-6 any IPv6 is no IPv4"),
        pytest.param({"ipv6": ["::/0"]}, "::ffff:10.0.0.1", False, id="ACP-6 a mapped address is IPv4"),
        pytest.param({"ipv4": ["0.0.0.0/0"]}, "::1", False, id="ACP-6 any IPv4 is no IPv6"),
        pytest.param({"ipv4": ["10.0.0.0/8"], "ipv6": ["::1"]}, "::1", True, id="ACP-6 either family"),
        pytest.param({"ipv4": ["0.0.0.0/0"]}, None, False, id="ACP-6 address not known"),
        pytest.param({"ipv4": ["0.0.0.0/0"]}, "unix:", False, id="ACP-6 address is none"),
        pytest.param({"ipv4": ["nonsense", "10.0.0.0/8"]}, "10.0.0.1", True, id="ACP-6 unreadable one passed over"),
        pytest.param({"ipv4": ["10.0.0.0/33"]}, "10.0.0.1", False, id="ACP-6 prefix too long"),
        pytest.param({"ipv4": [167772161]}, "10.0.0.1", False, id="ACP-6 number is no address"),
        pytest.param({"ipv4": ["fd00::/32"]}, "fd00::1", False, id="ACP-6 wrong family"),
        pytest.param({"ipv4": "10.0.0.0/8"}, "10.0.0.1", False, id="ACP-6 no list"),
        pytest.param({"ipv4": ["10.0.0.0/8"], "later": []}, "10.0.0.1", False, id="ACP-6 unknown member"),
        pytest.param({}, "10.0.0.1", False, id="ACP-6 no networks"),
        pytest.param(["10.0.0.0/8"], "10.0.0.1", False, id="ACP-6 no object"),
    ],
)
def test_acp_6_addresses(networks: Any, address: str | None, expected: bool) -> None:
    assert met({"acip": networks}, Known(address=address)) is expected


PARIS, LONDON = (48.8566, 2.3522), (51.5074, -0.1278)


@pytest.mark.parametrize(
    ("region", "location", "expected"),
    [
        pytest.param({"accr": [*PARIS, 1000.0]}, PARIS, True, id="ACP-6 center"),
        pytest.param({"accr": [*PARIS, 0]}, PARIS, True, id="ACP-6 radius zero"),
        pytest.param({"accr": [*PARIS, 344_000]}, LONDON, True, id="ACP-6 inside"),
        pytest.param({"accr": [*PARIS, 343_000]}, LONDON, False, id="ACP-6 outside"),
        pytest.param({"accr": [0, 179.9, 30_000]}, (0.0, -179.9), True, id="ACP-6 over the date line"),
        pytest.param({"accr": [89.9, 0, 30_000]}, (89.9, 180.0), True, id="ACP-6 over the pole"),
        pytest.param({"accr": [90, 0, 1]}, (90.0, 123.0), True, id="ACP-6 at the pole"),
        pytest.param({"accr": [0, 0, 20_015_115]}, (0.0, 180.0), True, id="ACP-6 the whole earth"),
        pytest.param({"accr": [0, 0, 20_015_000]}, (0.0, 180.0), False, id="ACP-6 nearly the whole earth"),
        pytest.param({"accr": [*PARIS, 1000.0]}, None, False, id="ACP-6 location not known"),
        pytest.param({"accr": [*PARIS, 1000.0]}, "FR", False, id="ACP-6 only the country is known"),
        pytest.param({"accr": [*PARIS, 1000.0]}, (float("nan"), 2.0), False, id="ACP-6 location is no number"),
        pytest.param({"accr": [*PARIS, -1]}, PARIS, False, id="ACP-6 negative radius"),
        pytest.param({"accr": [*PARIS, float("nan")]}, PARIS, False, id="ACP-6 radius is no number"),
        pytest.param({"accr": [*PARIS, True]}, PARIS, False, id="ACP-6 radius is a boolean"),
        pytest.param({"accr": [*PARIS, "1000"]}, PARIS, False, id="ACP-6 radius is text"),
        pytest.param({"accr": [91, 0, 1e9]}, PARIS, False, id="ACP-6 no such latitude"),
        pytest.param({"accr": [0, 181, 1e9]}, PARIS, False, id="ACP-6 no such longitude"),
        pytest.param({"accr": [*PARIS]}, PARIS, False, id="ACP-6 two numbers"),
        pytest.param({"accr": [*PARIS, 1, 2]}, PARIS, False, id="ACP-6 four numbers"),
        pytest.param({"accr": "0"}, PARIS, False, id="ACP-6 circle is text"),
        pytest.param({"accc": ["FR", "DE"]}, "DE", True, id="ACP-6 country"),
        pytest.param({"accc": ["FR", "DE"]}, "IT", False, id="ACP-6 other country"),
        pytest.param({"accc": ["FR"]}, PARIS, False, id="ACP-6 country of a position is not known"),
        pytest.param({"accc": ["FR"]}, None, False, id="ACP-6 country not known"),
        pytest.param({"accc": ["fr", 7, None]}, "fr", False, id="ACP-6 malformed country"),
        pytest.param({"accc": "FR"}, "FR", False, id="ACP-6 countries no list"),
        pytest.param({"accc": ["FR"], "accr": [*PARIS, 1]}, "FR", False, id="ACP-6 exactly one of the two"),
        pytest.param({"accc": ["FR"], "accr": [*PARIS, 1]}, PARIS, False, id="ACP-6 exactly one of the two, inside"),
        pytest.param({}, "FR", False, id="ACP-6 none of the two"),
        pytest.param(None, "FR", False, id="ACP-6 no region"),
    ],
)
def test_acp_6_region(region: Any, location: Location | None, expected: bool) -> None:
    assert met({"aclr": region}, Known(location=location)) is expected


def test_acp_6_great_circle_distance() -> None:
    assert distance_m(PARIS, LONDON) == pytest.approx(343_556, rel=1e-3)
    assert distance_m((0.0, 0.0), (0.0, 1.0)) == pytest.approx(111_195, rel=1e-4)
    assert distance_m((-90.0, 0.0), (90.0, 50.0)) == pytest.approx(20_015_115, rel=1e-6)


WINDOW, NETWORK, REGION = {"actw": ["* * * * * * *"]}, {"acip": {"ipv4": ["10.0.0.0/8"]}}, {"aclr": {"accc": ["FR"]}}
KNOWN = Known(now=1e9, address="10.0.0.1", location="FR")


@pytest.mark.parametrize(
    ("context", "known", "expected"),
    [
        pytest.param(WINDOW | NETWORK | REGION, KNOWN, True, id="ACP-6 all hold"),
        pytest.param(WINDOW | NETWORK | REGION, Known(now=1e9, location="FR"), False, id="ACP-6 one does not"),
        pytest.param(WINDOW | {"acui": ["user"]}, KNOWN, False, id="ACP-6 acui is not evaluated"),
        pytest.param(WINDOW | {"acec": {}}, KNOWN, False, id="ACP-6 acec is not evaluated"),
        pytest.param(WINDOW | {"acl": 5}, KNOWN, False, id="ACP-6 acl is not evaluated"),
        pytest.param(WINDOW | {"later": 1}, KNOWN, False, id="ACP-6 unknown member"),
        pytest.param({"actw": []}, KNOWN, False, id="ACP-6 no window"),
        pytest.param({"actw": "* * * * * * *"}, KNOWN, False, id="ACP-6 windows no list"),
        pytest.param({"actw": [7]}, KNOWN, False, id="ACP-6 window is no text"),
        pytest.param({}, KNOWN, False, id="ACP-6 empty context"),
        pytest.param(["actw"], KNOWN, False, id="ACP-6 no object"),
    ],
)
def test_acp_6_members_of_a_context_must_all_hold(context: Any, known: Known, expected: bool) -> None:
    assert met(context, known) is expected
