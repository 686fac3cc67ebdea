"""From a function URL's event to Chalice, and back.

Chalice does not know function URLs, but it knows the REST APIs of API Gateway. So this module turns
the event of a function URL into that of a REST API, and turns Chalice's response back. A function
URL's event is in payload format 2.0 (AWS Lambda Developer Guide, "Invoking function URLs").
"""

from collections.abc import Callable
from typing import Any

from chalicelib import request_log
from chalicelib.http_app import COMMON_HEADERS, PLAIN_TEXT

Event = dict[str, Any]
Response = dict[str, Any]
Handler = Callable[[Any, object], Response]

NOT_A_URL_EVENT = "the event must be a function URL's, in payload format 2.0"


def lambda_handler(app: Callable[[Event, object], Response]) -> Handler:
    """Return the Lambda entry point that serves a Chalice app on a function URL."""

    def handler(event: Any, context: object) -> Response:
        # Lambda passes on any JSON: a test event from the console, or an event of another AWS
        # service, too.
        match event:
            case {"requestContext": {"http": {"method": str()}}}:
                return to_url_response(app(to_rest_event(event), context))
            case _:
                return refuse_another_event()

    return handler


def to_rest_event(event: Event) -> Event:
    """Return a REST API's event, as far as Chalice reads it. Every path leads to our one route.

    Chalice raises KeyError if a member is absent, so the ones that we do not use are here, too.
    """
    method = event["requestContext"]["http"]["method"]
    return {
        "requestContext": {"httpMethod": method, "resourcePath": "/"},
        "headers": event.get("headers") or {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": event.get("body"),
        "isBase64Encoded": event.get("isBase64Encoded"),
    }


def to_url_response(response: Response) -> Response:
    """Return a REST API's response in format 2.0.

    Leave out multiValueHeaders and isBase64Encoded: we send no header twice, and nothing binary.
    """
    return {key: response[key] for key in ("statusCode", "headers", "body")}


def refuse_another_event() -> Response:
    request_log.begin().write(400, NOT_A_URL_EVENT)
    headers = {"Content-Type": PLAIN_TEXT, **COMMON_HEADERS}
    return {"statusCode": 400, "headers": headers, "body": NOT_A_URL_EVENT}
