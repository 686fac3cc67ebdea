"""What the function's role allows: the gateway's calls to its own table, its own logs, and nothing else."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.channels import Channel, Channels
from chalicelib.dynamodb import Table
from tools import package

from .conftest import Deployment
from .terraform import REGION

# IAM roles belong to no region, so the name of the role contains the region of its deployment.
ROLE = f"peerpost-{REGION}"
KEY = {"channel_id": {"S": "a-channel"}}


@dataclass(frozen=True)
class Clients:
    """AWS clients with the credentials of the function's role. The stand-in checks its permissions."""

    dynamodb: Any
    logs: Any
    table: str
    log_group: str


@pytest.fixture
def clients(deployment: Deployment) -> Iterator[Clients]:
    sts = deployment.session.client("sts", endpoint_url=deployment.endpoint)
    role = deployment.session.client("iam", endpoint_url=deployment.endpoint).get_role(RoleName=ROLE)["Role"]
    dynamodb = deployment.session.client("dynamodb", endpoint_url=deployment.endpoint)
    # What the function may not touch must exist, or a refusal would prove nothing.
    another_table(dynamodb)
    deployment.session.client("logs", endpoint_url=deployment.endpoint).create_log_group(logGroupName="another")
    keys = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    session = boto3.session.Session(
        keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=REGION
    )

    enforce_iam(deployment.endpoint, True)
    try:
        yield Clients(
            dynamodb=session.client("dynamodb", endpoint_url=deployment.endpoint),
            logs=session.client("logs", endpoint_url=deployment.endpoint),
            table=deployment.outputs["table_name"],
            log_group=deployment.outputs["log_group_name"],
        )
    finally:
        enforce_iam(deployment.endpoint, False)
        dynamodb.delete_table(TableName="another")
        deployment.session.client("logs", endpoint_url=deployment.endpoint).delete_log_group(logGroupName="another")


def another_table(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName="another",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "channel_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "channel_id", "KeyType": "HASH"}],
    )


def enforce_iam(endpoint: str, on: bool) -> None:
    """Switch the stand-in's permission checks on or off, for all later calls."""
    body = b"0" if on else b"inf"
    request = urllib.request.Request(
        f"{endpoint}/moto-api/reset-auth", data=body, headers={"Content-Type": "text/plain"}
    )
    urllib.request.urlopen(request, timeout=10).close()


def packaged_actions(*services: str) -> set[str]:
    """Return the IAM actions for the operations in the package. tests/runtime shows that the server calls them."""
    packaged = [(service.partition("/")[0], operations) for service, operations in package.OPERATIONS.items()]
    return {f"{name}:{operation}" for name, operations in packaged if name in services for operation in operations}


def test_the_role_may_call_what_the_server_calls_and_no_more(deployment: Deployment) -> None:
    iam = deployment.session.client("iam", endpoint_url=deployment.endpoint)

    policy: Any = iam.get_role_policy(RoleName=ROLE, PolicyName=ROLE)["PolicyDocument"]
    document = json.loads(policy) if isinstance(policy, str) else policy
    granted = {action for statement in document["Statement"] for action in statement["Action"]}

    assert granted - {"logs:CreateLogStream", "logs:PutLogEvents"} == packaged_actions("dynamodb")


def test_the_role_has_no_other_policy(deployment: Deployment) -> None:
    iam = deployment.session.client("iam", endpoint_url=deployment.endpoint)

    assert iam.list_role_policies(RoleName=ROLE)["PolicyNames"] == [ROLE]
    assert iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"] == []


def test_the_gateways_calls_are_allowed(clients: Clients) -> None:
    channels = Channels(Table(clients.dynamodb, clients.table))

    channel_id = channels.create()
    channels.set_offer(channel_id, "an offer")
    channels.set_answer(channel_id, "an answer")
    channels.add_candidates(channel_id, ["a candidate"])

    assert channels.get(channel_id) == Channel("an offer", "an answer", ["a candidate"])
    channels.delete(channel_id)


def test_the_functions_own_logs_are_allowed(clients: Clients) -> None:
    clients.logs.create_log_stream(logGroupName=clients.log_group, logStreamName="a-stream")

    events = [{"timestamp": 1_800_000_000_000, "message": "a line"}]
    reply = clients.logs.put_log_events(logGroupName=clients.log_group, logStreamName="a-stream", logEvents=events)

    assert reply["ResponseMetadata"]["HTTPStatusCode"] == 200


REFUSED: dict[str, Callable[[Clients], object]] = {
    "Scan": lambda aws: aws.dynamodb.scan(TableName=aws.table),
    "Query": lambda aws: aws.dynamodb.query(
        TableName=aws.table,
        KeyConditionExpression="channel_id = :id",
        ExpressionAttributeValues={":id": KEY["channel_id"]},
    ),
    "BatchGetItem": lambda aws: aws.dynamodb.batch_get_item(RequestItems={aws.table: {"Keys": [KEY]}}),
    "DeleteTable": lambda aws: aws.dynamodb.delete_table(TableName=aws.table),
    "UpdateTimeToLive": lambda aws: aws.dynamodb.update_time_to_live(
        TableName=aws.table, TimeToLiveSpecification={"Enabled": False, "AttributeName": "expire_time"}
    ),
    "reading another table": lambda aws: aws.dynamodb.get_item(TableName="another", Key=KEY),
    "deleting in another table": lambda aws: aws.dynamodb.delete_item(TableName="another", Key=KEY),
    "writing another table": lambda aws: aws.dynamodb.put_item(TableName="another", Item=KEY),
    "another log group": lambda aws: aws.logs.create_log_stream(logGroupName="another", logStreamName="a-stream"),
    "a new log group": lambda aws: aws.logs.create_log_group(logGroupName="a-new-one"),
    "reading its own logs": lambda aws: aws.logs.filter_log_events(logGroupName=aws.log_group),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED.keys())
def test_every_other_call_is_refused(clients: Clients, call: Callable[[Clients], object]) -> None:
    with pytest.raises(ClientError) as refusal:
        call(clients)

    # moto's refusal has a status but no code. The same credentials are accepted above, so the call itself is refused.
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
