"""Who may log in: a file of users and hashed passwords in Mosquitto's format, which ``mosquitto_passwd`` writes too.

A line is ``user:$7$iterations$salt$hash``: PBKDF2 with HMAC-SHA-512, salt and hash in base64.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

_LINE = re.compile(r"(?P<user>[^:\s]+):\$7\$(?P<iterations>[1-9]\d{0,6})\$(?P<salt>[\w+/=]+)\$(?P<hash>[\w+/=]+)")
#: About 10 ms: a thousand devices that come back after a power failure are let in within seconds.
ITERATIONS = 20_000
_MOST_ITERATIONS = 1_000_000
_SALT_BYTES = 12
#: No user of a file: its name cannot be written there.
OWN = "banyan:cse"


class Logins:
    """Users with their hashed passwords, and one whose password is known to this process alone."""

    def __init__(self, hashes: dict[str, str], own_password: str = "") -> None:
        self._hashes = hashes
        self._key = secrets.token_bytes(32)
        self._known: dict[str, bytes] = {OWN: self._digest(own_password.encode())} if own_password else {}

    def knows(self, user: str, password: bytes) -> bool:
        """True for a password that has proved to be right before: costs nothing."""
        seen = self._known.get(user)
        return seen is not None and hmac.compare_digest(seen, self._digest(password))

    def proves(self, user: str, password: bytes) -> bool:
        """Whether a password is right: takes its time, for unknown users as well."""
        line = self._hashes.get(user)
        right = is_hash_of(line or _NOBODY, password) and line is not None
        if right:
            self._known[user] = self._digest(password)
        return right

    def _digest(self, password: bytes) -> bytes:
        return hmac.digest(self._key, password, "sha256")


def hash_of(password: str, iterations: int = ITERATIONS) -> str:
    """A new hash of a password, with a salt of its own."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
    return f"$7${iterations}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def is_hash_of(line: str, password: bytes) -> bool:
    """Whether a hash is that of a password."""
    _, _, iterations, salt, digest = line.split("$")
    found = hashlib.pbkdf2_hmac("sha512", password, base64.b64decode(salt), int(iterations))
    return hmac.compare_digest(found, base64.b64decode(digest))


_NOBODY = f"$7${ITERATIONS}${base64.b64encode(bytes(_SALT_BYTES)).decode()}${base64.b64encode(bytes(64)).decode()}"


def read(file: Path) -> dict[str, str]:
    """Users and hashes of a file; raises ValueError for a line that is none, OSError."""
    hashes: dict[str, str] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None or int(found["iterations"]) > _MOST_ITERATIONS or not _is_base64(found["salt"], found["hash"]):
            raise ValueError(
                f"broker.logins: {file}, line {number}: expected user:$7$iterations$salt$hash, as "
                "`banyan broker passwd` writes it"
            )
        hashes[found["user"]] = line.partition(":")[2]
    return hashes


def write(file: Path, hashes: dict[str, str]) -> None:
    """Replace the file, which only its owner can read."""
    _write_private(file, "".join(f"{user}:{line}\n" for user, line in hashes.items()))


def set_password(file: Path, user: str, password: str) -> None:
    """Enter a user, or change a password; raises ValueError for a name that cannot be one, OSError."""
    if not user or re.search(r"[:\s/+#]", user):
        raise ValueError(f"{user!r} cannot be a user: no blanks and none of : / + #")
    if not password:
        raise ValueError("an empty password would let anybody in")
    hashes = read(file) if file.exists() else {}
    write(file, hashes | {user: hash_of(password)})


def prepare(file: Path, users: Iterable[str]) -> dict[str, str]:
    """Read the file; where there is none, make it for ``users``, each with a random password in a file beside it."""
    if not file.exists():
        hashes = {}
        for user in users:
            password = secrets.token_urlsafe(18)
            _write_private(password_file(file, user), f"{password}\n")
            hashes[user] = hash_of(password)
        write(file, hashes)
    return read(file)


def password_file(file: Path, user: str) -> Path:
    """Where ``prepare`` leaves the password of a user."""
    return file.with_name(f"{file.name}.{user}")


def _write_private(file: Path, text: str) -> None:
    new = file.with_name(f"{file.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        os.fchmod(out.fileno(), 0o600)
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)


def _is_base64(*texts: str) -> bool:
    try:
        return all(base64.b64decode(text, validate=True) for text in texts)
    except ValueError:
        return False
