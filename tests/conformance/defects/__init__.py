"""Faults put into the CSE on purpose, to see whether the suite finds them; only tests ever load these."""
