"""Packets that no client sends, as bytes, and a generator of many more from packets that are fine."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.bindings.broker.wire import (
    DISCONNECT,
    PINGREQ,
    connect,
    packet,
    puback,
    publish,
    subscribe,
    text,
    unsubscribe,
)

#: Before a CONNECT: name -> bytes.
FIRST = {
    "nothing of MQTT": b"GET / HTTP/1.1\r\n\r\n",
    "a TLS hello": bytes.fromhex("16030100c8010000c40303"),
    "PINGREQ": PINGREQ,
    "PUBLISH": publish("/oneM2M/req/Cae1/cse/json"),
    "SUBSCRIBE": subscribe(1, ("a", 0)),
    "DISCONNECT": DISCONNECT,
    "CONNACK": bytes.fromhex("20020000"),
    "type 0": b"\x00\x00",
    "type 15": b"\xf0\x00",
    "flags of CONNECT": b"\x11" + connect()[1:],
    "a length of five bytes": bytes.fromhex("108080808001"),
    "a length of 256 MiB": bytes.fromhex("10ffffff7f"),
    "a CONNECT above 8 KiB": bytes.fromhex("10814100"),
    "an empty CONNECT": b"\x10\x00",
    "another protocol": packet(0x10, text("AMQP"), b"\x04\x02\x00\x00", text("")),
    "an empty protocol name": packet(0x10, text(""), b"\x04\x02\x00\x00", text("")),
    "a protocol name without its end": packet(0x10, b"\x00\x04MQ"),
    "the reserved flag": packet(0x10, text("MQTT"), b"\x04\x03\x00\x00", text("")),
    "a password without a user": packet(0x10, text("MQTT"), b"\x04\x42\x00\x00", text(""), text("p")),
    "the quality of a will that is none": packet(0x10, text("MQTT"), b"\x04\x0a\x00\x00", text("")),
    "a retained will that is none": packet(0x10, text("MQTT"), b"\x04\x22\x00\x00", text("")),
    "a will with quality 2": packet(0x10, text("MQTT"), b"\x04\x16\x00\x00", text(""), text("t"), text("w")),
    "a will with quality 3": packet(0x10, text("MQTT"), b"\x04\x1e\x00\x00", text(""), text("t"), text("w")),
    "a will on +": packet(0x10, text("MQTT"), b"\x04\x06\x00\x00", text(""), text("a/+"), text("w")),
    "no client identifier": packet(0x10, text("MQTT"), b"\x04\x02\x00\x00"),
    "a client identifier that is no UTF-8": packet(0x10, text("MQTT"), b"\x04\x02\x00\x00", text(b"\xff\xfe")),
    "a client identifier with a surrogate": packet(0x10, text("MQTT"), b"\x04\x02\x00\x00", text(b"\xed\xa0\x80")),
    "a client identifier with a null": packet(0x10, text("MQTT"), b"\x04\x02\x00\x00", text("a\x00b")),
    "a client identifier of 257 bytes": packet(0x10, text("MQTT"), b"\x04\x02\x00\x00", text("c" * 257)),
    "a user that is missing": packet(0x10, text("MQTT"), b"\x04\x82\x00\x00", text("")),
    "a password that is missing": packet(0x10, text("MQTT"), b"\x04\xc2\x00\x00", text(""), text("u")),
    "more than a CONNECT": packet(0x10, text("MQTT"), b"\x04\x02\x00\x00", text(""), b"x"),
}
#: After a CONNECT that was accepted.
LATER = {
    "a second CONNECT": connect(),
    "CONNACK": bytes.fromhex("20020000"),
    "SUBACK": bytes.fromhex("9003000100"),
    "UNSUBACK": bytes.fromhex("b0020001"),
    "PINGRESP": b"\xd0\x00",
    "PUBREC": bytes.fromhex("50020001"),
    "PUBREL": bytes.fromhex("62020001"),
    "PUBCOMP": bytes.fromhex("70020001"),
    "type 0": b"\x00\x00",
    "type 15": b"\xf0\x00",
    "flags of PINGREQ": b"\xc1\x00",
    "flags of DISCONNECT": b"\xe8\x00",
    "flags of SUBSCRIBE": b"\x80" + subscribe(1, ("a", 0))[1:],
    "flags of UNSUBSCRIBE": b"\xa0" + unsubscribe(1, "a")[1:],
    "flags of PUBACK": bytes.fromhex("42020001"),
    "PINGREQ with a body": bytes.fromhex("c00100"),
    "DISCONNECT with a body": bytes.fromhex("e00100"),
    "PUBLISH with quality 2": packet(0x34, text("a"), b"\x00\x01x"),
    "PUBLISH with quality 3": packet(0x36, text("a"), b"\x00\x01x"),
    "a repetition with quality 0": packet(0x38, text("a"), b"x"),
    "an empty PUBLISH": b"\x30\x00",
    "an empty topic": packet(0x30, text(""), b"x"),
    "a topic with +": packet(0x30, text("a/+"), b"x"),
    "a topic with #": packet(0x30, text("a/#"), b"x"),
    "a topic with a null": packet(0x30, text("a\x00"), b"x"),
    "a topic that is no UTF-8": packet(0x30, text(b"\xc3\x28"), b"x"),
    "a topic in long form": packet(0x30, text(b"\xc0\xaf"), b"x"),
    "a topic without its end": packet(0x30, b"\x00\x10abc"),
    "a topic of 33 levels": packet(0x30, text("/".join("a" * 33)), b"x"),
    "a topic of 1025 bytes": packet(0x30, text("a" * 1025), b"x"),
    "PUBLISH without a number": packet(0x32, text("a")),
    "PUBLISH with number 0": packet(0x32, text("a"), b"\x00\x00x"),
    "PUBACK with number 0": bytes.fromhex("40020000"),
    "PUBACK without a number": b"\x40\x00",
    "PUBACK with more": bytes.fromhex("4003000100"),
    "SUBSCRIBE with number 0": subscribe(0, ("a", 0)),
    "SUBSCRIBE of nothing": bytes.fromhex("82020001"),
    "SUBSCRIBE without a quality": packet(0x82, b"\x00\x01", text("a")),
    "SUBSCRIBE with quality 3": subscribe(1, ("a", 3)),
    "SUBSCRIBE with quality 128": subscribe(1, ("a", 128)),
    "SUBSCRIBE to the empty filter": subscribe(1, ("", 0)),
    "SUBSCRIBE to a#": subscribe(1, ("a#", 0)),
    "SUBSCRIBE to #/a": subscribe(1, ("#/a", 0)),
    "SUBSCRIBE to a+": subscribe(1, ("a/b+/c", 0)),
    "SUBSCRIBE to 101 filters": subscribe(1, *((f"a{number}", 0) for number in range(101))),
    "SUBSCRIBE to what is no UTF-8": packet(0x82, b"\x00\x01", text(b"\xff"), b"\x00"),
    "UNSUBSCRIBE of nothing": bytes.fromhex("a2020001"),
    "UNSUBSCRIBE with number 0": unsubscribe(0, "a"),
    "UNSUBSCRIBE from a#": unsubscribe(1, "a#"),
    "a length of five bytes": bytes.fromhex("30ffffffff01"),
    "more than is allowed": bytes.fromhex("30ffffff7f"),
}
_LENGTHS = (b"\x00", b"\x7f", b"\xff\x7f", b"\xff\xff\xff\x7f", b"\x80\x00", b"\x80\x80\x80\x80\x80")
#: What is fine, to be spoilt.
_FINE = (
    connect("c1"), connect("c2", clean=False), connect("c3", will=("/oneM2M/req/Cae1/cse/json", b"bye")),
    connect(user=None, password=None), connect("c4", password="wrong"), connect("c5", level=5),
    publish("/oneM2M/req/Cae1/cse/json", b'{"op":2}'), publish("/oneM2M/req/Cae1/cse/json", b'{"op":2}', 5),
    publish("/oneM2M/resp/cse/Cae1/json", b"x" * 200, 6, retain=True), publish("a", b"", 7, again=True),
    subscribe(1, ("/oneM2M/resp/Cae1/#", 1)), subscribe(2, ("/oneM2M/req/+/Cae1/#", 2), ("#", 0)),
    subscribe(3, ("a", 1)), unsubscribe(4, "/oneM2M/resp/Cae1/#"), puback(1), puback(77), PINGREQ, DISCONNECT,
)  # fmt: skip


def mutated(seed: int, count: int) -> Iterator[bytes]:
    """Packets that are mostly not what they should be: the same for the same seed."""
    chance = random.Random(seed)
    tables = [*FIRST.values(), *LATER.values()]
    for _ in range(count):
        data = bytearray(chance.choice(_FINE) if chance.random() < 0.9 else chance.choice(tables))
        for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
            _spoil(chance, data)
        yield bytes(data)


def _spoil(chance: random.Random, data: bytearray) -> None:
    at = chance.randrange(len(data) + 1)
    match chance.randrange(7):
        case 0 if data:
            data[at % len(data)] = chance.randrange(256)
        case 1 if data:
            data[at % len(data)] ^= 1 << chance.randrange(8)
        case 2:
            data[at:at] = chance.randbytes(chance.randrange(1, 6))
        case 3:
            del data[at : at + chance.randrange(1, 6)]
        case 4:
            del data[at:]
        case 5:
            data[1:2] = chance.choice(_LENGTHS)
        case 6:
            data += chance.choice(_FINE)
        case _:
            data += b"\x10"
