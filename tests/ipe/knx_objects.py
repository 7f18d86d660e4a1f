"""Group objects on a bus of knxd, as a program: they answer reads, take writes, and tell their status.

It takes the path of knxd's socket (its own protocol: EIB_OPEN_GROUPCON, EIB_GROUP_PACKET) and prints a line when the
objects are there, then takes lines of JSON: [group address, octets in hexadecimal] has an object tell another value.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys

OPEN, PACKET = 0x26, 0x27
RESPONSE, WRITE = 0x40, 0x80
#: Group address -> the application octets behind the two that carry the service.
OBJECTS: dict[int, bytes] = {}
#: What is told of a group address that is written, and where.
STATUS: dict[int, int] = {}


def _message(kind: int, octets: bytes) -> bytes:
    return struct.pack(">HH", 2 + len(octets), kind) + octets


def _telegram(group: int, service: int) -> bytes:
    """A short value shares its octet with the service."""
    value = OBJECTS[group]
    small = len(value) == 2 and value[0] == 0
    body = bytes([0, service | value[1]]) if small else bytes([0, service]) + value[1:]
    return _message(PACKET, struct.pack(">H", group) + body)


def _take(octets: bytes, writer: asyncio.StreamWriter) -> None:
    group, service = struct.unpack(">H", octets[2:4])[0], octets[5] & 0xC0
    if group not in OBJECTS:
        return
    if service == 0:
        writer.write(_telegram(group, RESPONSE))
    elif service == WRITE:
        value = bytes([1]) + octets[6:] if len(octets) > 6 else bytes([0, octets[5] & 0x3F])
        OBJECTS[group] = value
        if (status := STATUS.get(group)) is not None:
            OBJECTS[status] = value
            writer.write(_telegram(status, WRITE))


async def main(path: str, objects: dict[str, str], status: dict[str, int]) -> None:
    OBJECTS.update({int(group): bytes.fromhex(octets) for group, octets in objects.items()})
    STATUS.update({int(group): other for group, other in status.items()})
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(_message(OPEN, bytes(3)))
    print("ready", flush=True)

    async def told() -> None:
        while line := await asyncio.to_thread(sys.stdin.readline):
            group, octets = json.loads(line)
            OBJECTS[group] = bytes.fromhex(octets)
            writer.write(_telegram(group, WRITE))

    telling = asyncio.create_task(told())
    while True:
        (length,) = struct.unpack(">H", await reader.readexactly(2))
        octets = await reader.readexactly(length)
        if struct.unpack(">H", octets[:2])[0] == PACKET:
            _take(octets[2:], writer)
        assert not telling.cancelled()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])))
