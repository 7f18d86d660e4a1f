"""Subscriptions and the policies for those who want to leave one: targets, references, rules (sections 13 and 15)."""

from __future__ import annotations

import logging

from cse.behaviour import Behaviour
from cse.core import Call
from cse.notifications import statistics
from cse.notifications.subscription import BLOCKING_UPDATE
from cse.notifications.target_removal import ACTIONS, remove_target, targets_of
from cse.operations.change import Draft
from cse.primitive import Operation, ResponsePrimitive
from resources.errors import Conflict, NoPrivilege, OperationNotAllowed, OriginatorError
from resources.notification_target_mgmt_policy_ref import NOTIFICATION_TARGET_MGMT_POLICY_REF
from resources.policy_deletion_rules import POLICY_DELETION_RULES
from resources.status import Status

log = logging.getLogger("banyan.notifications")

#: Most policyDeletionRules of a policy (NTP-3).
MOST_RULES = 2


class SubscriptionBehaviour(Behaviour):
    """Statistics, and the virtual child by which a target leaves."""

    async def prepare(self, draft: Draft) -> None:
        """SUB-31: counting begins at 0 whenever it is switched on; SUB-25: past events are not kept."""
        attributes, given = draft.attributes, draft.given
        self._check_alone(draft)
        if given.get("psn") is not None:
            log.warning("psn of a subscription to %s: past events are not kept here, it is ignored",
                        draft.parent.path if draft.parent is not None else "")
        if given.get("nse") is True:
            attributes["nsi"] = statistics.begin(attributes["nu"])
        elif "nse" in given and given["nse"] is None:
            attributes.pop("nsi", None)
        elif "nu" in given and "nsi" in attributes:
            attributes["nsi"] = statistics.begin(attributes["nu"], attributes["nsi"])

    def _check_alone(self, draft: Draft) -> None:
        """SUB-5 once more: another blocking subscription may have come while the target was asked."""
        assert draft.parent is not None
        other = self.core.notifier.subscriptions.blocking.get(draft.parent.ri)
        events = (draft.attributes.get("enc") or {}).get("net", ())
        if BLOCKING_UPDATE in events and other is not None and other.resource is not draft.current:
            raise OriginatorError(f"enc.net: {other.resource.rn} already is the blocking subscription here",
                                  Status.BLOCKING_SUBSCRIPTION_ALREADY_EXISTS)

    async def virtual(self, call: Call) -> ResponsePrimitive:
        """NTP-1: DELETE of ``ntsr`` by a target."""
        if call.request.operation is not Operation.DELETE or call.target.rest:
            raise OperationNotAllowed("ntsr: only DELETE is possible here, by a notification target")
        subscription = call.target.resource
        targets = targets_of(self.core, subscription, call.originator)
        if not targets:
            raise NoPrivilege(f"fr: {call.originator} is no notification target of {subscription.path}")
        await remove_target(self.core, subscription, targets, call.location)
        return ResponsePrimitive(Status.DELETED)


class TargetPolicyBehaviour(Behaviour):
    """notificationTargetPolicy."""

    async def prepare(self, draft: Draft) -> None:
        """NTP-2: what is not given is as in the policy of the system, and the label is the name."""
        draft.attributes.setdefault("acn", ACTIONS[self.core.settings.target_removal])
        draft.attributes.setdefault("plbl", draft.attributes["rn"])


class PolicyReferenceBehaviour(Behaviour):
    """notificationTargetMgmtPolicyRef."""

    async def prepare(self, draft: Draft) -> None:
        """NTP-5: a target has one policy in a subscription."""
        assert draft.parent is not None
        for sibling in draft.parent.children.values():
            if sibling.type.number == NOTIFICATION_TARGET_MGMT_POLICY_REF.number and sibling is not draft.current:
                twice = set(sibling.attributes["ntu"]).intersection(draft.attributes["ntu"])
                if twice:
                    raise Conflict(f"ntu: {min(twice)} has its policy by {sibling.rn} already")


class DeletionRulesBehaviour(Behaviour):
    """policyDeletionRules."""

    async def prepare(self, draft: Draft) -> None:
        """NTP-3: at most two under one policy."""
        assert draft.parent is not None
        rules = [one for one in draft.parent.children.values() if one.type.number == POLICY_DELETION_RULES.number]
        if draft.current is None and len(rules) >= MOST_RULES:
            raise Conflict(f"ty: {draft.parent.path} has {MOST_RULES} policyDeletionRules already; more are impossible")
