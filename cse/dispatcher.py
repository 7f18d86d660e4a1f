"""The life of a request, from a primitive to a primitive; the order of checks is procedures V1 … V19."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable
from typing import Protocol

from cse import registration, support
from cse.behaviours.cmdh_rules import govern
from cse.behaviours.location_policy import locate
from cse.behaviours.primitive_profile import by_profiles
from cse.behaviours.request import execution_of
from cse.behaviours.schedule import check_open
from cse.behaviours.transaction import check_lock
from cse.client.transport import Unreachable
from cse.core import FAN_OUT_POINT, LATEST, OLDEST, Call, Core, Target, at_hand, settle_virtual, stored
from cse.fanout import local_group, point
from cse.fanout.repetition import once
from cse.modes.accept import accept
from cse.modes.record import BLOCKING
from cse.modes.times import check_expiration, check_result_expiration
from cse.operations import create, delete, notify, retrieve, update
from cse.parameters.table import RESULT_CONTENTS
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.storage.port import StoreError
from resources.ae import AE
from resources.delivery import DELIVERY
from resources.errors import BadRequest, CseError, NotFound, NotImplementedHere, OperationNotAllowed, OriginatorError
from resources.model import ResourceType
from resources.status import Status

log = logging.getLogger("banyan.dispatcher")

#: Members by a name of their own: the way through their class costs more than a call.
CREATE, RETRIEVE, UPDATE, DELETE, NOTIFY = Operation

OPERATIONS = {
    CREATE: create.perform,
    RETRIEVE: retrieve.perform,
    UPDATE: update.perform,
    DELETE: delete.perform,
    NOTIFY: notify.perform,
}


#: Virtual children that stand for an instance.
INSTANCES = frozenset({LATEST, OLDEST})

#: Operations that a virtual child has (V11); a fanOutPoint passes on all of them.
VIRTUAL_OPERATIONS = {
    LATEST: frozenset({RETRIEVE, DELETE}),
    OLDEST: frozenset({RETRIEVE, DELETE}),
    FAN_OUT_POINT: frozenset(Operation),
    "pcu": frozenset({RETRIEVE, NOTIFY}),
    "ntsr": frozenset({DELETE}),
    "sfop": frozenset({RETRIEVE}),
    "smv": frozenset({UPDATE}),
    "msp": frozenset(Operation),
}


class Meter(Protocol):
    """Counts requests; the composition root gives a real one."""

    def begun(self) -> float:
        """Note that a request has come; what is returned goes to ``ended``."""

    def ended(self, began: float, operation: int, status: int) -> None:
        """Note that it was answered, or given up (5000)."""


class NoMeter:
    """Counts nothing."""

    def begun(self) -> float:
        """Nothing to note."""
        return 0.0

    def ended(self, began: float, operation: int, status: int) -> None:
        """Nothing to note."""


class Dispatcher:
    """Takes request primitives for one CSE. Everything below raises; only here errors become answers."""

    def __init__(self, meter: Meter | None = None) -> None:
        self.core: Core
        self._meter = meter or NoMeter()

    async def handle(self, request: RequestPrimitive) -> ResponsePrimitive:
        """Answer a request. Never raises."""
        meter = self._meter
        began = meter.begun()
        try:
            core = self.core
            if request.repetition is not None and (given := core.answers.find(request.repetition)) is not None:
                await core.committer.settled()
                response = given
            elif core.profiled or core.notifier.monitoring.subscriptions or request.primitive_profile is not None:
                response = await self._attend(request)
            else:
                response = await self._process(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes an answer
            response = answer_to(error, request.request_id)
        except BaseException:
            meter.ended(began, request.operation, Status.INTERNAL_SERVER_ERROR)
            raise
        meter.ended(began, request.operation, response.status)
        response.request_id = request.request_id
        response.release_version = request.release_version
        return response

    async def _attend(self, request: RequestPrimitive) -> ResponsePrimitive:
        """Answer a request that operation monitors (SUB-12) or primitive profiles (PRP-1) may be about."""
        core, monitoring = self.core, self.core.notifier.monitoring
        attempt = None if is_deferred(request) else monitoring.begun(core, request)
        try:
            if request.internal or (request.primitive_profile is None and not core.profiled):
                response = await self._process(request)
            else:
                response = await by_profiles(core, request, self._process)
        except Exception as error:  # noqa: BLE001 - what is monitored is the attempt, however it ends
            response = answer_to(error, request.request_id)
        if attempt is not None:
            await monitoring.ended(core, attempt)
        return response

    def _process(self, request: RequestPrimitive) -> Awaitable[ResponsePrimitive]:
        """Check a request and give what will answer it; nothing is waited for that is at hand."""
        core = self.core
        check_form(request, core.settings.releases)
        call = Call(core, request, core.identity.entity(request.originator) if request.originator else "")
        expiration = check_expiration(request, call.now)
        support.check_request(request)
        check_result_expiration(request, expiration, call.now)
        registering = registers(request)
        if not registering:
            registration.check_originator(call)
        for look in core.arrivals:
            look(call)
        if core.opening is not None:
            check_open(call)
        check_parameters(core, request)
        if core.cmdh is not None:
            govern(call, execution_of(core))
        if is_deferred(request):
            return accept(call, execution_of(core))
        address = core.identity.address(request.to)
        if address.cse is not None:
            return route(call, address.cse, registering)
        target = at_hand(core, address.segments, call.stamp)
        return operate(call, target) if target is not None else seek(call, address.segments)


async def seek(call: Call, segments: tuple[str, ...]) -> ResponsePrimitive:
    """Answer a request about an instance that only the store knows, or about nothing."""
    target = await stored(call.core, segments, call.stamp)
    if target is None:
        raise NotFound(f"to: there is no resource {call.request.to!r} here")
    return await operate(call, target)


def operate(call: Call, target: Target) -> Awaitable[ResponsePrimitive]:
    """Do what a request asks of its target."""
    core, request = call.core, call.request
    check_operation(target, call)
    call.target = target
    if core.locks:
        check_lock(call, target)
    perform = OPERATIONS[request.operation] if target.virtual is None else operate_virtual
    doing = perform(call) if request.group_request_id is None else once(call, perform)
    return looked_at(call, doing) if core.performed else doing


async def looked_at(call: Call, doing: Awaitable[ResponsePrimitive]) -> ResponsePrimitive:
    """Let those see an operation who want to know of each that was done."""
    response = await doing
    for look_back in call.core.performed:
        look_back(call, response)
    return response


async def operate_virtual(call: Call) -> ResponsePrimitive:
    """An operation on a virtual child: a fanOutPoint, one that stands for an instance, or one with a behaviour."""
    core, target = call.core, call.target
    assert target.virtual is not None
    if target.virtual == FAN_OUT_POINT:
        return await point.perform(call)
    if target.virtual in INSTANCES:
        if "li" in target.resource.attributes:
            await locate(call)
        call.target = await settle_virtual(core, target, call.stamp)
        return await OPERATIONS[call.request.operation](call)
    behaviour = core.behaviours.get(target.resource.type.number)
    if behaviour is None:
        raise NotImplementedHere(f"{target.virtual}: this virtual resource is not implemented here")
    return await behaviour.virtual(call)


def is_deferred(request: RequestPrimitive) -> bool:
    """True for what is done later, or perhaps: it becomes a request of its own when it is (V12)."""
    return request.response_type != BLOCKING or request.operation_execution is not None


def answer_to(error: Exception, request_id: str) -> ResponsePrimitive:
    """The answer that an error becomes; the unexpected is logged once under a correlation id."""
    if isinstance(error, CseError):
        return ResponsePrimitive(error.status, content={"m2m:dbg": error.message})
    if isinstance(error, StoreError):
        log.error("store: %s", error)
        text = "the store cannot write"
    else:
        correlation = secrets.token_hex(4)
        log.error("request %s failed, correlation id %s", request_id, correlation, exc_info=error)
        text = f"internal error, correlation id {correlation}"
    return ResponsePrimitive(Status.INTERNAL_SERVER_ERROR, content={"m2m:dbg": text})


def check_form(request: RequestPrimitive, releases: list[str]) -> None:
    """V1, V2: mandatory parameters, release version."""
    if not request.request_id:
        raise BadRequest("rqi: the request identifier is missing (HTTP header X-M2M-RI)")
    if not request.to:
        raise BadRequest("to: the target is missing")
    if not request.originator and not registers(request):
        raise BadRequest("fr: the originator is missing (HTTP header X-M2M-Origin)")
    if "#" in request.to:
        take_fragment(request)
    version = request.release_version
    if version is not None and version not in releases:
        raise OriginatorError(f"rvi: release {version!r} is not supported here; supported are {', '.join(releases)}",
                              Status.RELEASE_VERSION_NOT_SUPPORTED)


def registers(request: RequestPrimitive) -> bool:
    """True for the registration of an AE, which nobody here knows yet."""
    return request.operation is CREATE and request.resource_type == AE.number


def take_fragment(request: RequestPrimitive) -> None:
    """RET-1: ``to`` with ``#`` and an attribute asks for that attribute alone."""
    address, _, name = request.to.partition("#")
    if request.operation is not RETRIEVE or request.attribute_list is not None:
        raise BadRequest(f"to: {request.to!r} names an attribute; only a RETRIEVE without atrl can")
    request.to, request.attribute_list = address, [name]


