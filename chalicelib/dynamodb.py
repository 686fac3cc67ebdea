"""One DynamoDB table: sends a request, and says what its failure means.

The only module of the deployed package that calls DynamoDB.
"""

from binascii import crc32
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    MetadataRetrievalError,
)
from botocore.exceptions import ConnectionError as BotocoreConnectionError
from botocore.parsers import ResponseParserError

from chalicelib import limits, request_log
from chalicelib.errors import StorageUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# An item, or a part of one, in DynamoDB's own form: {"channel_id": {"S": "1c5ca5a5-..."}}.
Item = dict[str, Any]

# A failure that passes by itself is an outage: the client gets a 503 and comes back. Every other
# one is a bug or a wrong configuration: the client gets a 500, and the log has the traceback. The
# codes are taken from the DynamoDB Developer Guide ("Error handling") and from botocore's standard
# retry mode, without those of transactions and of other services. Every reply with a status of 5xx
# is an outage, too.
OUTAGE_CODES = {
    # DynamoDB throttles us.
    "LimitExceeded",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    # Our request took too long.
    "PriorRequestNotComplete",
    "RequestTimeout",
    "RequestTimeoutException",
    # Our credentials are being renewed, or our clock is wrong. On Lambda, AWS corrects both.
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidSignatureException",
    "RequestExpired",
}
OUTAGE_ERRORS = (
    # No connection, or no whole reply.
    BotocoreConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ResponseParserError,
    # No credentials, since the service that gives them out is unavailable.
    CredentialRetrievalError,
    MetadataRetrievalError,
)

# The header with the CRC-32 of a reply's body.
CHECKSUM_HEADER = "x-amz-crc32"


class ConditionFailed(Exception):
    """DynamoDB refused a conditional write.

    `item` is what it found instead, {} if there was nothing.

    `was_resent` is true if botocore sent the request more than once. It does so if no reply came,
    among other reasons, so an earlier copy may have been carried out.
    """

    def __init__(self, item: Item, was_resent: bool) -> None:
        super().__init__("condition failed")
        self.item = item
        self.was_resent = was_resent

    def is_our_own_write(self, attributes: Item) -> bool:
        """Whether an earlier copy of this request wrote these attributes: then it has succeeded.

        This happens if DynamoDB carries out the first copy and its reply is lost. botocore then
        sends a second copy, whose condition fails, since the item now holds what the first one
        wrote. A write without attributes is never recognised: see ChannelUpdate.was_carried_out.
        """
        if not self.was_resent or not attributes:
            return False
        return all(self.item.get(name) == value for name, value in attributes.items())


class Table:
    """A table with channels.

    `get`, `glance`, `put` and `update` raise StorageUnavailable if even botocore's last attempt
    ends in an outage. A write may have been carried out all the same: perhaps only its reply was
    lost. Other failures are raised as they are.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._name = name

    def warm_up(self, key: Item) -> None:
        """Open a connection by reading a key that no item has. Ignore all failures."""
        with suppress(StorageUnavailable, ClientError, BotoCoreError):
            self.get(key)

    def close_connections(self) -> None:
        """Close all connections.

        botocore only empties its pool of connections, so the client stays usable: the next request
        opens a new one.
        """
        self._client.close()

    def get(self, key: Item) -> Item:
        """Return an item, {} if there is none. The read sees every write that was acknowledged."""
        return self._get(key, is_consistent=True)

    def glance(self, key: Item) -> Item:
        """Return an item as it was a moment ago, for half the price of `get`.

        DynamoDB asks any of its replicas. One that lags behind usually does so by milliseconds, and
        hardly ever by a second. The next call may ask another one.
        """
        return self._get(key, is_consistent=False)

    def _get(self, key: Item, *, is_consistent: bool) -> Item:
        reply = self._send(self._client.get_item, Key=key, ConsistentRead=is_consistent)
        item: Item = reply.get("Item", {})
        return item

    def put(self, item: Item, condition: str, condition_values: Item | None = None) -> None:
        """Write a whole item. Raise ConditionFailed if the condition does not hold.

        `condition_values` are the values that the condition names, if any.
        """
        request: dict[str, Any] = {"Item": item, "ConditionExpression": condition}
        # DynamoDB refuses an empty map.
        if condition_values:
            request["ExpressionAttributeValues"] = condition_values
        self._send_conditional(self._client.put_item, **request)

    def update(self, request: dict[str, Any], return_item: bool = False) -> Item:
        """Update one item. Raise ConditionFailed if its condition does not hold.

        `request` holds the parameters of UpdateItem. Return the new item if `return_item`, else {}:
        a channel can be large, and would cross the network for nothing.
        """
        return_values = "ALL_NEW" if return_item else "NONE"
        reply = self._send_conditional(
            self._client.update_item, ReturnValues=return_values, **request
        )
        item: Item = reply.get("Attributes", {})
        return item

    def _send_conditional(self, operation: Callable[..., Any], **parameters: Any) -> Any:
        try:
            return self._send(
                operation, ReturnValuesOnConditionCheckFailure="ALL_OLD", **parameters
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            response: Any = error.response
            found: Item = response.get("Item", {})
            was_resent = response["ResponseMetadata"]["RetryAttempts"] > 0
            raise ConditionFailed(found, was_resent) from error

    def _send(self, operation: Callable[..., Any], **parameters: Any) -> Any:
        with raising_outages(), request_log.current().dynamodb_call():
            return operation(TableName=self._name, **parameters)


@contextmanager
def raising_outages() -> Iterator[None]:
    """Raise StorageUnavailable for a failure that passes by itself, and any other as it is."""
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code_of(error) in OUTAGE_CODES or status >= 500:
            raise StorageUnavailable(code_of(error)) from error
        raise
    except OUTAGE_ERRORS as error:
        raise StorageUnavailable(type(error).__name__) from error


def code_of(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def open_client(endpoint: str | None = None, **options: Any) -> "DynamoDBClient":
    """Return a client with our timeouts and retries.

    `endpoint` is the URL of a DynamoDB that is not AWS's own. Region and credentials come from the
    AWS environment, or from `options`.

    Raise StorageUnavailable if the service that gives out the credentials is unavailable.
    """
    config = Config(
        connect_timeout=limits.DYNAMODB_CONNECT_TIMEOUT_SECONDS,
        read_timeout=limits.DYNAMODB_READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": limits.DYNAMODB_ATTEMPTS},
        # botocore would otherwise build this string twice per request: a fifth of its work.
        user_agent="peerpost",
        # We build every parameter ourselves, and DynamoDB checks them too.
        parameter_validation=False,
    )
    with raising_outages():
        client = boto3.client("dynamodb", endpoint_url=endpoint, config=config, **options)
    client.meta.events.register("after-call.dynamodb", refuse_garbled_reply)
    return client


def refuse_garbled_reply(http_response: Any, **_: Any) -> None:
    """Raise StorageUnavailable if the content of a reply is not what DynamoDB sent.

    botocore's standard retry mode compares the same checksum, and sends a request again after a
    garbled reply. But if the reply to its last attempt is garbled too, botocore returns that reply,
    as data or as an error. This function checks the last reply before anybody uses it.
    """
    expected = http_response.headers.get(CHECKSUM_HEADER)
    # Engines other than AWS's own may send no checksum.
    if expected is not None and int(expected) != crc32(http_response.content):
        raise StorageUnavailable("no whole reply")
