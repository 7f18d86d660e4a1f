"""Conditions of filter criteria on plain attributes: what one tag asks, compiled once for all candidates."""
