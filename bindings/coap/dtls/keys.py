"""Pre-shared keys in a file: ``identity:key in hexadecimal digits``, a line each, as Mosquitto has them."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Mapping

_log = logging.getLogger(__name__)
#: A shorter key can be guessed by whoever has recorded a handshake.
LEAST_BYTES = 16
#: What libssl takes.
_MOST_BYTES, _MOST_IDENTITY_BYTES = 256, 127


class Keys:
    """The keys of a file, which is read again when it has changed. Raises ValueError when it cannot be used."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._version: object = None
        self._keys: Mapping[str, bytes] = {}
        self._refresh()

    def key_of(self, identity: str) -> bytes:
        """The key of an identity, b'' for none."""
        try:
            self._refresh()
        except ValueError as error:
            _log.warning("%s; the keys that were read before stay", error)
        return self._keys.get(identity, b"")

    def _refresh(self) -> None:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - pathlib says the same in more words
            version = (found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode)
            if version == self._version:
                return
            self._version = version
            if found.st_mode & stat.S_IRWXO:
                raise ValueError(f"psk_file: {self._path} can be read by everybody on this machine; chmod 640 or less")
            with open(self._path, encoding="utf-8") as file:  # noqa: PTH123
                self._keys = read(file.read(), self._path)
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"psk_file: {self._path}: {error}") from None


def read(text: str, path: str = "psk_file") -> dict[str, bytes]:
    """Read identities and keys; raises ValueError, which names the line and never shows a key."""
    keys: dict[str, bytes] = {}
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if not line or line.startswith("#"):
            continue
        identity, mark, digits = line.rpartition(":")
        where = f"{path}, line {number}"
        if not mark or not identity or len(identity.encode()) > _MOST_IDENTITY_BYTES or not identity.isprintable():
            raise ValueError(f"{where}: expected an identity of at most {_MOST_IDENTITY_BYTES} bytes, ':' and a key")
        try:
            key = bytes.fromhex(digits)
        except ValueError:
            raise ValueError(f"{where}: the key of {identity!r} is not in hexadecimal digits") from None
        if not LEAST_BYTES <= len(key) <= _MOST_BYTES:
            raise ValueError(f"{where}: the key of {identity!r} has {len(key)} bytes; {LEAST_BYTES} to {_MOST_BYTES} "
                             "are expected, for example of 'openssl rand -hex 16'")  # fmt: skip
        if identity in keys:
            raise ValueError(f"{where}: {identity!r} has a key already")
        keys[identity] = key
    return keys
