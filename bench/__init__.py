"""Load from outside: wrk against a CSE in its own process, and against the bare limit of its HTTP server."""
