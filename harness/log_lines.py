"""Captures the log lines of requests while a test runs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FACTS = ("msg", "method", "status", "outcome", "duration_ms", "dynamodb_calls", "dynamodb_ms")


class Lines(logging.Handler):
    """Keeps the records that are logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        facts = {name: getattr(record, name) for name in FACTS}
        self.records.append(facts | {"quiet_polls": getattr(record, "quiet_polls", 0)})


@contextmanager
def listening() -> Iterator[list[dict[str, Any]]]:
    logger, handler = logging.getLogger("chalicelib.request_log"), Lines()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.records
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(handler)


def words(line: dict[str, Any]) -> tuple[str, int, str, int]:
    return line["method"], line["status"], line["outcome"], line["dynamodb_calls"]
