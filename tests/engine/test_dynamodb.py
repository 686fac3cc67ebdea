"""The table: how failures of DynamoDB and botocore are reported, and how the client is set up."""

from types import SimpleNamespace
from typing import Any, cast

import botocore
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    MetadataRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib import limits
from chalicelib.channels import Channels
from chalicelib.dynamodb import OUTAGE_CODES, Table, open_client
from chalicelib.errors import StorageUnavailable
from chalicelib.handlers import Services
from chalicelib.http_app import create_app
from harness.contract import assert_unavailable
from harness.engines import client_of, free_port
from harness.naming import name_of
from harness.transports import over_handler


def client_error(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0}}
    return ClientError(response, "PutItem")


def client_that_raises(error: Exception) -> DynamoDBClient:
    def put_item(**_: object) -> None:
        raise error

    return cast(DynamoDBClient, SimpleNamespace(put_item=put_item))


PASSES: list[tuple[Exception, str]] = [
    *((client_error(code), code) for code in sorted(OUTAGE_CODES)),
    (client_error("InternalServerError", 500), "InternalServerError"),
    (client_error("ServiceUnavailable", 503), "ServiceUnavailable"),
    (client_error("504", 504), "504"),
    (ConnectTimeoutError(endpoint_url="any"), "ConnectTimeoutError"),
    (ReadTimeoutError(endpoint_url="any"), "ReadTimeoutError"),
    (EndpointConnectionError(endpoint_url="any"), "EndpointConnectionError"),
    (ConnectionClosedError(endpoint_url="any"), "ConnectionClosedError"),
    (ProxyConnectionError(proxy_url="any"), "ProxyConnectionError"),
    (SSLError(endpoint_url="any", error=OSError()), "SSLError"),
    (HTTPClientError(error="any"), "HTTPClientError"),
    (IncompleteReadError(actual_bytes=1, expected_bytes=2), "IncompleteReadError"),
    (ResponseParserError("any"), "ResponseParserError"),
    (CredentialRetrievalError(provider="container-role", error_msg="any"), "CredentialRetrievalError"),
    (MetadataRetrievalError(error_msg="any"), "MetadataRetrievalError"),
]
DOES_NOT_PASS: list[Exception] = [
    client_error("ValidationException"),
    client_error("AccessDeniedException"),
    client_error("ResourceNotFoundException"),
    client_error("UnrecognizedClientException"),
    client_error("SerializationException"),
    NoCredentialsError(),
    NoRegionError(),
    PartialCredentialsError(provider="env", cred_var="any"),
    ProfileNotFound(profile="any"),
    KeyError("a bug of ours"),
]


@pytest.mark.parametrize(("error", "cause"), PASSES, ids=[cause for _, cause in PASSES])
def test_a_temporary_failure_is_a_503_with_its_cause_in_the_log(
    error: Exception, cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = Services(Channels(Table(client_that_raises(error), "any")))

    assert_unavailable(over_handler(create_app(lambda: server))({"method": "create_data_channel"}))

    assert [record.getMessage() for record in caplog.records] == [f"DynamoDB: {cause}"]


@pytest.mark.parametrize("error", DOES_NOT_PASS, ids=name_of)
def test_a_wrong_configuration_or_a_bug_is_a_500_with_its_traceback_in_the_log(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    server = Services(Channels(Table(client_that_raises(error), "any")))

    reply = over_handler(create_app(lambda: server))({"method": "create_data_channel"})

    assert (reply.status, reply.body) == (500, "internal error")
    assert "Traceback" in caplog.text
    assert str(error) in caplog.text


@pytest.mark.parametrize(
    "code",
    ["ExpiredTokenException", "InvalidSignatureException", "LimitExceeded", "RequestTimeout", "Throttling"],
)
def test_error_codes_from_the_aws_documentation_count_as_outages(code: str) -> None:
    """These codes come from the AWS documentation, so the list is checked independently of our own table."""
    assert code in OUTAGE_CODES


@pytest.mark.slow
def test_unavailable_credentials_are_an_outage_when_the_client_is_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a container, boto3 asks the credentials endpoint at once. Here nothing listens there."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)

    with pytest.raises(StorageUnavailable, match="^CredentialRetrievalError$"):
        open_client(region_name="us-east-1")


def test_the_client_has_our_timeouts_and_leaves_validation_to_dynamodb(endpoint: str) -> None:
    client = client_of(endpoint)
    agents: list[str] = []
    client.meta.events.register(
        "before-sign.dynamodb.GetItem", lambda request, **_: agents.append(request.headers["User-Agent"])
    )
    unchecked: Any = {}

    with pytest.raises(ClientError, match="ValidationException|SerializationException"):
        client.get_item(**unchecked)

    config = cast(Any, client.meta.config)
    assert config.connect_timeout == limits.DYNAMODB_CONNECT_TIMEOUT_SECONDS
    assert config.read_timeout == limits.DYNAMODB_READ_TIMEOUT_SECONDS
    assert agents == [f"peerpost Botocore/{botocore.__version__}"]


@pytest.mark.parametrize(
    "error",
    [client_error("ThrottlingException"), client_error("AccessDeniedException"), NoCredentialsError()],
    ids=name_of,
)
def test_a_failed_warm_up_is_ignored_and_not_repeated(error: Exception) -> None:
    tries: list[object] = []

    def get_item(**parameters: object) -> None:
        tries.append(parameters)
        raise error

    Table(cast(DynamoDBClient, SimpleNamespace(get_item=get_item)), "any").warm_up({"channel_id": {"S": "none"}})

    assert len(tries) == 1


def test_the_next_request_reopens_a_closed_connection(real_client: DynamoDBClient, real_table: str) -> None:
    table = Table(real_client, real_table)
    key = {"channel_id": {"S": "none"}}

    table.get(key)
    table.close_connections()

    assert table.get(key) == {}


def test_an_update_returns_the_item_only_if_the_caller_asks(real_client: DynamoDBClient, real_table: str) -> None:
    """A channel can be large, and most callers do not need it."""
    table = Table(real_client, real_table)
    request = {
        "Key": {"channel_id": {"S": "a channel"}},
        "UpdateExpression": "SET offer = :offer",
        "ExpressionAttributeValues": {":offer": {"S": "an offer"}},
    }

    assert table.update(request) == {}
    assert table.update(request, return_item=True) == {"channel_id": {"S": "a channel"}, "offer": {"S": "an offer"}}
