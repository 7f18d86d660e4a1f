"""A notification target that wants to be told no more: which policy decides, and what it says (NTP-1 … NTP-4, SUB-28).

The target asks by DELETE of the virtual ``ntsr`` child, or by ``trr`` in its answer to a notification.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cse.access.contexts import Location, compile_context
from cse.core import Core
from cse.notifications import statistics
from cse.operations.delete import remove
from cse.primitive import ResponsePrimitive
from cse.work import Work
from resources.errors import CseError, NoPrivilege, NotFound
from resources.model import Resource
from resources.notification_target_mgmt_policy_ref import NOTIFICATION_TARGET_MGMT_POLICY_REF
from resources.notification_target_policy import NOTIFICATION_TARGET_POLICY
from resources.policy_deletion_rules import POLICY_DELETION_RULES
from resources.subscription import is_url, resource_of

log = logging.getLogger("banyan.notifications")

#: Values of ``acn``; the settings name the same ones.
ACCEPT, REJECT, ASK, INFORM = 1, 2, 3, 4
ACTIONS = {"accept": ACCEPT, "reject": REJECT, "ask": ASK, "inform": INFORM}
#: m2m:logicalOperator.
AND, OR = 1, 2
#: Label of the policy that counts where no other is named (NTP-2).
DEFAULT = "Default"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What deletion rules look at (``cse.access.contexts``)."""

    now: float
    location: Location | None
    address: str | None = None


def targets_of(core: Core, subscription: Resource, entity: str) -> list[str]:
    """The entries of ``nu`` that lead to an entity: by its ID, or by one of its points of access."""
    found = core.tree.by_id.get(entity)
    points = found.attributes.get("poa") or () if found is not None else ()
    return [target for target in subscription.attributes["nu"] if _is_of(core, target, entity, points)]


def _is_of(core: Core, target: str, entity: str, points: Sequence[str]) -> bool:
    if is_url(target):
        address = target.partition("?")[0]
        return any(address == point or address.startswith(f"{point.rstrip('/')}/") for point in points)
    resource = core.tree.find(resource_of(target))
    return core.identity.entity(resource_of(target)) == entity or (resource is not None and resource.ri == entity)


async def remove_target(core: Core, subscription: Resource, targets: Sequence[str], location: Location | None) -> None:
    """Take targets out of a subscription if the policy that counts allows it; raises NoPrivilege if not."""
    policy = _policy(core, subscription, targets)
    if policy is not None and not _applies(core, policy, location):
        raise NoPrivilege(f"to: the rules of {policy.path} do not allow a target to leave now")
    action = ACTIONS[core.settings.target_removal] if policy is None else policy.attributes["acn"]
    if action in (ASK, INFORM):
        allowed = await _ask_creator(core, subscription, targets[0])
        if action == INFORM or not allowed:
            raise NoPrivilege(f"to: the creator of {subscription.path} "
                              + ("has been told" if action == INFORM else "does not let this target leave"))
    elif action == REJECT:
        raise NoPrivilege(f"to: targets of {subscription.path} may not leave")
    await _take_out(core, subscription, targets)


def _policy(core: Core, subscription: Resource, targets: Sequence[str]) -> Resource | None:
    """The notificationTargetPolicy for a target: that of a reference, the creator's default, or none (NTP-2)."""
    for child in subscription.children.values():
        if child.type.number == NOTIFICATION_TARGET_MGMT_POLICY_REF.number \
                and not set(targets).isdisjoint(child.attributes["ntu"]):
            found = core.tree.find(child.attributes.get("npi") or "")
            if found is not None and found.type.number == NOTIFICATION_TARGET_POLICY.number:
                return found
    return next((one for one in core.tree.root.children.values()
                 if one.type.number == NOTIFICATION_TARGET_POLICY.number and one.attributes.get("plbl") == DEFAULT
                 and one.creator == subscription.creator), None)


def _applies(core: Core, policy: Resource, location: Location | None) -> bool:
    """Whether the deletion rules allow a removal now; there are none: always (NTP-3)."""
    circumstances = Circumstances(core.clock.time(), location)
    met = [_rule_met(child.attributes, circumstances) for child in policy.children.values()
           if child.type.number == POLICY_DELETION_RULES.number]
    return not met or (any(met) if policy.attributes.get("rrs") == OR else all(met))


def _rule_met(rule: Mapping[str, Any], circumstances: Circumstances) -> bool:
    contexts = rule.get("dr") or {}
    met = []
    if "tod" in contexts:
        met.append(_holds({"actw": contexts["tod"]}, circumstances))
    if "lr" in contexts:
        met.append(any(_holds({"aclr": region}, circumstances) for region in contexts["lr"]))
    return not met or (all(met) if rule.get("drr") == AND else any(met))


def _holds(context: Mapping[str, Any], circumstances: Circumstances) -> bool:
    condition = compile_context(context)
    return condition is not None and condition(circumstances)


async def _ask_creator(core: Core, subscription: Resource, target: str) -> bool:
    """Tell the creator who wants to leave; True when its answer allows it (``tra``)."""
    notifier, identity = core.notifier, core.identity
    content = {"m2m:sgn": {
        "trr": True, "ntt": target if is_url(target) else identity.sp_relative(resource_of(target)),
        "sur": notifier.reference(subscription),
    }}
    response = await notifier.delivery.send(subscription.creator, content)
    return response.status.succeeded and notification_in(response).get("tra") is True


async def _take_out(core: Core, subscription: Resource, targets: Sequence[str]) -> None:
    """Remove targets from ``nu``; a subscription without any is deleted."""
    if not core.tree.holds(subscription):
        raise NotFound("to: the subscription is gone")
    work, before = Work(), subscription.attributes
    left = [target for target in before["nu"] if target not in targets]
    if not left:
        remove(core, work, subscription)
    else:
        subscription.attributes = {**before, "nu": left}
        if "nsi" in before:
            subscription.attributes["nsi"] = statistics.begin(left, before["nsi"])

        def undo() -> None:
            subscription.attributes, subscription.encoded = before, None

        work.undo.append(undo)
        work.put(subscription)
        core.notifier.reattached(subscription, work, before)
    await core.commit(work)


def notification_in(response: ResponsePrimitive) -> Mapping[str, Any]:
    """``m2m:sgn`` in the answer to a notification; empty where there is none."""
    content = response.content.get("m2m:sgn") if isinstance(response.content, dict) else None
    return content if isinstance(content, dict) else {}


def answered(core: Core, subscription: str, target: str,
             response: ResponsePrimitive) -> Coroutine[Any, Any, None] | None:
    """What is to be done about an answer that asks for the removal of its target (``trr``); None: nothing."""
    resource = core.tree.by_id.get(subscription)
    if resource is None or "nu" not in resource.attributes or notification_in(response).get("trr") is not True:
        return None
    return _without_answer(resource, remove_target(core, resource, [target], None))


async def _without_answer(subscription: Resource, removal: Awaitable[None]) -> None:
    """A removal that nobody waits for."""
    try:
        await removal
    except CseError as error:
        log.info("a target of %s stays: %s", subscription.path, error.message)
    except Exception:
        log.exception("a target of %s could not be removed", subscription.path)
