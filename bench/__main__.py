"""``make bench``: the CSE with its SQLite store beside the bare limit of its HTTP server, one core for each server.

W1 create contentInstance (60 bytes), W2 retrieve ``la``, W3 retrieve a container, W4 discovery of 1,000 instances,
W5 create with one subscription that notifies an HTTP sink, ``store`` memory and first answer with 100,000 instances.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bench.load import LOAD_CORE, Request, Result, fill, instance, measure, send
from bench.over import BINDINGS, OverBinding, settled
from bench.processes import BANYAN, BARE, SINK, Server, free_port, running
from bench.report import COLUMNS, Row, median_of, table

ALL = ("W1", "W2", "W3", "W4", "W5", "store")
CREATE = Request("POST", "/cse/w1", "4", instance("x" * 60))
LATEST = Request("GET", "/cse/w1/la")
CONTAINER = Request("GET", "/cse/w1")
DISCOVERY = Request("GET", "/cse/w4?fu=1&ty=4")
WORKLOADS = {
    "W1": ("W1 create contentInstance", CREATE),
    "W2": ("W2 retrieve la", LATEST),
    "W3": ("W3 retrieve container", CONTAINER),
    "W4": ("W4 discover 1,000", DISCOVERY),
}
#: An answer of 40 kB is not comparable with an empty one.
NO_LIMIT = {"W4"}
SETTINGS = """
[cse]
administrators = ["CAdmin"]
cse_name = "cse"
cse_id = "/bench"
max_notifications_per_target = 250000
[store]
path = {path}
[http]
port = {port}
[log]
level = "WARNING"
"""


class Bench:
    """One run: the places it writes to and what it has measured so far."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self._folder = folder
        self._options = options
        self.rows: list[Row] = []
        self.facts: list[tuple[str, str]] = []

    def over_http(self, only: set[str]) -> None:
        """Measure what is asked for."""
        if only - {"store"}:
            self.workloads()
        if "W1" in only:
            self.plain_limit()
        if "store" in only:
            self.stored()

    def workloads(self) -> None:
        """Measure W1 to W5, each next to its limit."""
        bare_port, sink_port = free_port(), free_port()
        log = self._folder / "log"
        with (
            running(*BARE, str(bare_port), port=bare_port, log=log) as bare,
            running(*SINK, str(sink_port), port=sink_port, log=log, core=LOAD_CORE),
            self._cse("workloads") as cse,
        ):
            self._prepare(cse.port)
            for connections in self._options.connections:
                for name, (title, request) in WORKLOADS.items():
                    if name in self._options.only:
                        self._compare(title, cse, None if name in NO_LIMIT else bare, request, connections)
                if "W5" in self._options.only:
                    self._notifications(cse, sink_port, connections)

    def over_binding(self, binding: str) -> None:
        """Measure W1, W2 and W5 over another binding."""
        folder = self._folder / binding
        folder.mkdir()
        over = OverBinding(binding, folder, self._options.seconds, self._show, self._fact)
        over.run(self._options.only, self._options.connections)

    def plain_limit(self) -> None:
        """Measure the limit on the event loop of the standard library, for comparison."""
        port = free_port()
        with running(*BARE, str(port), "--loop", "asyncio", port=port, log=self._folder / "log") as bare:
            self._show(Row("limit: POST, asyncio loop", 32, *self._second(bare, CREATE, 32, self._options.seconds)))

    def stored(self) -> None:
        """Measure memory with 10,000 and 100,000 instances, and the first answer of a new process with them."""
        with self._cse("stored") as cse:
            send(cse.port, Request("POST", "/cse", "3", '{"m2m:cnt":{"rn":"w1"}}'))
            self._fact("RSS, empty", f"{cse.rss_mib():.0f} MiB")
            fill(cse.port, "/cse/w1", 10_000)
            self._fact("RSS, 10,000 instances", f"{cse.rss_mib():.0f} MiB")
            fill(cse.port, "/cse/w1", 90_000)
            self._fact("RSS, 100,000 instances", f"{cse.rss_mib():.0f} MiB")
        with self._cse("stored", path="/cse/w1/la") as cse:
            self._fact("first answer (la) with 100,000 stored", f"{cse.started_in_s:.2f} s")
            self._fact("RSS after that start", f"{cse.rss_mib():.0f} MiB")

    def _cse(self, name: str, path: str = "/cse") -> contextlib.AbstractContextManager[Server]:
        port = free_port()
        config = self._folder / f"{name}.toml"
        config.write_text(SETTINGS.format(path=json.dumps(str(self._folder / f"{name}.db")), port=port))
        return running(BANYAN, "run", "--config", str(config), port=port, log=self._folder / "log", path=path)

    def _prepare(self, port: int) -> None:
        for name in ("w1", "w4"):
            send(port, Request("POST", "/cse", "3", json.dumps({"m2m:cnt": {"rn": name}})))
        fill(port, "/cse/w1", 100)
        fill(port, "/cse/w4", 1000)

    def _compare(self, title: str, cse: Server, bare: Server | None, request: Request, connections: int) -> None:
        """Measure second by second, the bare server and the CSE in turn: the speed of a machine drifts.

        The share of the limit is the median over the pairs; the other columns are those of the median second.
        """
        pairs = []
        for _ in range(self._options.seconds):
            limit = self._second(bare, request, connections) if bare is not None else None
            pairs.append((self._second(cse, request, connections), limit))
        failures = sum(own[0].failures for own, _ in pairs)
        (own, cpu_us), limit = median_of(pairs, lambda pair: pair[0][0].per_second)
        own = own._replace(failures=failures)
        if limit is None:
            self._show(Row(title, connections, own, cpu_us, None))
            return
        bare_result, bare_us = median_of([limit for _, limit in pairs if limit], lambda one: one[0].per_second)
        shares = [pair[0][0].per_second / pair[1][0].per_second for pair in pairs if pair[1]]
        self._show(Row(f"limit of {title[:2]}", connections, bare_result, bare_us, None))
        self._show(Row(title, connections, own, cpu_us, median_of(shares, float)))
        self._fact(f"{title[:2]}, {connections} connections, of the limit",
                   f"median {median_of(shares, float):.0%}, from {min(shares):.0%} to {max(shares):.0%}")

    def _second(self, server: Server, request: Request, connections: int, seconds: int = 1) -> tuple[Result, float]:
        used_s = server.cpu_s()
        result = measure(server.port, request, connections, seconds)
        return result, (server.cpu_s() - used_s) / max(1, result.answers) * 1e6

    def _notifications(self, cse: Server, sink_port: int, connections: int) -> None:
        """Create in a subscribed container; afterwards every instance has to be known to the sink."""
        name = f"w5-{connections}"
        send(cse.port, Request("POST", "/cse", "3", json.dumps({"m2m:cnt": {"rn": name}})))
        subscription = {"rn": "s", "nu": [f"http://127.0.0.1:{sink_port}/"], "nct": 1, "enc": {"net": [3]}}
        send(cse.port, Request("POST", f"/cse/{name}", "23", json.dumps({"m2m:sub": subscription})))
        send(sink_port, Request("DELETE", "/"))
        create = Request("POST", f"/cse/{name}", "4", CREATE.body)
        second = self._second(cse, create, connections, self._options.seconds)
        self._show(Row("W5 create and notify", connections, *second))
        created = send(cse.port, Request("GET", f"/cse/{name}"))["m2m:cnt"]["cni"]
        heard = settled(sink_port, created)
        delivered = heard["distinct"]
        rate = delivered / heard["seconds"] if heard["seconds"] else 0.0
        self._fact(
            f"W5, {connections} connections",
            f"{created:,} created, {delivered:,} delivered ({rate:,.0f}/s), {created - delivered:,} lost, "
            f"{heard['received'] - delivered:,} twice",
        )

    def _show(self, row: Row) -> None:
        self.rows.append(row)
        print("  ".join(row.cells()), file=sys.stderr, flush=True)

    def _fact(self, name: str, value: str) -> None:
        self.facts.append((name, value))
        print(f"{name}: {value}", file=sys.stderr, flush=True)


