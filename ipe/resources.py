"""The IPE's resources in the CSE: one AE, one container per point, the state of the device, command containers.

::

    <AE>                        access, command_access: who may read, who may command
    <AE>/status                 {"state": "online" | "stale", "reason", "since", "points": {name: reason}}
    <AE>/<point>                {"value", "unit", "time", "quality": "good" | "stale", "reason"}
    <AE>/<point>/cmd            of a writable point; others write {"value": 5} or 5 here
    <AE>/<point>/cmd/result     {"command", "status": "done" | "overridden" | "released" | "failed", "value" | "reason"}
    <AE>/<point>/cmd/priorities {"in_force": priority, "commands": [the strongest first]}
    <AE>/audit                  who commanded what, when, from, to, why, and what became of it
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from cse.client import Client, Notification, Permission, RequestFailed, Status
from cse.client.api import CSE_BASE
from ipe.points import Point
from ipe.settings import IpeSettings

A = TypeVar("A")
Command = Callable[[Point[A], Notification], Awaitable[None]]
Restore = Callable[[Point[A]], Awaitable[None]]

#: Resource type numbers that acod limits a CREATE to.
CONTENT_INSTANCE = 4
SUBSCRIPTION = 23
EVERYTHING = 63
READ = Permission.RETRIEVE | Permission.DISCOVERY
CHILD_CREATED = 3
JSON_CONTENT = "application/json:0"
RESULTS_KEPT = 100
AUDITS_KEPT = 10_000


class IpeResources(Generic[A]):
    """What an IPE keeps in its CSE; all methods raise the errors of ``Client``."""

    def __init__(self, client: Client, settings: IpeSettings, points: Sequence[Point[A]]) -> None:
        self._client = client
        self._settings = settings
        self.points = points
        self._policies: tuple[str, str] | None = None
        #: What tells the AE from one that was there before, in a CSE that lost its store.
        self.born: tuple[Any, Any] | None = None
        self._ae = f"{CSE_BASE}/{settings.name}"

    async def ensure(self, command: Command[A], restore: Restore[A]) -> None:
        """Register the AE and create what is missing; ``command`` is called with what arrives for a writable point.

        ``restore`` is called for each writable point before a command can arrive. Safe to repeat: what exists stays.
        """
        ae = await self._client.register(
            self._settings.app_id, self._settings.name, ae_id=self._settings.ae_id, lbl=["ipe", self._settings.protocol]
        )
        self._ae = f"{CSE_BASE}/{ae['rn']}"
        self.born = (ae.get("ri"), ae.get("ct"))
        access = await self._policy("access", self._readers())
        commands = await self._policy("command_access", [*self._readers(), *self._commanders()])
        await self._client.update(self._ae, "ae", {"acpi": [access]})
        await self._client.ensure(self._ae, "cnt", "status", self._container(access, ["status"]))
        await self._client.ensure(self._ae, "cnt", "audit", {"acpi": [access], "lbl": ["audit"], "mni": AUDITS_KEPT})
        self._policies = access, commands
        for point in self.points:
            await self._ensure_point(point, access, commands, command, restore)

    async def change(self, point: Point[A], command: Command[A], restore: Restore[A]) -> None:
        """Create what a new point needs and bring what a changed one has up to date.

        Before the first ``ensure`` this is left to it.
        """
        if self._policies is None:
            return
        access, commands = self._policies
        await self._ensure_point(point, access, commands, command, restore)
        await self._client.update(f"{self._ae}/{point.name}", "cnt", {"lbl": _labels(point)})

    async def send(self, container: str, content: dict[str, Any], name: str | None = None) -> None:
        """Add an instance to a container of the AE, with a name of its own or the CSE's."""
        await self._instance(f"{self._ae}/{container}", content, name)

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

    async def _ensure_point(
        self, point: Point[A], access: str, commands: str, command: Command[A], restore: Restore[A]
    ) -> None:
        await self._client.ensure(self._ae, "cnt", point.name, self._container(access, _labels(point)))
        if not point.writable:
            return
        path = f"{self._ae}/{point.name}"
        await self._client.ensure(path, "cnt", "cmd", {"acpi": [commands], "lbl": ["command"], "mni": RESULTS_KEPT})
        for name, most in (("result", RESULTS_KEPT), ("priorities", 1)):
            await self._client.ensure(f"{path}/cmd", "cnt", name, {"acpi": [access], "lbl": [name], "mni": most})

        await restore(point)

        async def notified(notification: Notification) -> None:
            await command(point, notification)

        await self._client.subscribe(f"{path}/cmd", notified, events=(CHILD_CREATED,), name="ipe")

    async def _policy(self, name: str, rules: list[dict[str, Any]]) -> str:
        """Create the policy, or bring an older one up to date with the settings; return its resource ID."""
        own = {"acor": [self._client.originator], "acop": EVERYTHING}
        privileges = {"pv": {"acr": [own, *rules]}}
        policy = await self._client.ensure(self._ae, "acp", name, {**privileges, "pvs": {"acr": [own]}})
        await self._client.update(f"{self._ae}/{name}", "acp", privileges)
        return str(policy["ri"])

    def _readers(self) -> list[dict[str, Any]]:
        """Return the rules of those who may read and subscribe; who may command may read."""
        readers = list(dict.fromkeys([*self._settings.readers, *self._settings.commanders, *self._settings.operators]))
        return _rules(readers, SUBSCRIPTION)

    def _commanders(self) -> list[dict[str, Any]]:
        commanders = list(dict.fromkeys([*self._settings.commanders, *self._settings.operators]))
        return _rules(commanders, CONTENT_INSTANCE)

    def _container(self, access: str, labels: list[str]) -> dict[str, Any]:
        attributes: dict[str, Any] = {"acpi": [access], "lbl": labels}
        if self._settings.max_instances:
            attributes["mni"] = self._settings.max_instances
        return attributes

    async def _instance(self, container: str, content: dict[str, Any], name: str | None = None) -> None:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        attributes = {"cnf": JSON_CONTENT, "con": text, **({"rn": name} if name else {})}
        await self._client.create(container, "cin", attributes, result_content=0)


def _labels(point: Point[Any]) -> list[str]:
    return [f"address:{point.address}", *([f"unit:{point.unit}"] if point.unit else [])]


def _rules(originators: list[str], child_type: int) -> list[dict[str, Any]]:
    """Allow originators to read, and to create children of one type."""
    if not originators:
        return []
    return [
        {"acor": originators, "acop": READ},
        {"acor": originators, "acop": Permission.CREATE, "acod": [{"chty": [child_type]}]},
    ]
