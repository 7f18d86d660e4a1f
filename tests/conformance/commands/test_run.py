"""The command run: options, refusals, reports, how it is stopped. The CSE is a socket, the session is played."""

import argparse
import asyncio
import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from conformance_tests.case import Case, CatalogueError
from conformance_tests.cli import main
from conformance_tests.commands import reading, running
from conformance_tests.commands import target as targets
from conformance_tests.errors import Unreachable
from conformance_tests.loading import Catalogue, load_catalogue
from conformance_tests.primitive import NoAnswer, Response
from conformance_tests.profile import Features, Target, Unusable, examine
from conformance_tests.profile_file import PROFILES
from conformance_tests.reports import json_report
from conformance_tests.runner import Progress
from conformance_tests.session import Options, Outcome
from conformance_tests.types import ResourceTypes
from conformance_tests.verdict import CaseResult, Verdict
from conformance_tests.yaml_files import read_yaml

CASES = tuple(Case(f"TC_CSE_DMR_CRE_00{n}", "DMR", "p", (), (), (), ({"retrieve": "cse"},)) for n in range(4))

OPTIONS: dict[str, dict[str, str]] = {name: {} for name in ("option:geo query", "option:geo-query", "option:xml")}


class Played:
    """Stands where the session of a run is, and remembers what it was given."""

    given: SimpleNamespace
    verdicts = [Verdict.PASS] * 4
    hangs_at = 99
    fault: Exception | None = None

    def __init__(self, client: Any, target: Target, catalogue: Catalogue, options: Options) -> None:
        type(self).given = SimpleNamespace(client=client, target=target, options=options)
        self.outcome = Outcome(target, Features(frozenset({"type:AE"})), "2026-11-23T18:00:00+00:00")

    async def __aenter__(self) -> "Played":
        if self.fault:
            raise self.fault
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.given.client.close()

    async def run(self, cases: list[Case], progress: Progress) -> None:
        for number, case in enumerate(cases):
            progress.starts(case)
            if number == self.hangs_at:
                await asyncio.sleep(60)
            verdict = self.verdicts[number]
            result = CaseResult(case.id, case.area, case.purpose, (), (), verdict, "why" * (verdict != "pass"))
            self.outcome.results.append(result)
            progress.ends(result)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> type[Played]:
    class Fresh(Played):
        pass

    monkeypatch.setattr(running, "Session", Fresh)
    monkeypatch.setattr(running, "read_catalogue", lambda: Catalogue(CASES, ResourceTypes({}), OPTIONS, {}, ()))
    return Fresh


@pytest.fixture
def url() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def run(url: str, *more: object) -> int:
    return main(["run", "--url", url, "--originator", "CAdmin", *map(str, more)])


