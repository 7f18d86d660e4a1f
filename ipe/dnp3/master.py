"""The one place of dnp3py: requests to an outstation, its values, its events, its echoes."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dnp3.application.fragment import ObjectBlock, RequestFragment
from dnp3.application.header import RequestHeader
from dnp3.application.parser import ParseError, parse_response
from dnp3.application.qualifiers import ObjectHeader
from dnp3.core.enums import FunctionCode
from dnp3.core.flags import IIN, DoubleBitState
from dnp3.master import Master, MasterConfig
from dnp3.master.double_bit import DoubleBitValue
from dnp3.master.handler import AnalogValue, BinaryValue, CounterValue, ResponseInfo
from dnp3.master.tcp_runner import MasterRunnerError, MasterTcpRunner
from dnp3.transport_io.channel import ChannelError, TcpConfig
from dnp3.transport_io.tcp_client import TcpClientChannel

from ipe.dnp3.mapping import GROUPS, Command, Range
from ipe.driver import DeviceUnreachable

#: What the library raises for octets that are no DNP3 besides its own errors.
BROKEN = (ParseError, ValueError, IndexError, KeyError, struct.error, OverflowError)
#: Start and stop index of 16 bits; count and index prefix of 16 bits; everything (IEEE 1815 table 4-1).
RANGE_16, PREFIX_16, ALL_OBJECTS = 0x01, 0x28, 0x06
#: Events with their time: inputs, counters, analog values as floats (IEEE 1815 annex A).
TIMED_EVENTS = ((2, 2), (4, 2), (11, 2), (22, 5), (23, 5), (32, 7), (42, 7))
#: Internal indications of an outstation that does not do what was asked.
REFUSALS = {
    IIN.NO_FUNC_CODE_SUPPORT: "no such function", IIN.OBJECT_UNKNOWN: "no such object",
    IIN.PARAMETER_ERROR: "no such point or a wrong parameter",
}  # fmt: skip
UNABLE = IIN.NO_FUNC_CODE_SUPPORT | IIN.OBJECT_UNKNOWN | IIN.PARAMETER_ERROR
#: The flags of a double-bit input whose state is neither on nor off.
UNDECIDED = 0x00
#: Range headers in one request, which must fit a fragment of 249 octets.
MOST_RANGES = 32
#: The library says on every damaged octet what the driver says once.
logging.getLogger("dnp3").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Sample:
    """One object: ``time_s`` (since 1970 UTC) is the outstation's own, of an event; None: it told none."""

    kind: str
    index: int
    raw: float | bool
    flags: int
    time_s: float | None = None


#: Called with each event.
Heard = Callable[[Sample], None]


class Refused(Exception):
    """The outstation answered that it does not do it."""


class _Values:
    """Where the library puts what it decoded: static values are kept, events are passed on."""

    def __init__(self) -> None:
        self.static: dict[tuple[str, int], Sample] = {}
        self.heard: Heard = lambda _: None
        self.polling_events = False

    def on_binary_input(self, values: list[BinaryValue], info: ResponseInfo) -> None:
        self._take("binary_input", values, info)

    def on_binary_output(self, values: list[BinaryValue], info: ResponseInfo) -> None:
        self._take("binary_output", values, info)

    def on_analog_input(self, values: list[AnalogValue], info: ResponseInfo) -> None:
        self._take("analog_input", values, info)

    def on_analog_output(self, values: list[AnalogValue], info: ResponseInfo) -> None:
        self._take("analog_output", values, info)

    def on_counter(self, values: list[CounterValue], info: ResponseInfo) -> None:
        self._take("counter", values, info)

    def on_frozen_counter(self, values: list[CounterValue], info: ResponseInfo) -> None:
        self._take("frozen_counter", values, info)

    def on_double_bit_input(self, values: list[DoubleBitValue], info: ResponseInfo) -> None:
        decided = (DoubleBitState.OFF, DoubleBitState.ON)
        self._take("double_bit_input", [
            BinaryValue(each.index, each.state == DoubleBitState.ON,
                        each.quality if each.state in decided else UNDECIDED, each.timestamp)
            for each in values
        ], info)  # fmt: skip

    def _take(
        self, kind: str, values: Sequence[BinaryValue | AnalogValue | CounterValue], info: ResponseInfo
    ) -> None:
        event = info.is_unsolicited or self.polling_events
        for each in values:
            timed = event and each.timestamp is not None and not info.iin & IIN.NEED_TIME
            time_s = each.timestamp.timestamp() if timed and each.timestamp else None
            sample = Sample(kind, each.index, each.value, each.quality, time_s)
            if event:
                self.heard(sample)
            else:
                self.static[kind, each.index] = sample