def _syncs_per_second(folder: Path) -> float:
    """Return how often this disk makes 4 KiB durable: what a store without group commit could reach."""
    with (folder / "sync").open("wb") as file:
        began = time.monotonic()
        for _ in range(200):
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
        return 200 / (time.monotonic() - began)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="length of each measurement")
    parser.add_argument("--only", default=",".join(ALL), help="such as W1,W2 or store")
    parser.add_argument("--connections", help="1,32,128 over HTTP, 32 over other bindings")
    parser.add_argument("--binding", default="http", help=f"instead of HTTP: {','.join(BINDINGS)}")
    parser.add_argument("--markdown", action="store_true", help="print as in docs/performance.md")
    parser.add_argument(
        "--folder", type=Path, default=Path(), help="where the store is written; a real disk, not tmpfs"
    )
    options = parser.parse_args()
    options.only = set(options.only.split(","))
    options.bindings = [] if options.binding == "http" else options.binding.split(",")
    numbers = options.connections or ("32" if options.bindings else "1,32,128")
    options.connections = [int(number) for number in numbers.split(",")]
    if unknown := set(options.bindings) - set(BINDINGS):
        parser.error(f"--binding knows {', '.join(BINDINGS)}, not {', '.join(sorted(unknown))}")
    if unknown := options.only - set(ALL):
        parser.error(f"--only knows {', '.join(ALL)}, not {', '.join(sorted(unknown))}")
    return options


def main() -> None:
    """Measure and print."""
    options = _options()
    for tool in ("taskset",) if options.bindings else ("wrk", "taskset"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing: apt-get install {'wrk' if tool == 'wrk' else 'util-linux'}")
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.folder) as name:
        bench = Bench(Path(name).resolve(), options)
        syncs, busy = _syncs_per_second(Path(name)), os.getloadavg()[0]
        for binding in options.bindings:
            bench.over_binding(binding)
        if not options.bindings:
            bench.over_http(options.only)
    bench.facts += [
        ("durable 4 KiB writes of this disk, one by one", f"{syncs:,.0f}/s"),
        ("load average before the run (0 is quiet)", f"{busy:.1f}"),
        ("machine", f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"),
    ]
    print(table(COLUMNS, [row.cells() for row in bench.rows], markdown=options.markdown))
    print()
    print(table(("measured", "value"), bench.facts, markdown=options.markdown))


if __name__ == "__main__":
    main()
