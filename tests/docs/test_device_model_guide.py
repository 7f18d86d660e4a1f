"""The guide "add a device model" works as written: its files are saved, its commands run, its results compared."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from resources.model_format import ATTRIBUTE, ENUMERATION, FRAME, MODEL, TYPES

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "add_a_device_model.md"
REFERENCE = ROOT / "docs" / "models.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SAVE = re.compile(r"[Ss]ave this as `([^`]+)`:\s*$")


class Block(NamedTuple):
    """A code block: its language, its text, and the file it is to be saved as."""

    language: str
    text: str
    file: str | None


def blocks() -> Iterator[Block]:
    text = GUIDE.read_text(encoding="utf-8")
    end = 0
    for match in BLOCK.finditer(text):
        saved = SAVE.search(text[end:match.start()].rstrip())
        yield Block(match[1], match[2], saved[1] if saved else None)
        end = match.end()


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """Environment of a reader who has ``banyan`` and a free port."""
    command = tmp_path / "bin" / "banyan"
    command.parent.mkdir()
    program = "from cse.cli.main import main; raise SystemExit(main())"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{program}" "$@"\n')
    command.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BANYAN_")}
    return {**environment, "PATH": f"{command.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
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
        self.server: subprocess.Popen[str] | None = None

    def follow(self, block: Block) -> None:
        if block.file is not None:
            (self.folder / block.file).parent.mkdir(exist_ok=True)
            (self.folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.text.startswith("banyan run"):
            self.serve(block.text)
        elif block.language == "sh":
            self.run(block.text)
        elif block.language == "text":
            assert block.text.strip() in self.output
        else:
            last = re.split(r"^(?={$)", self.results, flags=re.MULTILINE)[-1]
            assert matches(json.loads(block.text), json.loads(last))

    def serve(self, command: str) -> None:
        self.output = ""
        self.server = subprocess.Popen(["/bin/sh", "-c", f"exec {command}"], cwd=self.folder, env=self.environment,
                                       text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert self.server.stdout is not None
        assert "CSE /banyan at" in self.server.stdout.readline()

    def run(self, commands: str) -> None:
        done = subprocess.run(["/bin/sh", "-c", f"set -e\n{self.exports}{commands}"], cwd=self.folder, text=True,
                              env=self.environment, capture_output=True, timeout=60, check=False)
        self.output, self.results = done.stdout + done.stderr, done.stdout
        self.exports += "".join(line + "\n" for line in commands.splitlines() if line.startswith("export "))
        assert ("error:" in self.output) == (done.returncode != 0), self.output

    def leave(self) -> None:
        if self.server is not None:
            self.server.terminate()
            self.server.communicate(timeout=30)


def test_the_guide_works_as_written(tmp_path: Path, shell: dict[str, str]) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    reader = Reader(folder, shell)
    written = list(blocks())
    try:
        for block, after in zip(written, [*written[1:], None], strict=True):
            reader.follow(block)
            shown = after is not None and after.text.startswith("error:")
            if block.language == "sh":
                assert ("error:" in reader.output) == shown, reader.output
    finally:
        reader.leave()


def test_the_reference_names_every_member_and_type() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    members = {member.short for type_ in (FRAME, ENUMERATION, MODEL, ATTRIBUTE) for member in type_.members}
    assert {name for name in members | TYPES.keys() if f"`{name}`" not in text} == set()
