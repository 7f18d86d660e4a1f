"""The CMDH policy of the node that this CSE is on, and its effect on requests (MGO-1, TS-0001 D.12).

The policy that the activeCmdhPolicy of the node names is compiled whenever one of its objects changes. An object that
is linked (``cmlk``) counts as one that stands below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cse.clock import timestamp
from cse.cmdh import CategoryRule, Limit, Rules, by_category, check_buffer, check_limits, complete, next_access
from cse.codecs import encode
from cse.core import Call, Core
from cse.modes.times import moment
from cse.reachability import node_of
from cse.schedules import Schedule
from resources.model import Resource
from resources.schedule import SCHEDULE

if TYPE_CHECKING:
    from cse.modes.execution import Execution

ACTIVE, POLICY = 1012, 1011
DEFAULTS, CATEGORY, PARAMETERS, LIMITS, ACCESS, RULE, BUFFER = 1013, 1014, 1015, 1016, 1017, 1018, 1019
#: Definitions of the objects that a policy is made of.
OBJECTS = range(POLICY, BUFFER + 1)
#: Name of the only network that this CSE knows.
NETWORK = "default"
BLOCKING = 3

#: Fields of a request by the attribute with their default, and with their limits.
DEFAULT_TIMES = {"dqet": "request_expiration", "dset": "result_expiration", "doet": "operation_execution",
                 "drp": "result_persistence"}
LIMITED_TIMES = {"lqet": "request_expiration", "lset": "result_expiration", "loet": "operation_execution",
                 "lrp": "result_persistence"}


def govern(call: Call, execution: Execution) -> None:
    """Apply the rules in force to a request that will be kept, or goes to another CSE.

    Raises BadRequest for a parameter outside of its limits, 5207 when no more may wait, 5103 when no network may ever
    be used.
    """
    core, request, rules = call.core, call.request, call.core.cmdh
    foreign = core.identity.address(request.to).cse is not None
    if rules is None or request.governed or request.ticket is not None \
            or (request.response_type == BLOCKING and not foreign):
        return
    request.governed = True
    complete(rules, core.identity, request)
    check_limits(rules, core.identity, request, call.now)
    category = request.event_category
    allowed = by_category(rules.access, category) if foreign else None
    if allowed is not None:
        due = next_access(category, _schedules(core, allowed), call.now)
        if due > (moment(request.operation_execution, "oet", call.now) or call.now):
            request.operation_execution = timestamp(due)
    if request.response_type != BLOCKING and rules.buffers:
        waiting = sum(len(encode(one.attributes.get("pc"))) for one in execution.waiting(category))
        check_buffer(rules, category, waiting, len(encode(request.content)))


def _schedules(core: Core, identifiers: Iterable[str]) -> Iterator[Schedule]:
    for identifier in identifiers:
        found = core.tree.find(identifier)
        if found is not None and found.type.number == SCHEDULE.number:
            yield Schedule.compile(found.attributes["se"]["sce"])


def review(core: Core) -> None:
    """Put the rules in force that the resources say now."""
    policy = _active(core)
    core.cmdh = None if policy is None else _compile(core, policy)


def _active(core: Core) -> Resource | None:
    node = node_of(core.tree, core.tree.root)
    for child in node.children.values() if node is not None else ():
        if child.attributes.get("mgd") == ACTIVE:
            policy = core.tree.find(child.attributes["acmlk"])
            if policy is not None and policy.attributes.get("mgd") == POLICY and policy.parent is node:
                return policy
    return None


def _compile(core: Core, policy: Resource) -> Rules:
    defaults = [one for each in _parts(core, policy, DEFAULTS) for one in _parts(core, each, PARAMETERS)]
    categories = [one for each in _parts(core, policy, DEFAULTS) for one in _parts(core, each, CATEGORY)]
    return Rules(
        categories=[CategoryRule(one["ror"], one["dev"]) for one in _in_order(categories)],
        defaults={number: _defaults(one.attributes) for one in defaults for number in one.attributes["aec"]},
        limits=[_limit(one) for one in _in_order(_parts(core, policy, LIMITS))],
        access={number: _access(core, one) for one in _parts(core, policy, ACCESS)
                for number in one.attributes["aecs"]},
        buffers={number: one.attributes["mbfs"] for one in _parts(core, policy, BUFFER)
                 for number in one.attributes["aec"]},
    )


def _parts(core: Core, resource: Resource, definition: int) -> Iterator[Resource]:
    """The objects with this definition that a resource links to, or that stand below it."""
    linked = (core.tree.find(link["val"]) for link in resource.attributes.get("cmlk", ()))
    for one in dict.fromkeys((*linked, *resource.children.values())):
        if one is not None and one.attributes.get("mgd") == definition:
            yield one


def _in_order(objects: Iterable[Resource]) -> list[Mapping[str, Any]]:
    """By ``od``; conditions on the context of a request cannot be evaluated here, so rules with one are left out."""
    known = [one.attributes for one in objects if "rct" not in one.attributes and "rch" not in one.attributes]
    return sorted(known, key=lambda attributes: attributes["od"])


def _defaults(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What a request gets; a time without end, or none, is as if not given."""
    times = {name: str(attributes[short]) for short, name in DEFAULT_TIMES.items() if attributes[short] > 0}
    return {**times, "delivery_aggregation": attributes["dda"]}


def _limit(attributes: Mapping[str, Any]) -> Limit:
    times = {name: (attributes[short][0], attributes[short][1]) for short, name in LIMITED_TIMES.items()}
    return Limit(attributes["ror"], frozenset(attributes["lec"]), times, frozenset(attributes["lda"]))


def _access(core: Core, resource: Resource) -> list[str]:
    """Identifiers of the schedules of the rules for the network that there is."""
    return [one.attributes["cmlk"]["val"] for one in _parts(core, resource, RULE) if NETWORK in one.attributes["ttn"]]
