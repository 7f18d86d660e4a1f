"""Service subscription: who may register where, as the service provider agreed with its customers (SSP-1, SSP-2).

The credential is what the transport has proved of the entity; without proof it is the text ``None``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cse.behaviour import Behaviour
from resources.errors import OriginatorError
from resources.m2m_service_subscription_profile import M2M_SERVICE_SUBSCRIPTION_PROFILE
from resources.model import Resource
from resources.service_subscribed_app_rule import SERVICE_SUBSCRIBED_APP_RULE
from resources.service_subscribed_node import SERVICE_SUBSCRIBED_NODE
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Call, Core
    from cse.work import Work

#: The Credential-ID of who has none.
NO_CREDENTIAL = "None"


class ProfileBehaviour(Behaviour):
    """The service subscription profiles of one CSE: without any, everybody may register."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.profiles: dict[str, Resource] = {}

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port
        """It counts from now on."""
        self.restored(resource)
        work.undo.append(lambda: self.removed(work, resource))

    def removed(self, work: Work, resource: Resource) -> None:
        """It counts no more."""
        if self.profiles.pop(resource.ri, None) is not None:
            work.undo.append(lambda: self.restored(resource))

    def restored(self, resource: Resource) -> None:
        """It counts again."""
        self.profiles[resource.ri] = resource


def check_subscription(call: Call, app_id: str, ae_id: str) -> None:
    """SSP-2: 4128 when nothing was agreed for this CSE, 4126 when it does not cover this AE."""
    behaviour = call.core.behaviours[M2M_SERVICE_SUBSCRIPTION_PROFILE.number]
    assert isinstance(behaviour, ProfileBehaviour)
    profiles = [one for one in behaviour.profiles.values() if call.live(one)]
    if not profiles:
        return
    nodes = [node for profile in profiles for node in profile.children.values() if _is_for_this(call, node)]
    if not nodes:
        raise OriginatorError(f"no service subscription has a node with csi {call.core.identity.cse_id}",
                              Status.SERVICE_SUBSCRIPTION_NOT_ESTABLISHED)
    credential = call.request.authenticated or NO_CREDENTIAL
    if not any(_allows(rule, credential, app_id, ae_id) for node in nodes for rule in _rules(call, node)):
        raise OriginatorError(f"fr: no rule of the service subscription allows {ae_id} with App-ID {app_id} here",
                              Status.APP_RULE_VALIDATION_FAILED)


def _is_for_this(call: Call, node: Resource) -> bool:
    identity = call.core.identity
    return node.type.number == SERVICE_SUBSCRIBED_NODE.number and call.live(node) \
        and identity.entity(node.attributes.get("csi", "")) == identity.cse_id


def _rules(call: Call, node: Resource) -> Iterable[Resource]:
    for identifier in node.attributes.get("rlk") or ():
        rule = call.core.tree.find(identifier)
        if rule is not None and rule.type.number == SERVICE_SUBSCRIBED_APP_RULE.number and call.live(rule):
            yield rule


def _allows(rule: Resource, credential: str, app_id: str, ae_id: str) -> bool:
    """Each list of a rule that is there has to cover its part."""
    return all(_covers(rule.attributes.get(name), value)
               for name, value in (("apci", credential), ("aai", app_id), ("aae", ae_id)))


def _covers(patterns: Iterable[str] | None, value: str) -> bool:
    return patterns is None or any(matches(pattern, value) for pattern in patterns)


def matches(pattern: str, value: str) -> bool:
    """True when the value has this pattern: ``*`` stands for any run of characters, everything else for itself."""
    first, *others = pattern.split("*")
    if not others:
        return pattern == value
    *inner, last = others
    if not value.startswith(first):
        return False
    at = len(first)
    for part in inner:
        found = value.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(value) - len(last) >= at and value.endswith(last)
