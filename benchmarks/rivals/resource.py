"""The conventional way: a table of `boto3.resource`, created once."""

import json
import os
import time
from typing import Any

import boto3
from botocore.exceptions import ClientError

RULE = "attribute_exists(channel_id) AND expire_time > :now AND attribute_not_exists(answer)"

table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it
    request = json.loads(event["body"])
    try:
        table.update_item(
            Key={"channel_id": request["channel_id"]},
            ConditionExpression=RULE,
            UpdateExpression="SET answer = :answer",
            ExpressionAttributeValues={":answer": request["answer"], ":now": int(time.time())},
        )
    except ClientError:
        return {"statusCode": 400, "body": "no such channel"}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"}
