"""Reading the history of a container from its newest instance backwards, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cse.primitive import FilterCriteria, Operation, RequestPrimitive

if TYPE_CHECKING:
    from cse.client.api import Client

PAGE = 1000
ONLY_CHILD_RESOURCES = 8


async def read_history(
    client: Client, container: str, limit: int | None, since: str | None, before: str | None
) -> list[dict[str, Any]]:
    """Return instances oldest first; the arguments are those of ``Client.history``.

    Conditions on time would apply to the container itself as well (RET-2), so they are tested here. Offsets that
    shift because old instances are evicted meanwhile repeat instances but never skip one.
    """
    count = (await client.retrieve(container, attributes=("cni",))).get("cni", 0)
    size = limit or PAGE
    offset = max(1, count - size + 1)
    found = await _page(client, container, offset, None)
    while offset > 1 and not _enough(found, limit, since, before):
        end, offset = offset, max(1, offset - size)
        found = await _page(client, container, offset, end - offset) | found
    chosen = [each for each in found.values() if _within(each, since, before)]
    chosen.sort(key=_created)
    return chosen[-limit:] if limit else chosen


async def _page(client: Client, container: str, offset: int, limit: int | None) -> dict[str, dict[str, Any]]:
    request = RequestPrimitive(
        Operation.RETRIEVE, container, result_content=ONLY_CHILD_RESOURCES,
        filter_criteria=FilterCriteria(level=1, offset=offset, limit=limit),
    )  # fmt: skip
    found: dict[str, dict[str, Any]] = {}
    async for content in client.pages(request, whole=limit is None):
        for body in (content or {}).values():
            found.update((each["ri"], each) for each in body.get("m2m:cin", ()))
    return found


def _enough(found: dict[str, dict[str, Any]], limit: int | None, since: str | None, before: str | None) -> bool:
    if since is not None and any(_created(each) < since for each in found.values()):
        return True
    return limit is not None and sum(_within(each, since, before) for each in found.values()) >= limit


def _within(instance: dict[str, Any], since: str | None, before: str | None) -> bool:
    created = _created(instance)
    return (since is None or created >= since) and (before is None or created < before)


def _created(instance: dict[str, Any]) -> str:
    return str(instance.get("ct", ""))
