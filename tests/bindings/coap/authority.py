"""Certificate authorities of a test, by the command line of OpenSSL: certificates, good and expired, as PEM files."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

KEYS = {"ECDSA": ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"), "RSA": ("rsa:2048",)}


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: str
    private_key: str


class Authority:
    """Signs certificates into a folder; ``path`` is its own certificate."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._name = name
        self.path = str(folder / f"{name}.pem")
        self._openssl("req", "-x509", "-newkey", *KEYS["ECDSA"], "-nodes", "-days", "2", "-keyout", f"{name}.key",
                      "-out", f"{name}.pem", "-subj", f"/CN={name}", "-addext", "keyUsage=keyCertSign")  # fmt: skip

    def pair(self, name: str, *alternatives: str, days: int = 2, key: str = "ECDSA") -> Pair:
        """Sign for a common name and others such as ``IP:127.0.0.1`` or ``URI:/banyan``; with ``days`` -1 too late."""
        stem = f"{self._name}-{name}-{days}-{key}"
        extensions = "authorityKeyIdentifier=keyid\n"
        if alternatives:
            extensions += f"subjectAltName={','.join(alternatives)}\n"
        (self._folder / f"{stem}.ext").write_text(extensions)
        self._openssl("req", "-newkey", *KEYS[key], "-nodes", "-keyout", f"{stem}.key", "-out", f"{stem}.csr",
                      "-subj", f"/CN={name}")  # fmt: skip
        self._openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", f"{self._name}.pem", "-CAkey", f"{self._name}.key",
                      "-days", str(days), "-out", f"{stem}.pem", "-extfile", f"{stem}.ext")  # fmt: skip
        return Pair(str(self._folder / f"{stem}.pem"), str(self._folder / f"{stem}.key"))

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self._folder)


def psk_file(path: Path, **keys: str) -> str:
    """Write identities and keys, which are text here."""
    path.write_text("".join(f"{identity}:{key.encode().hex()}\n" for identity, key in keys.items()))
    path.chmod(0o600)
    return str(path)
