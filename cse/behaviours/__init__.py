"""What resource types do beyond their tables, one module per subject; here is who does what."""

from __future__ import annotations

from cse.behaviour import Behaviour

#: Behaviour by resource type number; specializations share that of their base.
BEHAVIOURS: dict[int, type[Behaviour]] = {}
