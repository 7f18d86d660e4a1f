"""Types that are for the infrastructure: device triggers, multicast (SSP-3).

There is neither an underlying network nor multicast here; what needs them is answered as the standard says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cse.behaviour import Behaviour
from resources.errors import OriginatorError, ReceiverError
from resources.status import Status

if TYPE_CHECKING:
    from cse.operations.change import Draft

#: Types of what a trigger can be for.
REGISTREES = frozenset({2, 16})
#: m2m:triggerPurpose executeCRUD, m2m:triggerStatus ERROR_NSE_NOT_FOUND and PROCESSING.
EXECUTE_CRUD, NO_NETWORK, PROCESSING = 3, 2, 1
#: What makes a new trigger of one that is under way.
OF_TRIGGER = frozenset({"tri", "tpe", "tvt", "tiae", "tia", "tio", "tirt"})


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
    """localMulticastGroup: this CSE cannot be a member of one."""

    async def prepare(self, draft: Draft) -> None:
        """Whoever asks must not believe that multicast requests arrive."""
        if draft.current is None:
            raise ReceiverError(f"mad: this CSE has no multicast; {draft.attributes['mad']} cannot be joined",
                                Status.JOIN_MULTICAST_GROUP_FAILED)
