"""A guide is followed as written: its files are saved, its commands run, its results compared."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SAVE = re.compile(r"[Ss]ave this as\s`([^`]+)`:\s*$")
ADD = re.compile(r"add these lines to\s`([^`]+)`[^`]*:\s*$")


#: What runs in a terminal of its own, and what it says when it is ready.
SERVERS = {"banyan run": "CSE /banyan at", "banyan ipe run": "the device answers", "python station.py": "station at"}


class Block(NamedTuple):
    """A code block: its language, its text, the file it is to be saved as, and the one it is to be added to."""

    language: str
    text: str
    file: str | None
    addition: str | None


def blocks(guide: Path) -> Iterator[Block]:
    text = guide.read_text(encoding="utf-8")
    end = 0
    for match in BLOCK.finditer(text):
        before = text[end:match.start()].rstrip()
        saved, added = SAVE.search(before), ADD.search(before)
        yield Block(match[1], match[2], saved[1] if saved else None, added[1] if added else None)
        end = match.end()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment_of(folder: Path, checkout: Path) -> dict[str, str]:
    """Environment of a reader who has ``banyan`` of a checkout, ``python`` and a free port."""
    (folder / "bin").mkdir()
    program = "from cse.cli.main import main; raise SystemExit(main())"
    for name, arguments in (("banyan", f' -c "{program}"'), ("python", "")):
        command = folder / "bin" / name
        command.write_text(f'#!/bin/sh\nexec {sys.executable}{arguments} "$@"\n')
        command.chmod(0o755)
    port = str(free_port())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BANYAN_")}
    return {**environment, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(checkout),
            "BANYAN_HTTP__PORT": port, "BANYAN_CSE": f"http://127.0.0.1:{port}"}


def matches(shown: object, real: object) -> bool:
    """True when everything shown is part of what came."""
    if isinstance(shown, dict):
        return isinstance(real, dict) and all(matches(part, real.get(name)) for name, part in shown.items())
    return shown == real


class Reader:
    """Does what the guide says, block by block, in a folder of his own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.exports = ""
        self.output = self.results = ""
        self.servers: list[subprocess.Popen[str]] = []

    def follow(self, block: Block) -> None:
        if block.file is not None:
            (self.folder / block.file).parent.mkdir(exist_ok=True, parents=True)
            (self.folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.addition is not None:
            self.add(block.text, self.folder / block.addition)
        elif block.text.startswith(tuple(SERVERS)):
            self.serve(block.text)
        elif block.language == "sh":
            self.run(block.text)
        elif block.language == "text":
            assert block.text.strip() in self.output
        else:
            last = re.split(r"^(?={$)", self.results, flags=re.MULTILINE)[-1]
            assert matches(json.loads(block.text), json.loads(last))

    def add(self, lines: str, file: Path) -> None:
        """Add imports where the imports begin, rows where the table does."""
        text = file.read_text(encoding="utf-8")
        for line in lines.splitlines(keepends=True):
            place = re.search(r"^from (?!__)" if line.startswith("from") else r"(?<= = \{\n)", text, re.MULTILINE)
            assert place is not None
            text = text[:place.start()] + line + text[place.start():]
        file.write_text(text, encoding="utf-8")

    def serve(self, command: str) -> None:
        self.output = ""
        server = subprocess.Popen(["/bin/sh", "-c", f"exec {command}"], cwd=self.folder, env=self.environment,
                                  text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.servers.append(server)
        assert server.stdout is not None
        ready = next(said for begin, said in SERVERS.items() if command.startswith(begin))
        line = server.stdout.readline()
        assert ready in line, line

    def run(self, commands: str) -> None:
        done = subprocess.run(["/bin/sh", "-c", f"set -e\n{self.exports}{commands}"], cwd=self.folder, text=True,
                              env=self.environment, capture_output=True, timeout=60, check=False)
        self.output, self.results = done.stdout + done.stderr, done.stdout
        self.exports += "".join(line + "\n" for line in commands.splitlines() if line.startswith("export "))
        assert ("error:" in self.output) == (done.returncode != 0), self.output

    def leave(self) -> None:
        for server in reversed(self.servers):
            server.terminate()
            server.communicate(timeout=30)


def _with(text: str, changed: Mapping[str, str]) -> str:
    for word, other in changed.items():
        text = text.replace(word, other)
    return text


def follow(
    guide: Path, folder: Path, environment: dict[str, str], changed: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Do all that a guide says; what it shows is what comes, and what it shows as an error is one.

    ``changed`` are words of its code that are others here, such as ports.
    """
    reader = Reader(folder, environment)
    written = [block._replace(text=_with(block.text, changed)) for block in blocks(guide)]
    try:
        for block, after in zip(written, [*written[1:], None], strict=True):
            reader.follow(block)
            shown = after is not None and after.text.startswith("error:")
            if block.language == "sh":
                assert ("error:" in reader.output) == shown, reader.output
    finally:
        reader.leave()
