"""A function URL's event, payload format 2.0 (AWS Lambda Developer Guide), to Chalice's REST event, and back."""

from collections.abc import Callable
from typing import Any

Event = dict[str, Any]


def lambda_handler(app: Callable[[Event, object], Event]) -> Callable[[Event, object], Event]:
    """Return the Lambda entry point that serves a Chalice app on a function URL."""
    return lambda event, context: to_url_response(app(to_rest_event(event), context))


def to_rest_event(event: Event) -> Event:
    """Return what Chalice reads of a REST event; an absent key would be a KeyError there. Every path is our route."""
    return {
        "requestContext": {"httpMethod": event["requestContext"]["http"]["method"], "resourcePath": "/"},
        "headers": event.get("headers") or {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": event.get("body"),
        "isBase64Encoded": event.get("isBase64Encoded"),
    }


def to_url_response(response: Event) -> Event:
    """Return a REST response in format 2.0. We send no header twice and nothing binary."""
    return {key: response[key] for key in ("statusCode", "headers", "body")}
