"""The MQTT binding (TS-0010): ``server`` and ``client`` share ``peer`` over a kept ``broker`` connection."""
