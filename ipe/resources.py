"""The IPE's resources in the CSE: one AE, one container per point, the state of the device, command containers.

::

    <AE>                        access, settings_access, state_access, command_access: who may do what
    <AE>/status                 {"state": "online" | "stale", "reason", "since", "points": {name: reason}}
    <AE>/<point>                {"value", "unit", "time", "quality", "reason"}: a container or a time series
    <AE>/<device>.<module>      flexContainer with the present state, when the point list names device models
    <AE>/<point>/cmd            of a writable point; others write {"value": 5} or 5 here
    <AE>/<point>/cmd/result     {"command", "status": "done" | "overridden" | "released" | "failed", "value" | "reason"}
    <AE>/<point>/cmd/priorities {"in_force": priority, "commands": [the strongest first]}
    <AE>/audit                  who commanded what, when, from, to, why, and what became of it
    <node of the AE>/about      [deviceInfo] of the device
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cse.client import Client, Notification, Permission, RequestFailed, Status
from cse.client.api import CSE_BASE
from ipe.driver import FACTS
from ipe.points import Point
from ipe.readings import LOST
from ipe.settings import IpeSettings

A = TypeVar("A")
Changed = Callable[[Notification], Awaitable[None]]

#: Resource type numbers that acod limits a CREATE to.
CONTENT_INSTANCE = 4
SUBSCRIPTION = 23
EVERYTHING = 63
RESOURCE_UPDATED = 1
#: Only what was updated is told.
MODIFIED_ATTRIBUTES = 2
#: How many missing values of a time series are listed.
MISSING_LISTED = 1000
#: How long after its period a value is waited for until it is called missing.
LATE_MS = 10_000
UNKNOWN = "unknown"
READ = Permission.RETRIEVE | Permission.DISCOVERY
CHILD_CREATED = 3
JSON_CONTENT = "application/json:0"
RESULTS_KEPT = 100
AUDITS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Ears(Generic[A]):
    """Who is called with what happens in the CSE.

    ``command``: a command for a writable point; ``restore``: before one can arrive; ``period``: the sampling period
    of a time series, in seconds, as it is now.
    """

    command: Callable[[Point[A], Notification], Awaitable[None]]
    restore: Callable[[Point[A]], Awaitable[None]]
    period: Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Policies:
    """Resource IDs: who may read; also change settings; also change states; also command."""

    access: str
    settings: str
    state: str
    command: str


class IpeResources(Generic[A]):
    """What an IPE keeps in its CSE; all methods raise the errors of ``Client``."""

    def __init__(self, client: Client, settings: IpeSettings, points: Sequence[Point[A]]) -> None:
        self._client = client
        self._settings = settings
        self.points = points
        self._policies: Policies | None = None
        self._series: set[str] = set()
        #: What tells the AE from one that was there before, in a CSE that lost its store.
        self.born: tuple[Any, Any] | None = None
        self._ae = f"{CSE_BASE}/{settings.name}"

    async def ensure(self, ears: Ears[A]) -> None:
        """Register the AE and create what is missing. Safe to repeat: what exists stays."""
        ae = await self._client.register(
            self._settings.app_id, self._settings.name, ae_id=self._settings.ae_id, lbl=["ipe", self._settings.protocol]
        )
        self._ae = f"{CSE_BASE}/{ae['rn']}"
        self.born = (ae.get("ri"), ae.get("ct"))
        policies = Policies(*[await self._policy(name, rules) for name, rules in self._rights().items()])
        await self._client.update(self._ae, "ae", {"acpi": [policies.access]})
        access = {"acpi": [policies.access]}
        await self._client.ensure(self._ae, "cnt", "status", self._limited({**access, "lbl": ["status"]}))
        await self._client.ensure(self._ae, "cnt", "audit", {**access, "lbl": ["audit"], "mni": AUDITS_KEPT})
        self._policies = policies
        for point in self.points:
            await self._ensure_point(point, policies, ears)

    async def change(self, point: Point[A], ears: Ears[A]) -> None:
        """Create what a new point needs and bring what a changed one has up to date.

        Before the first ``ensure`` this is left to it.
        """
        if self._policies is None:
            return
        await self._ensure_point(point, self._policies, ears)
        if point.name in self._series:
            # The CSE changes no period while it looks for what is missing.
            for attributes in ({"mdd": False}, {"lbl": _labels(point), **_periods(point)}, {"mdd": True}):
                await self._client.update(f"{self._ae}/{point.name}", "ts", attributes)
        else:
            await self._client.update(f"{self._ae}/{point.name}", "cnt", {"lbl": _labels(point)})

    async def send(self, container: str, content: dict[str, Any], name: str | None = None) -> None:
        """Add an instance to a container of the AE, with a name of its own or the CSE's.

        A time series gets what was measured and nothing else: what is missing shows by that.
        """
        if container not in self._series:
            await self._instance(f"{self._ae}/{container}", content, name)
        elif content["quality"] not in LOST:
            attributes = {"dgt": content["time"], "con": _text(content), **({"rn": name} if name else {})}
            await self._client.create(f"{self._ae}/{container}", "tsi", attributes, result_content=0)

    async def make_state(self, name: str, root: str, cnd: str, attributes: Mapping[str, Any]) -> None:
        """Create a flexContainer, or bring one that is there up to date."""
        assert self._policies is not None
        whole = {"acpi": [self._policies.state], "cnd": cnd, **attributes}
        await self._client.ensure(self._ae, root, name, whole)
        await self.change_state(name, root, attributes)

    async def change_state(self, name: str, root: str, attributes: Mapping[str, Any]) -> None:
        """Update a flexContainer."""
        await self._client.update(f"{self._ae}/{name}", root, attributes)

    async def hear_state(self, name: str, changed: Changed) -> None:
        """Have ``changed`` called with what is updated in a flexContainer, and by whom."""
        await self._hear_updates(name, changed)

    async def describe(self, facts: Mapping[str, str]) -> None:
        """Tell what the device is, as the [deviceInfo] of its node; ``facts`` by a key of ``FACTS``."""
        assert self._policies is not None
        rn, ri = self._ae.rpartition("/")[2], self._client.originator
        node = await self._client.ensure(CSE_BASE, "nod", f"{rn}.node", {
            "acpi": [self._policies.access], "ni": f"{ri}.node", "lbl": ["ipe", self._settings.protocol]})
        info = {FACTS[key]: value for key, value in facts.items() if value}
        needed = {"man": UNKNOWN, "mod": UNKNOWN, "dty": self._settings.protocol, "dlb": rn}
        path = f"{CSE_BASE}/{rn}.node"
        found = await self._client.ensure(path, "deviceInfo", "about", {**needed, **info})
        if any(found.get(short) != value for short, value in info.items()):
            await self._client.delete(f"{path}/about")
            await self._client.ensure(path, "deviceInfo", "about", {**needed, **info})
        await self._client.update(self._ae, "ae", {"nl": node["ri"]})

    async def push_result(self, point: Point[A], content: dict[str, Any]) -> None:
        """Report what became of a command."""
        await self._instance(f"{self._ae}/{point.name}/cmd/result", content)

    async def push_audit(self, content: dict[str, Any]) -> None:
        """Record who commanded what, and what became of it."""
        await self._instance(f"{self._ae}/audit", content)

    async def push_priorities(self, point: Point[A], content: dict[str, Any]) -> None:
        """Show what is commanded."""
        await self._instance(f"{self._ae}/{point.name}/cmd/priorities", content)

    async def latest(self, container: str) -> Mapping[str, Any] | None:
        """The newest content of a container of the AE; None when there is none, or none that is an object."""
        try:
            latest = await self._client.retrieve(f"{self._ae}/{container}/la")
            content = json.loads(latest["con"])
        except RequestFailed as failure:
            if failure.status is not Status.NOT_FOUND:
                raise
            return None
        except (KeyError, TypeError, ValueError):
            return None
        return content if isinstance(content, Mapping) else None

    async def priorities(self, point: Point[A]) -> list[Mapping[str, Any]]:
        """What was shown last; empty when nothing was. Raises ValueError when it cannot be read."""
        try:
            latest = await self._client.retrieve(f"{self._ae}/{point.name}/cmd/priorities/la")
        except RequestFailed as failure:
            if failure.status is not Status.NOT_FOUND:
                raise
            return []
        content = json.loads(latest["con"])
        return list(content["commands"])

    async def _ensure_point(self, point: Point[A], policies: Policies, ears: Ears[A]) -> None:
        await self._ensure_history(point, policies, ears)
        if not point.writable:
            return
        path, access = f"{self._ae}/{point.name}", policies.access
        await self._ensure_cmd(point, policies)
        for name, most in (("result", RESULTS_KEPT), ("priorities", 1)):
            await self._client.ensure(f"{path}/cmd", "cnt", name, {"acpi": [access], "lbl": [name], "mni": most})
        await ears.restore(point)

        async def notified(notification: Notification) -> None:
            await ears.command(point, notification)

        await self._client.subscribe(f"{path}/cmd", notified, events=(CHILD_CREATED,), name="ipe")

    async def _ensure_cmd(self, point: Point[A], policies: Policies) -> None:
        await self._client.ensure(f"{self._ae}/{point.name}", "cnt", "cmd",
                                  {"acpi": [policies.command], "lbl": ["command"], "mni": RESULTS_KEPT})

    async def _ensure_history(self, point: Point[A], policies: Policies, ears: Ears[A]) -> None:
        attributes = self._limited({"acpi": [policies.settings], "lbl": _labels(point)})
        if point.history != "timeseries":
            self._series.discard(point.name)
            await self._client.ensure(self._ae, "cnt", point.name, attributes)
            return
        missing = {"mdd": True, "mdn": MISSING_LISTED, **_periods(point)}
        series = await self._client.ensure(
            self._ae, "ts", point.name, {**attributes, "cnf": JSON_CONTENT, **missing})
        self._series.add(point.name)

        def hear(attributes: Mapping[str, Any]) -> None:
            if isinstance(attributes.get("pei"), int):
                ears.period(point.name, attributes["pei"] / 1000)

        async def updated(notification: Notification) -> None:
            hear(notification.representation)

        hear(series)
        await self._hear_updates(point.name, updated)

    async def _hear_updates(self, name: str, updated: Changed) -> None:
        await self._client.subscribe(f"{self._ae}/{name}", updated, events=(RESOURCE_UPDATED,), name="ipe",
                                     nct=MODIFIED_ATTRIBUTES, eeno=True)

    def _rights(self) -> dict[str, list[dict[str, Any]]]:
        """The rules of each policy, in the order of ``Policies``."""
        settings = self._settings
        operators = list(dict.fromkeys(settings.operators))
        commanders = list(dict.fromkeys([*settings.commanders, *operators]))
        readers = _rules(list(dict.fromkeys([*settings.readers, *commanders])), SUBSCRIPTION)
        return {
            "access": readers,
            "settings_access": [*readers, *_updates(operators)],
            "state_access": [*readers, *_updates(commanders)],
            "command_access": [*readers, *_rules(commanders, CONTENT_INSTANCE)],
        }

    async def _policy(self, name: str, rules: list[dict[str, Any]]) -> str:
        """Create the policy, or bring an older one up to date with the settings; return its resource ID."""
        own = {"acor": [self._client.originator], "acop": EVERYTHING}
        privileges = {"pv": {"acr": [own, *rules]}}
        policy = await self._client.ensure(self._ae, "acp", name, {**privileges, "pvs": {"acr": [own]}})
        await self._client.update(f"{self._ae}/{name}", "acp", privileges)
        return str(policy["ri"])

    def _limited(self, attributes: dict[str, Any]) -> dict[str, Any]:
        most = self._settings.max_instances
        return {**attributes, "mni": most} if most else attributes

    async def _instance(self, container: str, content: dict[str, Any], name: str | None = None) -> None:
        attributes = {"cnf": JSON_CONTENT, "con": _text(content), **({"rn": name} if name else {})}
        await self._client.create(container, "cin", attributes, result_content=0)


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _labels(point: Point[Any]) -> list[str]:
    facts = {"address": point.address, "unit": point.unit, "device": point.device, "location": point.location,
             "height_m": "" if point.height_m is None else f"{point.height_m:g}"}
    return [*(f"{key}:{value}" for key, value in facts.items() if str(value)), *point.tags]


def _periods(point: Point[Any]) -> dict[str, int]:
    """Of a time series, in milliseconds: a value belongs to a period when it is at most half of one off."""
    period_ms = max(1, round(point.period_s * 1000))
    return {"pei": period_ms, "peid": period_ms // 2, "mdt": period_ms + LATE_MS}


def _updates(originators: list[str]) -> list[dict[str, Any]]:
    return [{"acor": originators, "acop": Permission.UPDATE}] if originators else []


def _rules(originators: list[str], child_type: int) -> list[dict[str, Any]]:
    """Allow originators to read, and to create children of one type."""
    if not originators:
        return []
    return [
        {"acor": originators, "acop": READ},
        {"acor": originators, "acop": Permission.CREATE, "acod": [{"chty": [child_type]}]},
    ]
