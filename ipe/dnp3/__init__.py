"""DNP3 over TCP, as a master of one outstation."""
