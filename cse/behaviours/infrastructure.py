"""Types that are for the infrastructure: device triggers, multicast (SSP-3).

There is no underlying network here; what needs one is answered as the standard says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cse.behaviour import Behaviour
from resources.errors import BadRequest, Conflict, OriginatorError, ReceiverError
from resources.model import Resource
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Call
    from cse.operations.change import Draft
    from cse.work import Work

#: Types of what a trigger can be for.
REGISTREES = frozenset({2, 16})
#: m2m:triggerPurpose executeCRUD, m2m:triggerStatus ERROR_NSE_NOT_FOUND and PROCESSING.
EXECUTE_CRUD, NO_NETWORK, PROCESSING = 3, 2, 1
#: What makes a new trigger of one that is under way.
OF_TRIGGER = frozenset({"tri", "tpe", "tvt", "tiae", "tia", "tio", "tirt"})

#: multicastGroupFanoutTarget: a CSE-ID and a name.
TARGET = re.compile(r"/[^/\s]+/[^/\s]+")


class TriggerBehaviour(Behaviour):
    """triggerRequest: checked as if there was a network that could deliver it."""

    async def prepare(self, draft: Draft) -> None:
        """The recipient wants triggers, the purpose is possible, and one that is over is not replaced."""
        current, attributes = draft.current, draft.attributes
        if current is not None and OF_TRIGGER.isdisjoint(draft.given):
            return
        if attributes["tpe"] == EXECUTE_CRUD and "tio" not in attributes:
            raise OriginatorError("tpe: 3 (executeCRUD) needs the operation (tio)", Status.INVALID_TRIGGER_PURPOSE)
        self._check_recipient(attributes["mei"], attributes["tri"])
        if current is not None and current.attributes["tst"] != PROCESSING:
            raise OriginatorError("tst: the trigger is not under way (any more); make another one",
                                  Status.UNABLE_TO_REPLACE_REQUEST)
        attributes["tst"] = NO_NETWORK

    def _check_recipient(self, external_id: str, recipient: int) -> None:
        for registree in self.core.tree.root.children.values():
            found = registree.attributes
            if registree.type.number in REGISTREES and found.get("tri") == recipient \
                    and found.get("mei", external_id) == external_id and found.get("tren") is False:
                raise ReceiverError(f"tri: {registree.path} does not want to be triggered (tren is false)",
                                    Status.TRIGGERING_DISABLED_FOR_RECIPIENT)


class MulticastBehaviour(Behaviour):
    """localMulticastGroup: members of this CSE that are asked together by requests to an IP multicast group."""

    async def prepare(self, draft: Draft) -> None:
        """Whoever asks must not believe that requests arrive which do not; a target is that of one group."""
        attributes, multicast = draft.attributes, self.core.multicast
        if not multicast.has(attributes["mad"]):
            raise ReceiverError(f"mad: this CSE is no member of {attributes['mad']}; see coap.multicast_groups",
                                Status.JOIN_MULTICAST_GROUP_FAILED)
        if draft.current is None:
            self._check_target(attributes["mgft"])

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port
        """Its requests are for its members."""
        self.core.multicast.add(resource)
        work.undo.append(lambda: self.core.multicast.remove(resource))

    def removed(self, work: Work, resource: Resource) -> None:
        """Its requests are for nobody."""
        self.core.multicast.remove(resource)
        work.undo.append(lambda: self.core.multicast.add(resource))

    def restored(self, resource: Resource) -> None:
        """As it was."""
        self.core.multicast.add(resource)

    def _check_target(self, target: str) -> None:
        own = self.core.identity.cse_id
        if not TARGET.fullmatch(target) or target.startswith(f"{own}/"):
            raise BadRequest(f"mgft: {target!r:.80}; expected /<CSE-ID of the group host>/<name>, not below {own}")
        if self.core.multicast.find(target) is not None:
            raise Conflict(f"mgft: {target!r} is the target of another group here")
