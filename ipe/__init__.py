"""Interworking proxies: field devices seen as resources of a CSE. One folder per field protocol, found by manifest."""
