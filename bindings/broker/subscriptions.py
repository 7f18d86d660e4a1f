"""Who is to get a topic: a tree of levels, so that the cost does not grow with the number of subscriptions."""

from __future__ import annotations

from typing import Generic, TypeVar

S = TypeVar("S")


class _Node(Generic[S]):
    __slots__ = ("below", "here")

    def __init__(self) -> None:
        self.below: dict[str, _Node[S]] = {}
        self.here: dict[S, int] = {}


class Subscriptions(Generic[S]):
    """Subscribers by topic filter, each with its quality of service."""

    def __init__(self) -> None:
        self._root: _Node[S] = _Node()

    def add(self, topic_filter: str, subscriber: S, qos: int) -> None:
        """Subscribe, or change the quality of service of a subscription."""
        node = self._root
        for level in topic_filter.split("/"):
            node = node.below.setdefault(level, _Node())
        node.here[subscriber] = qos

    def remove(self, topic_filter: str, subscriber: S) -> None:
        """End a subscription; one that does not exist is fine."""
        path: list[tuple[_Node[S], str]] = []
        node = self._root
        for level in topic_filter.split("/"):
            below = node.below.get(level)
            if below is None:
                return
            path.append((node, level))
            node = below
        node.here.pop(subscriber, None)
        while path and not node.here and not node.below:
            node, level = path.pop()
            del node.below[level]

    def match(self, topic: str) -> dict[S, int]:
        """Subscribers of a topic with the best quality of service of their subscriptions (MQTT 3.1.1 3.3.5)."""
        found: dict[S, int] = {}
        nodes = [self._root]
        for level in topic.split("/"):
            reached: list[_Node[S]] = []
            for node in nodes:
                below = node.below
                _note(found, below.get("#"))
                reached.extend(next_ for name in (level, "+") if (next_ := below.get(name)) is not None)
            nodes = reached
        for node in nodes:
            _note(found, node)
            _note(found, node.below.get("#"))
        return found


def _note(found: dict[S, int], node: _Node[S] | None) -> None:
    if node is not None:
        for subscriber, qos in node.here.items():
            found[subscriber] = max(qos, found.get(subscriber, 0))
