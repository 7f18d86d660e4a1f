"""Logins: the file, its command, and what Mosquitto makes of it."""

from __future__ import annotations

import io
import stat
import subprocess
from pathlib import Path

import pytest

from bindings.broker import logins
from bindings.broker.logins import OWN, Logins
from cse.cli.main import main
from tests.bindings.mqtt.mosquitto import Mosquitto, program


def test_a_hash_is_that_of_its_password_alone() -> None:
    one, other = logins.hash_of("hush", 10), logins.hash_of("hush", 10)
    assert one != other, "each has a salt of its own"
    assert logins.is_hash_of(one, b"hush")
    assert not logins.is_hash_of(one, b"hush ")


def test_a_password_that_has_proved_to_be_right_is_known() -> None:
    users = Logins({"Cae1": logins.hash_of("hush", 10)}, "own")
    assert not users.knows("Cae1", b"hush")
    assert not users.proves("Cae1", b"wrong")
    assert not users.proves("Cnobody", b"hush")
    assert users.proves("Cae1", b"hush")
    assert users.knows("Cae1", b"hush")
    assert not users.knows("Cae1", b"wrong")
    assert users.knows(OWN, b"own")
    assert not Logins({}).knows(OWN, b"")


def test_the_command_enters_and_changes_a_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "logins"
    for user, password in (("Cae1", "one"), ("Cae2", "two"), ("Cae1", "three")):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        assert main(["broker", "passwd", str(file), user]) == 0
    assert "Cae1 may log in" in capsys.readouterr().out
    found = logins.read(file)
    assert list(found) == ["Cae1", "Cae2"]
    assert logins.is_hash_of(found["Cae1"], b"three")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for user, password in (("Cae1", ""), ("a:b", "x"), ("a b", "x"), ("a/b", "x"), ("+", "x"), ("", "x")):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        assert main(["broker", "passwd", str(file), user]) == 2
    assert logins.read(file) == found


def test_where_there_is_no_file_it_is_made_with_random_passwords_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "logins"
    found = logins.prepare(file, ["CAdmin", "CSecond"])
    secret = logins.password_file(file, "CAdmin")
    password = secret.read_text().strip()
    assert logins.is_hash_of(found["CAdmin"], password.encode())
    assert len(password) >= 24
    assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 3
    assert logins.prepare(file, ["CAdmin", "CThird"]) == found, "a file that is there is left as it is"


WRONG = ("Cae1", "Cae1:hush", "Cae1:$6$salt$hash", "Cae1:$7$0$YQ==$YQ==", "Cae1:$7$9999999$YQ==$YQ==",
         "Cae1:$7$10$a$YQ==", ":$7$10$YQ==$YQ==")  # fmt: skip


@pytest.mark.parametrize("line", WRONG)
def test_a_line_that_is_no_login_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "logins"
    file.write_text(f"# comment\n\n{line}\n")
    with pytest.raises(ValueError, match=r"logins, line 3: expected user:\$7\$iterations"):
        logins.read(file)


def test_a_file_of_mosquitto_passwd_is_read(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.touch()
    subprocess.run([program("mosquitto_passwd"), "-b", str(file), "Cae1", "hush"], check=True)
    assert Logins(logins.read(file)).proves("Cae1", b"hush")


def test_mosquitto_reads_the_file_of_the_command(tmp_path: Path) -> None:
    file = tmp_path / "logins"
    logins.set_password(file, "Cae1", "hush")
    broker = Mosquitto(tmp_path, anonymous=False, more=f"password_file {file}\n")
    broker.start()
    codes = []
    for password in ("hush", "wrong"):
        command = [program("mosquitto_pub"), "-p", str(broker.port), "-u", "Cae1", "-P", password, "-t", "t", "-m", "m"]
        codes.append(subprocess.run(command, capture_output=True, timeout=10, check=False).returncode)
    broker.stop()
    assert codes == [0, 5]
