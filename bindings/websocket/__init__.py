"""The WebSocket binding (TS-0020): ``server`` and ``client`` around one ``link``, which talks a pure ``mapping``."""
