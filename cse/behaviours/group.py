"""group: members that are checked later (GRP-3), notifications that are forwarded together (GRP-20)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from cse.behaviour import Behaviour
from cse.clock import timestamp
from cse.fanout import collecting, semantics
from cse.fanout.members import Inspection
from cse.notifications.policy import compile_policy
from cse.operations.delete import remove
from cse.operations.internal import amend
from cse.storage.port import StoreError
from cse.work import Work
from resources.enumerations import MIXED
from resources.errors import BadRequest, CseError
from resources.group import ABANDON_GROUP, ABANDON_MEMBER, Verdict, verdicts
from resources.model import Resource

if TYPE_CHECKING:
    from cse.core import Call, Core
    from cse.operations.change import Draft
    from cse.primitive import ResponsePrimitive

log = logging.getLogger("banyan.group")

#: Pauses between checks of members that cannot be reached, in seconds; each is double the one before.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 10.0, 3600.0


class GroupBehaviour(Behaviour):
    """Groups with members that wait for their check are looked at again, less and less often."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._pauses: dict[str, float] = {}
        self._checks: set[asyncio.Task[None]] = set()
        self._hosts: dict[str, tuple[list[str], frozenset[str]]] = {}

    async def prepare(self, draft: Draft) -> None:
        """GRP-5: ``ssi`` says whether the semantic fanOutPoint can answer."""
        if draft.current is None:
            draft.attributes["ssi"] = semantics.available()

    def created(self, work: Work, resource: Resource, call: Call | None) -> None:  # noqa: ARG002 - the port
        """A group with unchecked members has a first check coming."""
        work.after(partial(self._follow, resource))

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any],  # noqa: ARG002 - the port
                given: Mapping[str, Any]) -> None:  # noqa: ARG002 - the port
        """Another ``nar``, other members, other unchecked ones."""
        work.after(partial(self._follow, resource))

    def removed(self, work: Work, resource: Resource) -> None:
        """What was collected goes out as it is."""
        work.after(partial(self._forget, resource.ri))

    def restored(self, resource: Resource) -> None:
        """Go on checking and collecting."""
        self._follow(resource)

    def reachable(self, cse: str) -> None:
        """A CSE can be reached now, or again: its members are checked at once."""
        for ri in self._pauses:
            group = self.core.tree.by_id.get(ri)
            if group is not None and cse in self._hosts_of(group):
                self._arm(group, 0.0)

    async def notified(self, call: Call) -> ResponsePrimitive:
        """A notification of a member, to be forwarded with others."""
        self._set_policy(call.target.resource)
        return await collecting.collect(call, self._hosts_of(call.target.resource))

    async def virtual(self, call: Call) -> ResponsePrimitive:
        """The semantic fanOutPoint."""
        return await semantics.perform(call)

    async def stop(self) -> None:
        """Give up what is being checked."""
        for check in self._checks:
            check.cancel()
        await asyncio.gather(*self._checks, return_exceptions=True)

    def _hosts_of(self, group: Resource) -> frozenset[str]:
        """The CSEs that have members of a group, found again when there are other members."""
        members = group.attributes["mid"]
        known = self._hosts.get(group.ri)
        if known is None or known[0] is not members:
            known = self._hosts[group.ri] = members, collecting.hosts(self.core, members)
        return known[1]

    def _follow(self, group: Resource) -> None:
        self._set_policy(group)
        self._pauses.pop(group.ri, None)
        self.core.timers.cancel((self, group.ri))
        if group.attributes.get("mtv") is False:
            self._arm(group, FIRST_PAUSE_S)

    def _set_policy(self, group: Resource) -> None:
        """How the delivery collects for this group; without ``nar`` that depends on how many members it has now."""
        policy = compile_policy({"bn": collecting.batch_of(group)}, self.core.settings)
        if policy is not None and self.core.tree.holds(group):
            self.core.notifier.follow(group, policy)

    def _forget(self, ri: str) -> None:
        self._pauses.pop(ri, None)
        self._hosts.pop(ri, None)
        self.core.timers.cancel((self, ri))
        self.core.notifier.unfollow(ri)

    def _arm(self, group: Resource, pause_s: float) -> None:
        self._pauses[group.ri] = max(pause_s, FIRST_PAUSE_S)
        self.core.timers.at((self, group.ri), self.core.clock.time() + pause_s, partial(self._begin, group))

    def _begin(self, group: Resource) -> None:
        check = asyncio.get_running_loop().create_task(self._check_and_go_on(group))
        self._checks.add(check)
        check.add_done_callback(self._checks.discard)

    async def _check_and_go_on(self, group: Resource) -> None:
        try:
            await self._check(group)
        except StoreError as error:
            log.error("the members of %s stay unchecked: %s", group.path, error)
        except Exception:
            log.exception("the members of %s cannot be checked", group.path)
        if self.core.tree.holds(group) and group.attributes.get("mtv") is False:
            self._arm(group, min(self._pauses.get(group.ri, FIRST_PAUSE_S) * 2, LONGEST_PAUSE_S))
        else:
            self._pauses.pop(group.ri, None)

    async def _check(self, group: Resource) -> None:
        """Check the members on other CSEs again, with the rights of the creator (GRP-3, GRP-4)."""
        core = self.core
        remote = [member for member in group.attributes["mid"] if self._is_remote(member)]
        inspection = Inspection(core, group.creator, timestamp(core.clock.time()))
        found = await verdicts(inspection.kinds, remote, group.attributes)
        if core.tree.holds(group) and group.attributes.get("mtv") is False:
            self._decide(group, found)

    def _is_remote(self, member: str) -> bool:
        try:
            return self.core.identity.address(member).cse is not None
        except BadRequest:
            return False

    def _decide(self, group: Resource, found: Mapping[str, Verdict]) -> None:
        """Do with the group as it is now what its strategy says for the members that do not fit (GRP-4)."""
        attributes = group.attributes
        wrong = {member for member in attributes["mid"]
                 if found.get(member) is False or isinstance(found.get(member), CseError)}
        waiting = any(self._is_remote(member) and found.get(member) is None for member in attributes["mid"])
        work = Work()
        if wrong and attributes["csy"] == ABANDON_GROUP:
            remove(self.core, work, group)
        elif wrong and attributes["csy"] != ABANDON_MEMBER:
            amend(self.core, work, group, {"mt": MIXED, "spty": None, "mtv": True})
        elif wrong or not waiting:
            left = [member for member in attributes["mid"] if member not in wrong]
            amend(self.core, work, group, {"mid": left, "cnm": len(left), "mtv": not waiting})
        else:
            return
        self.core.submit(work)
