"""Who may do what with ``<request>`` resources: one policy for those of an originator (RTP-4)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cse.clock import seconds_of, timestamp
from cse.core import Core
from cse.modes.record import limited
from cse.operations.internal import amend, make
from cse.work import Work
from resources.access_control_policy import ACCESS_CONTROL_POLICY
from resources.errors import ReceiverError
from resources.model import Permission, Resource
from resources.status import Status

EVERYTHING = 63


class RequestPolicies:
    """The policies by originator, and how many requests of each are kept.

    Policies expire by themselves, after the requests that they are for.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._known: dict[str, str] = {}
        self._kept: Counter[str] = Counter()

    def remember(self, originator: str, policy: str) -> None:
        """A stored request has this policy."""
        self._known[originator] = policy

    def count(self, resource: Resource, change: int) -> None:
        """A request is kept (1), or no more (-1)."""
        originator = self._core.identity.entity(resource.attributes["org"])
        self._kept[originator] += change
        if self._kept[originator] <= 0:
            del self._kept[originator]

    def is_full(self, originator: str) -> bool:
        """True when no further request of the originator is kept."""
        return self._kept[self._core.identity.entity(originator)] >= self._core.settings.max_requests_per_originator

    def check_room(self, originator: str) -> None:
        """Raise NOT_ACCEPTABLE (5207) when no further request of the originator is kept."""
        if self.is_full(originator):
            raise ReceiverError(f"rt: {self._core.settings.max_requests_per_originator} requests of {originator} are "
                                "kept already (cse.max_requests_per_originator); delete those whose results were "
                                "fetched, or ask for blocking (3)", Status.NOT_ACCEPTABLE)

    def policy(self, work: Work, originator: str, until: str) -> Resource:
        """The policy of an originator, made or kept long enough inside a unit of work."""
        core = self._core
        known = core.tree.by_id.get(self._known.get(originator, ""))
        if known is None or known.type.number != ACCESS_CONTROL_POLICY.number:
            return self._make(work, originator, until)
        if known.attributes["et"] < until:
            amend(core, work, known, {"et": self._end(until)})
        return known

    def _make(self, work: Work, originator: str, until: str) -> Resource:
        core = self._core
        attributes = {**_privileges(core.identity.cse_id, originator), "et": self._end(until)}
        type_ = core.registry.by_number[ACCESS_CONTROL_POLICY.number]
        policy = make(core, work, core.tree.root, type_, attributes, creator=core.identity.cse_id)
        self._known[originator] = policy.ri

        def undo() -> None:
            del self._known[originator]

        work.undo.append(undo)
        return policy

    def _end(self, until: str) -> str:
        """Later than needed, so that not every request has to put it off."""
        return limited(self._core, timestamp(seconds_of(until) + self._core.settings.request_lifetime_s))


def _privileges(cse_id: str, originator: str) -> dict[str, Any]:
    host = {"acor": [cse_id], "acop": EVERYTHING}
    return {
        "pv": {"acr": [host, {"acor": [originator], "acop": Permission.RETRIEVE | Permission.DELETE}]},
        "pvs": {"acr": [host, {"acor": [originator], "acop": Permission.UPDATE}]},
    }
