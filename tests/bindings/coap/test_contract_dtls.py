"""The contract of bindings over coaps: with keys, with certificates, and with certificates over TCP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bindings.coap.client import CoapTransport
from bindings.coap.server import CoapServer
from cse.settings import CoapSettings, JsonSettings
from tests.bindings.coap.authority import Authority, Pair, psk_file
from tests.bindings.contract import Contract, Link
from tests.bindings.contract_xml import XmlContract
from tests.bindings.small_cse import SmallCse
from tests.codecs.serialisations import CODECS

Pairs = tuple[Authority, Pair, Pair]
KEY = "a key of sixteen and more bytes"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dtls")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder)


@pytest.fixture(scope="module")
def pairs(authority: Authority) -> Pairs:
    return authority, authority.pair("cse", "IP:127.0.0.1"), authority.pair("Cmeter")


@contextlib.asynccontextmanager
async def linked(scheme: str, serialisation: str, settings: CoapSettings, query: str) -> AsyncIterator[Link]:
    cse = SmallCse()
    server = CoapServer(cse.handle, settings, JsonSettings(), attributes={"rn": None}, codecs=CODECS)
    await server.start()
    url = next(url for url in server.urls if url.startswith(f"{scheme}:"))
    transport = CoapTransport(f"{url}?ct={serialisation}&{query}", codecs=CODECS)
    yield Link(transport, cse)
    await transport.close()
    await server.stop()


@contextlib.asynccontextmanager
async def linked_by_key(folder: Path, serialisation: str) -> AsyncIterator[Link]:
    keys = psk_file(folder / "psk", Cmeter=KEY)
    settings = CoapSettings(port=0, dtls=True, dtls_port=0, psk_file=keys)
    async with linked("coaps", serialisation, settings, f"psk_identity=Cmeter&psk_file={keys}") as link:
        yield link


@contextlib.asynccontextmanager
async def linked_by_certificate(pairs: Pairs, scheme: str, serialisation: str) -> AsyncIterator[Link]:
    authority, server, client = pairs
    settings = CoapSettings(port=0, dtls=True, dtls_port=0, tcp=True, certificate=server.certificate,
                            private_key=server.private_key, ca=authority.path)  # fmt: skip
    query = f"ca={authority.path}&certificate={client.certificate}&private_key={client.private_key}"
    async with linked(scheme, serialisation, settings, query) as link:
        yield link


class TestByKey(Contract):
    pair = ("coaps", "json")

    @pytest.fixture
    async def link(self, folder: Path) -> AsyncIterator[Link]:
        async with linked_by_key(folder, "json") as link:
            yield link


class TestByCertificate(Contract):
    pair = ("coaps", "cbor")

    @pytest.fixture
    async def link(self, pairs: Pairs) -> AsyncIterator[Link]:
        async with linked_by_certificate(pairs, "coaps", "cbor") as link:
            yield link


class TestByCertificateInXml(XmlContract):
    pair = ("coaps", "xml")

    @pytest.fixture
    async def link(self, pairs: Pairs) -> AsyncIterator[Link]:
        async with linked_by_certificate(pairs, "coaps", "xml") as link:
            yield link


class TestOverTcp(Contract):
    pair = ("coaps+tcp", "json")

    @pytest.fixture
    async def link(self, pairs: Pairs) -> AsyncIterator[Link]:
        async with linked_by_certificate(pairs, "coaps+tcp", "json") as link:
            yield link
