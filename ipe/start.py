"""From a settings file to a running IPE."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from cse.client import Client, Clock, connect, listen
from ipe.forward import Waiting
from ipe.manifest import find_protocol
from ipe.points import Point, read_points
from ipe.reload import PointFile
from ipe.runner import Runner
from ipe.settings import IpeSettings, SettingsError


def build(settings: IpeSettings, client: Client, *, clock: Clock | None = None) -> Runner[Any]:
    """Make the runner of an IPE; ``client`` needs a receiver when a point is writable.

    Raises SettingsError or PointListError.
    """
    manifest = find_protocol(settings.protocol)
    device = manifest.check(settings.device)
    protocol = manifest.load()

    def read() -> Sequence[Point[Any]]:
        return read_points(settings.points, protocol.columns, protocol.address)

    file = PointFile(settings.points, read)
    points, waiting = read(), _waiting(settings)
    return Runner(client, protocol.open(device), points, settings, file=file, waiting=waiting, clock=clock)


def _waiting(settings: IpeSettings) -> Waiting | None:
    if settings.outbox == "none":
        return None
    try:
        return Waiting(settings.outbox_file, settings.outbox_most)
    except OSError as error:
        raise SettingsError(f"outbox: {error}") from None


async def serve(settings: IpeSettings) -> None:
    """Connect to the CSE of the settings and run until cancelled; raises as ``build``."""
    async with AsyncExitStack() as stack:
        receiver = await listen(
            settings.receiver_host, settings.receiver_port, public_url=settings.receiver_url or None
        )
        stack.push_async_callback(receiver.close)
        originator = settings.ae_id if len(settings.ae_id) > 1 else ""
        client = await connect(settings.cse, originator, receiver=receiver, release_version=settings.release_version)
        stack.push_async_callback(client.close)
        await build(settings, client).run()
