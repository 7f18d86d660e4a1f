"""flexContainer: size of its content, and the history that it keeps of itself (FCN-2, FCI-1).

The instances of a flexContainer are copies of its custom attributes. The CSE makes them, in the unit of work that
changes the attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.clock import seconds_of, timestamp
from cse.codecs import encode
from cse.instances import instance_id
from cse.storage.port import InstanceRecord
from resources.errors import BadRequest
from resources.flex_container import FLEX_CONTAINER
from resources.flex_container_instance import FLEX_CONTAINER_INSTANCE
from resources.model import Resource

if TYPE_CHECKING:
    from cse.core import Call
    from cse.operations.change import Draft
    from cse.work import Work

#: Attributes that limit the history; they go with ``fcied`` alone.
LIMITS = ("mni", "mbs", "mia")
COUNTERS = ("cni", "cbs")
#: What a new instance is made for, besides custom attributes.
ALSO_COPIED = ("lbl", "loc")

_OWN = FLEX_CONTAINER.by_short.keys()


def custom(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that the model adds to those of every flexContainer."""
    return {name: value for name, value in attributes.items() if name not in _OWN}


def size_of(values: Iterable[Any]) -> int:
    """``cs``: a text counts its UTF-8 bytes, anything else those of its JSON."""
    return sum(len(value.encode() if isinstance(value, str) else encode(value)) for value in values)


class FlexContainer(Behaviour):
    """All flexContainers of one CSE, whatever their model."""

    async def prepare(self, draft: Draft) -> None:
        """Set ``cs``, check what limits the history, start or end it."""
        attributes = draft.attributes
        attributes["cs"] = size_of(custom(attributes).values())
        check_limits(draft.given, attributes)
        if "fcied" not in attributes:
            for name in (*LIMITS, *COUNTERS):
                attributes.pop(name, None)
            return
        if draft.current is None and attributes["fcied"]:
            attributes.update(cni=1, cbs=attributes["cs"])  # a limit that holds one instance has been checked
        else:
            attributes.setdefault("cni", 0)
            attributes.setdefault("cbs", 0)

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:
        """The first instance shows the resource as it was made."""
        if resource.attributes.get("fcied"):
            self._add(work, resource, resource.attributes, call.originator if call is not None else resource.creator)

    async def history(self, work: Work, draft: Draft) -> None:
        """Add an instance when the content was touched; keep the newest alone, or none, as ``fcied`` says."""
        resource, attributes, instances = draft.current, draft.attributes, self.core.instances
        assert resource is not None
        keeps = attributes.get("fcied")
        if keeps is None:
            if "fcied" in resource.attributes:
                await instances.clear(resource, work)
        elif not keeps:
            if attributes["cni"] > 1:
                attributes["cni"], attributes["cbs"] = await instances.clear(resource, work, keep_newest=True)
        elif custom(draft.given) or not draft.given.keys().isdisjoint(ALSO_COPIED):
            attributes["cni"], attributes["cbs"] = await instances.make_room(
                resource, attributes, work, attributes["cni"] + 1, attributes["cbs"] + attributes["cs"]
            )
            await instances.shelf(resource)
            self._add(work, resource, attributes, draft.originator)

    def _add(self, work: Work, resource: Resource, attributes: Mapping[str, Any], originator: str) -> None:
        """Put an instance that is counted already; the shelf of an older resource is at hand."""
        core = self.core
        seq = core.instances.next_seq()
        ri = instance_id(FLEX_CONTAINER_INSTANCE.short, seq)
        stamp = attributes["lt"]
        copied = {name: attributes[name] for name in ALSO_COPIED if name in attributes}
        content = {
            "ty": FLEX_CONTAINER_INSTANCE.number, "ri": ri, "pi": resource.ri, "rn": ri, "ct": stamp, "lt": stamp,
            "et": expiration(attributes, stamp), "cs": attributes["cs"], "org": originator, **copied,
            **custom(attributes),
        }
        record = InstanceRecord(
            seq, ri, resource.ri, None, FLEX_CONTAINER_INSTANCE.number, content["et"], content["cs"], encode(content)
        )
        core.instances.shelve(resource, record, work)
        type_ = core.registry.instance_type(resource.type) or FLEX_CONTAINER_INSTANCE
        core.notifier.instance_created(work, resource, type_, record, content)


def check_limits(given: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
    """FCI-1: limits of the history come with ``fcied``, are never 0, and leave room for one instance."""
    for name in LIMITS:
        if given.get(name) is not None and "fcied" not in attributes:
            raise BadRequest(f"{name}: limits the history, which needs fcied; set fcied or leave {name} out")
        if given.get(name) == 0:
            raise BadRequest(f"{name}: 0 would keep nothing; expected at least 1, or leave it out")
    most, size = attributes.get("mbs"), attributes["cs"]
    if "fcied" in attributes and most is not None and most < size:
        raise BadRequest(f"mbs: {most} bytes are fewer than one instance has (cs is {size})")


def expiration(attributes: Mapping[str, Any], stamp: str) -> str:
    """``et`` of an instance: that of its parent, and at most ``mia`` after now."""
    limit: str = attributes["et"]
    age = attributes.get("mia")
    return limit if age is None else min(limit, timestamp(min(seconds_of(stamp) + age, seconds_of(limit))))
