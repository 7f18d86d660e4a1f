"""A skip is fine on a developer's machine and a failure in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
PLAIN = "import pytest\n@pytest.mark.skip(reason='no device')\ndef test_a(): pass\ndef test_b(): pass\n"
WHOLE = "import pytest\npytest.skip('no device', allow_module_level=True)\n"
ALLOWED = "import pytest\n@pytest.mark.optional_input\n@pytest.mark.skip(reason='no pack')\ndef test_a(): pass\n"
XFAIL = "import pytest\n@pytest.mark.xfail\ndef test_a(): assert False\n"


@pytest.mark.parametrize(
    ("source", "ci", "status"),
    [(PLAIN, "false", 0), (PLAIN, "true", 1), (WHOLE, "true", 1), (ALLOWED, "true", 0), (XFAIL, "true", 0)],
    ids=["local", "ci", "ci-module", "ci-optional-input", "ci-xfail"],
)
def test_skips(tmp_path: Path, source: str, ci: str, status: int) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text())
    (tmp_path / "test_sample.py").write_text(source)
    (tmp_path / "test_other.py").write_text("def test_c(): pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = optional_input\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", str(tmp_path)],
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == status, run.stdout
    assert ("no device" in run.stdout) == (status == 1)
