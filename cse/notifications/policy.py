"""What a subscription asks of the delivery: its policies compiled (SUB-22 … SUB-25, SUB-31). Times in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cse.settings import CseSettings
from resources.duration import seconds_of_duration

#: Event categories (``nec``).
IMMEDIATE, BEST_EFFORT, LATEST = 2, 3, 4
#: Values of ``pn``.
KEEP_LAST, KEEP_ALL = 1, 2

#: Attributes that make the delivery of a subscription more than sending at once.
ATTRIBUTES = frozenset({"bn", "rl", "pn", "nsp", "ln", "nec", "nse"})


@dataclass(frozen=True, slots=True)
class Policy:
    """Collect ``batch_number`` or for ``batch_s``; send at most ``rate_number`` in ``rate_s``; the rest as named.

    ``priority``: what is bigger is kept longer when too much waits. ``pending`` is ``pn``; ``latest``: only the
    newest waits.
    """

    batch_number: int = 0
    batch_s: float = 0.0
    rate_number: int = 0
    rate_s: float = 0.0
    pending: int | None = None
    latest: bool = False
    category: int | None = None
    priority: tuple[bool, int] = (True, 0)
    counting: bool = False


#: That of a subscription without any.
PLAIN = Policy()


def compile_policy(attributes: Mapping[str, Any], settings: CseSettings) -> Policy | None:
    """Read the policies of a subscription; None when it has none."""
    if ATTRIBUTES.isdisjoint(attributes):
        return None
    batch, rate = attributes.get("bn"), attributes.get("rl") or {}
    category = LATEST if attributes.get("ln") else attributes.get("nec")
    number, seconds = _batch(batch, settings) if batch is not None else (0, 0.0)
    return Policy(
        batch_number=number,
        batch_s=seconds,
        rate_number=rate.get("mnn", 0),
        rate_s=seconds_of_duration(rate["tww"]) if rate else 0.0,
        pending=attributes.get("pn"),
        latest=category == LATEST,
        category=category,
        priority=(category != BEST_EFFORT, attributes.get("nsp", 0)),
        counting=attributes.get("nse") is True,
    )


def _batch(batch: Mapping[str, Any], settings: CseSettings) -> tuple[int, float]:
    """Number and duration of a batch; a batch without a number does not grow without end (SUB-8)."""
    duration, most = batch.get("dur"), settings.max_notification_batch
    return (min(batch.get("num") or most, most),
            settings.batch_duration_s if duration is None else seconds_of_duration(duration))
