"""Query fields on the command line, as they stand in a oneM2M URL: ``rcn=4 ty=3+4 lbl=meter rn=a*``."""

from __future__ import annotations

from collections.abc import Iterable

from cse.cli.errors import UsageError
from cse.client.kinds import registry, type_number
from cse.parameters import Pair, read_query
from cse.primitive import RequestPrimitive

TYPES = ("ty", "chty", "pty")


def put_conditions(request: RequestPrimitive, query: Iterable[Pair], conditions: Iterable[str]) -> None:
    """Put the query of a URL and ``NAME=VALUE`` arguments into a request; types may be named.

    Raises UsageError, and BadRequest where a value is wrong.
    """
    pairs: list[Pair] = list(query)
    for condition in conditions:
        name, equals, value = condition.partition("=")
        if not equals:
            raise UsageError(f"{condition!r} is no query field", "expected NAME=VALUE, for example lvl=1 or rn=meter*")
        pairs.append((name, value.split("+")))
    attributes = dict.fromkeys(registry().attribute_names)
    read_query(
        request, [(name, _numbers(name, values) if name in TYPES else values) for name, values in pairs], attributes
    )


def _numbers(name: str, kinds: Iterable[str]) -> list[str]:
    try:
        return [str(type_number(each)) for each in kinds]
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None
