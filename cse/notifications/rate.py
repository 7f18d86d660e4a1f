"""Rate limit (``rl``, SUB-22): at most so many NOTIFYs to one target in a window of time that begins with the first.

The window and what was sent in it are kept with the subscription and durable before anything is sent: no restart
lets more through.
"""

from __future__ import annotations

from cse.notifications.policy import Policy
from cse.work import Work
from resources.model import Resource

#: The member of ``Resource.state``: for each target the beginning of its window and what has been sent in it.
WINDOWS = "rl"


def window(resource: Resource, target: str, policy: Policy, now_s: float) -> tuple[float, int] | None:
    """Beginning of the window that is open for a target and what has been sent in it; None when none is open."""
    found = (resource.state or {}).get(WINDOWS, {}).get(target)
    if found is None or not found[0] <= now_s < found[0] + policy.rate_s:
        return None
    return found[0], found[1]


def left(resource: Resource, target: str, policy: Policy, now_s: float) -> int:
    """How many NOTIFYs the limit lets pass now."""
    open_ = window(resource, target, policy, now_s)
    return policy.rate_number - (open_[1] if open_ else 0)


def end(resource: Resource, target: str, policy: Policy, now_s: float) -> float:
    """When the window ends that is open; now, when none is."""
    open_ = window(resource, target, policy, now_s)
    return open_[0] + policy.rate_s if open_ else now_s


def spend(work: Work, resource: Resource, target: str, policy: Policy, now_s: float) -> float:
    """Count one NOTIFY in the window, which begins now if none is open; returns its beginning."""
    begin, sent = window(resource, target, policy, now_s) or (now_s, 0)
    targets = resource.attributes.get("nu", ())
    kept = {one: value for one, value in (resource.state or {}).get(WINDOWS, {}).items() if one in targets}
    work.keep(resource, **{WINDOWS: {**kept, target: [begin, sent + 1]}})
    return begin
