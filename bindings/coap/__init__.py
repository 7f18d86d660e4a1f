"""The CoAP binding (TS-0008): ``server`` and ``client`` around a pure ``mapping``."""
