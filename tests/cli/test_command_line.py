"""Usage, help, exit codes, settings, completion and colours: what needs no CSE."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cse.cli.completion import SCRIPTS, words_of
from cse.cli.errors import UsageError
from cse.cli.exit_codes import exit_code_of
from cse.cli.items import attributes_of
from cse.cli.main import build_parser
from cse.cli.output import Output, coloured
from cse.cli.target import target_of
from cse.cli.watching import address_of

if TYPE_CHECKING:
    from cse.settings import Settings
    from tests.cli.conftest import Banyan

COMMANDS = {
    "openapi", "schema", "run", "demo", "get", "create", "update", "delete", "discover", "tree", "watch", "config",
    "broker", "model", "ipe", "completion",
}

IMPORTED_BY_HELP = """
import contextlib, sys
from cse.cli.main import main
with contextlib.suppress(SystemExit):
    main(["--help"])
print([name for name in ("aiohttp", "msgspec", "cse.client", "cse.app", "resources.registry") if name in sys.modules])
"""


def test_help_names_commands_and_exit_codes(banyan: Banyan) -> None:
    result = banyan("--help")
    assert result.code == 0
    for text in (*COMMANDS, "exit codes:", "130  interrupted", "BANYAN_CSE"):
        assert text in result.out


def test_help_imports_no_client() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED_BY_HELP], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(banyan: Banyan) -> None:
    result = banyan("--version")
    assert result.code == 0
    assert result.out.startswith("banyan 0.")


@pytest.mark.parametrize(("arguments", "error", "hint"), [
    (["gett", "cse"], "'gett' is no command; did you mean 'get'?", "`banyan --help`"),
    (["get"], "the following arguments are required: TARGET", "`banyan get --help`"),
    (["get", "cse", "--rcm"], "unrecognized arguments: --rcm", "--help"),
    (["create", "cse", "cntt"], "'cntt' is no resource type; did you mean 'cnt'?", ""),
    (["create", "cse", "cnt", "rn"], "'rn' is no attribute", "key:=json"),
    (["create", "cse", "cnt", "mni:=three"], "'three' is no JSON", "'mni=three'"),
    (["create", "cse", "cnt", "rn=a", "rn=b"], "rn is given twice", ""),
    (["create", "cse", "cnt", "con=@/no/such/file"], "/no/such/file: No such file", ""),
    (["get", "cse", "lvl"], "'lvl' is no query field", "NAME=VALUE"),
    (["get", "cse", "lvl=deep"], "lvl (level): got 'deep'", ""),
    (["get", "cse", "lbk=x"], "'lbk'", ""),
    (["get", "ftp://cse/x"], "'ftp://cse' is no address of a CSE", ""),
    (["get", ""], "the target is empty", "cse/meter"),
    (["discover", "--ty", "cntt"], "ty: 'cntt' is no resource type", ""),
    (["watch", "cse", "--events", "creation"], "'creation' is no event", "create"),
    (["watch", "cse", "--listen", "host:port"], "'host:port' is no address", "HOST:PORT"),
    (["run", "--http", "99999"], "'127.0.0.1:99999' is no address", "HOST:PORT"),
    (["run", "--http", "0.0.0.0:80"], "--http: '0.0.0.0' is not loopback", ""),
    (["run", "--cse-id", "banyan"], "--cse-id: expected '/' and a name", "banyan config show"),
    (["run", "--config", "a", "--config", "b", "--store", "memory"], "several --config files", "one of the files"),
    (["run", "--config", "/no/such/file"], "/no/such/file: cannot be read", "banyan config show"),
])  # fmt: skip
def test_a_wrong_command_line(banyan: Banyan, arguments: list[str], error: str, hint: str) -> None:
    result = banyan(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("error: ")
    assert error in result.err
    assert hint in result.err.partition("hint:")[2]
    assert result.err.count("\n") <= 2


def test_a_wrong_command_line_for_machines(banyan: Banyan) -> None:
    result = banyan("--json", "gett")
    assert json.loads(result.err)["error"]["exit_code"] == 2


def test_nobody_answers(banyan: Banyan) -> None:
    result = banyan("get", "cse", "--cse", "http://127.0.0.1:1")
    assert result.code == 3
    assert result.err.startswith("error: no answer: GET http://127.0.0.1:1: Connection refused\n")
    assert "`banyan run` starts a CSE" in result.err


@pytest.mark.parametrize(("status", "code"), [(2000, 0), (4004, 4), (4141, 4), (5000, 5), (5203, 5), (6003, 5)])
def test_exit_code_of_a_status(status: int, code: int) -> None:
    assert exit_code_of(status) == code


def test_items() -> None:
    assert attributes_of(["rn=a b", "mni:=3", "x:=null", "empty=", "con=a:=b"]) == {
        "rn": "a b", "mni": 3, "x": None, "empty": "", "con": "a:=b",
    }  # fmt: skip
    with pytest.raises(UsageError):
        attributes_of(["=x"])


@pytest.mark.parametrize(("text", "cse_url", "expected"), [
    ("cse/a", "http://h", ("cse/a", "", [])),
    ("/other/x", "http://h", ("/other/x", "", [])),
    ("http://h:1/cse/a", "http://h", ("cse/a", "http://h:1", [])),
    ("http://h/~/other/x/", "http://h", ("/other/x", "http://h", [])),
    ("http://h/_/sp.org/cse/x", "http://h", ("//sp.org/cse/x", "http://h", [])),
    ("http://h/", "http://h", ("-", "http://h", [])),
    ("http://h/root/cse/a", "http://h/root/", ("cse/a", "http://h/root", [])),
    ("http://h/rooted/a", "http://h/root", ("rooted/a", "http://h", [])),
    ("http://h/cse?ty=3+4&lbl=a%2Bb", "http://h", ("cse", "http://h", [("ty", ["3", "4"]), ("lbl", ["a+b"])])),
])  # fmt: skip
def test_target(text: str, cse_url: str, expected: tuple[str, str, list[tuple[str, list[str]]]]) -> None:
    target = target_of(text, cse_url)
    assert (target.to, target.cse_url, target.query) == expected


def test_address() -> None:
    assert address_of("127.0.0.1") == ("127.0.0.1", 0)
    assert address_of("80") == ("127.0.0.1", 80)
    assert address_of("host:80") == ("host", 80)
    assert address_of("[::1]:80") == ("::1", 80)
    assert address_of("[::1]") == ("::1", 0)


def test_config_check_and_show(banyan: Banyan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert banyan("config", "check").out == "defaults and environment: ok\n"
    Path("banyan.toml").write_text('[cse]\ncse_id = "/here"\n', encoding="utf-8")
    monkeypatch.setenv("BANYAN_HTTP__PORT", "9090")
    assert banyan("config", "check").out == "banyan.toml: ok\n"
    shown = banyan("config", "show", "--json").json
    assert shown["cse.cse_id"] == {"value": "/here", "origin": "file"}
    assert shown["http.port"] == {"value": 9090, "origin": "environment"}
    assert shown["store.kind"] == {"value": "sqlite", "origin": "default"}
    lines = banyan("config", "show").out.splitlines()
    assert any(line.split() == ["cse_id", "=", '"/here"', "#", "file"] for line in lines)


def test_config_check_names_the_nearest_key(banyan: Banyan, tmp_path: Path) -> None:
    file = tmp_path / "banyan.toml"
    file.write_text("[http]\nprot = 1\n", encoding="utf-8")
    result = banyan("config", "check", str(file))
    assert result.code == 2
    assert "did you mean http.port" in result.err


def test_options_of_run_are_settings(banyan: Banyan, monkeypatch: pytest.MonkeyPatch) -> None:
    import cse.app

    given: list[Settings] = []
    monkeypatch.setattr(cse.app, "run", given.extend)
    result = banyan("run", "--http", "127.0.0.1:9191", "--admin", "Ca,Cb", "--store", "memory", "--cse-id", "/x")
    assert result.code == 0
    (settings,) = given
    assert (settings.http.host, settings.http.port, settings.store.kind) == ("127.0.0.1", 9191, "memory")
    assert (settings.cse.administrators, settings.cse.cse_id) == (["Ca", "Cb"], "/x")


def test_completion_knows_every_command_and_option(banyan: Banyan) -> None:
    top, *below = words_of(build_parser())
    assert {name for name, _ in top.commands} == COMMANDS
    words = {each.command: each for each in below}
    assert "--rcn" in dict(words["get"].options)
    assert set(dict(words["config"].commands)) == {"check", "show"}
    assert set(dict(words["broker"].commands)) == {"passwd"}
    assert set(dict(words["completion"].commands)) == set(SCRIPTS)
    for shell in SCRIPTS:
        assert "discover" in banyan("completion", shell).out


RUN = "from cse.cli.main import main; raise SystemExit(main())"


def complete(banyan: Banyan, line: str) -> tuple[list[str], bool]:
    """What bash offers at the end of the line, and whether no blank follows it."""
    script = f"""{banyan("completion", "bash").out}
        banyan() {{ {shlex.join([sys.executable, "-c", RUN])} "$@"; }}
        compopt() {{ nospace=yes; }}
        COMP_LINE={shlex.quote(line)}; COMP_POINT=${{#COMP_LINE}}; _banyan
        printf "%s\\n" "$nospace" "${{COMPREPLY[@]}}"
    """
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=10)
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=20)
    assert not done.stderr
    nospace, *words = done.stdout.splitlines()
    return sorted(filter(None, words)), nospace == "yes"


@pytest.mark.parametrize(("typed", "expected"), [
    ("banyan disc", ["discover"]),
    ("banyan config ", ["--help", "--json", "--verbose", "check", "show"]),
    ("banyan --json get --rc", ["--rcn"]),
    ("banyan completion f", ["fish"]),
    ("banyan completion --w", []),
    ("banyan create - cn", ["cnt"]),
    ("banyan --json create --from Cmeter cse/meter ts", ["ts", "tsb", "tsi"]),
    ("banyan create - m2m:ba", ["bat"]),  # for bash the word begins after the colon
    ("banyan create - cod:temp", ["tempe"]),
    ("banyan create - cnt --non", ["--non-blocking"]),
    ("banyan update cse/meter --kind=cnt --ki", ["--kind"]),
    ("banyan update cse/meter --kind ae", ["ae"]),
    ("banyan schema tsi", ["tsi", "tsiA"]),
])  # fmt: skip
def test_completion_in_bash(banyan: Banyan, typed: str, expected: list[str]) -> None:
    assert complete(banyan, typed) == (expected, False)


@pytest.mark.parametrize(("typed", "expected"), [
    ("banyan create - cnt mn", ["mni:="]),
    ("banyan create - container rn=a lbl:='[\"kW\"]' mni:", ["="]),
    ("banyan create - cin con", ["con:=", "con=", "conr:="]),
    ("banyan create - cod:tempe curT", ["curT0:="]),
    ("banyan create --from Cmeter cse/meter sub rn=a nu:='[]' n", ["nct:=", "nec:=", "nfu=", "nse:=", "nsp:="]),
    ("banyan update cse/meter --kind ae apn", ["apn="]),
    ("banyan update --kind=m2m:bat cse/meter bt", ["btl:=", "bts:="]),
])  # fmt: skip
def test_completion_of_attributes_in_bash(banyan: Banyan, typed: str, expected: list[str]) -> None:
    assert complete(banyan, typed) == (expected, True)


@pytest.mark.parametrize(("typed", "expected"), [
    (["create", ""], set()),  # a target
    (["create", "-", "--from", ""], set()),  # a value
    (["create", "-", "my:model", ""], set()),
    (["create", "-", "cnt", "rn="], set()),
    (["update", "cse/meter", ""], set()),  # the kind is not known
    (["get", "cse/meter", ""], set()),
    ([], set()),
    (["create", "-", "cin", "con=1", ""], {
        "rn=", "et=", "lbl:=", "cr:=", "loc:=", "or=", "cnf=", "conr:=", "dcnt:=", "dgt=", "dgt:="}),
])  # fmt: skip
def test_words_that_may_follow(banyan: Banyan, typed: list[str], expected: set[str]) -> None:
    assert set(banyan("completion", "bash", "--words", *typed).out.split()) == expected


def test_kinds_to_choose_from_are_those_a_request_may_name(banyan: Banyan) -> None:
    def offered(*typed: str) -> set[str]:
        return set(banyan("completion", "bash", "--words", *typed, "").out.split())

    created, updated, known = offered("create", "-"), offered("update", "-", "--kind"), offered("schema")
    assert {"ae", "cnt", "m2m:bat", "cod:tempe"} <= created & updated
    assert created.isdisjoint({"cb", "req", "cntA", "m2m:cntA"})
    assert "cin" in created - updated
    assert created | updated < known
    assert len(created) > 200


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_in_other_shells(banyan: Banyan, shell: str) -> None:
    script = banyan("completion", shell).out
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True, timeout=10)
    assert "--words" in script
    assert ("complete -c banyan" if shell == "fish" else "bashcompinit") in script


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert not coloured(io.StringIO())
    assert coloured(Terminal())
    text = Output().highlight('{"rn": "a: b", "n": [-1.5e3, true]}', Terminal())
    shown = text.replace("\x1b[0m", "<").replace("\x1b[", ">")
    assert shown == '{>34m"rn"<: >33m"a: b"<, >34m"n"<: [>36m-1.5e3<, >36mtrue<]}'
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not coloured(Terminal())


def test_fish_is_told_the_long_names(banyan: Banyan) -> None:
    words = banyan("completion", "fish", "--words", "create", "-", "cnt", "m").out
    assert "mni:=\tmaxNrOfInstances" in words.splitlines()
