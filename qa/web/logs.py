"""The lines of the log: a line a request on standard output, what else there is to say on standard error."""

import json
import logging
import sys
from datetime import UTC, datetime

TEXT, JSON = "text", "json"


class JSONFormatter(logging.Formatter):
    """A line as an object: its time, its level, its message, and the fields that were given with it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def log_to_streams(form: str) -> None:
    """Write the log to the standard streams, as text or as JSON."""
    for name, stream in (("qa", sys.stderr), ("qa.access", sys.stdout)):
        handler = logging.StreamHandler(stream)
        text = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S")
        handler.setFormatter(JSONFormatter() if form == JSON else text)
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
