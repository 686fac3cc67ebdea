"""A table for `chalice local` that is made for you.

By default it is in the memory of this process, and needs no account, no Docker and no Java. If you
run a DynamoDB engine yourself, such as DynamoDB Local, it can be in that one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.dynamodb import Table, code_of, open_client, raising_outages
from chalicelib.errors import StorageUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE_NAME = "peerpost-channels"

# Any region and any keys will do, except on AWS. In a key, DynamoDB Local accepts only letters and
# digits.
ANY_REGION = "us-east-1"
ANY_KEYS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}  # nosec B105


def open_table(endpoint: str | None) -> Table:
    """Return a table in memory or, if there is an endpoint, in the engine that listens there.

    Raise StorageUnavailable if the engine does not answer. It may still be starting.
    """
    if endpoint is None:
        return in_memory()
    with raising_outages():
        client = at_endpoint(endpoint)
        create_table(client, TABLE_NAME)
    return Table(cast("DynamoDBClient", MakesItsTable(client)), TABLE_NAME)


def create_table(client: DynamoDBClient, table_name: str) -> None:
    """Create the table if it is missing. It needs no TTL: an expired channel is refused anyway."""
    try:
        client.create_table(
            TableName=table_name,
            AttributeDefinitions=[{"AttributeName": "channel_id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "channel_id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    except ClientError as error:
        if code_of(error) != "ResourceInUseException":
            raise


def in_memory() -> Table:
    """Return a table of moto, in this process."""
    # moto intercepts only calls to AWS's own endpoints. The client gets one explicitly, so that no
    # setting of the developer's can send its calls elsewhere.
    endpoint = f"https://dynamodb.{ANY_REGION}.amazonaws.com"
    # From here on, moto intercepts all calls of this process to AWS, those to SSM too. Our client
    # has its own keys, so moto need not put its own into the environment.
    mock_aws(config={"core": {"mock_credentials": False}}).start()
    # create_table belongs in this block: moto opens boto3 sessions when it creates its first table,
    # and these would read the developer's settings.
    with without_aws_settings():
        client = open_client(endpoint, region_name=ANY_REGION, **ANY_KEYS)
        create_table(client, TABLE_NAME)
    return Table(cast("DynamoDBClient", OneAtATime(client)), TABLE_NAME)


def at_endpoint(endpoint: str) -> DynamoDBClient:
    """Return a client for an engine. The endpoint is explicit, so that no setting overrides it."""
    session = boto3.Session()
    # DynamoDB Local keeps separate tables for each key and region. So use the developer's own, if
    # there are any: then the developer's other tools see this table, too.
    keys = {} if session.get_credentials() else ANY_KEYS
    return open_client(endpoint, region_name=session.region_name or ANY_REGION, **keys)


@contextmanager
def without_aws_settings() -> Iterator[None]:
    """Hide the developer's AWS settings from what is opened in this block.

    For example, boto3 fails if AWS_PROFILE names a profile that does not exist, even if it needs
    nothing from that profile.
    """
    hidden = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    no_files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    for name in hidden:
        del os.environ[name]
    os.environ.update(no_files)
    # boto3 keeps a session for its clients, which may have read the settings already.
    session, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, None
    try:
        yield
    finally:
        for name in no_files:
            del os.environ[name]
        os.environ.update(hidden)
        boto3.DEFAULT_SESSION = session


class OneAtATime:
    """A client whose calls take turns: moto loses updates that run side by side."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client
        self._turn = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)

        def in_turn(**parameters: Any) -> Any:
            with self._turn:
                return operation(**parameters)

        return in_turn


class MakesItsTable:
    """A client that creates its table again if it is gone.

    An engine that keeps its data in memory loses it when it restarts. The channels are lost. The
    request that finds this out gets a 503, and the next one works.
    """

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)

        def call(**parameters: Any) -> Any:
            try:
                return operation(**parameters)
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
                create_table(self._client, TABLE_NAME)
                raise StorageUnavailable("the table was gone, and has been made again") from error

        return call
