"""The broker inside beside Mosquitto: ``python -m bench.brokers`` passes messages through each, on one core.

One client publishes and another receives, in a process of their own; at most ``AHEAD`` messages are under way.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.mosquitto import mosquitto, program
from bench.processes import Server, free_port, running
from bindings.broker import logins, packets

PASSWORD = "hush"  # noqa: S105 - of a broker that lives for a minute
TOPIC, FILTER = "/oneM2M/req/Cae1/Cae2/json", "/oneM2M/req/+/Cae2/#"
PAYLOAD = b"x" * 150
AHEAD = 500


@dataclass(frozen=True, slots=True)
class Rate:
    """What a broker does: messages a second by quality of service, one message alone, memory afterwards."""

    broker: str
    qos_0: float
    qos_1: float
    alone_ms: float
    rss_mib: float


class Client:
    """A connection that sends packets and counts what comes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self._reader = reader

    @classmethod
    async def to(cls, port: int, user: str) -> Client:
        """Log in."""
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        body = b"".join(
            (_text(b"MQTT"), b"\x04\xc2\x00\x3c", *map(_text, (user.encode(), user.encode(), PASSWORD.encode())))
        )
        client.writer.write(bytes((0x10, len(body))) + body)
        if (answer := await client.packet()) != packets.connack(packets.ACCEPTED):
            raise RuntimeError(f"the broker answers CONNECT with {answer.hex()}")
        return client

    async def packet(self) -> bytes:
        """The next packet."""
        head = await self._reader.readexactly(2)
        length = head[1] & 127
        if head[1] & 128:
            head += await self._reader.readexactly(1)
            length |= head[2] << 7
        return head + await self._reader.readexactly(length)


async def passed(port: int, count: int, qos: int, ahead: int) -> float:
    """Pass so many messages, and return the time in seconds."""
    asks, told = await Client.to(port, "Cae1"), await Client.to(port, "Cae2")
    body = b"\x00\x01" + _text(FILTER.encode()) + bytes((qos,))
    told.writer.write(bytes((0x82, len(body))) + body)
    await told.packet()
    room = asyncio.Semaphore(ahead)

    async def receive() -> None:
        for _ in range(count):
            packet = await told.packet()
            if qos:
                at = 3 + int.from_bytes(packet[3:5], "big") + 2
                told.writer.write(b"\x40\x02" + packet[at : at + 2])
            room.release()

    async def acknowledge() -> None:
        for _ in range(count if qos else 0):
            await asks.packet()

    began = time.perf_counter()
    work = asyncio.gather(receive(), acknowledge())
    for number in range(count):
        await room.acquire()
        asks.writer.write(packets.publish(TOPIC, PAYLOAD, qos, number % 60_000 + 1))
        await asks.writer.drain()
    await work
    took = time.perf_counter() - began
    for one in (asks, told):
        one.writer.write(b"\xe0\x00")
        one.writer.close()
    return took


async def _rate(name: str, server: Server, count: int) -> Rate:
    await passed(server.port, 500, 1, AHEAD)  # warm
    speeds = [count / await passed(server.port, count, qos, AHEAD) for qos in (0, 1)]
    alone = statistics.median([await passed(server.port, 100, 1, 1) for _ in range(5)]) * 10
    return Rate(name, speeds[0], speeds[1], alone, server.rss_mib())


def measured(count: int) -> list[Rate]:
    """Measure both, Mosquitto only where it is installed."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        logins.write(folder / "logins", {user: logins.hash_of(PASSWORD) for user in ("Cae1", "Cae2")})
        command = (sys.executable, "-m", "bench.brokers", "--serve", str(folder), str(port))
        with running(*command, port=port, log=folder / "log", path="") as server:
            found.append(asyncio.run(_rate("inside", server, count)))
        if program() is not None:
            with mosquitto(folder, folder / "log") as server:
                found.append(asyncio.run(_rate("Mosquitto", server, count)))
    return found


async def _serve(folder: Path, port: int) -> None:
    """Be the broker inside, without a CSE."""
    from bindings.broker.gate import Gate
    from cse.settings import BrokerSettings

    settings = BrokerSettings(enabled=True, port=port, logins=str(folder / "logins"), max_rate=0)
    await Gate(settings, "", "cse").start()
    await asyncio.Event().wait()


def _text(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="messages (default 20000)")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve:
        from cse.app import start_loop

        start_loop(_serve(Path(options.serve[0]), int(options.serve[1])))
        return
    print("| broker | messages/s, quality 0 | quality 1 | one alone, quality 1 | memory |\n|---|--:|--:|--:|--:|")
    for one in measured(options.count):
        print(f"| {one.broker} | {one.qos_0:,.0f} | {one.qos_1:,.0f} | {one.alone_ms:.2f} ms | {one.rss_mib:.0f} MiB |")


if __name__ == "__main__":
    main()
