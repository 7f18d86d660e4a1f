"""Mutated bodies: each is read or refused with a reason, whatever it is, and costs no memory that stays."""

from __future__ import annotations

import contextlib
import gc

import pytest

from cse.codecs import Codec, Limits
from resources.errors import BadRequest, ReceiverError
from tests.codecs.mutants import bodies, resident_mib
from tests.codecs.serialisations import CBOR, CODECS, XML


@pytest.mark.parametrize("codec", CODECS.by_name.values(), ids=CODECS.names)
@pytest.mark.parametrize("count", [1500, pytest.param(20_000, marks=pytest.mark.long)])
def test_a_mutant_is_read_or_refused(codec: Codec, count: int) -> None:
    read = 0
    before = 0.0
    for number, body in enumerate(bodies(codec, count, count)):
        if number == count // 4:
            gc.collect()
            before = resident_mib()
        try:
            value = codec.decode(body, Limits())
        except BadRequest:
            continue
        read += 1
        assert CBOR.decode(CBOR.encode(value), Limits(max_depth=64, max_members=10**6)) == value
        with contextlib.suppress(ReceiverError):  # what XML cannot say
            assert XML.encode(value)
    gc.collect()
    assert read > count // 100
    assert resident_mib() - before < 32
