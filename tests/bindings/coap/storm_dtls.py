"""A storm of mutated handshakes and records against a whole CSE, and what is left of it afterwards."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bindings.coap.client import CoapTransport
from bindings.coap.dtls.context import Context, Credentials
from bindings.coap.dtls.session import Session
from bindings.coap.server import CoapServer
from cse.primitive import Operation, RequestPrimitive
from resources.status import Status
from tests.bindings.coap.authority import Authority, psk_file
from tests.bindings.coap.datagrams import CHANGES
from tests.bindings.coap.plain import PlainPeer, datagram
from tests.bindings.coap.secure_peer import associations_of
from tests.bindings.coap.storm import RETRIEVE, SETTINGS, Outcome, resident_bytes, stormed

_ASK = RequestPrimitive(Operation.RETRIEVE, "cse", "CAdmin", "r1", "3")
#: Ports that handshakes come from; each is used again before the handshake before it is given up.
_PEERS = 50
#: Datagrams that were sent, to come again at any time.
_REMEMBERED = 200


async def storm_of_handshakes(seed: int, count: int, warm_up: int = 0) -> Outcome:
    """Send ``count`` datagrams of handshakes and sessions, about half of them changed; ``answers`` by content type.

    ``answers[-1]`` are the handshakes that came to their end.
    """
    with tempfile.TemporaryDirectory() as folder:
        keys, authority = psk_file(Path(folder) / "psk", CAdmin="0123456789abcdef"), Authority(Path(folder))
        server, client = authority.pair("cse", "IP:127.0.0.1"), authority.pair("CAdmin")
        coap = replace(SETTINGS.coap, dtls=True, dtls_port=0, psk_file=keys, certificate=server.certificate,
                       private_key=server.private_key, ca=authority.path, max_sessions=20)  # fmt: skip
        trusted = Credentials("", "", client.certificate, client.private_key, authority.path)
        contexts = Context(Credentials(keys, "CAdmin"), server=False), Context(trusted, server=False)
        async with stormed(replace(SETTINGS, coap=coap)) as (node, outcome):
            assert isinstance(node._coap, CoapServer)
            url = node.urls[1]
            peers = [await PlainPeer.to(url) for _ in range(_PEERS)]
            choose, remembered = random.Random(seed), [b""] * _REMEMBERED
            sent, before = 0, resident_bytes()
            while sent < count:
                if sent < warm_up:
                    before = resident_bytes()
                session = choose.choice(contexts).session("127.0.0.1")
                sent += await _play(session, choose.choice(peers), choose, remembered, outcome)
                session.release()
            for peer in peers:
                peer.close()
            kept = associations_of(node._coap)
            assert len(kept) <= coap.max_sessions
            outcome.growth_bytes = resident_bytes() - before
            transport = CoapTransport(f"{url}?psk_identity=CAdmin&psk_file={keys}", old_options=True)
            answer = await transport.send(_ASK, timeout_s=5)
            outcome.serves_streams = answer.status is Status.OK
            await transport.close()
    return outcome


async def _play(
    session: Session, peer: PlainPeer, choose: random.Random, remembered: list[bytes], outcome: Outcome
) -> int:
    """Do a handshake as far as it goes, and ask something at its end; return the number of datagrams."""
    sent = 0
    session.take(b"")
    for _ in range(8):
        for data in session.datagrams():
            remembered[choose.randrange(_REMEMBERED)] = data
            for each in _what_becomes_of(data, choose, remembered):
                peer.send(each)
                sent += 1
        for _ in range(6):
            await asyncio.sleep(0)
        while not peer.received.empty():
            answer = peer.received.get_nowait()
            outcome.answers[answer[0]] = outcome.answers.get(answer[0], 0) + 1
            session.take(answer)
        if session.open:
            outcome.answers[-1] = outcome.answers.get(-1, 0) + 1
            session.send(datagram(1, RETRIEVE, message_id=choose.randrange(65536)))
        if session.closed:
            break
    return sent


def _what_becomes_of(data: bytes, choose: random.Random, remembered: list[bytes]) -> Iterator[bytes]:
    """It comes or it is lost, changed ones come before or after it, and some that came before."""
    if choose.random() < 0.5:
        yield _changed(data, choose)
    if choose.random() < 0.9:
        yield data
    if choose.random() < 0.3:
        yield _changed(choose.choice(remembered), choose)
    if choose.random() < 0.1:
        yield choose.choice(remembered)


def _changed(data: bytes, choose: random.Random) -> bytes:
    """Change bytes; most keep the header of a record, whose length is made to fit, or nothing would look further."""
    changed = bytearray(data)
    for _ in range(choose.randint(1, 3)):
        choose.choice(CHANGES)(changed, choose)
    if len(changed) > 13 and len(data) > 13 and choose.random() < 0.7:
        changed[:11] = data[:11]
        changed[11:13] = (len(changed) - 13).to_bytes(2, "big")
    return bytes(changed[:5000])
