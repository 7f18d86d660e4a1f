"""primitiveProfile: what the requests of an entity leave out is added, what it need not get is left out (PRP-1).

A name in ``adds`` and ``dels`` is that of a request parameter, or else of an attribute of the resource in the content.
What a request says itself stays. A profile is for those in ``idl``; one for others only an administrator makes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.codecs import decode, encode
from cse.core import LIMITS
from cse.parameters.table import REQUEST_PARAMETERS, read
from cse.primitive import Operation, RequestPrimitive, ResponsePrimitive
from cse.work import Work
from resources.errors import BadRequest, NoPrivilege, NotImplementedHere, OriginatorError
from resources.model import Permission, Resource
from resources.primitive_profile import PRIMITIVE_PROFILE
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Call, Core
    from cse.operations.change import Draft

#: Bits of m2m:primitiveProfileApplicability.
REQUESTS, RESPONSES, NOTIFICATIONS = 1, 2, 4
EVERYTHING = REQUESTS | RESPONSES
#: What says who asks for what cannot come from a profile, nor what ends a group request that comes round.
ESSENTIAL = frozenset({"op", "to", "fr", "rqi", "ty", "pc", "fc", "rt", "prpi", "gid", "grtm"})
#: A request has it, and its answer repeats it.
REPEATED = frozenset({"rvi"})
DEFAULTS = {one.name: one.default if one.default is not MISSING else None for one in fields(RequestPrimitive)}

Process = Callable[[RequestPrimitive], Awaitable[ResponsePrimitive]]


@dataclass(frozen=True, slots=True)
class Profile:
    """A compiled profile; None means whatever."""

    resource: Resource
    entities: frozenset[str]
    types: frozenset[int] | None
    operations: frozenset[int] | None
    targets: frozenset[str] | None
    releases: frozenset[str] | None
    parameters: Mapping[str, Any]
    attributes: Mapping[str, Any]
    without: frozenset[str]
    applies_to: int


class ProfileBehaviour(Behaviour):
    """The primitive profiles of one CSE, in the order of their creation."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.profiles: dict[str, Profile] = {}

    async def prepare(self, draft: Draft) -> None:
        """PRP-1: it is for its originator, and what it adds can be added."""
        attributes, core = draft.attributes, self.core
        others = [one for one in attributes["idl"] if core.identity.entity(one) != draft.originator]
        if others and draft.originator not in core.administrators:
            raise NoPrivilege(f"idl: a profile for {others[0]} is made by itself or by an administrator")
        _mask(attributes.get("appl"))
        names = [*(one["nm"] for one in attributes.get("adds") or ()), *(attributes.get("dels") or ())]
        for name in names:
            if name in ESSENTIAL:
                raise BadRequest(f"{name}: is essential for a request; a profile cannot add or remove it")
        for name in REPEATED.intersection(attributes.get("dels") or ()):
            raise BadRequest(f"dels: {name} cannot be removed")
        for one in attributes.get("adds") or ():
            parameter = REQUEST_PARAMETERS.get(one["nm"])
            if parameter is not None and not parameter.supported:
                raise NotImplementedHere(f"adds: the parameter {one['nm']} is not implemented here")
            if parameter is not None:
                read(parameter, one["val"])

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port
        """It counts from now on."""
        self.restored(resource)
        work.undo.append(lambda: self._forget(resource))

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],  # noqa: ARG002 - the port
                given: Mapping[str, Any]) -> None:  # noqa: ARG002 - the port
        """It counts as it is now."""
        self.restored(resource)
        work.undo.insert(0, lambda: self.restored(resource))

    def removed(self, work: Work, resource: Resource) -> None:
        """It counts no more."""
        self._forget(resource)
        work.undo.append(lambda: self.restored(resource))

    def restored(self, resource: Resource) -> None:
        """Compile it."""
        self.profiles[resource.ri] = self._compiled(resource)
        self.core.profiled = True

    def _forget(self, resource: Resource) -> None:
        self.profiles.pop(resource.ri, None)
        self.core.profiled = bool(self.profiles)

    def _compiled(self, resource: Resource) -> Profile:
        attributes, identity = resource.attributes, self.core.identity
        adds = {one["nm"]: one["val"] for one in attributes.get("adds") or ()}
        parameters = {REQUEST_PARAMETERS[name].field: read(REQUEST_PARAMETERS[name], value)
                      for name, value in adds.items() if name in REQUEST_PARAMETERS}
        return Profile(
            resource, frozenset(identity.entity(one) for one in attributes["idl"]), _set(attributes.get("rtys")),
            _set(attributes.get("ops")), _set(attributes.get("rsds")), _set(attributes.get("rvs")), parameters,
            {name: value for name, value in adds.items() if name not in REQUEST_PARAMETERS},
            frozenset(attributes.get("dels") or ()), _mask(attributes.get("appl")),
        )

    def choose(self, request: RequestPrimitive, originator: str) -> list[Profile]:
        """The profiles that a request goes by; 4138 for a named one that the originator cannot use."""
        named = request.primitive_profile
        if named is None:
            return [one for one in self.profiles.values() if self._fits(one, request, originator)]
        resource = self.core.tree.find(named)
        profile = self.profiles.get(resource.ri) if resource is not None else None
        if profile is None or originator not in profile.entities or \
                not self.core.access.permitted(profile.resource, originator, Permission.RETRIEVE):
            raise OriginatorError(f"prpi: there is no primitive profile {named} for {originator or 'nobody'}",
                                  Status.PRIMITIVE_PROFILE_NOT_ACCESSIBLE)
        return [profile]

    def _fits(self, profile: Profile, request: RequestPrimitive, originator: str) -> bool:
        return originator in profile.entities \
            and (profile.operations is None or request.operation in profile.operations) \
            and (profile.releases is None or request.release_version in profile.releases) \
            and (profile.targets is None or self._is_target(profile.targets, request.to)) \
            and (profile.types is None or self._type_of(request) in profile.types)

    def _is_target(self, targets: Iterable[str], to: str) -> bool:
        found = self.core.tree.find(to.partition("#")[0])
        return found is not None and any(self.core.tree.find(one) is found for one in targets)

    def _type_of(self, request: RequestPrimitive) -> int | None:
        """The type that a request is about."""
        if request.operation is Operation.CREATE:
            return request.resource_type
        try:
            address = self.core.identity.address(request.to.partition("#")[0])
        except BadRequest:
            return None
        if address.cse is not None:
            return None
        found, left = self.core.tree.walk(address.segments)
        if found is None:
            return None
        type_ = self.core.registry.instance_type(found.type) if left else found.type
        return None if type_ is None else type_.number


