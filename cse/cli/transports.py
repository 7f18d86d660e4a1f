"""``--transport``: the address of a CSE over another binding, without writing it out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from cse.cli.configuration import file_of, settings_of
from cse.cli.errors import UsageError
from cse.security.transport import is_loopback

if TYPE_CHECKING:
    from cse.settings import Settings

TRANSPORTS = ("http", "coap", "coap+tcp", "mqtt", "ws")
_SECURED = {"https": "http", "coaps": "coap", "coaps+tcp": "coap+tcp", "mqtts": "mqtt", "wss": "ws"}


def address_over(transport: str, cse_url: str, originator: str, *, given: bool) -> str:
    """Where a CSE is over a binding: an address of that binding stays as it is, of others the host is taken.

    Ports, and the broker with its logins, are those of the settings that a CSE started here would have; where no
    address was ``given``, the host too. Raises UsageError, SettingsError.
    """
    if transport not in TRANSPORTS:
        raise UsageError(f"{transport!r} is no transport", f"expected one of {', '.join(TRANSPORTS)}")
    parts = urlsplit(cse_url)
    over_it = given and _SECURED.get(parts.scheme, parts.scheme) == transport
    if over_it and (transport != "mqtt" or "cse=" in parts.query):
        return cse_url
    settings = settings_of(file_of(None))
    if over_it:  # which CSE behind the broker is not said
        return f"{cse_url}{'&' if parts.query else '?'}cse={settings.cse.cse_id}"
    if transport == "mqtt":
        return _over_a_broker(settings, parts.hostname if given else None, originator)
    host, port = {"http": (settings.http.host, settings.http.port), "ws": (settings.websocket.host,
                  settings.websocket.port)}.get(transport, (settings.coap.host, settings.coap.port))  # fmt: skip
    return f"{transport}://{_authority((parts.hostname if given else None) or _here(host), port)}"


def _over_a_broker(settings: Settings, host: str | None, originator: str) -> str:
    broker, query = settings.broker, f"?cse={settings.cse.cse_id}"
    if settings.mqtt.enabled and not broker.enabled:
        return settings.mqtt.url + query
    password = Path(f"{broker.logins}.{originator}")
    if originator and is_loopback(host or broker.host) and password.is_file():
        query += f"&user={quote(originator)}&password_file={quote(str(password))}"
    return f"mqtt://{_authority(host or _here(broker.host), broker.port)}{query}"


def _here(host: str) -> str:
    """Where to ask a CSE that listens at ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound to it


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
