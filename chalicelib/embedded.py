"""A DynamoDB in this process, for `chalice local`: no account, no Docker, no Java. It never ships."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.channels import Channels, open_client

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE_NAME = "peerpost-channels"

# Every engine but AWS's own takes any; DynamoDB Local wants letters and digits only.
ANY_REGION = "us-east-1"
ANY_KEYS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}  # nosec B105


class OneAtATime:
    """A client whose calls take turns: moto loses updates that run side by side."""

    _turn = threading.Lock()

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)

        def in_turn(**parameters: Any) -> Any:
            with self._turn:
                return operation(**parameters)

        return in_turn


def open_channels() -> Channels:
    """Return channels in memory, or those of the engine at AWS_ENDPOINT_URL_DYNAMODB where that is set."""
    client = _at_endpoint() if "AWS_ENDPOINT_URL_DYNAMODB" in os.environ else _in_memory()
    create_table(client, TABLE_NAME)
    return Channels(client, TABLE_NAME)


def create_table(client: DynamoDBClient, table_name: str) -> None:
    """Create the table where it is missing; without TTL, since what has expired is refused all the same."""
    try:
        client.create_table(
            TableName=table_name,
            AttributeDefinitions=[{"AttributeName": "channel_id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "channel_id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise


def _in_memory() -> DynamoDBClient:
    # Only calls to AWS's own addresses reach moto, whatever endpoint or keys the developer's shell holds.
    mock_aws(config={"core": {"mock_credentials": False, "reset_boto3_session": True}}).start()
    address = f"https://dynamodb.{ANY_REGION}.amazonaws.com"
    return cast("DynamoDBClient", OneAtATime(open_client(endpoint_url=address, region_name=ANY_REGION, **ANY_KEYS)))


def _at_endpoint() -> DynamoDBClient:
    session = boto3.Session()
    keys = {} if session.get_credentials() else ANY_KEYS
    return open_client(region_name=session.region_name or ANY_REGION, **keys)
