"""The server in this process, on a real table, behind a URL that counts requests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chalice.app import Chalice
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.function_url import lambda_handler
from chalicelib.ice_servers import IceServers
from harness.front import Front, front_of
from harness.runtime import Event, Invoke
from harness.service import app_over
from harness.ssm import KEY, digest

# Even on a busy machine, news arrives in this time, so no test asks twice by chance.
HOLD_SECONDS = 20


def shared_handler(new_app: Callable[[], Chalice]) -> Invoke:
    """Return an entry point that many threads can call at once, unlike one on Lambda.

    An app of Chalice has one current request. If threads shared an app, one of them could serve another one's request.
    """

    def invoke(event: Event, context: object) -> Event:
        return lambda_handler(new_app())(event, context)

    return invoke


@contextmanager
def plain_front(client: DynamoDBClient, table: str) -> Iterator[Front]:
    """Run a server without access keys or ICE servers."""
    channels = Channels(Table(client, table))
    with front_of(shared_handler(lambda: app_over(channels, HOLD_SECONDS))) as front:
        yield front


@contextmanager
def operated_front(client: DynamoDBClient, table: str, urls: list[str], secret: str) -> Iterator[Front]:
    """Run a server whose operator requires an access key and has TURN servers."""
    channels = Channels(Table(client, table))
    ice_servers = IceServers([], urls, lambda: secret)
    keys = AccessKeys(lambda: digest(KEY))

    def new_app() -> Chalice:
        return app_over(channels, HOLD_SECONDS, access_keys=keys, ice_servers=ice_servers)

    with front_of(shared_handler(new_app)) as front:
        yield front
