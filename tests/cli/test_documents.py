"""What docs/cli.md and docs/sdk.md show is what happens."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cse.cli.main import build_parser
from cse.cli.parser import DEFAULT_CSE

if TYPE_CHECKING:
    from tests.cli.conftest import Banyan

DOCS = Path(__file__).parents[2] / "docs"


def blocks(document: str, language: str) -> list[str]:
    text = (DOCS / document).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_session_succeeds(banyan: Banyan, cse_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANYAN_CSE", cse_url)
    session, url, *_ = blocks("cli.md", "sh")
    for line in (session + url).splitlines():
        words = shlex.split(os.path.expandvars(line) if "$BANYAN_CSE" in line else line)
        if words[0] == "export":
            monkeypatch.setenv(*words[1].split("=", 1))
            continue
        assert words[0] == "banyan"
        result = banyan(*words[1:])
        assert result.code == 0, (line, result.err)


def test_every_command_shown_anywhere_has_the_right_form() -> None:
    lines = [line for path in (DOCS.parent / "README.md", *sorted(DOCS.glob("*.md")))
             for block in re.findall(r"^```sh\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
             for line in block.replace("\\\n", " ").splitlines()]  # fmt: skip
    commands = [words[1:] for line in lines if (words := shlex.split(line, comments=True)) and
                words[0].rpartition("/")[2] == "banyan"]  # fmt: skip
    assert len(commands) > 10
    for words in commands:
        build_parser().parse_args(words)


def test_the_tables_name_every_command_and_exit_code(banyan: Banyan) -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    for command in re.findall(r"^    (\w+) +\w", banyan("--help").out, re.MULTILINE):
        assert f"`banyan {command}" in text
    for code in re.findall(r"^  (\d+) ", banyan("--help").out, re.MULTILINE):
        assert f"| {code} |" in text
    assert DEFAULT_CSE in text


def test_the_example_of_the_client_prints_what_is_shown_and_can_be_repeated(cse_url: str) -> None:
    example, (shown, *_) = blocks("sdk.md", "python")[0], blocks("sdk.md", "text")
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", example],
            capture_output=True, text=True, timeout=30, check=False, env={**os.environ, "BANYAN_CSE": cse_url},
        )  # fmt: skip
        assert (done.stdout, done.stderr) == (shown, "")
