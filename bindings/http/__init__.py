"""The HTTP binding (TS-0009): ``server``, ``client`` and ``receiver`` around a pure ``mapping``."""
