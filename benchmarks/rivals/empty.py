"""A function that does nothing, to measure the least that a start and a request can take."""

from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes them
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"}
