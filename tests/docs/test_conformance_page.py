"""The pages about the conformance suite: complete, in step with the catalogue, and right in what they show."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance_tests.cli import build_parser
from conformance_tests.expecting import _KEYS as EXPECT_KEYS
from conformance_tests.http.wire_cases import _CASE_KEYS as WIRE_KEYS
from conformance_tests.http.wire_cases import load_wire
from conformance_tests.loading import _KEYS as CASE_KEYS
from conformance_tests.loading import CATALOGUE, load_catalogue
from conformance_tests.matching import MATCHERS, WORDS
from conformance_tests.profile_file import _FACTS, _LISTS, _SINGLE
from conformance_tests.steps import OPTIONS, VERBS
from conformance_tests.verdict import Verdict
from tests.conformance.defects.seeding import TABLES
from tests.conformance.suite import play, serving
from tests.docs.guide import Block, blocks

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "conformance.md"
TEXT = PAGE.read_text(encoding="utf-8")
RENEW = "banyan-conformance coverage --markdown > docs/conformance-coverage.md"
#: What differs from run to run.
_PASSING = re.compile(r"\d+(\.\d+)? s\b|seed \d+|:\d{4,5}\b")
#: Commands that need no CSE, and the addresses of the two that there are while the page is followed.
_GOOD, _FAULTY = "http://127.0.0.1:8080", "http://127.0.0.1:8081"


def named(part: str) -> set[str]:
    """Everything that stands in backticks in a part of the page, taken apart."""
    phrases = re.findall(r"`([^`\n]+)`", section(part))
    return {word for phrase in phrases for word in re.findall(r"[$\w-]+", phrase)}


def section(title: str) -> str:
    """The text below a heading."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def test_every_verb_and_every_option_is_explained() -> None:
    assert VERBS.keys() - named("Steps") == set()
    options = set().union(*OPTIONS.values())
    assert options - named("Steps") - named("Requests") == set()


def test_every_matcher_is_explained() -> None:
    assert {*WORDS, *MATCHERS} - named("Matchers") == set()


def test_the_keys_of_a_case_an_expectation_a_wire_case_and_a_profile_are_explained() -> None:
    assert CASE_KEYS - named("Writing a case") == set()
    assert EXPECT_KEYS - named("What is expected") == set()
    assert WIRE_KEYS - named("Adding to the suite") - {"id", "purpose", "refs", "needs", "note"} == set()
    assert {name for name in (*_SINGLE, *_LISTS, *_FACTS) if name not in section("Profiles")} == set()


def test_every_option_of_a_run_that_the_page_names_exists_and_those_about_the_cse_are_named() -> None:
    named_options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", TEXT))
    commands_ = next(action.choices for action in build_parser()._actions if isinstance(action.choices, dict))
    known = {option for parser in commands_.values() for action in parser._actions for option in action.option_strings}
    assert named_options - known - {"--admin", "--store"} == set()
    for option in ("--url", "--originator", "--ae-id", "--app-id", "--sp-id", "--cse-base", "--listen", "--notify-host",
                   "--profile", "--ca", "--certificate", "--key", "--insecure", "--token-file", "--wire", "--jobs",
                   "--seed", "--max-time", "--patience", "--timeout", "--fail-on", "--html", "--junit", "--json"):
        assert option in named_options


def test_the_coverage_page_is_in_step_with_the_catalogue() -> None:
    command = [sys.executable, "-m", "conformance_tests", "coverage", "--markdown"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True).stdout
    written = (ROOT / "docs" / "conformance-coverage.md").read_text(encoding="utf-8")
    assert written == printed, f"run {RENEW}"
    assert RENEW in TEXT


def test_the_number_of_purposes_in_the_readme_is_right() -> None:
    written = (ROOT / "docs" / "conformance-coverage.md").read_text(encoding="utf-8")
    numbers = re.search(r"^\| all \|  \| (\d+) \| (\d+) \|", written, re.MULTILINE)
    assert numbers
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{numbers[2]} of the {numbers[1]} test purposes of TS-0018" in readme


