"""The function URL adapter, with AWS's documented example event and with variations of it."""

import copy
from typing import Any

import pytest
from chalice.app import Chalice

from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.function_url import NOT_A_URL_EVENT, lambda_handler, to_rest_event
from harness.log_lines import listening, words
from harness.service import app_over
from harness.transports import encoded
from tests.fuzz.memory import Memory

# AWS Lambda Developer Guide, "Invoking Lambda function URLs", example request payload.
AWS_EXAMPLE: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/my/path",
    "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
    "cookies": ["cookie1", "cookie2"],
    "headers": {"header1": "value1", "header2": "value1,value2"},
    "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
    "requestContext": {
        "accountId": "123456789012",
        "apiId": "<urlid>",
        "authentication": None,
        "authorizer": {
            "iam": {
                "accessKey": "AKIA...",
                "accountId": "111122223333",
                "callerId": "AIDA...",
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": "arn:aws:iam::111122223333:user/example-user",
                "userId": "AIDA...",
            }
        },
        "domainName": "<url-id>.lambda-url.us-west-2.on.aws",
        "domainPrefix": "<url-id>",
        "http": {
            "method": "POST",
            "path": "/my/path",
            "protocol": "HTTP/1.1",
            "sourceIp": "123.123.123.123",
            "userAgent": "agent",
        },
        "requestId": "id",
        "routeKey": "$default",
        "stage": "$default",
        "time": "12/Mar/2020:19:03:58 +0000",
        "timeEpoch": 1583348638390,
    },
    "body": "Hello from client!",
    "pathParameters": None,
    "isBase64Encoded": False,
    "stageVariables": None,
}


@pytest.fixture
def app() -> Chalice:
    return app_over(Channels(Table(Memory({}).client, "any table")))


def invoke(app: Chalice, **changes: Any) -> dict[str, Any]:
    """Call the Lambda entry point with AWS's example event and these changes. A change to None removes a member."""
    event = copy.deepcopy(AWS_EXAMPLE) | changes
    return lambda_handler(app)({name: value for name, value in event.items() if value is not None}, None)


def test_the_documented_example_becomes_the_event_that_chalice_routes() -> None:
    assert to_rest_event(AWS_EXAMPLE) == {
        "requestContext": {"httpMethod": "POST", "resourcePath": "/"},
        "headers": {"header1": "value1", "header2": "value1,value2"},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": "Hello from client!",
        "isBase64Encoded": False,
    }


def test_the_app_gets_the_lambda_context() -> None:
    """The context limits how long a reply may be held."""
    response = {"statusCode": 200, "headers": {}, "body": "{}"}

    assert lambda_handler(lambda _, context: response | {"body": context})(AWS_EXAMPLE, "context")["body"] == "context"


def test_the_reply_to_the_documented_example_has_payload_format_2(app: Chalice) -> None:
    assert invoke(app) == {
        "statusCode": 400,
        "headers": {
            "Content-Type": "text/plain; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
        "body": "body is not JSON (RFC 7493)",
    }


@pytest.mark.parametrize("path", ["/", "", "/my/path", "/../x", "/%00", "/{proxy+}", "//"])
def test_every_path_serves_the_route(path: str, app: Chalice) -> None:
    http = AWS_EXAMPLE["requestContext"]["http"] | {"path": path}

    response = invoke(app, rawPath=path, requestContext={"http": http}, body='{"method": "create_data_channel"}')

    assert response["statusCode"] == 200


def test_a_body_in_base64_is_decoded(app: Chalice) -> None:
    response = invoke(app, **encoded(b'{"method": "create_data_channel"}'))

    assert response["statusCode"] == 200


@pytest.mark.parametrize("body", ["a", "====", "\u00fc", "eyJ", "!!!"])
def test_a_base64_body_that_does_not_decode_is_a_400(body: str, app: Chalice) -> None:
    response = invoke(app, body=body, isBase64Encoded=True)

    assert response["statusCode"] == 400
    assert response["body"] in {"body does not decode", "body is empty"}


def test_a_body_with_a_lone_surrogate_is_a_400(app: Chalice) -> None:
    response = invoke(app, body='{"method": "\ud800"}')

    assert (response["statusCode"], response["body"]) == (400, "body does not decode")


@pytest.mark.parametrize("absent", [{"headers": None}, {"cookies": None}, {"isBase64Encoded": None}])
def test_optional_members_of_an_event_can_be_missing(absent: dict[str, None], app: Chalice) -> None:
    response = invoke(app, body='{"method": "create_data_channel"}', **absent)

    assert response["statusCode"] == 200


def test_a_missing_body_counts_as_empty(app: Chalice) -> None:
    response = invoke(app, body=None)

    assert (response["statusCode"], response["body"]) == (400, "body is empty")


@pytest.mark.parametrize("http_method", ["GET", "OPTIONS", "TRACE", "post", "", "\u0000"])
def test_any_other_http_method_is_a_400(http_method: str, app: Chalice) -> None:
    response = invoke(app, requestContext={"http": {"method": http_method}})

    assert (response["statusCode"], response["body"]) == (400, "HTTP method must be POST")


def test_cors_is_left_to_the_function_url(app: Chalice) -> None:
    response = invoke(app, headers={"origin": "https://example.org"}, body='{"method": "create_data_channel"}')

    assert not [name for name in response["headers"] if name.lower().startswith("access-control")]


OTHER_EVENTS: dict[str, Any] = {
    "the console's test event": {"key1": "value1", "key2": "value2", "key3": "value3"},
    "an empty event": {},
    "EventBridge": {"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}},
    "a REST API": {"httpMethod": "POST", "path": "/", "requestContext": {"httpMethod": "POST"}, "body": "{}"},
    "a load balancer": {"requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "POST", "body": "{}"},
    "a queue": {"Records": [{"body": "{}"}]},
    "a request context that is null": {"requestContext": None},
    "a method that is not a string": {"requestContext": {"http": {"method": None}}},
    "a list": [],
    "a text": "text",
    "null": None,
}


@pytest.mark.parametrize("event", OTHER_EVENTS.values(), ids=OTHER_EVENTS)
def test_an_event_that_is_not_from_a_function_url_is_refused_with_an_explanation(event: Any, app: Chalice) -> None:
    with listening() as lines:
        response = lambda_handler(app)(event, None)

    assert response == {
        "statusCode": 400,
        "headers": {
            "Content-Type": "text/plain; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
        "body": NOT_A_URL_EVENT,
    }
    assert "payload format 2.0" in NOT_A_URL_EVENT
    assert [words(line) for line in lines] == [("unknown", 400, NOT_A_URL_EVENT, 0)]
