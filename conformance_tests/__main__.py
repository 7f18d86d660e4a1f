"""``python -m conformance_tests``."""

from __future__ import annotations

import sys

from conformance_tests.cli import main

sys.exit(main())
