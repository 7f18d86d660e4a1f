"""Who one is at a broker: user, password, certificates, and when a broker may be talked to without TLS."""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path

from bindings.mqtt.mapping import Address


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
    if not address.tls:
        return None
    context = ssl.create_default_context(cafile=ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate:
        context.load_cert_chain(certificate, private_key or None)
    return context


def is_plain_and_far(address: Address) -> bool:
    """True for a broker on another machine without TLS."""
    if address.tls:
        return False
    try:
        return not ipaddress.ip_address(address.host).is_loopback
    except ValueError:
        return address.host != "localhost"
