"""libcoap over DTLS, built on OpenSSL and on GnuTLS: it asks a whole CSE, is refused by it, and is notified by it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from bindings.coap.client import CoapClient, CoapTransport
from bindings.coap.dtls.context import Credentials
from cse.app import Node, running
from cse.client.transport import Unreachable
from cse.primitive import Operation, RequestPrimitive
from cse.settings import CoapSettings, CseSettings, HttpSettings, Settings, StoreSettings
from resources.status import Status
from tests.bindings.coap.authority import Authority, Pair, psk_file
from tests.bindings.coap.test_libcoap import start

KEY, OTHER_KEY = "0123456789abcdef", "fedcba9876543210"
MAKES = ["openssl", "gnutls"]
#: An answer as the command line shows it that does not accept it: code and payload.
ANSWER = re.compile(r" c:(\d\.\d\d) .* :: '(.*)'")
IDENTITY = ("-O", "279,CAdmin", "-O", "283,r1", "-O", "271,3")
GET = ("-m", "get", *IDENTITY)
POST = ("-m", "post", "-t", "50", "-e", '{"m2m:cnt":{"rn":"c1"}}', "-O", "267,0x03", *IDENTITY)

pytestmark = pytest.mark.skipif(
    not all(shutil.which(f"coap-client-{make}") for make in MAKES) and not os.environ.get("CI"),
    reason="needs Debian's libcoap3-bin",
)


@dataclass(frozen=True)
class Files:
    """Who there is: the authority of the CSE, another one, what they have signed, a file of keys."""

    authority: Authority
    other: Authority
    server: Pair
    client: Pair
    settings: Settings


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("dtls")
    authority = Authority(folder)
    server = authority.pair("cse", "IP:127.0.0.1", "URI:/banyan")
    settings = Settings(
        cse=CseSettings(administrators=["CAdmin"]),
        store=StoreSettings(kind="memory"),
        http=HttpSettings(enabled=False),
        coap=CoapSettings(enabled=True, port=0, dtls=True, dtls_port=0, tcp=True, psk_identity="/banyan",
                          psk_file=psk_file(folder / "psk", **{"CAdmin": KEY, "/banyan": OTHER_KEY}),
                          certificate=server.certificate, private_key=server.private_key, ca=authority.path,
                          check_originator=True),
    )  # fmt: skip
    return Files(authority, Authority(folder, "other"), server, authority.pair("CAdmin"), settings)


def by_key(identity: str = "CAdmin", key: str = KEY) -> tuple[str, ...]:
    return ("-u", identity, "-k", key)


def by_certificate(pair: Pair, authority: Authority) -> tuple[str, ...]:
    return ("-C", authority.path, "-c", pair.certificate, "-j", pair.private_key)


@contextlib.asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program until the end of the block."""
    pipe, joined = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    started = await asyncio.create_subprocess_exec(*arguments, stdout=pipe, stderr=joined)
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            started.kill()
        await started.communicate()


async def asked(make: str, url: str, *arguments: str) -> tuple[str, str]:
    """Have a client ask; return code and payload of the answer that it shows."""
    async with process(f"coap-client-{make}", "-v", "7", "-B", "10", *arguments, f"{url}/cse") as client:
        assert client.stdout is not None
        async with asyncio.timeout(10):
            async for line in client.stdout:
                if found := ANSWER.search(line.decode()):
                    return found[1], found[2].replace("\\x0A", "")
    raise AssertionError("no answer")


def secured(node: Node, scheme: str = "coaps") -> str:
    return next(url for url in node.urls if url.startswith(f"{scheme}:"))


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize("way", ["key", "certificate", "certificate over TLS"])
async def test_another_make_of_client_reads_and_creates(make: str, way: str, files: Files) -> None:
    who = by_key() if way == "key" else by_certificate(files.client, files.authority)
    async with running(files.settings) as [node]:
        url = secured(node, "coaps+tcp" if "TLS" in way else "coaps")
        code, payload = await asked(make, url, *GET, *who)
        assert (code, json.loads(payload)["m2m:cb"]["csi"]) == ("2.05", "/banyan")
        code, payload = await asked(make, url, *POST, *who)
        assert (code, json.loads(payload)["m2m:cnt"]["rn"]) == ("2.01", "c1")


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize("cipher", ["PSK-AES128-CCM8", "ECDHE-ECDSA-AES128-CCM8"])
async def test_the_suites_that_every_device_has(make: str, cipher: str, files: Files) -> None:
    who = by_key() if "PSK" in cipher else by_certificate(files.client, files.authority)
    settings = replace(files.settings, coap=replace(files.settings.coap, ciphers=[cipher]))
    async with running(settings) as [node]:
        assert (await asked(make, secured(node), *GET, *who))[0] == "2.05"


@pytest.mark.parametrize("make", MAKES)
async def test_lost_datagrams_of_a_handshake_are_sent_again(make: str, files: Files) -> None:
    async with running(files.settings) as [node]:
        assert (await asked(make, secured(node), "-l", "2", *GET, *by_key()))[0] == "2.05"


def refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("bindings.")]


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize(
    "wrong", ["key", "identity", "authority", "expired", "none"], ids=lambda wrong: f"wrong {wrong}"
)
async def test_who_is_not_known_is_refused_with_a_line_in_the_log(
    make: str, wrong: str, files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    who, reason = {
        "key": (by_key(key=OTHER_KEY), "the key of the PSK identity 'CAdmin' is another one"),
        "identity": (by_key("Cunknown"), "unknown PSK identity b'Cunknown'"),
        "authority": (by_certificate(files.other.pair("CAdmin"), files.authority), "certificate refused: "),
        "expired": (by_certificate(files.authority.pair("Clate", days=-1), files.authority),
                    "certificate refused: certificate has expired"),
        "none": (("-C", files.authority.path, "-n"), "peer did not return a certificate"),
    }[wrong]  # fmt: skip
    async with running(files.settings) as [node]:
        with caplog.at_level(logging.WARNING):
            arguments = ("-B", "8", *GET, *who, f"{secured(node)}/cse")
            async with process(f"coap-client-{make}", *arguments) as client:
                async with asyncio.timeout(8):
                    while not refusals(caplog):  # noqa: ASYNC110 - a log has no event
                        await asyncio.sleep(0.01)
                if wrong != "key":
                    assert client.stdout is not None
                    assert b"m2m:cb" not in await asyncio.wait_for(client.stdout.read(), 8)
        lines = refusals(caplog)
    assert len(lines) == 1
    assert lines[0].startswith("127.0.0.1: DTLS: ")
    assert reason in lines[0]


NOTIFICATION = RequestPrimitive(Operation.NOTIFY, "", "/banyan", "r1", "3", content={"m2m:sgn": {"vrq": True}})


@contextlib.asynccontextmanager
async def served(make: str, *arguments: str) -> AsyncIterator[int]:
    """Run libcoap's own server; gives its port for DTLS and TLS."""
    port = 20000 + os.getpid() * 4 % 12000 + MAKES.index(make) * 2
    async with process(f"coap-server-{make}", "-A", "127.0.0.1", "-p", str(port), *arguments) as server:
        for _ in range(100):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.05)
        assert server.returncode is None
        yield port + 1


@pytest.mark.parametrize("make", MAKES)
async def test_a_server_of_another_make_proves_itself(make: str, files: Files) -> None:
    """It knows no option of oneM2M and says so, with 4.02: the answer has come through."""
    proof = by_certificate(files.server, files.authority)
    own = f"certificate={files.client.certificate}&private_key={files.client.private_key}"
    async with served(make, *proof) as port:
        for scheme in ("coaps", "coaps+tcp"):
            transport = CoapTransport(f"{scheme}://127.0.0.1:{port}?ca={files.authority.path}&{own}")
            assert (await transport.send(NOTIFICATION, timeout_s=5)).status is Status.BAD_REQUEST
            await transport.close()
        for host, ca, reason in (
            ("localhost", files.authority.path, "hostname mismatch"),
            ("127.0.0.1", files.other.path, "certificate refused: "),
        ):
            transport = CoapTransport(f"coaps://{host}:{port}?ca={ca}&{own}")
            with pytest.raises(Unreachable, match=reason):
                await transport.send(NOTIFICATION, timeout_s=5)
            await transport.close()


@pytest.mark.parametrize("make", MAKES)
async def test_a_server_of_another_make_is_notified(make: str, files: Files) -> None:
    server = await start("serve", json.dumps({"count": 2, "kind": make, "key": OTHER_KEY}))
    assert server.stdout is not None
    port = int(await server.stdout.readline())
    settings = replace(files.settings, coap=replace(files.settings.coap, old_options=True))
    async with running(settings) as [node]:
        client = CoapClient(credentials=Credentials(settings.coap.psk_file, "CAdmin"))

        async def create(to: str, kind: int, content: dict[str, object]) -> None:
            primitive = RequestPrimitive(Operation.CREATE, to, "CAdmin", "", "3", resource_type=kind, content=content)
            assert (await client.send(secured(node), primitive, timeout_s=5)).status is Status.CREATED

        await create("cse", 3, {"m2m:cnt": {"rn": "c"}})
        target = f"coaps://127.0.0.1:{port}/told?psk_identity=/banyan"
        await create("cse/c", 23, {"m2m:sub": {"rn": "s", "nu": [target], "enc": {"net": [3]}}})
        await create("cse/c", 4, {"m2m:cin": {"con": "x" * 5000}})
        output = await asyncio.wait_for(server.stdout.read(), 20)
        await client.close()
    assert await server.wait() == 0
    told = [json.loads(line) for line in output.splitlines()]
    notifications = [json.loads(each["payload"])["m2m:sgn"] for each in told]
    assert notifications[0]["vrq"] is True
    assert notifications[1]["nev"]["rep"]["m2m:cin"]["con"] == "x" * 5000


