"""Rules for every test of the tree."""

from __future__ import annotations

import os

import pytest

_RULE = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Collect what CI does not allow."""
    config.stash[_RULE] = []


def _note(config: pytest.Config, report: pytest.TestReport | pytest.CollectReport) -> None:
    optional = "optional_input" in getattr(report, "keywords", {})
    if os.environ.get("CI") == "true" and report.skipped and not optional and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        config.stash[_RULE].append(f"{report.nodeid}: {reason}")


class _NoSkips:
    """In CI everything a test needs is installed, so a skip is a failure there, unless marked ``optional_input``."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        _note(self._config, report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        _note(self._config, report)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Watch the reports."""
    session.config.pluginmanager.register(_NoSkips(session.config), "no-skips-in-ci")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn forbidden skips into a failure of the run."""
    if session.config.stash[_RULE] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name them."""
    if config.stash[_RULE]:
        terminalreporter.section("skipped, which CI does not allow")
        for line in config.stash[_RULE]:
            terminalreporter.line(line)
