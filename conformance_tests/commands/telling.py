"""The head of a report: what was tested, and the commands that repeat the run or one case."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from conformance_tests.session import Outcome
from conformance_tests.verdict import Report

_DISTRIBUTION = "banyan-cse"
#: Options that say what is tested and how: they also belong to the command that repeats one case.
_TARGET = (
    *(
        "url",
        "originator",
        "cse_base",
        "ae_id",
        "app_id",
        "sp_id",
        "profile",
        "claim",
        "without",
        "listen",
        "notify_host",
    ),
    *("rvi", "ca", "certificate", "key", "insecure", "token_file", "patience", "timeout", "wire"),
)
_RUN = ("select", "skip", "jobs", "seed", "max_time")


def report_of(outcome: Outcome, command: str, repeat: str, seed: int) -> Report:
    """Return the report of a run that has only begun."""
    target, attributes = outcome.target, outcome.target.attributes
    return Report(
        target={
            "url": target.url,
            "csi": target.cse_id,
            "name": target.cse_name,
            "releases": _joined(attributes.get("srv")),
            "types": _joined(attributes.get("srt")),
        },
        features=tuple(sorted(outcome.features.claimed)),
        seed=seed,
        started=outcome.started,
        duration_s=0.0,
        command=command,
        repeat=repeat,
        suite_version=suite_version(),
    )


def command_of(options: argparse.Namespace) -> str:
    """Return the command that repeats the run."""
    return shlex.join(["banyan-conformance", "run", *_given(options, (*_TARGET, *_RUN))])


def repeat_of(options: argparse.Namespace) -> str:
    """Return the command that repeats one case, ``{id}`` in place of it."""
    return f"{shlex.join(['banyan-conformance', 'run', *_given(options, _TARGET)])} --select {{id}}"


def suite_version() -> str:
    """Return the version of the suite."""
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


def _given(options: argparse.Namespace, names: tuple[str, ...]) -> Iterator[str]:
    """Return the options that differ from their defaults as they are written."""
    for name in names:
        value, flag = options.given.get(name, getattr(options, name)), f"--{name.replace('_', '-')}"
        if value is True:
            yield flag
        elif isinstance(value, list):
            for one in value:
                yield from (flag, one)
        elif value not in (None, False, "", options.defaults.get(name)):
            yield from (flag, f"{value:g}" if isinstance(value, float) else str(value))


def _joined(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
