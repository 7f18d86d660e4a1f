"""TLS of the bindings, and where a CSE may be talked to without it: one answer for every binding."""

from __future__ import annotations

import ipaddress
import ssl

OLDEST = ssl.TLSVersion.TLSv1_2


def is_loopback(host: str) -> bool:
    """True for an address of this machine alone; a name other than ``localhost`` is none."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_group(address: str) -> bool:
    """True for the address of an IP multicast group, with the interface behind a ``%`` or without."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_multicast
    except ValueError:
        return False


def refuse_plain(table: str, host: str, *, secured: bool, allowed: bool, remedy: str) -> None:
    """Raise ValueError for a server that would be reached from elsewhere unprotected; ``remedy`` says what is right."""
    if not (secured or allowed or is_loopback(host)):
        raise ValueError(
            f"{table}.host: {host} would serve without TLS beyond this machine; use 127.0.0.1, {remedy}"
        )


def serving_tls(certificate: str, private_key: str, client_ca: str) -> ssl.SSLContext | None:
    """TLS of a server, None without a certificate. With ``client_ca`` a client may prove who it is.

    Raises OSError or ssl.SSLError for files that cannot be used.
    """
    if not certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = OLDEST
    context.load_cert_chain(certificate, private_key or None)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def calling_tls(ca: str = "", certificate: str = "", private_key: str = "") -> ssl.SSLContext:
    """TLS towards a server, which has to prove its name; the authorities of ``ca`` stand in for the system's.

    Raises OSError or ssl.SSLError for files that cannot be used.
    """
    context = ssl.create_default_context(cafile=ca or None)
    context.minimum_version = OLDEST
    if certificate:
        context.load_cert_chain(certificate, private_key or None)
    return context