def test_the_defect_that_the_page_shows_is_one() -> None:
    (shown,) = [block.text for block in blocks(PAGE) if block.text.startswith("- name: ")]
    assert any(shown in path.read_text(encoding="utf-8") for path in TABLES.glob("*.yaml"))


async def test_the_case_that_the_page_shows_passes(tmp_path: Path) -> None:
    (shown,) = [block.text for block in blocks(PAGE) if block.file == "example.yaml"]
    (tmp_path / "example.yaml").write_text(shown, encoding="utf-8")
    (tmp_path / "tables").symlink_to(CATALOGUE / "tables")
    cases = load_catalogue(tmp_path).cases
    async with serving() as url:
        outcome = await play(url, cases)
    assert [one.verdict for one in outcome.results] == [Verdict.PASS] * 2


def test_the_wire_case_that_the_page_shows_is_one(tmp_path: Path) -> None:
    (shown,) = [block.text for block in blocks(PAGE) if block.text.startswith("- id: WIRE/")]
    (tmp_path / "example.yaml").write_text(f"cases:\n{shown}", encoding="utf-8")
    (case,) = load_wire(tmp_path)
    assert case.id not in {one.id for one in load_wire()}


@pytest.mark.timeout(180)
def test_the_page_can_be_followed(tmp_path: Path) -> None:
    """Each command is read by its parser; each that concerns this machine runs, and prints what is shown after it."""
    with contextlib.closing(Typist(tmp_path)) as typist:
        output = ""
        for block in blocks(PAGE):
            if block.file:
                (tmp_path / block.file).write_text(typist.here(block.text), encoding="utf-8")
            elif block.language == "sh":
                output = "".join(typist.follow(line) for line in commands(block)) or output
            elif block.language == "text":
                assert steady(block.text.rstrip()) in steady(output)
    assert typist.ran >= 12
    assert {"report.html", "conformance.xml", "conformance.json", "changes.html"} <= {
        path.name for path in tmp_path.iterdir()}


def commands(block: Block) -> Iterator[str]:
    """The lines of a block but those that set a computer up: these name an extra that there is."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for line in block.text.splitlines():
        if "pip install" in line:
            assert set(re.findall(r"\[(\w+)\]", line)) <= extras.keys()
        elif not line.startswith("python3 -m venv"):
            yield line


def steady(text: str) -> str:
    """The text without what differs from run to run."""
    return _PASSING.sub("#", text)


class Typist:
    """Types the commands of the page in a folder of his own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ran = 0
        self.servers: list[subprocess.Popen[str]] = []
        self.addresses = {_GOOD: self.serve([])}

    def here(self, text: str) -> str:
        """The text with the addresses that the CSEs really have."""
        for written, real in self.addresses.items():
            text = text.replace(written, real)
        return text

    def follow(self, line: str) -> str:
        """Carry out one line; return what it prints."""
        words = shlex.split(line.partition(" > ")[0])
        if words[0] == "python":
            assert words[1:3] == ["-m", "tests.conformance.defects.serve"]
            assert words[4] == _FAULTY.rpartition(":")[2]
            self.addresses[_FAULTY] = self.serve([words[3]])
            return ""
        assert words[0] == "banyan-conformance"
        build_parser().parse_args(words[1:])
        return "" if "cse.example" in line or words[1] == "coverage" else self.run(line, words[1:])

    def run(self, line: str, words: list[str]) -> str:
        """Run a command; a run of everything becomes one of some cases, for everything takes a minute."""
        more = ["--select", "DIS,LOC"] if words[0] == "run" and "--select" not in words else []
        done = subprocess.run(
            [sys.executable, "-m", "conformance_tests", *(self.here(word) for word in words), *more],
            cwd=self.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
            check=False,
        )
        gets_worse = words[0] == "diff" or _FAULTY in line
        assert done.returncode == int(gets_worse), f"{line}\n{done.stdout}{done.stderr}"
        self.ran += 1
        return done.stdout + done.stderr

    def serve(self, arguments: list[str]) -> str:
        """Start a CSE on a free port; return its address."""
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.conformance.defects.serve", *arguments],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        self.servers.append(server)
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        assert url, "the CSE does not start"
        return url

    def close(self) -> None:
        for server in self.servers:
            server.communicate(timeout=30)
