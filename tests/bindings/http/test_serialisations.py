"""A whole CSE over HTTP in JSON, CBOR and XML: bodies made by hand, curl and other readers as peers."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator

import aiohttp
import cbor2
import pytest

from bindings.http.client import HttpTransport
from bindings.http.receiver import NotificationServer
from cse.app import running
from cse.codecs import JSON_ONLY, Limits
from cse.primitive import Operation, RequestPrimitive
from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings
from resources.status import Status
from tests.codecs.serialisations import CODECS, M2M

HEADERS = {"X-M2M-Origin": "CAdmin", "X-M2M-RI": "1", "X-M2M-RVI": "3"}
XML, CBOR, JSON = "application/xml", "application/cbor", "application/json"
M2M_TAG = "{http://www.onem2m.org/xml/protocols}"


def settings(**cse: object) -> Settings:
    return Settings(
        cse=CseSettings(administrators=["CAdmin"], **cse),  # type: ignore[arg-type]
        store=StoreSettings(kind="memory"),
        http=HttpSettings(port=0),
    )


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Serve a CSE with all serialisations."""
    async with running(settings()) as [node]:
        yield node.url


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers=HEADERS) as opened:
        yield opened


async def test_the_base_says_what_it_reads(url: str, session: aiohttp.ClientSession) -> None:
    async with session.get(f"{url}/cse", headers={"Accept": XML}) as answer:
        assert answer.headers["Content-Type"] == XML
        root = ET.fromstring(await answer.read())
    assert (root.tag, root.get("rn"), root.findtext("csz")) == (f"{M2M_TAG}cb", "cse", "json cbor xml")


async def test_switched_off_is_4015_and_5207(session: aiohttp.ClientSession) -> None:
    async with running(settings(serializations=["xml"])) as [node]:
        async with session.get(f"{node.url}/cse", headers={"Accept": CBOR}) as answer:
            assert (answer.status, answer.headers["X-M2M-RSC"]) == (406, "5207")
        async with session.post(f"{node.url}/cse", data=b"\xa0", headers={"Content-Type": f"{CBOR};ty=3"}) as answer:
            assert (answer.status, answer.headers["X-M2M-RSC"]) == (415, "4015")
            assert "reads application/json, application/xml" in (await answer.json())["m2m:dbg"]


async def test_cbor_in_and_xml_out_of_exact_bytes(url: str, session: aiohttp.ClientSession) -> None:
    body = bytes.fromhex("a1676d326d3a636e74a362726e626331636d6e6905636c626c81626161")
    headers = {"Content-Type": f"{CBOR};ty=3", "Accept": XML}
    async with session.post(f"{url}/cse?rcn=9", data=body, headers=headers) as answer:
        assert (answer.status, answer.headers["X-M2M-RSC"], answer.headers["Content-Type"]) == (201, "2001", XML)
        root = ET.fromstring(await answer.read())
        assert root.tag == f"{M2M_TAG}cnt"
    async with session.get(f"{url}/cse/c1", headers={"Accept": f"{CBOR}, {XML};q=0.5"}) as answer:
        resource = cbor2.loads(await answer.read())["m2m:cnt"]
    assert (resource["mni"], resource["lbl"], resource["rn"]) == (5, ["aa"], "c1")


@pytest.mark.parametrize("body_type", [XML, CBOR, JSON])
@pytest.mark.parametrize("accept", [None, "*/*"])
async def test_the_answer_is_in_what_the_request_was_in(
    url: str, session: aiohttp.ClientSession, body_type: str, accept: str | None
) -> None:
    codec = CODECS.of_media_type(body_type)
    headers = {"Content-Type": f"{body_type};ty=3"} | ({"Accept": accept} if accept else {"Accept": ""})
    async with session.post(f"{url}/cse", data=codec.encode({"m2m:cnt": {"rn": "c"}}), headers=headers) as answer:
        assert answer.headers["Content-Type"] == body_type
        assert codec.decode(await answer.read(), Limits())["m2m:cnt"]["ty"] == 3


@pytest.mark.parametrize("name", ["json", "cbor", "xml"])
async def test_vendor_media_types(url: str, session: aiohttp.ClientSession, name: str) -> None:
    codec = CODECS.by_name[name]
    vendor = f"application/vnd.onem2m-res+{name}"
    headers = {"Content-Type": f"{vendor}; ty=3", "Accept": vendor}
    async with session.post(f"{url}/cse", data=codec.encode({"m2m:cnt": {"rn": "c"}}), headers=headers) as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (201, vendor)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [(XML, b"<m2m:cnt"), (XML, b"<!DOCTYPE a><a/>"), (CBOR, b"\xa1"), (CBOR, b"\xc0\x60"), (XML, b"<a/><b/>"),
     (CBOR, b"\x01"), (XML, f"<m2m:cnt {M2M}><mni>many</mni></m2m:cnt>".encode()), (CBOR, bytes(1000))],
)
async def test_what_cannot_be_read_is_4000_in_the_form_asked_for(
    url: str, session: aiohttp.ClientSession, media_type: str, body: bytes
) -> None:
    headers = {"Content-Type": f"{media_type};ty=3", "Accept": XML}
    async with session.post(f"{url}/cse", data=body, headers=headers) as answer:
        assert (answer.status, answer.headers["X-M2M-RSC"], answer.headers["Content-Type"]) == (400, "4000", XML)
        assert ET.fromstring(await answer.read()).tag == f"{M2M_TAG}dbg"


