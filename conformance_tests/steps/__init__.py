"""The verbs of a step; each takes the running case and the step, whose references it resolves itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from conformance_tests.steps import flow, notifications, requests

Verb = Callable[[Any, Mapping[str, Any]], Awaitable[None]]

_REQUEST = {"by", "ask", "headers", "expect", "as", "content", "with", "note"}

#: Verb -> what carries it out.
VERBS: Mapping[str, Verb] = {
    "ae": requests.register,
    "create": requests.create,
    "retrieve": requests.retrieve,
    "update": requests.update,
    "delete": requests.delete,
    "notify": requests.notify,
    "discover": requests.discover,
    "request": requests.raw,
    "listen": notifications.listen,
    "answer": notifications.answer,
    "notified": notifications.notified,
    "verified": notifications.verified,
    "quiet": notifications.quiet,
    "wait": flow.wait,
    "eventually": flow.eventually,
    "repeat": flow.repeat,
    "check": flow.check,
    "let": flow.let,
    "background": flow.background,
    "join": flow.join,
    "either": flow.either,
}

#: Verb -> the options a step with it may have.
OPTIONS: Mapping[str, set[str]] = {
    "ae": _REQUEST | {"reachable"},
    "create": _REQUEST | {"under", "named", "root", "ty"},
    "retrieve": _REQUEST,
    "update": _REQUEST | {"type", "root"},
    "delete": _REQUEST,
    "notify": _REQUEST,
    "discover": _REQUEST | {"filter"},
    "request": _REQUEST,
    "listen": {"with"},
    "answer": {"with"},
    "notified": {"expect", "within", "as", "count", "search"},
    "verified": {"expect", "within", "as"},
    "quiet": {"for"},
    "wait": set(),
    "eventually": {"within"},
    "repeat": {"steps"},
    "check": {"is"},
    "let": set(),
    "background": {"does"},
    "join": {"expect", "within", "as"},
    "either": set(),
}
