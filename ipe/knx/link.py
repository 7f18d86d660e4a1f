"""A tunnel to a KNX/IP interface through xknx: group telegrams out and in, confirmed one by one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable

from xknx import XKNX
from xknx.cemi.cemi_frame import CEMIFrame, CEMILData
from xknx.cemi.cemi_handler import CEMIHandler
from xknx.cemi.const import CEMIMessageCode
from xknx.core.connection_state import XknxConnectionState
from xknx.exceptions import XKNXException
from xknx.io import ConnectionConfig, ConnectionType
from xknx.telegram import GroupAddress, Telegram
from xknx.telegram.apci import GroupValueRead, GroupValueResponse, GroupValueWrite

from ipe.driver import DeviceUnreachable
from ipe.knx.mapping import Payload

#: The library says on every lost telegram what the driver says once.
logging.getLogger("xknx").setLevel(logging.CRITICAL)
Heard = Callable[[int, Payload], None]


class _Telegrams(CEMIHandler):
    """Takes group telegrams from the tunnel instead of the library's queue, and looks at confirmations.

    The library takes any confirmation for that of its telegram, also one that says it failed.
    """

    def __init__(self, xknx: XKNX, heard: Heard) -> None:
        super().__init__(xknx)
        self._heard = heard
        self._sent: GroupAddress | None = None
        self.failed = False

    async def send_telegram(self, telegram: Telegram) -> None:
        """Send a telegram; ``failed`` tells afterwards whether the bus did not take it."""
        assert isinstance(telegram.destination_address, GroupAddress)
        self._sent, self.failed = telegram.destination_address, False
        await super().send_telegram(telegram)

    def handle_cemi_frame(self, cemi: CEMIFrame) -> None:
        """Take one frame."""
        if cemi.code is CEMIMessageCode.L_DATA_CON and isinstance(cemi.data, CEMILData):
            if cemi.data.dst_addr != self._sent:
                return
            self.failed = cemi.data.flags.confirm_error
        super().handle_cemi_frame(cemi)

    def telegram_received(self, telegram: Telegram) -> None:
        """Pass on what the bus tells of a group address."""
        if isinstance(telegram.destination_address, GroupAddress) and isinstance(
            telegram.payload, GroupValueWrite | GroupValueResponse
        ):
            self._heard(telegram.destination_address.raw, telegram.payload.value)


class Refused(Exception):
    """The interface says that nobody on the bus took a telegram."""


class Link:
    """A tunnel; its methods raise DeviceUnreachable and close it then. ``lost`` is called when it ends by itself."""

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        self._host = host
        self._port = port
        self._timeout_s = timeout_s
        self._xknx: XKNX | None = None
        self._telegrams: _Telegrams | None = None

    def __str__(self) -> str:
        return f"KNX/IP interface at {self._host}:{self._port}"

    async def open(self, heard: Heard, lost: Callable[[], None]) -> None:
        """Open the tunnel; ``heard`` is called with raw group address and payload of what comes in."""
        await self.close()
        xknx = XKNX(connection_config=ConnectionConfig(
            connection_type=ConnectionType.TUNNELING, gateway_ip=await self._address(), gateway_port=self._port,
            auto_reconnect=False))
        xknx.cemi_handler = self._telegrams = _Telegrams(xknx, heard)
        try:
            async with asyncio.timeout(self._timeout_s):
                await xknx.knxip_interface.start()
        except (XKNXException, OSError, TimeoutError) as error:
            await self._end(xknx)
            raise DeviceUnreachable(f"no tunnel to the {self}: {str(error) or 'no answer'}") from error
        except asyncio.CancelledError:
            await self._end(xknx)
            raise

        def changed(state: XknxConnectionState) -> None:
            if state is XknxConnectionState.DISCONNECTED and self._xknx is xknx:
                lost()

        xknx.connection_manager.register_connection_state_changed_cb(changed)
        self._xknx = xknx

    async def close(self) -> None:
        """Close the tunnel."""
        xknx, self._xknx = self._xknx, None
        if xknx is not None:
            await self._end(xknx)

    async def _end(self, xknx: XKNX) -> None:
        """Have the library close its socket, which it keeps when it is interrupted while it connects."""
        with contextlib.suppress(XKNXException, OSError, TimeoutError):
            async with asyncio.timeout(self._timeout_s):
                await xknx.knxip_interface.stop()

    async def _address(self) -> str:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(self._host, self._port, family=socket.AF_INET, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise DeviceUnreachable(f"no tunnel to the {self}: {error}") from error
        return str(found[0][4][0])

    async def ask(self, group: int) -> None:
        """Send a read request to a group address; raises Refused."""
        await self._send(Telegram(GroupAddress(group), payload=GroupValueRead()))

    async def tell(self, group: int, payload: Payload) -> None:
        """Write to a group address; raises Refused."""
        await self._send(Telegram(GroupAddress(group), payload=GroupValueWrite(payload)))

    async def _send(self, telegram: Telegram) -> None:
        """Send one telegram and wait for its confirmation."""
        if self._xknx is None or self._telegrams is None:
            raise DeviceUnreachable(f"the {self} has closed the tunnel")
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._telegrams.send_telegram(telegram)
        except (XKNXException, OSError, TimeoutError) as error:
            await self.close()
            raise DeviceUnreachable(f"the {self} did not take a telegram within {self._timeout_s:g} s") from error
        if self._telegrams.failed:
            raise Refused(f"the {self} says that nobody on the bus took the telegram to {telegram.destination_address}")
