"""The tests; a package by itself, so that no library that brings a `tests` of its own stands in its place."""
