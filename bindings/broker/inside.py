"""The broker inside and the CSE that is its client: what the settings of the one mean for the other."""

from __future__ import annotations

import secrets
from dataclasses import replace
from urllib.parse import urlsplit

from bindings.broker.gate import Gate
from bindings.broker.logins import OWN
from cse.settings import MqttSettings, Settings


class Inside:
    """The broker of one CSE. ``password`` is what the CSE logs in with; it is made anew for each process."""

    def __init__(self, settings: Settings) -> None:
        self.password = secrets.token_urlsafe(32)
        self._settings = settings
        prefix = urlsplit(settings.mqtt.url).path.strip("/")
        self.gate = Gate(
            settings.broker, self.password, settings.cse.cse_id.strip("/"), f"{prefix}/" if prefix else "/",
            tuple(settings.cse.administrators),
        )  # fmt: skip

    async def start(self) -> Settings:
        """Listen. Returns the settings of a CSE that is a client here; raises ValueError, OSError or ssl.SSLError.

        ``mqtt.url`` is that of the broker unless it was set; who asks is checked, as the broker checks topics.
        """
        address = await self.gate.start()
        mqtt = self._settings.mqtt
        for everywhere in ("//0.0.0.0:", "//[::]:"):
            address = address.replace(everywhere, "//127.0.0.1:")
        url = address if mqtt.url == MqttSettings().url else mqtt.url
        own = replace(mqtt, enabled=True, url=url, user=OWN, password_file="", check_originator=True,
                      allow_plain=mqtt.allow_plain or self._settings.broker.allow_plain)  # fmt: skip
        return replace(self._settings, mqtt=own)

    async def stop(self) -> None:
        """End all connections."""
        await self.gate.stop()