def test_url_and_originator_are_enough(played: type[Played], url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(url) == 0
    told = capsys.readouterr().err
    assert "4 cases, seed" in told
    assert "100 % of 4 applicable cases pass" in told
    given = played.given
    assert (given.target.url, given.target.originator, given.target.rvi) == (url, "CAdmin", "3")
    assert given.options.listen == ("127.0.0.1", 0)
    assert (given.options.jobs, given.options.patience_s, given.options.ae_ids) == (8, 5.0, ("C*",))


@pytest.mark.parametrize(
    ("verdict", "fail_on", "status"),
    [("fail", "fail", 1), ("inconclusive", "fail", 0), ("inconclusive", "inconclusive", 1), ("fail", "never", 0)],
)
def test_the_exit_status_follows_fail_on(
    verdict: str, fail_on: str, status: int, played: type[Played], url: str
) -> None:
    played.verdicts = [Verdict.PASS, Verdict(verdict), Verdict.PASS, Verdict.PASS]
    assert run(url, "--fail-on", fail_on) == status


def test_reports_are_written_and_tell_how_to_repeat(played: type[Played], url: str, tmp_path: Path) -> None:
    files = {name: tmp_path / f"report.{name}" for name in ("json", "junit", "html")}
    played.verdicts = [Verdict.FAIL] * 4
    more = [part for name, path in files.items() for part in (f"--{name}", path)]
    assert run(url, *more, "--seed", 7, "--select", "DMR", "--claim", "option:geo query", "--without", "release:4") == 1
    report = json_report.read(files["json"])
    same = f"banyan-conformance run --url {url} --originator CAdmin --claim 'option:geo query' --without release:4"
    assert report.command == f"{same} --select DMR --seed 7"
    assert report.repeat == f"{same} --select {{id}}"
    assert report.target["url"] == url
    assert ET.parse(files["junit"]).getroot().get("failures") == "4"
    assert "0.0 %" in files["html"].read_text()


def test_max_time_ends_the_run_and_writes_what_has_run(
    played: type[Played], url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    played.hangs_at = 2
    assert run(url, "--max-time", "0.3", "--json", tmp_path / "a.json") == 4
    assert len(json_report.read(tmp_path / "a.json").results) == 2
    assert "Stopped before the end: 2 cases were not run" in capsys.readouterr().err


def test_ctrl_c_writes_what_has_run(played: type[Played], url: str, tmp_path: Path) -> None:
    played.hangs_at = 3
    played.fault = None
    original = played.run

    async def interrupted(self: Played, cases: list[Case], progress: Progress) -> None:
        asyncio.get_running_loop().call_later(0.3, os.kill, os.getpid(), signal.SIGINT)
        await original(self, cases, progress)

    played.run = interrupted  # type: ignore[method-assign]
    assert run(url, "--json", tmp_path / "a.json") == 130
    assert len(json_report.read(tmp_path / "a.json").results) == 3


def test_a_cse_that_cannot_be_tested_is_told(
    played: type[Played], url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    played.fault = Unusable(f"{url} answers HTTP 200 without X-M2M-RSC:\nis this the address of a CSE?")
    assert run(url) == 3
    assert capsys.readouterr().err.endswith("without X-M2M-RSC: is this the address of a CSE?\n")
    played.fault = OSError(98, "Address already in use")
    assert run(url, "--listen", "127.0.0.1:1") == 2
    assert "--listen 127.0.0.1:1: cannot listen: Address already in use" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed", "--ca says whom to trust, --insecure trusts anybody"),
        ("no answer in 10 s", "Is the CSE running, and is this its HTTP address?"),
    ],
)
async def test_a_cse_that_does_not_answer_is_told_with_what_to_do(fault: str, told: str) -> None:
    async def send(_: object) -> Response:
        raise NoAnswer(fault)

    with pytest.raises(Unusable, match=re.escape(f"https://cse.example does not answer: {fault}. {told}")):
        await examine(send, Target("https://cse.example", "CAdmin"))


def test_where_nothing_listens_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert run(url) == 3
    assert f"no CSE at {url}: Connection refused; start it, or give its HTTP address" in capsys.readouterr().err


def test_a_host_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "_CONNECT_S", -0.4)
    over = threading.Event()

    def never(*_: object, **__: object) -> None:
        over.wait(30)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", never)
    with pytest.raises(Unreachable, match="nothing answers in time"):
        targets.check_reachable("http://cse.example:8080")
    over.set()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--url", "ftp://x"], "--url ftp://x: expected http://HOST"),
        (["--url", "http://["], "expected http://HOST"),
        (["--originator", ""], "--originator is missing, such as --originator CAdmin"),
        (["--html", "/no/such/folder/x.html"], "--html /no/such/folder/x.html: is no file in an existing folder"),
        (["--json", "/"], "is no file in an existing folder"),
        (["--listen", "nowhere"], "--listen nowhere: expected HOST:PORT"),
        (["--listen", "x:99999"], "expected HOST:PORT"),
        (["--select", "SUB-12"], "no case is named by 'SUB-12'"),
        (["--skip", "DMR"], "--skip leaves no case to run"),
        (["--token-file", "/no/such/token"], "/no/such/token: cannot be read: No such file"),
        (["--profile", "/no/such/profile"], "/no/such/profile: cannot be read: No such file"),
        (["--profile", "bunyan"], "a profile is a file, or one that comes with the suite: banyan"),
        (["--claim", "option:geo-qeury"], "no feature 'option:geo-qeury' to claim or to deny: did you mean option:geo"),
        (["--without", "42"], "no feature '42' to claim or to deny: such are option:batch"),
    ],
)
@pytest.mark.usefixtures("played")
def test_a_wrong_option_is_refused_in_one_line(
    more: list[str], told: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(url, *more) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.startswith("banyan-conformance: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--ca", "/no/such/file"], "the trusted certificates /no/such/file cannot be used: No such file"),
        (["--ca", __file__], "cannot be used: no PEM of that kind"),
        (["--certificate", "/no/such"], "the certificate /no/such and the private key in it cannot be used: No such"),
        (["--key", "x.pem"], "the private key x.pem belongs to a certificate, which is missing"),
    ],
)
@pytest.mark.usefixtures("played")
def test_wrong_certificates_are_told(
    more: list[str], told: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(url.replace("http:", "https:"), *more) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "more", [["--jobs", "0"], ["--patience", "no"], ["--max-time", "-1"], ["--fail-on", "x"], ["--bogus"]]
)
def test_what_cannot_be_read_is_refused(more: list[str], url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(url, *more)
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_wrong_catalogue_is_one_line(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong() -> Catalogue:
        raise CatalogueError("x.yaml: a case without steps shows nothing")

    monkeypatch.setattr(reading, "load_catalogue", wrong)
    assert run(url) == 2
    assert "the catalogue is wrong: x.yaml: a case without steps" in capsys.readouterr().err


PROFILE = """
originator: CProfile
cse_base: home
sp_id: sp.example
app_id: N01.example
ae_id: [C1, C2]
claim: [option:geo-query, release:4]
without: option:xml
registree: /reg-*
"""


def test_a_profile_completes_the_options_and_the_command_line_prevails(
    played: type[Played], url: str, tmp_path: Path
) -> None:
    (tmp_path / "cse.yaml").write_text(PROFILE)
    arguments = [
        "run",
        "--url",
        url,
        "--profile",
        str(tmp_path / "cse.yaml"),
        "--app-id",
        "N02",
        "--without",
        "release:4",
    ]
    assert main([*arguments, "--json", str(tmp_path / "r.json")]) == 0
    target, options = played.given.target, played.given.options
    assert (target.originator, target.cse_name, target.sp_id) == ("CProfile", "home", "//sp.example")
    assert (target.app_id, target.registree) == ("N02", "/reg-*")
    assert options.ae_ids == ("C1", "C2")
    assert options.claims == ("option:geo-query",)
    assert options.lacks == ("release:4", "option:xml")
    repeat = json_report.read(tmp_path / "r.json").repeat
    assert f"--url {url} --app-id N02 --profile {tmp_path}/cse.yaml --without release:4 --select {{id}}" in repeat
    assert "CProfile" not in repeat


@pytest.mark.parametrize("profile", sorted(PROFILES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_profiles_of_the_suite_claim_what_cases_need(profile: Path) -> None:
    claims = read_yaml(profile)["claim"]
    targets.check_features(argparse.Namespace(claim=claims, without=[]), load_catalogue())


def test_a_profile_of_the_suite_is_known_by_its_name(
    played: type[Played], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "check_features", lambda *_: None)  # the catalogue is not the suite's
    assert run(url, "--profile", "banyan") == 0
    assert "option:geo-query" in played.given.options.claims


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a", "expected a mapping with some of url, originator"),
        ("urls: x", "urls is unknown; a profile has url"),
        ("url: [x]", "url is no text"),
        ("registree: [x]", "registree is no str"),
        ("a: b: c", "is no YAML"),
        ("url: http://a\nurl: http://b", "stands there twice"),
    ],
)
@pytest.mark.usefixtures("played")
def test_a_wrong_profile_is_refused(
    text: str, told: str, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cse.yaml").write_text(text)
    assert run(url, "--profile", tmp_path / "cse.yaml") == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "listen", "name"),
    [
        ([], ("127.0.0.1", 0), None),
        (["--listen", "none"], None, None),
        (["--listen", "127.0.0.1:0"], ("127.0.0.1", 0), None),
        (["--listen", "0.0.0.0:0"], ("0.0.0.0", 0), "127.0.0.1"),
        (["--listen", "[::1]:90"], ("::1", 90), None),
        (["--listen", "0.0.0.0:0", "--notify-host", "tester"], ("0.0.0.0", 0), "tester"),
    ],
)
def test_notifications_are_awaited_where_the_cse_can_reach(
    more: list[str], listen: tuple[str, int] | None, name: str | None, played: type[Played], url: str
) -> None:
    assert run(url, *more) == 0
    assert (played.given.options.listen, played.given.options.notify_host) == (listen, name)
