"""The client library in every serialisation: ``ct`` in the address of the CSE picks it."""

from __future__ import annotations

import pytest

from cse.app import running
from cse.client.connecting import connect, open_transport
from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings, WebSocketSettings

SETTINGS = Settings(
    cse=CseSettings(administrators=["CAdmin"]),
    store=StoreSettings(kind="memory"),
    http=HttpSettings(port=0),
    websocket=WebSocketSettings(enabled=True, port=0),
)


@pytest.mark.parametrize("scheme", ["http", "ws"])
@pytest.mark.parametrize("name", ["json", "cbor", "xml"])
async def test_a_client_of_each_serialisation(scheme: str, name: str) -> None:
    async with running(SETTINGS) as [node]:
        [url] = [one for one in node.urls if one.startswith(f"{scheme}:")]
        client = await connect(f"{url}?ct={name}", "CAdmin")
        await client.create("cse", "container", {"rn": "box", "lbl": ["a", "b"], "mni": 5})
        resource = await client.retrieve("cse/box")
        await client.close()
    assert (resource["rn"], resource["lbl"], resource["mni"]) == ("box", ["a", "b"], 5)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1?ct=yaml", "ws://127.0.0.1:1?ct=exi"])
def test_a_serialisation_that_is_not_there(url: str) -> None:
    with pytest.raises(ValueError, match="expected one of json, cbor, xml"):
        open_transport(url)
