"""The parts of the comparison of the tables with a fact sheet of the standard (docs/facts.md)."""
