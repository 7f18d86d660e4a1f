"""xs:duration as seconds; a month counts 30 days, a year 365 (TS-0004 6.3.3)."""

import re

_PATTERN = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
_SECONDS = (365 * 86400, 30 * 86400, 86400, 3600, 60, 1)

#: Three hundred years: what is longer counts as this, since no timer goes further.
LONGEST_S = 1e10


def seconds_of_duration(text: str) -> float:
    """Length of a duration such as ``PT1M30S``; raises ValueError when it is none."""
    match = _PATTERN.fullmatch(text.removeprefix("-"))
    if match is None:
        raise ValueError(f"expected a duration such as PT30S, got {text!r}")
    seconds = sum(float(part) * unit for part, unit in zip(match.groups(), _SECONDS, strict=True) if part)
    return min(seconds, LONGEST_S)