def check_parameters(core: Core, request: RequestPrimitive) -> None:
    """V9: what the operation must and must not carry; V11 for types that no request creates."""
    operation = request.operation
    type_ = None
    if operation is CREATE:
        type_ = check_type(core, request)
        if request.filter_criteria is not None:
            raise BadRequest("fc: a CREATE has no filter criteria")
    elif request.resource_type is not None:
        raise BadRequest(f"ty: only a CREATE has a resource type, this is {operation.name}")
    if request.content is None and operation is not RETRIEVE and operation is not DELETE:
        raise BadRequest(f"pc: {operation.name} needs a content, for example {{\"m2m:cnt\": {{}}}}")
    if request.content is not None and operation is DELETE:
        raise BadRequest("pc: a DELETE has no content")
    if request.result_content not in RESULT_CONTENTS[operation]:
        allowed = ", ".join(str(rcn) for rcn in sorted(r for r in RESULT_CONTENTS[operation] if r is not None))
        raise BadRequest(f"rcn: {request.result_content} is not allowed for {operation.name}; "
                         f"allowed: {allowed or 'none'}")
    if request.filter_criteria is not None:
        support.check_filter(request.filter_criteria)
    if type_ is not None:
        check_creatable(core, request, type_)


def check_type(core: Core, request: RequestPrimitive) -> ResourceType:
    """The type of a CREATE: present, known (4000) and implemented (5001)."""
    number = request.resource_type
    if number is None:
        raise BadRequest("ty: a CREATE needs the resource type (HTTP: Content-Type: application/json;ty=3)")
    type_ = core.registry.by_number.get(number)
    if type_ is None:
        if number in core.registry.known_type_numbers:
            raise CseError(f"ty: resource type {number} is not implemented here", Status.NOT_IMPLEMENTED)
        raise BadRequest(f"ty: there is no resource type {number}")
    return type_


