"""Logging: one line per event, as text for people or as JSON for machines."""

from __future__ import annotations

import json
import logging
import time

from cse.settings import LogSettings

#: What these say at INFO tells nothing about this CSE.
LIBRARIES = ("aiohttp", "asyncio", "pymodbus")


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record with time (UTC), level, logger, message and, if any, the traceback."""
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname, "logger": record.name, "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class LineFormatter(logging.Formatter):
    """One line per message, with what cannot be printed escaped: nobody writes lines into the log by way of a name."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is that of the base class
        """Write the line; a traceback follows below it."""
        line = super().formatMessage(record)
        return line if line.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def configure(settings: LogSettings) -> None:
    """Set up the root logger of the process."""
    sink = logging.StreamHandler()
    sink.setFormatter(JsonFormatter() if settings.format == "json"
                      else LineFormatter())
    logging.basicConfig(level=settings.level.upper(), handlers=[sink], force=True)
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING if settings.level.upper() == "INFO" else logging.NOTSET)
