"""Another CSE as this one sees it through the client port: resources by address, reachable or not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cse.client.transport import Unreachable
from cse.primitive import RequestPrimitive, ResponsePrimitive
from resources.status import Status
from tests.rig import Rig


@dataclass
class Far:
    """``resources`` are contents by address; ``denied`` addresses nobody may read; ``asked`` is what came."""

    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    away: bool = False
    asked: list[tuple[str, RequestPrimitive]] = field(default_factory=list)

    @classmethod
    def beside(cls, rig: Rig, **kinds: int | dict[str, Any]) -> Far:
        """``/far/<name>`` with these type numbers, or attributes, reachable from a CSE."""
        contents = {f"/far/{name}": {"m2m:x": {"ty": kind} if isinstance(kind, int) else kind}
                    for name, kind in kinds.items()}
        far = cls(contents)
        rig.cse.core.ask_remote = far.ask
        return far

    async def ask(self, cse: str, request: RequestPrimitive) -> ResponsePrimitive:
        """Answer a request, or be away."""
        self.asked.append((cse, request))
        if self.away:
            raise Unreachable(cse)
        if request.to in self.denied:
            return ResponsePrimitive(Status.ORIGINATOR_HAS_NO_PRIVILEGE)
        if request.to not in self.resources:
            return ResponsePrimitive(Status.NOT_FOUND)
        return ResponsePrimitive(Status.OK, request.request_id, self.resources[request.to])
