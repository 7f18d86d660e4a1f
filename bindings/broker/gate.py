"""Connections to the broker: limits, logins and the check of every packet, before the house serves a client."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from pathlib import Path

from bindings.broker import logins, packets
from bindings.broker.house import House
from bindings.broker.line import Line
from bindings.broker.logins import OWN, Logins
from bindings.broker.packets import Connect, Refused, connack
from bindings.broker.rights import Rights, rights_of
from cse.security.complaints import Complaints
from cse.security.transport import refuse_plain, serving_tls
from cse.settings import BrokerSettings

_log = logging.getLogger(__name__)
_WATCH_S = 1.0
#: A wrong password is answered after this.
_WRONG_S = 1.0


class Gate:
    """The broker as a server. ``own_password`` is what the CSE logs in with, as the user ``logins.OWN``.

    ``cse_level`` is the CSE as a level of topics, ``lead`` what stands before ``oneM2M`` in them; ``users`` get a login
    where the file of logins does not exist.
    """

    def __init__(
        self, settings: BrokerSettings, own_password: str, cse_level: str, lead: str = "/", users: tuple[str, ...] = ()
    ) -> None:
        self.settings = settings
        self.lines: set[Line] = set()
        self._clock = asyncio.get_running_loop().time
        self._logins = Logins(logins.prepare(Path(settings.logins), users), own_password)
        self._cse_level, self._lead = cse_level, lead
        self._complaints = Complaints(self._clock, _log, "broker: ")
        logging.getLogger("amqtt").setLevel(logging.WARNING)
        logging.getLogger("transitions").setLevel(logging.WARNING)
        self._house = House(settings, self._complaints.tell)
        self._addresses: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._proving = asyncio.Semaphore(1)
        self._open = False
        self._server: asyncio.Server | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def sessions(self) -> int:
        """Sessions, with and without their client."""
        return self._house.kept

    @property
    def dropped(self) -> int:
        """Messages that found no room."""
        return self._house.budget.dropped

    async def start(self) -> str:
        """Listen and return the address; raises ValueError, OSError or ssl.SSLError."""
        settings = self.settings
        refuse_plain("broker", settings.host, secured=bool(settings.certificate), allowed=settings.allow_plain,
                     remedy="set broker.certificate and broker.private_key, or broker.allow_plain = true")  # fmt: skip
        tls = serving_tls(settings.certificate, settings.private_key, settings.client_ca)
        await self._house.start()
        self._open = True
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Line(self), settings.host, settings.port, ssl=tls,
            ssl_handshake_timeout=settings.connect_timeout_s if tls else None,
        )  # fmt: skip
        self._watcher = loop.create_task(self._watch())
        port = self._server.sockets[0].getsockname()[1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return f"{'mqtts' if tls else 'mqtt'}://{host}:{port}"

    async def stop(self) -> None:
        """End all connections; what was kept is forgotten."""
        if self._server is not None:
            self._server.close()
        if self._watcher is not None:
            self._watcher.cancel()
        for line in list(self.lines):
            line.end("")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5.0)
        if self._open:
            self._open = False
            await self._house.shutdown()
        if self._server is not None:
            await self._server.wait_closed()

    def admits(self, address: str) -> bool:
        """Whether there is room for one more connection of an address; it is counted in."""
        settings = self.settings
        of_address = self._addresses[address]
        if len(self.lines) > settings.max_connections or of_address >= settings.max_connections_per_address:
            self._complaints.tell(address, "too many connections (broker.max_connections, max_connections_per_address)")
            return False
        self._addresses[address] += 1
        return True

    def left(self, address: str) -> None:
        """A connection that was admitted is gone."""
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    def complain(self, who: str, what: str) -> None:
        """Say what somebody did, in few lines."""
        self._complaints.tell(who, what)

    def begin(self, line: Line, connect: Connect) -> None:
        """Serve a client that has said who it is."""
        task = asyncio.get_running_loop().create_task(self._serve(line, connect))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, line: Line, connect: Connect) -> None:
        try:
            rights = await self._rights(connect)
            line.is_in(connect.keep_alive_s, unlimited=rights.everything)
            await self._house.serve(connect, rights, line, line.inlet, line.close)
        except Refused as refused:
            line.refuse(refused)
        except Exception:  # noqa: BLE001 - one connection fails, the others go on
            _log.exception("broker: %s: the connection failed", line.address)
        finally:
            line.close()

    async def _rights(self, connect: Connect) -> Rights:
        """What the client may do; raises Refused for one that does not prove who it is."""
        user = connect.user
        if user is None:
            raise Refused("no user and password", connack(packets.NOT_AUTHORIZED))
        if not self._logins.knows(user, connect.password):
            async with self._proving:
                right = await asyncio.to_thread(self._logins.proves, user, connect.password)
            if not right:
                await asyncio.sleep(_WRONG_S)
                raise Refused(f"wrong password, or no such login: {user!r}", connack(packets.BAD_LOGIN))
        if user == OWN:
            return Rights(self._lead, frozenset({self._cse_level}), everything=True)
        return rights_of(user, self._cse_level, self._lead)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_S)
            now = self._clock()
            for line in list(self.lines):
                line.check(now)
