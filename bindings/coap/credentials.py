"""The credentials of the settings, the same for both sides."""

from __future__ import annotations

from bindings.coap.dtls.context import CIPHERS, Credentials
from cse.settings import CoapSettings


def credentials_of(settings: CoapSettings) -> Credentials:
    """Who the CSE is over DTLS and whom it trusts."""
    return Credentials(
        settings.psk_file, settings.psk_identity, settings.certificate, settings.private_key, settings.ca,
        tuple(settings.ciphers) or CIPHERS,
    )  # fmt: skip
