"""Rules for every test of the tree."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# A loaded machine is no failure, and a test leaves nothing behind in the tree.
settings.register_profile("tests", deadline=None, database=None)
settings.load_profile("tests")


class NoSkips:
    """In CI everything a test needs is installed: a skip there is a failure, unless marked ``optional_input``."""

    def __init__(self) -> None:
        self._skips: list[str] = []

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        allowed = "optional_input" in getattr(report, "keywords", ()) or hasattr(report, "wasxfail")
        if report.skipped and not allowed:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self._skips.append(f"{report.nodeid}: {reason}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Watch the tests."""
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Watch modules, which may skip themselves whole."""
        self._note(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run."""
        if self._skips and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name what was skipped."""
        if self._skips:
            terminalreporter.section("skipped, which CI does not allow")
            terminalreporter.write_line("\n".join(self._skips))


def pytest_configure(config: pytest.Config) -> None:
    """Apply the rule in CI only."""
    if os.environ.get("CI") == "true":
        config.pluginmanager.register(NoSkips(), "no-skips-in-ci")
