"""What a settings file and the environment may say, and what is answered when they are wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cse.settings import Settings
from cse.settings_file import SettingsError, kinds, load, origin_of, value_of
from cse.settings_rules import RULES

Write = Callable[[str], str]
EXAMPLES = Path(__file__).parents[2] / "config" / "examples"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> str:
        path = tmp_path / "a.toml"
        path.write_text(text)
        return str(path)

    return write


def test_without_sources_everything_is_the_default() -> None:
    assert load(None, {}) == Settings()


def test_the_defaults_obey_their_own_rules() -> None:
    assert set(RULES) == set(kinds())
    assert [key for key in kinds() if not RULES[key].allows(value_of(Settings(), key))] == []


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(write: Write) -> None:
    path = write('[cse]\ncse_id = "/f"\nrequest_timeout_s = 3\n[http]\nport = 81\n[cse.registration]\nae_ids = ["Sx"]')
    environ = {"BANYAN_HTTP__PORT": "82", "BANYAN_CSE__REGISTRATION__APP_IDS": "Na, Nb", "HTTP_PORT": "9"}
    settings = load(path, environ)
    assert (settings.cse.cse_id, settings.http.port) == ("/f", 82)
    assert settings.cse.request_timeout_s == 3.0
    assert type(settings.cse.request_timeout_s) is float
    assert (settings.cse.registration.ae_ids, settings.cse.registration.app_ids) == (["Sx"], ["Na", "Nb"])
    origins = origin_of(path, environ)
    assert (origins["cse.cse_id"], origins["http.port"], origins["http.host"]) == ("file", "environment", "default")
    assert origins.keys() == kinds().keys()


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("BANYAN_HTTP__ENABLED", "False", "http.enabled", False),
        ("BANYAN_HTTP__ENABLED", "1", "http.enabled", True),
        ("BANYAN_STORE__LINGER_S", "0.25", "store.linger_s", 0.25),
        ("BANYAN_CSE__ADMINISTRATORS", "", "cse.administrators", []),
        ("BANYAN_CSE__CSE_ID", "/x", "cse.cse_id", "/x"),
    ],
)
def test_a_variable_is_read_as_the_type_of_its_key(name: str, text: str, key: str, value: object) -> None:
    assert value_of(load(None, {name: text}), key) == value


def test_variables_of_the_command_line_and_of_others_are_left_alone() -> None:
    assert load(None, {"BANYAN_CSE": "http://x", "BANYAN_ORIGINATOR": "C", "BANYAN_VENV": "v"}) == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[http]\nprot = 1", "http.prot: unknown key; did you mean http.port?"),
        ("[htp]\nport = 1", "htp: unknown table; did you mean http?"),
        ("port = 1", "port: unknown key; did you mean http.port?"),
        ("[zzzzzzzz]", "zzzzzzzz: unknown table; known are "),
        ("[cse]\nport = 1", "cse.port: unknown key; did you mean "),
        ("http = 1", "http: a table is expected: [http]"),
        ("[http.port]", "http.port: expected a whole number, got {}"),
        ("[http]\nport = true", "http.port: expected a whole number, got True"),
        ("[http]\nport = '80'", "http.port: expected a whole number, got '80'"),
        ("[http]\nport = 65536", "http.port: expected a number from 0 to 65535, got 65536"),
        ("[http]\nenabled = 1", "http.enabled: expected true or false, got 1"),
        ("[http]\nidle_timeout_s = 0", "http.idle_timeout_s: expected a number above 0, got 0.0"),
        ("[http]\nidle_timeout_s = nan", "http.idle_timeout_s: expected a number above 0, got nan"),
        ("[http]\nidle_timeout_s = inf", "http.idle_timeout_s: expected a number above 0, got inf"),
        ("[http]\nmax_connections = 0", "http.max_connections: expected a number of at least 1, got 0"),
        ("[http]\nroot_path = 'x/'", "http.root_path: expected '' or a path"),
        ("[http]\npublic_url = 'host:80'", "http.public_url: expected '' or a URL"),
        ("[http]\nhost = '0.0.0.0'", "http.host: '0.0.0.0' is not loopback"),
        ("[http]\ncertificate = 'a.pem'", "http.private_key: goes with http.certificate"),
        ("[http]\nclient_ca = 'a.pem'", "http.client_ca: needs http.certificate"),
        ("[cse]\ncse_id = 'x'", "cse.cse_id: expected '/' and a name"),
        ("[cse]\ncse_id = '/x/y'", "cse.cse_id: expected '/' and a name"),
        ("[cse]\nsp_id = '/x'", "cse.sp_id: expected '//' and a domain name"),
        ("[cse]\ncse_type = 'in'", "cse.cse_type: expected one of IN, MN, ASN, got 'in'"),
        ("[cse]\nreleases = ['3', '9']", "cse.releases: expected one of 1, 2, 2a, 3, 4, 5, got ['3', '9']"),
        ("[cse]\nreleases = []", "cse.releases: empty"),
        ("[cse]\nreleases = [3]", "cse.releases: expected a list of texts, got [3]"),
        ("[cse]\nadministrators = ['a b']", "cse.administrators: expected text without blanks"),
        ("[cse]\nmax_expiration_s = 5", "cse.default_expiration_s: longer than cse.max_expiration_s (5)"),
        (
            "[cse.registration]\nchild_types = ['contaner']",
            "'contaner' is no known resource type; did you mean container?",
        ),
        ("[store]\nkind = 'sqlit'", "store.kind: expected sqlite, memory or a dotted module name, got 'sqlit'"),
        ("[log]\nlevel = 'debug'", "log.level: expected one of DEBUG, "),
        ("[http\nport=1", "not a TOML file: "),
        ("[http]\nport=1\nport=2", "not a TOML file: "),
    ],
)
def test_a_wrong_file_is_refused_with_the_right_word(write: Write, text: str, message: str) -> None:
    path = write(text)
    with pytest.raises(SettingsError) as raised:
        load(path, {}, type_names={"container", "AE"})
    assert message in str(raised.value)


def test_the_message_names_the_file(write: Write) -> None:
    path = write("[http]\nport = -1")
    with pytest.raises(SettingsError, match=r"^.*a\.toml: http\.port: expected"):
        load(path, {})


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load(str(tmp_path / "none.toml"), {})
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not a TOML file"):
        load(str(tmp_path / "b.toml"), {})


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("BANYAN_HTTP__PROT", "1", "unknown setting; did you mean BANYAN_HTTP__PORT?"),
        ("BANYAN_HTTP_PORT", "1", "unknown setting; did you mean BANYAN_HTTP__PORT?"),
        ("BANYAN_CSE__REGISTRATION", "1", "unknown setting; did you mean "),
        ("BANYAN_HTTP__PORT", "x", "expected a whole number, got 'x'"),
        ("BANYAN_HTTP__PORT", "70000", "expected a number from 0 to 65535, got 70000"),
        ("BANYAN_HTTP__ENABLED", "maybe", "expected true or false, got 'maybe'"),
        ("BANYAN_HTTP__HOST", "0.0.0.0", "is not loopback"),
    ],
)
def test_a_wrong_variable_is_refused_with_the_right_word(name: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(None, {name: text})
    assert str(raised.value).startswith(f"environment: {name}: ")
    assert message in str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_needs_no_tls(host: str) -> None:
    assert load(None, {"BANYAN_HTTP__HOST": host}).http.host == host


def test_plain_http_beyond_loopback_is_a_decision() -> None:
    environ = {"BANYAN_HTTP__HOST": "::", "BANYAN_HTTP__ALLOW_PLAIN": "true"}
    assert load(None, environ).http.host == "::"


@pytest.mark.parametrize("name", ["gateway", "memory"])
def test_the_examples_load(name: str) -> None:
    assert load(str(EXAMPLES / f"{name}.toml"), {}) != Settings()
