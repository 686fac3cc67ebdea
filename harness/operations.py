"""The AWS operations that the server really calls, so that the package and the role can be held against them."""

from typing import Any, cast

from botocore.model import OperationModel
from mypy_boto3_dynamodb import DynamoDBClient

from app import create_app
from chalicelib.channels import Channels
from chalicelib.parameters import Parameter
from harness.contract import NEEDED, open_channel, whole
from harness.transports import over_handler


def watch(client: Any) -> set[str]:
    """Return a set that fills with the names of the operations that a client calls from now on."""
    called: set[str] = set()

    def note(model: OperationModel, **_: object) -> None:
        called.add(model.name)

    client.meta.events.register("before-call", note)
    return called


def dynamodb_operations(client: DynamoDBClient, table: str) -> set[str]:
    """Return the operations that a start and every method call, on an empty channel and on a full exchange."""
    called = watch(client)
    channels = Channels(client, table)
    channels.warm_up()
    post = over_handler(create_app(lambda: channels))
    channel_id = open_channel(post)
    # "create" before "get" before "delete": everything is read once it is there.
    for method in ["get_offer", *NEEDED]:
        post(whole(method, channel_id))
    return called


def ssm_operations(client: Any, name: str) -> set[str]:
    """Return the operations that reading a parameter calls."""
    called = watch(client)
    Parameter(cast(Any, client), name).value()
    return called