async def by_profiles(core: Core, request: RequestPrimitive, process: Process) -> ResponsePrimitive:
    """Process a request as the profiles say; 4139 when that makes it wrong."""
    behaviour = core.behaviours[PRIMITIVE_PROFILE.number]
    assert isinstance(behaviour, ProfileBehaviour)
    chosen = behaviour.choose(request, core.identity.entity(request.originator) if request.originator else "")
    before = [one for one in chosen if one.applies_to & REQUESTS]
    for profile in before:
        request = applied(core, profile, request)
    try:
        response = await process(request)
    except BadRequest as error:
        if not before:
            raise
        raise OriginatorError(f"after {before[-1].resource.path} was applied: {error.message}",
                              Status.PRIMITIVE_PROFILE_BAD_REQUEST) from None
    for profile in chosen:
        if profile.applies_to & RESPONSES and response.status.succeeded:
            response.content = _content(core, profile, response.content, to_request=False)
    return response


def applied(core: Core, profile: Profile, request: RequestPrimitive) -> RequestPrimitive:
    """The request with what the profile adds and without what it removes."""
    changes = {field: value for field, value in profile.parameters.items()
               if getattr(request, field) == DEFAULTS[field]}
    for name in profile.without & REQUEST_PARAMETERS.keys():
        field = REQUEST_PARAMETERS[name].field
        if field:
            changes[field] = DEFAULTS[field]
    made = replace(request, **changes, content=_content(core, profile, request.content, to_request=True))
    made.ticket, made.repetition = request.ticket, request.repetition
    return made


def _content(core: Core, profile: Profile, content: dict[str, Any] | None, *,
             to_request: bool) -> dict[str, Any] | None:
    """A content of one resource with and without these attributes; every other content as it is."""
    if not content or len(content) != 1 or not (profile.attributes or profile.without) \
            or core.registry.by_root.keys().isdisjoint(content):
        return content
    plain = content if to_request else decode(encode(content), LIMITS)
    ((root, inside),) = plain.items()
    if not isinstance(inside, dict):
        return content
    return {root: {**profile.attributes, **{name: value for name, value in inside.items()
                                            if name not in profile.without}}}


def _set(values: Iterable[Any] | None) -> frozenset[Any] | None:
    return None if values is None else frozenset(values)


def _mask(applicability: Iterable[str] | None) -> int:
    """``appl`` as bits; raises BadRequest, 5001 for notifications."""
    if applicability is None:
        return EVERYTHING
    mask = 0
    for one in applicability:
        if one not in ("1", "2", "3", "4", "5", "6", "7"):
            raise BadRequest(f"appl: {one!r} is no sum of 1 (requests), 2 (responses) and 4 (notifications)")
        mask |= int(one)
    if mask & NOTIFICATIONS:
        raise NotImplementedHere("appl: 4: profiles of notifications are not implemented here")
    return mask
