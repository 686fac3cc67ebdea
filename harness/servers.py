"""The server in this process, on a real table, behind a URL that counts requests."""

from collections.abc import Iterator
from contextlib import contextmanager

from mypy_boto3_dynamodb import DynamoDBClient

from app import create_app
from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channels
from chalicelib.function_url import lambda_handler
from chalicelib.ice_servers import IceServers
from harness.front import Front, front_of
from harness.ssm import KEY, digest


@contextmanager
def plain_front(client: DynamoDBClient, table: str) -> Iterator[Front]:
    """Run a server without access keys or ICE servers."""
    channels = Channels(client, table)
    with front_of(lambda_handler(create_app(lambda: channels))) as front:
        yield front


@contextmanager
def operated_front(client: DynamoDBClient, table: str, urls: list[str], secret: str) -> Iterator[Front]:
    """Run a server whose operator requires an access key and has TURN servers."""
    channels = Channels(client, table)
    ice_servers = IceServers([], urls, lambda: secret)
    keys = AccessKeys(lambda: digest(KEY))
    with front_of(lambda_handler(create_app(lambda: channels, access_keys=keys, ice_servers=ice_servers))) as front:
        yield front
