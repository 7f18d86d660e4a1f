"""What the broker inside does with messages, sessions, logins and rights, in bytes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bindings.broker.logins import OWN
from tests.bindings.broker.storm import resident_bytes
from tests.bindings.broker.wire import (
    ACCEPTED,
    DISCONNECT,
    OWN_PASSWORD,
    PINGREQ,
    PINGRESP,
    Client,
    Small,
    broker,
    connect,
    opened,
    puback,
    publish,
    subscribe,
    unsubscribe,
)

TO_ME, TO_MANY = "/oneM2M/resp/Cae1/cse/json", "/oneM2M/req/Cae1/cse/json"
OWN_CONNECT = connect("C::cse", OWN, OWN_PASSWORD)


def told(topic: str, payload: bytes, number: int = 0, *, again: bool = False) -> bytes:
    return publish(topic, payload, number, again=again)


async def test_the_answers_to_connect(tmp_path: Path) -> None:
    async with broker(tmp_path) as small:
        for first, answer in (
            (connect(), "00"),
            (OWN_CONNECT, "00"),
            (connect(level=5) + b"", "01"),
            (connect(level=3, name="MQIsdp"), "01"),
            (connect("", clean=False), "02"),
            (connect(password="wrong"), "04"),
            (connect(user="Cnobody"), "04"),
            (connect(user=OWN, password="wrong"), "04"),
            (connect(password=None), "04"),
            (connect(user=None, password=None), "05"),
        ):
            async with opened(small.port) as client:
                assert await client.ask(first) == bytes.fromhex(f"200200{answer}")
                if answer == "00":
                    assert await client.ask(PINGREQ) == PINGRESP
                    client.writer.write(DISCONNECT)
                assert await client.is_cut()


@pytest.mark.parametrize(("published", "subscribed", "got"), [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 1), (1, 2, 1)])
async def test_the_quality_of_service_is_the_lesser(tmp_path: Path, published: int, subscribed: int, got: int) -> None:
    async with broker(tmp_path) as small, opened(small.port, OWN_CONNECT) as cse, opened(small.port, connect()) as ae:
        granted = min(subscribed, 1)
        assert await ae.ask(subscribe(7, ("/oneM2M/resp/Cae1/#", subscribed))) == bytes((0x90, 3, 0, 7, granted))
        cse.writer.write(publish(TO_ME, b"x", 9 if published else 0, retain=True))
        if published:
            assert await cse.packet() == puback(9)
        assert await ae.packet() == told(TO_ME, b"x", 1 if got else 0)


async def test_nothing_is_retained(tmp_path: Path) -> None:
    async with broker(tmp_path) as small, opened(small.port, OWN_CONNECT) as cse:
        assert await cse.ask(publish(TO_ME, b"kept?", 1, retain=True)) == puback(1)
        async with opened(small.port, connect()) as ae:
            await ae.ask(subscribe(1, ("/oneM2M/resp/Cae1/#", 1)))
            assert await ae.ask(PINGREQ) == PINGRESP


async def test_a_topic_that_matches_twice_comes_once_and_an_ended_subscription_no_more(tmp_path: Path) -> None:
    async with broker(tmp_path) as small, opened(small.port, OWN_CONNECT) as cse, opened(small.port, connect()) as ae:
        filters = ("/oneM2M/resp/Cae1/#", 1), (TO_ME, 0), ("/oneM2M/resp/Cae1/+/json", 1)
        assert await ae.ask(subscribe(1, *filters)) == bytes.fromhex("90050001010001")
        cse.writer.write(publish(TO_ME, b"once"))
        assert await ae.packet() == told(TO_ME, b"once")
        assert await ae.ask(unsubscribe(2, *(name for name, _ in filters), "never")) == bytes.fromhex("b0020002")
        assert await cse.ask(publish(TO_ME, b"no more", 3)) == puback(3)
        assert await ae.ask(PINGREQ) == PINGRESP


async def test_what_comes_while_a_client_is_away_waits_in_order_and_is_sent_until_it_is_acknowledged(
    tmp_path: Path,
) -> None:
    kept = connect("A::Cae1", clean=False)
    async with broker(tmp_path) as small, opened(small.port, OWN_CONNECT) as cse:
        async with opened(small.port, kept) as ae:
            await ae.ask(subscribe(1, ("/oneM2M/resp/Cae1/#", 1)))
            ae.writer.write(DISCONNECT)
            assert await ae.is_cut()
        for number in range(1, 6):
            assert await cse.ask(publish(TO_ME, b"%d" % number, number)) == puback(number)
        cse.writer.write(publish(TO_ME, b"of quality 0 nothing waits"))
        async with opened(small.port) as ae:
            assert await ae.ask(kept) == bytes.fromhex("20020100"), "the session is present"
            for number in range(1, 6):
                assert await ae.packet() == told(TO_ME, b"%d" % number, number)
            ae.writer.write(puback(1) + puback(3))
            assert await ae.ask(PINGREQ) == PINGRESP
            ae.abort()
        async with opened(small.port) as ae:
            await ae.ask(kept)
            for number in (2, 4, 5):
                assert await ae.packet() == told(TO_ME, b"%d" % number, number, again=True)
            ae.writer.write(puback(2) + puback(4) + puback(5))
            assert await cse.ask(publish(TO_ME, b"6", 6)) == puback(6)
            assert await ae.packet() == told(TO_ME, b"6", 6)
        async with opened(small.port) as ae:
            assert await ae.ask(connect("A::Cae1")) == ACCEPTED, "clean session forgets"
        async with opened(small.port) as ae:
            assert await ae.ask(kept) == ACCEPTED


async def test_a_second_connection_of_a_client_ends_the_first(tmp_path: Path) -> None:
    async with broker(tmp_path) as small, opened(small.port, OWN_CONNECT) as cse:
        for clean in (False, True):
            first_packet = connect("A::Cae1", clean=clean)
            async with opened(small.port, first_packet) as first, opened(small.port, first_packet) as second:
                assert await first.is_cut()
                await second.ask(subscribe(1, (TO_ME, 0)))
                cse.writer.write(publish(TO_ME, b"x"))
                assert await second.packet() == told(TO_ME, b"x")


async def test_a_session_belongs_to_its_login(tmp_path: Path) -> None:
    async with broker(tmp_path) as small, opened(small.port, connect("mine", clean=False)) as ae:
        async with opened(small.port) as other:
            assert await other.ask(connect("mine", "Cae2")) == bytes.fromhex("20020002")
        assert await ae.ask(PINGREQ) == PINGRESP
        async with opened(small.port) as other:
            assert await other.ask(connect("C::cse", "Cae2")) == ACCEPTED
            async with opened(small.port) as cse:
                assert await cse.ask(OWN_CONNECT) == ACCEPTED, "the name of the CSE is nobody else's"
            assert await other.is_cut()


async def test_a_will_is_published_when_a_client_is_lost_and_not_when_it_says_good_bye(tmp_path: Path) -> None:
    async with broker(tmp_path) as small, opened(small.port, OWN_CONNECT) as cse:
        await cse.ask(subscribe(1, ("/oneM2M/req/+/cse/#", 1)))
        for topic, good_bye, comes in ((TO_MANY, False, True), (TO_MANY, True, False), (TO_ME, False, False)):
            async with opened(small.port, connect("c", will=(topic, b"lost"))) as ae:
                if good_bye:
                    ae.writer.write(DISCONNECT)
                    assert await ae.is_cut()
                else:
                    ae.abort()
            if comes:
                assert await cse.packet() == told(TO_MANY, b"lost")
        async with opened(small.port, connect()) as ae:
            ae.writer.write(publish(TO_MANY, b"nothing before"))
            assert await cse.packet() == told(TO_MANY, b"nothing before")


MAY_PUBLISH = ("/oneM2M/req/Cae1/cse/json", "/oneM2M/req/cse:Cae1/other/xml", "/oneM2M/reg_req/Cae1/cse/cbor",
               "/oneM2M/resp/cse/Cae1/json", "/oneM2M/reg_resp/x/cse:Cae1/json")  # fmt: skip
MAY_NOT_PUBLISH = ("/oneM2M/req/Cae2/cse/json", "/oneM2M/resp/Cae1/cse/json", "/oneM2M/req/Cae1/cse",
                   "oneM2M/req/Cae1/cse/json", "/oneM2M/req/Cae1/cse/json/more", "/site/oneM2M/req/Cae1/cse/json",
                   "$SYS/x", "x", "/oneM2M/req/Cae2/Cae1/json")  # fmt: skip


async def test_a_login_publishes_in_its_own_name_alone(tmp_path: Path) -> None:
    async with broker(tmp_path) as small, opened(small.port, OWN_CONNECT) as cse, opened(small.port, connect()) as ae:
        assert await cse.ask(subscribe(1, ("#", 1))) == bytes.fromhex("9003000101")
        for topic in MAY_NOT_PUBLISH:
            assert await ae.ask(publish(topic, b"no", 5)) == puback(5), "as if: MQTT 3.1.1 cannot say no"
        for topic in MAY_PUBLISH:
            assert await ae.ask(publish(topic, b"yes", 6)) == puback(6)
            assert (await cse.packet())[4:].startswith(topic.encode())


@pytest.mark.parametrize(
    ("topic_filter", "may"),
    [
        ("/oneM2M/resp/Cae1/#", True),
        ("/oneM2M/resp/cse:Cae1/+/json", True),
        ("/oneM2M/reg_resp/Cae1/cse/json", True),
        ("/oneM2M/req/+/Cae1/#", True),
        ("/oneM2M/req/cse/Cae1/json", True),
        ("#", False),
        ("+/oneM2M/resp/Cae1/#", False),
        ("/oneM2M/#", False),
        ("/oneM2M/resp/+/Cae1/json", False),
        ("/oneM2M/+/Cae1/cse/json", False),
        ("/oneM2M/resp/Cae2/#", False),
        ("/oneM2M/req/#", False),
        ("/oneM2M/req/Cae1/#", False),
        ("/oneM2M/req/+/+/json", False),
        ("$SYS/#", False),
    ],
)
async def test_a_login_hears_what_is_for_it_alone(tmp_path: Path, topic_filter: str, may: bool) -> None:
    async with broker(tmp_path) as small, opened(small.port, connect()) as ae:
        code = 1 if may else 0x80
        assert await ae.ask(subscribe(3, (topic_filter, 1))) == bytes((0x90, 3, 0, 3, code))


async def flood(cse: Client, small: Small, count: int, payload: bytes) -> None:
    """Publish with quality 1 and wait for each acknowledgement."""
    for number in range(1, count + 1):
        assert await cse.ask(publish(TO_ME, payload, number)) == puback(number)


async def test_a_subscriber_that_does_not_read_costs_its_bound(tmp_path: Path) -> None:
    async with (
        broker(tmp_path, max_queued_bytes=4_000_000, max_rate=0) as small,
        opened(small.port, OWN_CONNECT) as cse,
        opened(small.port, connect("deaf")) as deaf,
        opened(small.port, connect("away", clean=False)) as away,
    ):
        for one in (deaf, away):
            await one.ask(subscribe(1, ("/oneM2M/resp/Cae1/#", 1)))
        deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
        away.writer.write(DISCONNECT)
        assert await away.is_cut()
        before = resident_bytes()
        await flood(cse, small, 1000, b"x" * 100_000)
        assert resident_bytes() - before < 24_000_000, "of 100 MB for each"
        assert small.gate.dropped > 1500
        assert await small.serves()


async def test_all_that_waits_for_all_has_a_bound(tmp_path: Path) -> None:
    async with broker(tmp_path, max_held_bytes=50_000) as small, opened(small.port, OWN_CONNECT) as cse:
        for number in range(4):
            async with opened(small.port, connect(f"c{number}", clean=False)) as ae:
                await ae.ask(subscribe(1, ("/oneM2M/resp/Cae1/#", 1)))
        await flood(cse, small, 3, b"x" * 10_000)
        assert small.gate.dropped == 12 - 4
        async with opened(small.port, connect("c0")):
            pass
        await flood(cse, small, 1, b"x" * 10_000)
        assert small.gate.dropped == 12 - 4 + 2, "what a session held is free when it is forgotten"


async def test_a_subscriber_that_reads_on_gets_everything_in_order(tmp_path: Path) -> None:
    async with (
        broker(tmp_path, max_rate=0) as small,
        opened(small.port, OWN_CONNECT) as cse,
        opened(small.port, connect()) as slow,
    ):
        await slow.ask(subscribe(1, ("/oneM2M/resp/Cae1/#", 1)))
        await flood(cse, small, 1500, b"x" * 5000)
        for number in range(1, 1501):
            assert await slow.packet() == told(TO_ME, b"x" * 5000, number)
            slow.writer.write(puback(number))
        assert small.gate.dropped == 0


async def test_who_does_not_read_at_all_is_cut_off(tmp_path: Path) -> None:
    async with (
        broker(tmp_path, write_timeout_s=0.5) as small,
        opened(small.port, OWN_CONNECT) as cse,
        opened(small.port, connect()) as deaf,
    ):
        await deaf.ask(subscribe(1, ("/oneM2M/resp/Cae1/#", 1)))
        deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await flood(cse, small, 100, b"x" * 100_000)
        async with asyncio.timeout(10.0):
            while len(small.gate.lines) > 1:  # noqa: ASYNC110 - it has no event for that
                await asyncio.sleep(0.05)


async def test_silence_beyond_the_keep_alive_ends_a_connection(tmp_path: Path) -> None:
    first = connect("c1", keep_alive_s=1)
    async with (
        broker(tmp_path) as small,
        opened(small.port, first) as silent,
        opened(small.port, connect("c2")) as other,
    ):
        assert await silent.is_cut()
        assert await other.ask(PINGREQ) == PINGRESP


async def test_limits_of_connections_sessions_and_subscriptions(tmp_path: Path) -> None:
    limits = {"max_connections_per_address": 4, "max_sessions_per_login": 2, "max_sessions": 3, "max_subscriptions": 2}
    async with (
        broker(tmp_path, **limits) as small,
        opened(small.port, connect("a")),
        opened(small.port, connect("b", clean=False)) as second,
    ):
        async with opened(small.port) as third:
            assert await third.ask(connect("c")) == bytes.fromhex("20020003")
        filters = [(f"/oneM2M/resp/Cae1/{number}/json", 0) for number in range(3)]
        assert await second.ask(subscribe(1, *filters)) == bytes.fromhex("90050001000080")
        async with opened(small.port, connect("d", "Cae2")), opened(small.port) as more, opened(small.port) as last:
            assert await last.is_cut()
            assert await more.ask(connect("e", "Cae3")) == bytes.fromhex("20020003")
            assert small.gate.sessions == 3


async def test_a_packet_above_the_limit_ends_the_connection_and_one_below_does_not(tmp_path: Path) -> None:
    async with broker(tmp_path, max_packet_bytes=20_000) as small, opened(small.port, connect()) as ae:
        assert await ae.ask(publish(TO_MANY, b"x" * 19_900, 1)) == puback(1)
        ae.writer.write(publish(TO_MANY, b"x" * 20_000, 2))
        assert await ae.is_cut()


async def test_what_comes_too_fast_is_read_later(tmp_path: Path) -> None:
    async with broker(tmp_path, max_rate=100) as small, opened(small.port, connect()) as ae:
        began = asyncio.get_running_loop().time()
        for _ in range(13):
            ae.writer.write(PINGREQ * 20)
            for _ in range(20):
                assert await ae.packet() == PINGRESP
        assert asyncio.get_running_loop().time() - began >= 1.0


async def test_sessions_end_with_their_time(tmp_path: Path) -> None:
    async with broker(tmp_path, session_expiry_s=1.0) as small:
        async with opened(small.port, connect("kept", clean=False)) as ae:
            await ae.ask(subscribe(1, ("/oneM2M/resp/Cae1/#", 1)))
        async with asyncio.timeout(10.0):
            while small.gate.sessions:  # noqa: ASYNC110 - it has no event for that
                await asyncio.sleep(0.05)
