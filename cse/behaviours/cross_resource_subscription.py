"""crossResourceSubscription: one notification when events of several resources coincide (procedures section 14)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from cse.behaviours import cross_resource_window as windows
from cse.behaviours.cross_resource_members import Joining, forget_missing, leave, leave_remote
from cse.behaviours.notification_policies import SubscriptionBehaviour
from cse.fanout.collecting import flattened, hosts
from cse.fanout.point import patience_s
from cse.notifications import statistics
from cse.notifications.parcel import moment
from cse.notifications.policy import compile_policy
from cse.operations.delete import remove
from cse.operations.internal import amend
from cse.primitive import ResponsePrimitive
from cse.storage.port import StoreError
from cse.work import Work
from resources.datatypes import shown
from resources.errors import CseError, NoPrivilege
from resources.model import Resource
from resources.status import Status

if TYPE_CHECKING:
    from cse.core import Call, Core

log = logging.getLogger("banyan.cross_resource")


class CrossResourceSubscriptionBehaviour(SubscriptionBehaviour):
    """State of such a resource: ``members``, each a list of the names it goes by, and the ``window`` (None: joining).

    Statistics, and targets that leave, are as for a subscription.
    """

    settles = True

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._unfinished: list[Resource] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._joining = asyncio.Lock()
        #: Those that have lost a member before all had joined.
        self._lost: set[str] = set()
        #: Subscriptions that are left alone when what waits for them goes, by its resource ID.
        self._spared: dict[str, str | None] = {}

    # life

    async def settle(self, resource: Resource, call: Call) -> None:
        """Subscribe to the members; raises 5221 with everything undone when one of them fails (CRS-2, CRS-3)."""
        try:
            await self._join(resource, call)
        except Exception:
            undone = self._abandon(resource)
            if undone is not None:  # who is told of the failure finds nothing of it any more
                await asyncio.wait([undone])
            raise
        except BaseException:
            self._abandon(resource)
            raise
        finally:
            self._lost.discard(resource.ri)

    async def _join(self, crs: Resource, call: Call) -> None:
        joining = Joining(crs, call, patience_s(call))
        made, names = await joining.subscribe()
        async with self._joining:  # who joins reads the targets of a subscription, and writes them with one more
            names += await joining.join()
        if crs.ri in self._lost or not self.core.tree.holds(crs):
            raise CseError("rrat, srat: a member has gone meanwhile", Status.CROSS_RESOURCE_OPERATION_FAILURE)
        work = Work()
        window = windows.first(crs.attributes, self.core.clock.time())
        self._keep(work, crs, {"members": names, "window": window})
        amend(self.core, work, crs, {"lt": crs.attributes["ct"], **({"rrats": made} if made else {})})
        self._set_policy(crs)
        await self.core.commit(work)

    def _abandon(self, crs: Resource) -> asyncio.Future[None] | None:
        """What was begun is undone, on this CSE as soon as that is written; if it cannot be it is at the next start."""
        crs.state = None
        try:
            if self.core.tree.holds(crs):
                work = Work()
                remove(self.core, work, crs)
                return self.core.submit(work)
        except StoreError as error:
            log.error("%s stays unfinished: %s", crs.path, error)
        return None

    def updated(self, work: Work, resource: Resource, before: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        """CRS-6: another window begins; own subscriptions live as long as this."""
        if resource.state is not None and not given.keys().isdisjoint(("twt", "tws")):
            self._keep(work, resource, {**resource.state,
                                        "window": windows.first(resource.attributes, self.core.clock.time())})
        work.after(partial(self._set_policy, resource))
        work.after(partial(self.core.notifier.delivery.reviewed, resource, before))
        if before["et"] != resource.attributes["et"]:
            work.after(partial(self._prolong, resource))

    def _prolong(self, crs: Resource) -> None:
        work = Work()
        for address in crs.attributes.get("rrats", ()):
            subscription = self.core.tree.find(address)
            if subscription is not None and subscription.parent is not None:
                latest = subscription.parent.attributes.get("et", crs.attributes["et"])
                amend(self.core, work, subscription, {"et": min(crs.attributes["et"], latest)})
        if work.touched:
            self._submit(work)

    def removed(self, work: Work, resource: Resource) -> None:
        """CRS-7: nothing waits any more, ``su`` is told, then the members are left."""
        core = self.core
        for waiting in core.notifier.delivery.drop(resource.ri):
            work.changes.outbox[waiting] = None
        self._withdraw(work, resource)
        subscriber = resource.attributes.get("su")
        if subscriber is not None and resource.state is not None:
            core.notifier.tell_deletion(work, resource, subscriber)
        work.after(partial(self._leave, resource))

    def _withdraw(self, work: Work, crs: Resource) -> None:
        """What members that go in the same unit of work have to tell has nobody left to hear it."""
        kept = []
        for record in work.outbox:
            if "://" not in record.target and self.core.tree.find(record.target) is crs:
                work.changes.outbox.pop(record.id, None)
            else:
                kept.append(record)
        work.outbox[:] = kept

    def _leave(self, crs: Resource) -> None:
        self._arm(crs)
        self._set_policy(crs)
        try:
            remote = leave(self.core, crs, self._spared.pop(crs.ri, None))
        except StoreError as error:
            log.error("members of %s stay until the next start: %s", crs.path, error)
            return
        if remote:
            self._run(leave_remote(self.core, crs, remote))

    # restart

    def restored(self, resource: Resource) -> None:
        """Go on with the window; what was being made when the CSE stopped is undone later."""
        if resource.state is None:
            self._unfinished.append(resource)
        else:
            self._set_policy(resource)
            self._arm(resource)

    async def started(self) -> None:
        """Undo what was not finished, and what members have of resources that are gone."""
        for crs in self._unfinished:
            self._abandon(crs)
        self._unfinished.clear()
        forget_missing(self.core)

    async def stop(self) -> None:
        """Give up what goes to other CSEs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # notifications

    async def notified(self, call: Call) -> ResponsePrimitive:
        """CRS-8: a notification of a member, a verification by one, or notice that one is gone."""
        crs = call.target.resource
        notifications = flattened(call.request.content)
        if crs.state is None:
            return self._notified_early(crs, call, notifications)
        numbers = [self._member(crs, call, one) for one in notifications]
        if any(one.get("vrq") for one in notifications):
            return ResponsePrimitive(Status.OK)
        gone = [number for number, one in zip(numbers, notifications, strict=True) if one.get("sud")]
        work = Work()
        if gone:
            self._spared[crs.ri] = self._local_id(crs, gone[0])
            remove(self.core, work, crs)
        else:
            self._arrived(work, crs, numbers)
        response = ResponsePrimitive(Status.OK)
        await call.commit(work, response)
        return response

    def _notified_early(self, crs: Resource, call: Call, notifications: list[Mapping[str, Any]]) -> ResponsePrimitive:
        """While members are being joined: verifications are answered, nothing is counted, none may go."""
        attributes = crs.attributes
        if call.originator not in hosts(self.core, (*attributes.get("rrat", ()), *attributes.get("srat", ()))):
            raise NoPrivilege(f"fr: {call.originator!r} hosts nothing that {crs.path} is to wait for")
        if any(one.get("sud") for one in notifications):
            self._lost.add(crs.ri)
        return ResponsePrimitive(Status.OK)

    def _member(self, crs: Resource, call: Call, notification: Mapping[str, Any]) -> int:
        """The number of the member that a notification is of, sent by the CSE that hosts it; else 4103."""
        identity, reference = self.core.identity, notification.get("sur")
        known = self.core.tree.find(reference) if isinstance(reference, str) else None
        sought = reference if known is None else identity.sp_relative(known.ri)
        for number, names in enumerate((crs.state or {}).get("members", ())):
            if sought in names and call.originator == (identity.address(names[0]).cse or identity.cse_id):
                return number
        raise NoPrivilege(f"fr: {call.originator!r} notifies of {shown(reference)}, which {crs.path} does not wait for")

    def _local_id(self, crs: Resource, number: int) -> str | None:
        found = self.core.tree.find((crs.state or {})["members"][number][0])
        return None if found is None else found.ri

    def _arrived(self, work: Work, crs: Resource, numbers: list[int]) -> None:
        assert crs.state is not None
        attributes, now = crs.attributes, self.core.clock.time()
        window = windows.arrived(attributes, crs.state["window"], numbers, now)
        if windows.complete(attributes, window, len(crs.state["members"])):
            self._tell(work, crs)
            window = windows.told(attributes, window)
        if window != crs.state["window"]:
            self._keep(work, crs, {**crs.state, "window": window})

    # windows

    def _arm(self, crs: Resource) -> None:
        ends = (crs.state or {}).get("window", {}).get("ends")
        if ends is None or not self.core.tree.holds(crs):
            self.core.timers.cancel((self, crs.ri))
        else:
            self.core.timers.at((self, crs.ri), ends, partial(self._ended, crs))

    def _ended(self, crs: Resource) -> None:
        """A window is over: tell what is to be told, discard the rest, begin the next (CRS-4, CRS-5)."""
        if not self.core.tree.holds(crs) or crs.state is None:
            return
        work, window = Work(), crs.state["window"]
        after = {**crs.state, "window": windows.ended(crs.attributes, window, self.core.clock.time())}
        tells = windows.is_event(crs.attributes, window, len(crs.state["members"]))
        if tells:
            self._tell(work, crs)
        if tells or window["came"] or window["told"]:
            self._keep(work, crs, after)
            self._submit(work)
        else:  # nothing that a restart has to know
            crs.state = after
            self._arm(crs)

    def _tell(self, work: Work, crs: Resource) -> None:
        """Notify ``nu``; ``nec`` and ``exc`` are seen to where all notifications are delivered."""
        notifier, targets = self.core.notifier, crs.attributes["nu"]
        policy = notifier.subscriptions.policies.get(crs.ri)
        meta = b"" if policy is None else moment(self.core.clock.time())
        if policy is not None and policy.counting:
            statistics.count(work, crs, targets, "noec")
        notifier.post(work, crs, {"sur": notifier.reference(crs)}, targets, meta)

    def _set_policy(self, crs: Resource) -> None:
        policy = compile_policy(crs.attributes, self.core.settings) if self.core.tree.holds(crs) else None
        self.core.notifier.follow(crs, policy)

    def _keep(self, work: Work, crs: Resource, state: dict[str, Any]) -> None:
        """Write another state, and see to the end of its window once it is durable."""
        work.keep_state(crs, state)
        work.after(partial(self._arm, crs))

    def _submit(self, work: Work) -> None:
        try:
            self.core.submit(work)
        except StoreError as error:
            log.error("a window is lost: %s", error)

    def _run(self, task: Coroutine[Any, Any, None]) -> None:
        running = asyncio.get_running_loop().create_task(task)
        self._tasks.add(running)
        running.add_done_callback(self._tasks.discard)