class _Master(Master):
    """Keeps the last answer as it came: the library decodes no echo of a command."""

    last: bytes = b""

    def process_response(self, data: bytes) -> ResponseInfo | None:
        """Decode an answer."""
        self.last = data
        return super().process_response(data)


class Link:
    """A connection to one outstation. Every method raises DeviceUnreachable and closes it then; one call at a time."""

    def __init__(self, host: str, port: int, *, outstation: int, master: int, timeout_s: float) -> None:
        self._place = f"outstation {outstation} at {host}:{port}"
        self._config = MasterConfig(address=master, outstation_address=outstation)
        self._tcp = TcpConfig(host=host, port=port, connect_timeout=timeout_s)
        self._timeout_s = timeout_s
        self._values = _Values()
        self._master = _Master()
        self._times = True
        self._runner: MasterTcpRunner | None = None

    def __str__(self) -> str:
        return self._place

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._runner is not None and self._runner.is_open

    async def open(self) -> None:
        """Connect, have the outstation keep its events until they are asked for, and take note of its restart."""
        await self.close()
        self._values = _Values()
        self._master = _Master(config=self._config, handler=self._values)
        self._times = True
        channel = TcpClientChannel(config=self._tcp)
        runner = MasterTcpRunner(master=self._master, response_timeout=self._timeout_s, channel=channel)
        try:
            async with asyncio.timeout(self._timeout_s):
                await channel.open()
                await runner.open()
        except (MasterRunnerError, ChannelError, OSError, TimeoutError) as error:
            await channel.close()
            raise DeviceUnreachable(f"no connection to {self}: {str(error) or 'it took too long'}") from error
        self._runner = runner
        indications = await self._ask(self._master.build_disable_unsolicited())
        if indications & IIN.DEVICE_RESTART:
            await self._ask(self._request(FunctionCode.WRITE, [_block(80, 1, 0x00, bytes([7, 7, 0]))]))

    async def close(self) -> None:
        """Close the connection."""
        runner, self._runner = self._runner, None
        if runner is not None:
            channel = runner.channel
            await runner.close()
            if channel is not None:
                await channel.close()

    async def read(self, ranges: Sequence[Range]) -> dict[tuple[str, int], Sample]:
        """Read the static objects of some ranges, at most ``MOST_RANGES``; what is missing is not there."""
        return await self._static([
            _block(GROUPS[each.kind], each.variation, RANGE_16, struct.pack("<HH", each.first, each.last))
            for each in ranges
        ])

    async def read_all(self) -> dict[tuple[str, int], Sample]:
        """Read all static objects (class 0), up to the first of a kind that cannot be decoded, which ends an answer."""
        return await self._static([_block(60, 1, ALL_OBJECTS)], partly=True)

    async def events(self) -> None:
        """Have the outstation tell its events: those with a time first, then what is left of all classes."""
        self._values.polling_events = True
        try:
            if self._times:
                blocks = [_block(group, variation, ALL_OBJECTS) for group, variation in TIMED_EVENTS]
                self._times = not await self._ask(self._request(FunctionCode.READ, blocks)) & UNABLE
            await self._ask(self._master.build_class_poll())
        finally:
            self._values.polling_events = False

    async def tell_by_yourself(self, heard: Heard) -> bool:
        """Have events told to ``heard``, at first those that wait; returns whether the outstation reports them."""
        self._values.heard = heard
        await self.events()
        return not await self._ask(self._master.build_enable_unsolicited()) & IIN.NO_FUNC_CODE_SUPPORT

    async def listen(self) -> None:
        """Wait a while for events that the outstation reports; may be cancelled."""
        runner = await self._connected()
        try:
            await runner.listen_unsolicited()
        except (MasterRunnerError, ChannelError, OSError, *BROKEN) as error:
            raise await self._lost(error) from error

    async def command(self, command: Command, index: int, *, select: bool) -> None:
        """Command one point, selecting it first or not; raises Refused."""
        steps = (FunctionCode.SELECT, FunctionCode.OPERATE) if select else (FunctionCode.DIRECT_OPERATE,)
        sent = struct.pack("<HH", 1, index) + command.octets
        for step in steps:
            block = _block(command.group, command.variation, PREFIX_16, sent + b"\0")
            indications = await self._ask(self._request(step, [block]))
            self._check(step.name, indications, block, sent)

    def _check(self, step: str, indications: IIN, block: ObjectBlock, sent: bytes) -> None:
        """Raise Refused unless the last answer echoes a command with the status SUCCESS."""
        answer = parse_response(self._master.last)
        echo = answer.objects[0] if len(answer.objects) == 1 else None
        if echo is None or echo.header != block.header or echo.data[:-1] != sent or answer.truncation:
            said = ", ".join(text for flag, text in REFUSALS.items() if indications & flag)
            raise Refused(f"the outstation answers {step} with {said or 'an echo of something else'}")
        if status := echo.data[-1]:
            raise Refused(f"the outstation answers {step} with status {status}: "
                          f"{STATUSES.get(status, 'not known, see its manual')}")

    async def _static(
        self, blocks: Sequence[ObjectBlock], *, partly: bool = False
    ) -> dict[tuple[str, int], Sample]:
        self._values.static.clear()
        await self._ask(self._request(FunctionCode.READ, blocks), partly=partly)
        return dict(self._values.static)

    def _request(self, function: FunctionCode, blocks: Sequence[ObjectBlock]) -> RequestFragment:
        header = RequestHeader.build(function=function, seq=self._master.next_request_sequence())
        return RequestFragment(header=header, objects=tuple(blocks))

    async def _ask(self, request: RequestFragment, *, partly: bool = False) -> IIN:
        """Send a request and return the internal indications of all its answers."""
        runner = await self._connected()
        try:
            answers = await runner.request(request)
        except (MasterRunnerError, ChannelError, OSError, *BROKEN) as error:
            raise await self._lost(error) from error
        except asyncio.CancelledError:
            await self.close()
            raise
        indications = IIN(0)
        for answer in answers:
            indications |= answer.iin
            if answer.function is not FunctionCode.RESPONSE or (answer.truncation is not None and not partly):
                raise await self._lost(ValueError("it cannot be read to its end"))
        return indications

    async def _connected(self) -> MasterTcpRunner:
        if self._runner is None or not self._runner.is_open:
            await self.close()
            raise DeviceUnreachable(f"{self} has closed the connection")
        return self._runner

    async def _lost(self, error: Exception) -> DeviceUnreachable:
        await self.close()
        if isinstance(error, BROKEN):
            return DeviceUnreachable(f"{self} gives an answer that is none: {error}")
        return DeviceUnreachable(f"{self} did not answer within {self._timeout_s:g} s: {error}")



def _block(group: int, variation: int, qualifier: int, octets: bytes = b"") -> ObjectBlock:
    return ObjectBlock(ObjectHeader(group, variation, qualifier), octets)


#: Status codes of a command (IEEE 1815 table 4-5).
STATUSES = {
    1: "the time between select and operate has passed", 2: "it was not selected", 3: "format error",
    4: "it does not do this", 5: "it is doing it already", 6: "hardware error", 7: "its switch is on local",
    8: "too many objects", 9: "not authorised", 10: "inhibited by its automation", 11: "processing is limited",
    12: "out of range", 13: "a switch below it is on local", 14: "already complete", 15: "blocked", 16: "cancelled",
    17: "blocked by another master", 18: "what is below it failed", 126: "it does not take part", 127: "undefined",
}  # fmt: skip
