"""A function that does nothing: what a start and a request take at least."""

from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes them
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"}
