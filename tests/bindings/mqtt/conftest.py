"""One broker for all tests of a session that leave it as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bindings.mqtt.mosquitto import Mosquitto


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    mosquitto = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()
