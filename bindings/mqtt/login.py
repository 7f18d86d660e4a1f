"""Who one is at a broker: user, password, certificates, and when a broker may be talked to without TLS."""

from __future__ import annotations

import ssl
from pathlib import Path

from bindings.mqtt.mapping import Address
from cse.security.transport import calling_tls, is_loopback


def password_of(path: str) -> str:
    """The first line of a file; raises ValueError when it cannot be read."""
    if not path:
        return ""
    try:
        return (Path(path).read_text(encoding="utf-8").splitlines() or [""])[0]
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"mqtt.password_file: {path}: {error}") from None


def tls_of(address: Address, ca: str = "", certificate: str = "", private_key: str = "") -> ssl.SSLContext | None:
    """TLS 1.2 or newer towards a broker, which has to prove its name; None for ``mqtt``."""
    return calling_tls(ca, certificate, private_key) if address.tls else None


def is_plain_and_far(address: Address) -> bool:
    """True for a broker on another machine without TLS."""
    return not address.tls and not is_loopback(address.host)
