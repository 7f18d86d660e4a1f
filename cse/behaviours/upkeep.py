"""Attributes that the CSE keeps in step with something else, inside the unit of work of what caused it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cse.core import Core
from cse.operations.internal import amend
from cse.work import Work
from resources.model import Resource


def keep(core: Core, work: Work, resource: Resource, changes: Mapping[str, Any]) -> None:
    """Set attributes, None removes; subscribers see an update, the behaviour of the type is not asked."""
    before = resource.attributes
    amend(core, work, resource, changes)
    core.notifier.updated(work, resource, changes, before)
    core.notifier.reattached(resource, work, before)
