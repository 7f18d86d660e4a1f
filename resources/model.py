"""What a resource type is: a table of attributes plus a few hooks (TS-0001 9.6, TS-0004 7.4).

A type is data. Code reads the table: validation compiles it, the announced variant is derived from it, the
documentation prints it, a test compares it with the facts of the standard. Only what a table cannot say is a hook.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from resources.datatypes import DataType
    from resources.errors import CseError
    from resources.status import Status


class Optionality(Enum):
    """Whether a request may or must carry an attribute (TS-0004 7.4, request optionality)."""

    MANDATORY = "M"
    OPTIONAL = "O"
    FORBIDDEN = "NP"


class Announce(Enum):
    """Announcement class of an attribute (TS-0001 9.6.26)."""

    MA = "MA"
    OA = "OA"
    NA = "NA"


class Operation(IntEnum):
    """The five operations; ``bit`` is the accessControlOperations bit (ACP-5), discovery has its own."""

    CREATE = 1
    RETRIEVE = 2
    UPDATE = 3
    DELETE = 4
    NOTIFY = 5


class Permission:
    """Bits of accessControlOperations (ACP-5)."""

    CREATE = 1
    RETRIEVE = 2
    UPDATE = 4
    DELETE = 8
    NOTIFY = 16
    DISCOVERY = 32


@dataclass(frozen=True, slots=True)
class Attribute:
    """One row of a type's table.

    ``single`` is True for multiplicity 1: a stored resource always has the attribute, and an UPDATE cannot remove
    it. ``default`` is used when a multiplicity-1 attribute is left out; ``None`` means the CSE computes it.
    ``release`` is the first release that has the attribute.
    """

    short: str
    name: str
    type: DataType
    create: Optionality
    update: Optionality
    announce: Announce = Announce.NA
    single: bool = False
    default: Any = None
    release: int = 1


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a table cannot say about a type. Every hook is optional.

    ``check`` runs before a CREATE or an UPDATE is done, after the table check: it may complete
    ``change.attributes`` or raise a ``CseError``; it must not have effects of its own.
    ``policies`` names the attribute that holds the privileges of the type itself (accessControlPolicy).
    """

    check: Callable[[Change], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ResourceType:
    """A resource type of the standard as a table.

    ``parents`` are the long names of the types it may stand under. ``virtual`` are the names of its virtual
    children (``la``, ``ol``, ``fopt``). ``instance_of`` is set for types whose resources are history kept in the
    store and not in the working set (contentInstance: ``"container"``); ``instance`` on the other side names the
    instance type that such a parent keeps and counts (``cni``, ``cbs``, ``mni``, ``mbs``, ``mia``).
    ``creatable``, ``updatable``, ``deletable`` are False where a request may never do it (4005). ``in_only`` types
    are for an IN-CSE alone (CRE-1).

    A specialization (a management object, a device model) shares the number of its ``base`` (a long name); the
    ``discriminator`` is the attribute and the value that tell it apart: ``("mgd", 1001)``, ``("cnd", "org.…")``.
    ``announced_as`` is the short name of the announced variant, None where there is none. ``release`` is the first
    release that has the type; a row of an older release is one that other types share.
    """

    number: int
    short: str
    name: str
    parents: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    virtual: tuple[str, ...] = ()
    prefix: str = "m2m"
    instance: str | None = None
    instance_of: str | None = None
    creatable: bool = True
    updatable: bool = True
    deletable: bool = True
    subscribable: bool = True
    in_only: bool = False
    base: str | None = None
    discriminator: tuple[str, Any] | None = None
    announced_as: str | None = None
    release: int = 1
    hooks: Hooks = Hooks()
    by_short: Mapping[str, Attribute] = field(init=False, repr=False)
    root: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_short", {row.short: row for row in self.attributes})
        object.__setattr__(self, "root", f"{self.prefix}:{self.short}")

    @property
    def phrase(self) -> str:
        """The name with its article, for messages: ``a container``, ``an AE``."""
        return f"{'an' if self.name[0] in 'AEIOaeio' else 'a'} {self.name}"

    @property
    def has_policies(self) -> bool:
        """True when resources of this type can carry ``acpi``."""
        return "acpi" in self.by_short


class Resource:
    """A resource of the working set: its attributes by short name, its place in the tree.

    ``attributes`` holds everything a RETRIEVE shows, ``rn`` ``ty`` ``ri`` ``pi`` included. ``creator`` is the
    originator of the CREATE and is internal (ACP-10). ``children`` has the structural children by name; instances
    are in the store. ``encoded`` caches the JSON of ``attributes``; ``revision`` is the number of the last unit of
    work that changed the resource: a reader waits until that unit is durable. ``state`` is a JSON object that is
    stored with the resource and never shown: what a behaviour needs to go on after a restart.
    """

    __slots__ = (
        "attributes", "children", "creator", "encoded", "parent", "path", "revision", "ri", "rn", "shelf", "state",
        "type",
    )

    def __init__(
        self, type_: ResourceType, attributes: dict[str, Any], creator: str, parent: Resource | None = None
    ) -> None:
        self.type = type_
        self.attributes = attributes
        self.creator = creator
        self.parent = parent
        self.ri: str = attributes["ri"]
        self.rn: str = attributes["rn"]
        self.path: str = self.rn if parent is None else f"{parent.path}/{self.rn}"
        self.children: dict[str, Resource] = {}
        self.encoded: bytes | None = None
        self.revision = 0
        self.shelf: Any = None
        self.state: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"<{self.type.name} {self.path} ({self.ri})>"


class MemberKind(NamedTuple):
    """What a member of a group is: type number, and the ``cnd`` or ``mgd`` that tells its specialization."""

    number: int
    specialization: Any = None


class Change(Protocol):
    """What a ``check`` hook sees of a CREATE or an UPDATE that is about to be done.

    ``given`` are the attributes of the request (an UPDATE may hold ``None``: remove); ``attributes`` the
    resource as it will be, which the hook may complete; ``current`` the resource before (None for a CREATE).
    ``now`` is a ``m2m:timestamp``; ``verify`` is False where the settings switch subscription verification off.
    """

    type: ResourceType
    originator: str
    now: str
    given: Mapping[str, Any]
    attributes: dict[str, Any]
    current: Resource | None
    parent: Resource | None
    verify: bool

    def find(self, identifier: str) -> Resource | None:
        """Return the local resource with this identifier in any form; None if foreign, unknown, or an instance."""

    def is_local(self, identifier: str) -> bool:
        """True when the identifier belongs to this CSE (whether or not it exists)."""

    def child_types(self, resource: Resource) -> frozenset[int]:
        """Return the numbers of the types that may stand under the resource."""

    def permitted(self, resource: Resource, permission: int) -> bool:
        """True when the originator has the permission (a ``Permission`` bit) on the resource."""

    def same_entity(self, one: str, other: str) -> bool:
        """True when two AE-IDs or CSE-IDs in any form name the same entity (ADR-7)."""

    async def member_kinds(self, identifiers: Sequence[str]) -> Mapping[str, MemberKind | CseError | None]:
        """What group members are, in any form; ``…/fopt`` and virtual members included.

        None: it cannot be known now (unreachable). An error: a missing one (4004), or one that may not be read on
        its CSE (5105).
        """

    async def notify(self, target: str, content: Mapping[str, Any]) -> Status:
        """Send one NOTIFY and return the answered status; unreachable is ``TARGET_NOT_REACHABLE``."""


def row(
    short: str,
    name: str,
    type_: DataType,
    *,
    create: Optionality = Optionality.OPTIONAL,
    update: Optionality = Optionality.OPTIONAL,
    announce: Announce = Announce.NA,
    single: bool = False,
    default: Any = None,
    release: int = 1,
) -> Attribute:
    """Write one attribute row; the defaults are those of the most frequent row (O, O, NA, 0..1)."""
    return Attribute(short, name, type_, create, update, announce, single, default, release)
