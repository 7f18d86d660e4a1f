"""DTLS on the wire: cookies, peers that begin anew, bounds; who may ask in whose name; credentials that are no good."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bindings.coap import originator
from bindings.coap.client import CoapTransport
from bindings.coap.datagram import read
from bindings.coap.dtls import libssl
from bindings.coap.dtls.associations import Association, Bounds, Serving
from bindings.coap.dtls.context import Context, Credentials
from bindings.coap.dtls.keys import Keys
from bindings.coap.dtls.session import Session
from bindings.coap.options import known_options
from bindings.coap.server import CoapServer
from cse.app import Node
from cse.bootstrap import StartError
from cse.client.transport import Unreachable
from cse.primitive import Operation, RequestPrimitive
from cse.settings import CoapSettings, HttpSettings, JsonSettings, Settings, StoreSettings
from cse.settings_rules import contradictions
from resources.errors import OriginatorError
from resources.status import Status
from tests.bindings.coap.authority import Authority, psk_file
from tests.bindings.coap.plain import datagram
from tests.bindings.coap.secure_peer import SecurePeer, associations_of
from tests.bindings.small_cse import SmallCse

KEY, OTHER_KEY = "a key of the meter", "a key of the pump."
NAMES = [(11, b"cse"), (271, b"3"), (279, b"Cmeter"), (283, b"r1")]
ASK = RequestPrimitive(Operation.RETRIEVE, "cse", "Cmeter", "r1", "3")
HELLO_VERIFY, CONTENT = 3, 0x45
Open = Callable[..., Awaitable[SecurePeer]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dtls")


@pytest.fixture(scope="module")
def keys(folder: Path) -> str:
    return psk_file(folder / "psk", Cmeter=KEY, Cpump=OTHER_KEY)


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder)


@pytest.fixture
def cse() -> SmallCse:
    return SmallCse()


class Served:
    """A server with keys."""

    def __init__(self, cse: SmallCse, keys: str, **changed: Any) -> None:
        self.keys = keys
        settings = replace(CoapSettings(port=0, dtls=True, dtls_port=0, psk_file=keys), **changed)
        self.server = CoapServer(cse.handle, settings, JsonSettings(), cse_id="/banyan")
        self.context = Context(Credentials(keys), server=False)
        self.peers: list[SecurePeer] = []

    async def start(self) -> Served:
        await self.server.start()
        return self

    @property
    def url(self) -> str:
        return self.server.urls[-1]

    @property
    def kept(self) -> Serving:
        return associations_of(self.server)

    async def peer(self, identity: str = "Cmeter") -> SecurePeer:
        self.peers.append(await SecurePeer.to(self.url, self.context, identity))
        return self.peers[-1]

    async def stop(self) -> None:
        for peer in self.peers:
            peer.close()
        await self.server.stop()


@pytest.fixture
async def serve(cse: SmallCse, keys: str) -> AsyncIterator[Callable[..., Awaitable[Served]]]:
    started: list[Served] = []

    async def starting(**changed: Any) -> Served:
        started.append(await Served(cse, keys, **changed).start())
        return started[-1]

    yield starting
    for each in started:
        await each.stop()


def code(answer: bytes) -> int:
    return read(answer, known_options(old=True)).code


async def test_nothing_is_kept_of_a_peer_before_it_has_shown_its_address(serve: Any) -> None:
    served = await serve()
    peer, other = await served.peer(), await served.peer()
    (hello,) = peer.session.datagrams()
    answer = await peer.plain.ask(hello)
    assert answer[13] == HELLO_VERIFY
    assert len(answer) < len(hello)
    assert (served.kept.begun, len(served.kept)) == (0, 0)
    peer.session.take(answer)
    (with_cookie,) = peer.session.datagrams()
    assert (await other.plain.ask(with_cookie))[13] == HELLO_VERIFY
    assert served.kept.begun == 0
    assert (await peer.plain.ask(with_cookie))[13] != HELLO_VERIFY
    assert served.kept.begun == 1


async def test_a_peer_that_begins_anew_ends_its_session_only_when_it_has_proved_itself(
    serve: Any, cse: SmallCse
) -> None:
    served = await serve()
    peer = await served.peer()
    await peer.connect()
    assert code(await peer.ask(datagram(1, NAMES, message_id=1))) == CONTENT
    again = peer.new_session()
    await peer.connect(again, until=lambda session: session.cipher != "")  # the server has said which, no more
    assert served.kept.begun == 1
    assert code(await peer.ask(datagram(1, NAMES, message_id=2))) == CONTENT
    await peer.connect(again)
    assert (served.kept.begun, len(served.kept)) == (0, 1)
    # The same message of another session is another message.
    assert code(await peer.ask(datagram(1, NAMES, message_id=1), again)) == CONTENT
    assert len(cse.seen) == 3
    peer.tell(datagram(1, NAMES, message_id=3))
    with pytest.raises(TimeoutError):
        await peer.next(timeout_s=0.2)
    again.release()


async def test_the_session_not_used_for_longest_makes_room(serve: Any) -> None:
    served = await serve(max_sessions=2)
    first, second, third = [await served.peer() for _ in range(3)]
    for peer in (first, second):
        await peer.connect()
    assert code(await first.ask(datagram(1, NAMES))) == CONTENT
    await third.connect()
    assert await second.next() == b""
    assert code(await first.ask(datagram(1, NAMES, message_id=2))) == CONTENT
    assert len(served.kept) == 2


async def test_a_session_that_is_idle_ends(serve: Any) -> None:
    served = await serve(session_idle_s=0.2)
    peer = await served.peer()
    await peer.connect()
    assert await peer.next() == b""
    assert len(served.kept) == 0


async def test_noise_ends_no_session_and_has_one_line(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    served = await serve()
    peer = await served.peer()
    await peer.connect()
    with caplog.at_level(logging.WARNING):
        for noise in (b"", b"noise", datagram(1, NAMES), b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28",
                      b"\x17\xfe\xfd\x00\x01" + bytes(5) + b"\xff\x00\x20" + bytes(32)):  # fmt: skip
            peer.plain.send(noise)
        assert code(await peer.ask(datagram(1, NAMES))) == CONTENT
    assert [record.getMessage() for record in caplog.records] == ["127.0.0.1: no DTLS record"]


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Remote:
    association: Association | None = None


def shake(server: Context, client: Session) -> tuple[Serving, list[bytes], list[str]]:
    """Have a client do its handshake without a socket; return the server, its datagrams and its complaints."""
    sent: list[bytes] = []
    told: list[str] = []
    serving = Serving(server, Bounds(), Time(), send=lambda data, _: sent.append(data), deliver=lambda *_: None,
                      tell=lambda _, what: told.append(what))  # fmt: skip
    client.take(b"")
    for _ in range(5):
        for data in client.datagrams():
            serving.take(data, ("::1", 1), Remote())
        for data in sent[:]:
            client.take(data)
    return serving, sent, told


async def test_handshakes_are_bounded_in_number_and_time(keys: str) -> None:
    time, told = Time(), list[str]()
    server, client = Context(Credentials(keys), server=True), Context(Credentials(keys), server=False)
    sent: list[bytes] = []
    serving = Serving(server, Bounds(handshakes=2, handshake_s=20), time, send=lambda data, _: sent.append(data),
                      deliver=lambda *_: None, tell=lambda _, what: told.append(what))  # fmt: skip
    for port in range(3):
        session = client.session("::1", "Cmeter")
        session.take(b"")
        for _ in range(2):
            for data in session.datagrams():
                serving.take(data, ("::1", port), Remote())
            session.take(sent.pop())
        session.release()
    assert serving.begun == 2
    assert told == ["DTLS: more than 2 handshakes at a time; this was the oldest"]
    time.now = 21
    serving._tick()
    assert serving.begun == 0
    assert told[1:] == ["DTLS: the handshake did not end in 20 s"] * 2
    await serving.close()


async def test_handshakes_of_one_address_are_bounded_in_a_second(keys: str) -> None:
    serving, sent, told = shake(Context(Credentials(keys), server=True),
                                Context(Credentials(keys), server=False).session("::1", "Cmeter"))  # fmt: skip
    session = Context(Credentials(keys), server=False).session("::1", "Cmeter")
    session.take(b"")
    (hello,) = session.datagrams()
    before = len(sent)
    for port in range(100):
        serving.take(hello, ("::1", 100 + port), Remote())
    assert len(sent) - before < 40
    assert told[-1] == "DTLS: more than 40 messages a second that begin handshakes"
    session.release()
    await serving.close()


@pytest.mark.parametrize(
    ("cipher", "key"),
    [
        ("PSK-ARIA128-GCM-SHA256", ""), ("ECDHE-PSK-CHACHA20-POLY1305", ""), ("PSK-AES128-CCM", ""),
        ("ECDHE-ECDSA-ARIA128-GCM-SHA256", "ECDSA"), ("ECDHE-ARIA128-GCM-SHA256", "RSA"),
        ("ECDHE-RSA-AES128-GCM-SHA256", "RSA"), ("ECDHE-ECDSA-AES128-CCM8", "ECDSA"),
    ],
)  # fmt: skip
async def test_suites_by_setting(cipher: str, key: str, keys: str, authority: Authority) -> None:
    if key:
        pair = authority.pair("suite", "IP:::1", key=key)
        given = Credentials("", "", pair.certificate, pair.private_key, authority.path, (cipher,))
        client = Context(replace(given, certificate="", private_key=""), server=False).session("::1")
        given = replace(given, ca="")
    else:
        given = Credentials(keys, ciphers=(cipher,))
        client = Context(given, server=False).session("::1", "Cpump")
    serving, sent, told = shake(Context(given, server=True), client)
    assert (client.open, told) == (True, [])
    assert client.cipher == cipher
    assert max(map(len, sent)) <= 1232
    await serving.close()


@pytest.mark.parametrize(
    ("name", "fr", "kind", "allowed"),
    [
        ("Cmeter", "Cmeter", None, True),
        ("Cmeter", "/banyan/Cmeter", None, True),
        ("/banyan/Cmeter", "Cmeter", None, True),
        ("Cmeter", "Cpump", None, False),
        ("Cmeter", "/other/Cmeter", None, False),
        ("Cmeter", "Cmeter2", None, False),
        ("Cmeter", "", 2, True),
        ("Cmeter", "C", 2, True),
        ("Cmeter", "S", 2, True),
        ("Cmeter", "", 3, False),
        ("Cmeter", "Cpump", 2, False),
        ("/other", "/other", None, True),
        ("/other", "/other/Cae", None, True),
        ("/other", "/otherwise/Cae", None, False),
        ("/other", "Cae", None, False),
        ("//sp.example/other", "//sp.example/other/Cae", None, True),
        ("//sp.example", "//sp.example/other/Cae", None, False),
        ("/other/Cae", "/other/Cae/x", None, False),
        ("", "Cmeter", None, False),
        (None, "Cmeter", None, False),
    ],
)
def test_in_whose_name_a_peer_may_ask(name: str | None, fr: str, kind: int | None, allowed: bool) -> None:
    request = RequestPrimitive(Operation.CREATE if kind else Operation.RETRIEVE, "cse", fr, "r1", resource_type=kind)
    names = None if name is None else (name,) if name else ()
    if allowed:
        originator.check(request, names, "/banyan")
    else:
        with pytest.raises(OriginatorError) as refused:
            originator.check(request, names, "/banyan")
        assert refused.value.status is Status.ORIGINATOR_HAS_NO_PRIVILEGE


async def test_the_originator_is_checked_and_known_as_authenticated(
    serve: Any, cse: SmallCse, authority: Authority, folder: Path
) -> None:
    own, client = authority.pair("cse", "IP:127.0.0.1"), authority.pair("x", "DNS:x.example", "URI:/banyan/Cpump")
    served = await serve(check_originator=True, certificate=own.certificate, private_key=own.private_key,
                         ca=authority.path, tcp=True)  # fmt: skip
    plain, tcp, secure, tls = served.server.urls
    by_key = f"psk_identity=Cmeter&psk_file={served.keys}"
    by_certificate = f"ca={authority.path}&certificate={client.certificate}&private_key={client.private_key}"
    for url, fr, status in (
        (f"{served.url.replace('coaps+tcp', 'coaps')}?{by_key}", "Cmeter", Status.OK),
        (f"{secure}?{by_key}", "Cpump", Status.ORIGINATOR_HAS_NO_PRIVILEGE),
        (f"{secure}?{by_certificate}", "Cpump", Status.OK),
        (f"{tls}?{by_certificate}", "Cpump", Status.OK),
        (f"{tls}?{by_certificate}", "Cmeter", Status.ORIGINATOR_HAS_NO_PRIVILEGE),
        (plain, "Cmeter", Status.ORIGINATOR_HAS_NO_PRIVILEGE),
        (tcp, "Cmeter", Status.ORIGINATOR_HAS_NO_PRIVILEGE),
    ):
        transport = CoapTransport(url)
        assert (await transport.send(replace(ASK, originator=fr), timeout_s=5)).status is status
        await transport.close()
    assert [each.authenticated for each in cse.seen] == ["Cmeter", "/banyan/Cpump", "/banyan/Cpump"]


async def test_a_server_that_comes_back_is_talked_to_anew(serve: Any) -> None:
    served = await serve()
    port = int(served.url.rpartition(":")[2])
    transport = CoapTransport(f"{served.url}?psk_identity=Cmeter&psk_file={served.keys}")
    assert (await transport.send(ASK, timeout_s=5)).status is Status.OK
    await served.stop()
    with pytest.raises(Unreachable):
        await transport.send(ASK, timeout_s=1)
    await serve(dtls_port=port)
    assert (await transport.send(ASK, timeout_s=5)).status is Status.OK
    await transport.close()


async def test_a_server_that_forgot_is_talked_to_anew(serve: Any) -> None:
    served = await serve()
    transport = CoapTransport(f"{served.url}?psk_identity=Cmeter&psk_file={served.keys}")
    assert (await transport.send(ASK, timeout_s=5)).status is Status.OK
    served.kept._open.clear()
    with pytest.raises(Unreachable, match="no answer in time"):
        await transport.send(ASK, timeout_s=0.5)
    assert (await transport.send(ASK, timeout_s=5)).status is Status.OK
    await transport.close()


async def test_a_key_of_another_is_no_answer_and_a_line_in_both_logs(
    serve: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    served = await serve()
    transport = CoapTransport(f"{served.url}?psk_identity=Cmeter&psk_file={psk_file(tmp_path / 'k', Cmeter=OTHER_KEY)}")
    with caplog.at_level(logging.WARNING), pytest.raises(Unreachable, match="no answer in time"):
        await transport.send(ASK, timeout_s=0.3)
    await transport.close()
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "127.0.0.1: DTLS: the key of the PSK identity 'Cmeter' is another one",
        "127.0.0.1: DTLS: no answer in the handshake; nobody is there, or has another key",
    ]


@pytest.mark.parametrize("query", ["psk_identity=Cmeter", "psk_identity=Cnobody&psk_file={keys}",
                                   "psk_identity=Cmeter&psk_file=/nowhere", "ca=/nowhere"])  # fmt: skip
async def test_a_client_without_its_credentials_says_so(query: str, keys: str) -> None:
    transport = CoapTransport(f"coaps://127.0.0.1:1?{query.format(keys=keys)}")
    with pytest.raises(Unreachable, match=r"psk_file|ca: /nowhere"):
        await transport.send(ASK, timeout_s=1)
    await transport.close()


async def test_nobody_there() -> None:
    transport = CoapTransport("coaps://127.0.0.1:1")
    with pytest.raises(Unreachable, match="nobody listens there"):
        await transport.send(ASK, timeout_s=2)
    await transport.close()


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ("Cmeter\n", "line 1: expected an identity"),
        ("# good\n\n:00112233445566778899aabbccddeeff\n", "line 3: expected an identity"),
        ("Cmeter:secret words that are not hex\n", "line 1: the key of 'Cmeter' is not in hexadecimal digits"),
        ("Cmeter:0011\n", "line 1: the key of 'Cmeter' has 2 bytes; 16 to 256"),
        ("C:00112233445566778899aabbccddeeff\nC:00112233445566778899aabbccddeeff\n", "line 2: 'C' has a key already"),
        (f"{'C' * 128}:00112233445566778899aabbccddeeff\n", "at most 127 bytes"),
    ],
)
def test_keys_that_cannot_be_read(lines: str, wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "psk"
    path.write_text(lines)
    path.chmod(0o600)
    with pytest.raises(ValueError, match=wrong) as refused:
        Keys(str(path))
    assert "secret" not in str(refused.value)


def test_keys_that_others_can_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "psk"
    path.write_text("Cmeter:00112233445566778899aabbccddeeff\n")
    path.chmod(0o644)
    with pytest.raises(ValueError, match="can be read by everybody"):
        Keys(str(path))


def test_keys_are_read_again_when_their_file_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "psk"
    found = Keys(psk_file(path, Cmeter=KEY))
    assert (found.key_of("Cmeter"), found.key_of("Cpump")) == (KEY.encode(), b"")
    psk_file(path, Cmeter=KEY, Cpump=OTHER_KEY)
    assert found.key_of("Cpump") == OTHER_KEY.encode()
    path.write_text("rubbish that is none\n")
    assert found.key_of("Cpump") == OTHER_KEY.encode()
    assert "the keys that were read before stay" in caplog.text


def test_credentials_that_cannot_be_used(keys: str, authority: Authority) -> None:
    one, other = authority.pair("one"), authority.pair("other")
    for given, wrong in (
        (Credentials(), "no keys by default"),
        (Credentials(keys, ciphers=("AES-NONE",)), "'AES-NONE' is not known"),
        (Credentials(certificate="/nowhere", private_key="/nowhere"), "certificate: /nowhere"),
        (Credentials(certificate=one.certificate, private_key=other.private_key), "belong together"),
        (Credentials(keys, ca="/nowhere"), "ca: /nowhere"),
    ):
        with pytest.raises(ValueError, match=wrong):
            Context(given, server=True)


async def test_a_cse_without_its_keys_does_not_start_and_says_why() -> None:
    coap = CoapSettings(enabled=True, port=0, dtls=True, dtls_port=0, psk_file="/nowhere")
    store, http = StoreSettings(kind="memory"), HttpSettings(enabled=False)
    with pytest.raises(StartError, match=r"^\[coap\] psk_file: /nowhere: .*No such file"):
        await Node(Settings(coap=coap, store=store, http=http)).start()


def test_without_the_library_it_is_said_what_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libssl, "_NAMES", {"ssl": ("libnowhere.so",), "crypto": ("libnowhere.so",)})
    monkeypatch.setattr(libssl, "find_library", lambda _: None)
    with pytest.raises(OSError, match=r"OpenSSL 3.0 or newer as a shared library \(Debian: libssl3\)"):
        libssl.load.__wrapped__()


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"dtls": True}, "coap.dtls"),
        ({"certificate": "x"}, "coap.private_key"),
        ({"psk_identity": "/banyan"}, "coap.psk_identity"),
        ({"check_originator": True}, "coap.check_originator"),
        ({"dtls": True, "psk_file": "x", "host": "0.0.0.0"}, "coap.host"),
    ],
)
def test_settings_that_do_not_go_together(changed: dict[str, Any], key: str) -> None:
    settings = Settings(coap=replace(CoapSettings(enabled=True), **changed))
    assert [found for found, _ in contradictions(settings)] == [key]


def test_dtls_beyond_this_machine_is_no_contradiction() -> None:
    coap = CoapSettings(enabled=True, dtls=True, dtls_host="0.0.0.0", psk_file="x")
    assert contradictions(Settings(coap=coap)) == []


async def test_many_sessions_at_once(serve: Any, cse: SmallCse) -> None:
    served = await serve()
    peers = [await served.peer() for _ in range(10)]
    await asyncio.gather(*(peer.connect() for peer in peers))
    answers = await asyncio.gather(*(peer.ask(datagram(1, NAMES)) for peer in peers))
    assert {code(answer) for answer in answers} == {CONTENT}
    assert len(cse.seen) == 10
