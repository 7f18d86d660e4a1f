"""The serialisations that a CSE offers, by its settings and by what is installed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from cse.codecs.table import JSON, Codec, Codecs
from resources.registry import Registry

_log = logging.getLogger(__name__)


def codecs_of(names: Sequence[str], registry: Registry) -> Codecs:
    """JSON and those of ``names`` (``cbor``, ``xml``) whose library is there; ``registry`` has the tables for XML."""
    return Codecs(JSON, *_others(names, registry))


def _others(names: Sequence[str], registry: Registry) -> Iterator[Codec]:
    if "cbor" in names:
        try:
            from cse.codecs.cbor import CBOR
        except ImportError as error:
            _log.info("CBOR is left out (%s); it comes with the extra [cbor]", error)
        else:
            yield CBOR
    if "xml" in names:
        from cse.codecs.shapes import Shapes
        from cse.codecs.xml import codec

        yield codec(Shapes(registry))
