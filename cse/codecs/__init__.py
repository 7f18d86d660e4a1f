"""Serialisations: bytes to values and back, with hard limits."""

from cse.codecs.json import Limits, Raw, decode, encode
from cse.codecs.table import JSON, JSON_ONLY, REQUEST_ROOT, RESPONSE_ROOT, Codec, Codecs, target_codec

__all__ = [
    "JSON",
    "JSON_ONLY",
    "REQUEST_ROOT",
    "RESPONSE_ROOT",
    "Codec",
    "Codecs",
    "Limits",
    "Raw",
    "decode",
    "encode",
    "target_codec",
]
