"""The smallest function that one can write with `boto3`: a client, created once."""

import json
import os
import time
from typing import Any

import boto3
from botocore.exceptions import ClientError

RULE = "attribute_exists(channel_id) AND expire_time > :now AND attribute_not_exists(answer)"

client = boto3.client("dynamodb")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it
    request = json.loads(event["body"])
    try:
        client.update_item(
            TableName=os.environ["TABLE_NAME"],
            Key={"channel_id": {"S": request["channel_id"]}},
            ConditionExpression=RULE,
            UpdateExpression="SET answer = :answer",
            ExpressionAttributeValues={":answer": {"S": request["answer"]}, ":now": {"N": str(int(time.time()))}},
        )
    except ClientError:
        return {"statusCode": 400, "body": "no such channel"}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"}