def check_creatable(core: Core, request: RequestPrimitive, type_: ResourceType) -> None:
    """V11: types that this CSE does not have, that others create, or nobody does (4005)."""
    if type_.in_only and core.settings.cse_type != "IN":
        raise OperationNotAllowed(f"ty: {type_.phrase} is for an IN-CSE; this one is of type {core.settings.cse_type}")
    if type_.number == DELIVERY.number and not core.identity.entity(request.originator).startswith("/"):
        raise OperationNotAllowed("ty: a delivery is for CSEs among themselves (Mcc)")
    if not type_.creatable:
        raise OperationNotAllowed(f"ty: {type_.phrase} is never created by request")


async def route(call: Call, cse: str, registering: bool) -> ResponsePrimitive:
    """FWD-1 … FWD-3: pass a request on to another CSE; an AE registers at its own registrar alone.

    What came by multicast is for members of a group here, under an address of the group's host.
    """
    if call.request.by_multicast:
        return await local_group.perform(call)
    if registering:
        raise BadRequest(f"to: an AE registers at its own registrar, not at {cse}")
    call.request.originator = call.core.identity.sp_relative(call.originator)
    try:
        return await call.core.ask_remote(cse, call.request)
    except Unreachable:
        raise NotFound(f"to: {cse} is not a CSE that this one can reach") from None


def check_operation(target: Target, call: Call) -> None:
    """V11: operations that a type or a virtual resource never allows (4005)."""
    operation = call.request.operation
    if target.virtual is not None:
        possible = VIRTUAL_OPERATIONS[target.virtual]
        if operation not in possible:
            names = " and ".join(one.name for one in sorted(possible))
            raise OperationNotAllowed(f"{target.virtual}: only {names} {'is' if len(possible) == 1 else 'are'} "
                                      "possible here")
    elif operation is UPDATE or operation is DELETE:
        type_ = target.type_in(call.core.registry)
        if not (type_.updatable if operation is UPDATE else type_.deletable):
            raise OperationNotAllowed(f"{type_.phrase} cannot be {operation.name.lower()}d by request")
