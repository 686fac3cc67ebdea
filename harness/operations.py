"""The AWS operations that the server really calls. Tests compare the package and the IAM role with them."""

from typing import Any

from botocore.model import OperationModel
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.parameters import Parameter
from harness.contract import NEEDED, open_channel, whole
from harness.service import app_over
from harness.transports import over_handler


def watch(client: Any) -> set[str]:
    """Return a set to which every operation that the client calls from now on is added by name."""
    called: set[str] = set()

    def note(model: OperationModel, **_: object) -> None:
        called.add(model.name)

    client.meta.events.register("before-call", note)
    return called


def dynamodb_operations(client: DynamoDBClient, table: str) -> set[str]:
    """Return the operations called at start-up and by every method, on an empty channel and in a full exchange."""
    called = watch(client)
    channels = Channels(Table(client, table))
    channels.warm_up()
    post = over_handler(app_over(channels))
    channel_id = open_channel(post)
    # `get_offer` is called once on the empty channel. Then each value is written before it is read: see NEEDED.
    for method in ["get_offer", *NEEDED]:
        post(whole(method, channel_id))
    return called


def ssm_operations(client: Any, name: str) -> set[str]:
    """Return the operations that are called to read a parameter."""
    called = watch(client)
    Parameter(lambda: client, name).read()
    return called
