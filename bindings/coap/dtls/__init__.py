"""DTLS 1.2 (RFC 6347) on the system's libssl, which ``libssl`` alone calls; no file here knows a socket."""
