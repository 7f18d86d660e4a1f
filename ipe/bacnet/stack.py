"""bacpypes3 as a client: requests and their answers, notices of changes. The only importer of that package.

Nothing of this machine is served: what is asked of us is dropped, so that nobody can switch the stack off or write.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any

from bacpypes3.apdu import (
    AbortPDU,
    ConfirmedCOVNotificationRequest,
    ErrorRejectAbortNack,
    IAmRequest,
    ReadPropertyACK,
    ReadPropertyMultipleACK,
    ReadPropertyMultipleRequest,
    ReadPropertyRequest,
    RejectPDU,
    SimpleAckPDU,
    SubscribeCOVPropertyRequest,
    SubscribeCOVRequest,
    UnconfirmedCOVNotificationRequest,
    WhoIsRequest,
    WritePropertyRequest,
)
from bacpypes3.app import Application
from bacpypes3.appservice import ApplicationServiceAccessPoint
from bacpypes3.basetypes import PropertyIdentifier, PropertyReference, ReadAccessSpecification
from bacpypes3.comm import bind
from bacpypes3.ipv4.link import ForeignLinkLayer, NormalLinkLayer
from bacpypes3.local.device import DeviceObject
from bacpypes3.netservice import NetworkServiceAccessPoint, NetworkServiceElement
from bacpypes3.pdu import GlobalBroadcast, IPv4Address
from bacpypes3.primitivedata import (
    Double,
    Enumerated,
    Integer,
    Null,
    ObjectIdentifier,
    Real,
    TagClass,
    Unsigned,
)

from ipe.bacnet.mapping import DOUBLE, ENUMERATED, NULL, REAL, SIGNED, UNSIGNED, Reference, Tags

WRITERS = {NULL: lambda _: Null(()), UNSIGNED: Unsigned, SIGNED: Integer, REAL: Real, DOUBLE: Double,
           ENUMERATED: Enumerated}  # fmt: skip
UNRECOGNIZED_SERVICE = 9
#: Reasons of an abort that the own state machine gives when nothing came.
SILENCE = frozenset({10, 64, 65})
WILDCARD = 4194303
#: Called with process identifier, object and the tags of its present value.
Noticed = Callable[[int, tuple[int, int], Tags], None]


class Refused(Exception):
    """The device answered with an error (class and code), a reject or an abort (reason)."""

    def __init__(self, text: str, *, unknown_service: bool = False) -> None:
        super().__init__(text)
        self.unknown_service = unknown_service


class Broken(Exception):
    """The answer is none to the request."""


class _Quiet(NetworkServiceElement):
    _startup_disabled = True


class _Client(Application):
    """An application that hears notices and I-Am, and nothing else."""

    _startup_disabled = True
    heard_i_am: Callable[[Any], None] = staticmethod(lambda _: None)
    heard_notice: Callable[[Any], bool] = staticmethod(lambda _: False)

    async def indication(self, apdu: Any) -> None:
        """Take one request of somebody."""
        if isinstance(apdu, IAmRequest):
            self.heard_i_am(apdu)
        elif isinstance(apdu, UnconfirmedCOVNotificationRequest):
            self.heard_notice(apdu)
        elif isinstance(apdu, ConfirmedCOVNotificationRequest):
            known = self.heard_notice(apdu)
            answer = SimpleAckPDU(context=apdu) if known else RejectPDU(reason=0, context=apdu)
            await self.response(answer)


class Stack:
    """One own address. ``timeout_s`` is for one sending of a request; ``noticed`` is told of changes."""

    def __init__(self, *, timeout_s: float, retries: int, max_apdu: int, noticed: Noticed) -> None:
        self._wait_s = timeout_s * (retries + 1)
        self._noticed = noticed
        self._device_object = DeviceObject(
            objectIdentifier=("device", WILDCARD - 1), objectName="Banyan", vendorIdentifier=0,
            maxApduLengthAccepted=max_apdu, segmentationSupported="segmentedBoth", maxSegmentsAccepted=64,
            apduTimeout=int(timeout_s * 1000), apduSegmentTimeout=int(timeout_s * 1000), numberOfApduRetries=retries)
        self._app = _Client()
        self._link: Any = None
        self.address: Any = None
        logging.getLogger("bacpypes3").setLevel(logging.CRITICAL)  # a trace for each bad datagram

    async def open(self, own: str, port: int, *, bbmd: str = "", ttl_s: int = 300) -> None:
        """Bind; raises OSError or TimeoutError."""
        app = self._app
        app.asap = ApplicationServiceAccessPoint(self._device_object, app.device_info_cache)
        app.nsap = NetworkServiceAccessPoint()
        app.nse = _Quiet()
        bind(app.nse, app.nsap)
        bind(app, app.asap, app.nsap)
        app.heard_i_am, app.heard_notice = lambda _: None, self._heard_notice
        if "/" in own:
            address = IPv4Address(f"{own}:{port or 47808}")
            self._link = ForeignLinkLayer(address) if bbmd else NormalLinkLayer(address)
        else:
            bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                bound.bind((own, port))
            except OSError:
                bound.close()
                raise
            bound.setblocking(False)
            address = IPv4Address(f"{own}:{bound.getsockname()[1]}")
            if bbmd:
                bound.close()
                self._link = ForeignLinkLayer(address)
            else:
                self._link = NormalLinkLayer(address, bind_socket=bound)
        app.nsap.bind(self._link, address=address)
        app.add_object(self._device_object)
        async with asyncio.timeout(self._wait_s):
            while self._link.server.local_transport is None:  # noqa: ASYNC110 - it has no public event
                await asyncio.sleep(0.002)
        if bbmd:
            self._link.register(IPv4Address(bbmd), ttl_s)

    async def close(self) -> None:
        """Release the address; nothing is sent again."""
        if self._link is None:
            return
        if isinstance(self._link, ForeignLinkLayer):
            self._link.unregister()
            await asyncio.sleep(0)
        for transaction in (*self._app.asap.clientTransactions, *self._app.asap.serverTransactions):
            transaction.stop_timer()
        self._link.close()
        await asyncio.sleep(0)

    def aim(self, host: str, port: int) -> None:
        """Say where the device is."""
        self.address = IPv4Address(f"{host}:{port}")

    async def find(self, instance: int) -> None:
        """Look for a device by Who-Is; raises TimeoutError."""
        found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def heard(i_am: Any) -> None:
            if i_am.iAmDeviceIdentifier[1] == instance and not found.done():
                found.set_result(i_am.pduSource)

        self._app.heard_i_am = heard
        try:
            self._app.request(WhoIsRequest(
                deviceInstanceRangeLowLimit=instance, deviceInstanceRangeHighLimit=instance,
                destination=GlobalBroadcast()))
            async with asyncio.timeout(self._wait_s):
                self.address = await found
        finally:
            self._app.heard_i_am = lambda _: None

    async def read(self, what: Reference) -> Tags:
        """ReadProperty; raises Refused, Broken or TimeoutError."""
        request = ReadPropertyRequest(objectIdentifier=_object(what), propertyIdentifier=PropertyIdentifier(what[2]),
                                      destination=self.address)
        if what[3] is not None:
            request.propertyArrayIndex = what[3]
        answer = await self._ask(request, ReadPropertyACK)
        found = (*_numbers(answer.objectIdentifier), int(answer.propertyIdentifier), _index(answer))
        if found != what and what[1] != WILDCARD:
            raise Broken(f"answers about {found}; asked was {what}")
        return _tags(answer.propertyValue)

    async def read_many(self, what: Sequence[Reference]) -> dict[Reference, Tags | Refused]:
        """ReadPropertyMultiple; raises Refused, Broken or TimeoutError."""
        specifications = [
            ReadAccessSpecification(
                objectIdentifier=_object(one),
                listOfPropertyReferences=[_property_reference(one)]) for one in what]  # fmt: skip
        request = ReadPropertyMultipleRequest(listOfReadAccessSpecs=specifications, destination=self.address)
        answer = await self._ask(request, ReadPropertyMultipleACK)
        results: dict[Reference, Tags | Refused] = {}
        order: list[Reference] = []
        for part in answer.listOfReadAccessResults:
            for element in part.listOfResults:
                found = (*_numbers(part.objectIdentifier), int(element.propertyIdentifier), _index(element))
                order.append(found)
                results[found] = _result(element.readResult)
        if order != list(what):
            raise Broken(f"answers {len(order)} results that are not the {len(what)} asked for")
        return results

    async def write(self, what: Reference, tag: int, value: int | float, priority: int | None) -> None:
        """WriteProperty; raises Refused, Broken or TimeoutError."""
        request = WritePropertyRequest(objectIdentifier=_object(what), propertyIdentifier=PropertyIdentifier(what[2]),
                                       propertyValue=WRITERS[tag](value), destination=self.address)
        if what[3] is not None:
            request.propertyArrayIndex = what[3]
        if priority is not None:
            request.priority = priority
        await self._ask(request, SimpleAckPDU)

    async def subscribe(self, process: int, what: Reference, lifetime_s: int, increment: float | None) -> None:
        """SubscribeCOV, or SubscribeCOVProperty with an increment; raises Refused, Broken or TimeoutError."""
        common = {"subscriberProcessIdentifier": process, "monitoredObjectIdentifier": _object(what),
                  "issueConfirmedNotifications": True, "lifetime": lifetime_s, "destination": self.address}
        if increment is None:
            request = SubscribeCOVRequest(**common)
        else:
            request = SubscribeCOVPropertyRequest(
                **common, monitoredPropertyIdentifier=_property_reference(what), covIncrement=increment)
        await self._ask(request, SimpleAckPDU)

    async def _ask(self, request: Any, expected: type) -> Any:
        try:
            async with asyncio.timeout(self._wait_s * 0.98):
                answer = await self._app.request(request)
        except ErrorRejectAbortNack as refusal:
            raise _refused(refusal) from None
        if not isinstance(answer, expected):
            raise Broken(f"answers with a {type(answer).__name__}; expected a {expected.__name__}")
        return answer

    def _heard_notice(self, notice: Any) -> bool:
        """Tell of one notice; False when it is not from the device."""
        if notice.pduSource != self.address:
            return False
        for value in notice.listOfValues:
            if int(value.propertyIdentifier) == 85:
                self._noticed(int(notice.subscriberProcessIdentifier), _numbers(notice.monitoredObjectIdentifier),
                              _tags(value.value))
        return True


def _object(what: Reference) -> Any:
    return ObjectIdentifier((what[0], what[1]))


def _property_reference(what: Reference) -> Any:
    reference = PropertyReference(propertyIdentifier=PropertyIdentifier(what[2]))
    if what[3] is not None:
        reference.propertyArrayIndex = what[3]
    return reference


def _numbers(identifier: Any) -> tuple[int, int]:
    return int(identifier[0]), int(identifier[1])


def _index(element: Any) -> int | None:
    return None if element.propertyArrayIndex is None else int(element.propertyArrayIndex)


def _result(result: Any) -> Tags | Refused:
    if result.propertyAccessError is not None:
        return Refused(f"error {result.propertyAccessError.errorClass}: {result.propertyAccessError.errorCode}")
    return _tags(result.propertyValue)


def _tags(content: Any) -> Tags:
    """Return the application tags within opening and closing tag; raises Broken when something else is there."""
    tags = list(content.tagList)
    if len(tags) < 2 or tags[0].tag_class != TagClass.opening or tags[-1].tag_class != TagClass.closing:
        raise Broken("answers with a value that has no end")
    if any(tag.tag_class != TagClass.application for tag in tags[1:-1]):
        raise Broken("answers with a value that is no number, but a structure")
    return [(int(tag.tag_number), bytes([tag.tag_lvt & 0xFF]) if tag.tag_number == 1 else bytes(tag.tag_data))
            for tag in tags[1:-1]]  # fmt: skip


def _refused(refusal: Any) -> Exception:
    if isinstance(refusal, RejectPDU):
        reason = int(refusal.apduAbortRejectReason)
        return Refused(f"rejected: {refusal.apduAbortRejectReason}", unknown_service=reason == UNRECOGNIZED_SERVICE)
    if isinstance(refusal, AbortPDU):
        reason = int(refusal.apduAbortRejectReason)
        return TimeoutError() if reason in SILENCE else Refused(f"aborted: {refusal.apduAbortRejectReason}")
    try:
        return Refused(f"error {refusal.errorClass}: {refusal.errorCode}")
    except AttributeError:
        return Refused("error of an unknown kind")
