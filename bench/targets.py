"""``python -m bench.targets``: what targets in trouble cost the others.

1,000 subscriptions, each with one target of its own; instances are created at a steady rate. Turn by turn all targets
are well (A), and 10 % of them are dead, slow or resetting (B); measured is the time from sending a CREATE to its
arrival at the targets that are always well.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

from bench.load import HEADERS, LOAD_CORE, Request, send
from bench.processes import BANYAN, ROOT, Server, free_port, running
from bench.report import table
from bench.target_servers import DEAD, RESETTING, SLOW, WELL

SETTINGS = """
[cse]
administrators = ["CAdmin"]
cse_name = "cse"
cse_id = "/bench"
notification_timeout_s = {timeout_s}
notification_retry_s = {retry_s}
[store]
path = {path}
[http]
port = {port}
[log]
level = "WARNING"
"""
TARGETS_OF_A_CONTAINER = 10
COLUMNS = ("phase", "arrivals", "p50 ms", "p99 ms", "longest ms", "most waiting", "RSS MiB")


@dataclass
class Phase:
    """What one phase has shown about the targets that are always well; times in milliseconds.

    ``missing`` did not arrive, ``twice`` more than once; ``disordered`` came behind a later one. ``most_waiting`` and
    ``rss_mib`` are the largest seen.
    """

    name: str
    arrivals: int
    p50_ms: float
    p99_ms: float
    longest_ms: float
    missing: int
    twice: int
    disordered: int
    most_waiting: int
    rss_mib: float

    def cells(self) -> tuple[str, ...]:
        """Return the columns as text."""
        return (self.name, f"{self.arrivals:,}", f"{self.p50_ms:.1f}", f"{self.p99_ms:.1f}", f"{self.longest_ms:.1f}",
                f"{self.most_waiting:,}", f"{self.rss_mib:.0f}")  # fmt: skip


class Servers:
    """A process with targets."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.ports: list[int] = self._heard()["ports"]

    def become(self, modes: dict[int, str]) -> None:
        """Change the modes of targets, by port."""
        self._ask({"modes": {str(port): mode for port, mode in modes.items() if port in self.ports}})

    def arrivals(self) -> list[tuple[int, int, float]]:
        """Return (port, number, seconds) of all that arrived since this was asked last."""
        return [(port, number, delay_s) for port, number, delay_s in self._ask({"take": True})["arrivals"]]

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._heard()

    def _heard(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextlib.contextmanager
def serving(count: int) -> Iterator[Servers]:
    """Run a process with so many targets."""
    command = ["taskset", "-c", LOAD_CORE, sys.executable, "-m", "bench.target_servers", str(count)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Servers(process)
        finally:
            process.terminate()


class Bench:
    """One run on a CSE with its targets. ``bad`` says which targets are in trouble in the phases B, and how."""

    def __init__(self, cse: Server, servers: Sequence[Servers], options: argparse.Namespace) -> None:
        self._cse = cse
        self._servers = servers
        self._options = options
        self._numbers = 0
        ports = [port for one in zip(*(server.ports for server in servers), strict=True) for port in one]
        self._groups = [ports[at : at + TARGETS_OF_A_CONTAINER] for at in range(0, len(ports), TARGETS_OF_A_CONTAINER)]
        share = max(1, round(100 / options.bad))
        self.bad = dict(zip((port for at, port in enumerate(ports) if (at // TARGETS_OF_A_CONTAINER + at) % share == 0),
                            cycle((DEAD, SLOW, RESETTING)), strict=False))  # fmt: skip

    def prepare(self) -> None:
        """Make the containers and their subscriptions."""
        for at, group in enumerate(self._groups):
            send(self._cse.port, Request("POST", "/cse", "3", json.dumps({"m2m:cnt": {"rn": f"c{at}", "mni": 10}})))
            for port in group:
                subscription = {"rn": f"s{port}", "nu": [f"http://127.0.0.1:{port}"], "enc": {"net": [3]}}
                send(self._cse.port, Request("POST", f"/cse/c{at}", "23", json.dumps({"m2m:sub": subscription})))

    def phase(self, name: str, *, bad: bool) -> Phase:
        """Create for some seconds, and look at what has arrived when nothing waits any more."""
        for servers in self._servers:
            servers.become(self.bad if bad else dict.fromkeys(self.bad, WELL))
        created, most_waiting, rss_mib = asyncio.run(self._create())
        if bad:
            for servers in self._servers:
                servers.become(dict.fromkeys(self.bad, WELL))
        self._settle()
        arrivals = [one for servers in self._servers for one in servers.arrivals() if one[0] not in self.bad]
        return self._judged(name, created, arrivals, most_waiting, rss_mib)

    def _judged(self, name: str, created: dict[int, int], arrivals: Sequence[tuple[int, int, float]],
                most_waiting: int, rss_mib: float) -> Phase:  # fmt: skip
        well = [[port for port in group if port not in self.bad] for group in self._groups]
        expected = {(port, number) for number, at in created.items() for port in well[at]}
        seen = [(port, number) for port, number, _ in arrivals]
        last: dict[int, int] = {}
        disordered = 0
        for port, number in seen:
            disordered += number < last.get(port, 0)
            last[port] = number
        delays = sorted(delay_s * 1000 for _, _, delay_s in arrivals) or [0.0]
        p50_ms, p99_ms = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
        missing, twice = len(expected.difference(seen)), len(seen) - len(set(seen))
        return Phase(name, len(seen), p50_ms, p99_ms, delays[-1], missing, twice, disordered, most_waiting, rss_mib)

    async def _create(self) -> tuple[dict[int, int], int, float]:
        """Create at the rate asked for; returns the container of each number, and the largest figures of the CSE."""
        created: dict[int, int] = {}
        waiting, rss = [0], [self._cse.rss_mib()]
        reader, writer = await asyncio.open_connection("127.0.0.1", self._cse.port)
        count, rate = int(self._options.seconds * self._options.rate), self._options.rate
        loop = asyncio.get_running_loop()
        began = loop.time()
        answers = loop.create_task(_read_answers(reader, count))
        for done in range(count):
            await asyncio.sleep(max(0.0, began + done / rate - loop.time()))
            self._numbers += 1
            at = self._numbers % len(self._groups)
            created[self._numbers] = at
            writer.write(_message(f"/cse/c{at}", self._numbers))
            if done % int(rate) == 0:
                rss.append(self._cse.rss_mib())
                waiting.append(await asyncio.to_thread(self._waiting))
        await asyncio.wait_for(answers, 60)
        rss.append(self._cse.rss_mib())
        waiting.append(self._waiting())
        writer.close()
        return created, max(waiting), max(rss)

    def _settle(self) -> None:
        """Wait until nothing waits any more; what cannot be delivered is given up meanwhile."""
        deadline = time.monotonic() + 120
        while self._waiting() and time.monotonic() < deadline:
            time.sleep(0.2)

    def _waiting(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._cse.port}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        found = re.search(r"^banyan_notifications_pending (\d+)$", text, re.MULTILINE)
        assert found is not None, "the metrics do not say how many notifications wait"
        return int(found[1])


def _message(path: str, number: int) -> bytes:
    body = json.dumps({"m2m:cin": {"con": f"{number}:{time.monotonic_ns()}"}})
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in HEADERS.items()),
             f"X-M2M-RI: {number}", "Content-Type: application/json;ty=4", f"Content-Length: {len(body)}"]  # fmt: skip
    return "\r\n".join([*lines, "", body]).encode()


async def _read_answers(reader: asyncio.StreamReader, count: int) -> None:
    for _ in range(count):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 201"):
            raise RuntimeError(f"a CREATE was answered {head.splitlines()[0].decode()}")
        await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0))


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Run the phases; returns them, the ratio of p99 (median over the pairs of phases) and the growth of memory."""
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.folder) as name, contextlib.ExitStack() as stack:
        folder, port = Path(name).resolve(), free_port()
        servers = [stack.enter_context(serving(options.targets // 2)) for _ in range(2)]
        config = folder / "cse.toml"
        config.write_text(SETTINGS.format(path=json.dumps(str(folder / "cse.db")), port=port,
                                          timeout_s=options.timeout, retry_s=options.retry))  # fmt: skip
        cse = stack.enter_context(running(BANYAN, "run", "--config", str(config), port=port, log=folder / "log",
                                          path="/cse"))  # fmt: skip
        bench = Bench(cse, servers, options)
        bench.prepare()
        bench.phase("warm-up", bad=False)
        phases: list[Phase] = []
        for number in range(1, options.rounds + 1):
            for kind, bad in (("A", False), ("B", True)):
                phases.append(bench.phase(f"{kind}{number}", bad=bad))
                print("  ".join(phases[-1].cells()), file=sys.stderr, flush=True)
        well, trouble = phases[::2], phases[1::2]
        ratios = [b.p99_ms / a.p99_ms for a, b in zip(well, trouble, strict=True)]
        return {
            "phases": [asdict(phase) for phase in phases],
            "rows": [phase.cells() for phase in phases],
            "bad": len(bench.bad),
            "ratios": ratios,
            "p99_ratio": median(ratios),
            "p50_ratio": median(b.p50_ms / a.p50_ms for a, b in zip(well, trouble, strict=True)),
            "more_mib": max(phase.rss_mib for phase in trouble) - well[0].rss_mib,
            "log_lines": len((folder / "log").read_text().splitlines()),
        }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.targets", description=__doc__)
    parser.add_argument("--targets", type=int, default=1000)
    parser.add_argument("--bad", type=float, default=10, help="per cent of the targets")
    parser.add_argument("--rate", type=float, default=40, help="CREATEs a second; each is told to ten targets")
    parser.add_argument("--seconds", type=float, default=20, help="length of each phase")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of phases")
    parser.add_argument("--timeout", type=float, default=10, help="cse.notification_timeout_s")
    parser.add_argument("--retry", type=float, default=15, help="cse.notification_retry_s")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--folder", type=Path, default=Path(), help="where the store is written")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    options = _options()
    busy = os.getloadavg()[0]
    result = measured(options)
    if options.json:
        print(json.dumps(result))
        return
    print(table(COLUMNS, result["rows"], markdown=True))
    print(f"\n{options.targets:,} targets, in B {result['bad']} dead, slow or resetting; load before: {busy:.1f}")
    print(f"p99 in B to A: {result['p99_ratio']:.2f} (median of {', '.join(f'{one:.2f}' for one in result['ratios'])})")
    print(f"p50 in B to A: {result['p50_ratio']:.2f}; memory in B: {result['more_mib']:+.1f} MiB")
    print(f"lines in the log of the CSE: {result['log_lines']}")


if __name__ == "__main__":
    main()
