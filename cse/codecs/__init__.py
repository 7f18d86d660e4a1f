"""Serialisations: bytes to values and back, with hard limits."""

from cse.codecs.json import Limits, Raw, decode, encode

__all__ = ["Limits", "Raw", "decode", "encode"]