async def test_an_attribute_is_removed_by_an_empty_element(url: str, session: aiohttp.ClientSession) -> None:
    body = f'<m2m:cnt {M2M} rn="c"><lbl>a b</lbl><mni>3</mni></m2m:cnt>'
    async with session.post(f"{url}/cse", data=body, headers={"Content-Type": f"{XML};ty=3"}) as answer:
        assert answer.status == 201
    body = f"<m2m:cnt {M2M}><lbl/><mni>4</mni></m2m:cnt>"
    async with session.put(f"{url}/cse/c", data=body, headers={"Content-Type": XML}) as answer:
        assert answer.status == 200
    async with session.get(f"{url}/cse/c") as answer:
        resource = (await answer.json())["m2m:cnt"]
    assert ("lbl" in resource, resource["mni"]) == (False, 4)


async def test_what_xml_cannot_say(url: str, session: aiohttp.ClientSession) -> None:
    body = json.dumps({"m2m:cnt": {"rn": "c", "lbl": ["a b"]}})
    headers = {"Content-Type": f"{JSON};ty=3", "Accept": XML}
    async with session.post(f"{url}/cse", data=body, headers=headers) as answer:
        assert (answer.headers["X-M2M-RSC"], await answer.read()) == ("2001", b"")
    async with session.get(f"{url}/cse/c", headers={"Accept": XML}) as answer:
        assert (answer.headers["X-M2M-RSC"], answer.headers["Content-Type"]) == ("5207", JSON)
        assert "a list of XML" in (await answer.json())["m2m:dbg"]


@pytest.mark.parametrize("how", ["ct", "csz"])
@pytest.mark.parametrize("name", ["json", "cbor", "xml"])
async def test_sub_21_ae_7_notifications_in_what_the_target_reads(
    url: str, session: aiohttp.ClientSession, how: str, name: str
) -> None:
    seen: asyncio.Queue[RequestPrimitive] = asyncio.Queue()
    server = NotificationServer("127.0.0.1", 0, seen.put, codecs=CODECS if name != "json" else JSON_ONLY)
    inbox = await server.start()
    poa, csz = (inbox, [name]) if how == "csz" else (inbox, ["json"])
    ae = {"rn": "ae", "api": "N1", "rr": True, "srv": ["3"], "poa": [poa], "csz": csz}
    assert await _create(session, f"{url}/cse", 2, {"m2m:ae": ae}, "CAe1") == 201
    target = "cse/ae" if how == "csz" else f"cse/ae?ct={name}"
    assert await _create(session, f"{url}/cse", 3, {"m2m:cnt": {"rn": "c"}}) == 201
    assert await _create(session, f"{url}/cse/c", 23, {"m2m:sub": {"nu": [target], "enc": {"net": [3]}}}) == 201
    assert await _create(session, f"{url}/cse/c", 4, {"m2m:cin": {"con": "<21.5>"}}) == 201
    verification, notification = [await asyncio.wait_for(seen.get(), 5) for _ in range(2)]
    assert verification.content is not None
    assert notification.content is not None
    assert verification.content["m2m:sgn"]["vrq"] is True
    assert notification.content["m2m:sgn"]["nev"]["rep"]["m2m:cin"]["con"] == "<21.5>"
    assert notification.content["m2m:sgn"]["nev"]["net"] == 3
    await server.stop()


async def test_a_client_of_each_serialisation(url: str) -> None:
    for name in CODECS.names:
        transport = HttpTransport(f"{url}?ct={name}", codecs=CODECS)
        request = RequestPrimitive(Operation.CREATE, "cse", "CAdmin", "1", "3", resource_type=3,
                                   content={"m2m:cnt": {"rn": name, "mni": 5}})
        answer = await transport.send(request, timeout_s=5)
        assert answer.status is Status.CREATED
        assert answer.content is not None
        assert answer.content["m2m:cnt"]["mni"] == 5
        await transport.close()


async def test_curl_speaks_xml(url: str) -> None:
    curl = shutil.which("curl")
    if curl is None:
        assert not os.environ.get("CI"), "needs Debian's curl"
        pytest.skip("needs Debian's curl")
    headers = [part for name, value in HEADERS.items() for part in ("-H", f"{name}: {value}")]
    body = f'<m2m:cnt {M2M} rn="curl"><lbl>a b</lbl></m2m:cnt>'
    process = await asyncio.create_subprocess_exec(
        curl, "-sS", "--fail", *headers, "-H", f"Content-Type: {XML};ty=3", "-d", body, f"{url}/cse",
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    root = ET.fromstring(out)
    assert (root.tag, root.findtext("lbl"), root.findtext("ty")) == (f"{M2M_TAG}cnt", "a b", "3")


async def _create(
    session: aiohttp.ClientSession, to: str, type_: int, content: object, originator: str = "CAdmin"
) -> int:
    headers = {"Content-Type": f"{JSON};ty={type_}", "X-M2M-Origin": originator}
    async with session.post(to, data=json.dumps(content), headers=headers) as answer:
        return answer.status
