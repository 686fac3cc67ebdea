"""An in-memory double of the DynamoDB client. It supports only the expressions that the gateway sends.

tests/fuzz/test_memory.py compares it with a real engine.
Items are never changed in place, so that a copy of `items` is a snapshot.
"""

import re
from collections.abc import Callable
from typing import Any, NoReturn, cast

from botocore.exceptions import ClientError
from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
Items = dict[str, Item]

# DynamoDB Developer Guide, "Constraints".
MAX_ITEM_BYTES = 409_600
MAX_KEY_BYTES = 2_048
MAX_EXPRESSION_BYTES = 4_096

Rule = Callable[[Item, Item, str, str], bool]
RULES: list[tuple[re.Pattern[str], Rule]] = [
    (re.compile(r"attribute_exists\((\w+)\)()"), lambda item, _, name, __: name in item),
    (re.compile(r"attribute_not_exists\((\w+)\)()"), lambda item, _, name, __: name not in item),
    (re.compile(r"(\w+) = (:\w+)"), lambda item, values, name, value: bool(item[name] == values[value])),
    (re.compile(r"(\w+) > (:\w+)"), lambda item, values, name, value: int(item[name]["N"]) > int(values[value]["N"])),
    (re.compile(r"(\w+) < (:\w+)"), lambda item, values, name, value: int(item[name]["N"]) < int(values[value]["N"])),
    (
        re.compile(r"size\((\w+)\) <= (:\w+)"),
        lambda item, values, name, value: len(item[name]["L"]) <= int(values[value]["N"]),
    ),
    (
        re.compile(r"NOT contains\((\w+), (:\w+)\)"),
        lambda item, values, name, value: values[value] not in item[name]["L"],
    ),
]
SET = re.compile(r"(\w+) = (:\w+)")
CLAUSE = re.compile(r"\w[^,(]*(?:\([^)]*\))?")
APPEND = re.compile(r"(\w+) = list_append\(\1, (:\w+)\)")


class Memory:
    """The items of one table by key. While `throttled` is set, every call fails as if DynamoDB throttled it."""

    def __init__(self, items: Items) -> None:
        self.items = dict(items)
        self.throttled = False

    @property
    def client(self) -> DynamoDBClient:
        return cast(DynamoDBClient, self)

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> Item:  # noqa: ARG002, N803
        item = self.items.get(self._key(Key))
        return reply() if item is None else reply(Item=item)

    def put_item(
        self,
        *,
        TableName: str,  # noqa: ARG002, N803
        Item: Item,  # noqa: N803
        ExpressionAttributeValues: Item | None = None,  # noqa: N803
        **condition: str,
    ) -> Item:
        key, values = self._key(Item), ExpressionAttributeValues
        if values == {}:
            refuse("ValidationException")
        self._check(key, values or {}, **condition)
        self._store(key, Item)
        return reply()

    def update_item(
        self,
        *,
        TableName: str,  # noqa: ARG002, N803
        Key: Item,  # noqa: N803
        UpdateExpression: str,  # noqa: N803
        ExpressionAttributeValues: Item,  # noqa: N803
        ReturnValues: str,  # noqa: N803
        **condition: str,
    ) -> Item:
        key, values = self._key(Key), ExpressionAttributeValues
        self._check(key, values, **condition)
        self._store(key, changed(self.items.get(key, Key), UpdateExpression, values))
        return {"NONE": reply(), "ALL_NEW": reply(Attributes=self.items[key])}[ReturnValues]

    def delete_item(self, *, TableName: str, Key: Item) -> Item:  # noqa: ARG002, N803
        self.items.pop(self._key(Key), None)
        return reply()

    def _key(self, item: Item) -> str:
        if self.throttled:
            refuse("ThrottlingException")
        key: str = item["channel_id"]["S"]
        if not 1 <= len(key.encode()) <= MAX_KEY_BYTES:
            refuse("ValidationException")
        return key

    def _check(
        self,
        key: str,
        values: Item,
        *,
        ConditionExpression: str,  # noqa: N803
        ReturnValuesOnConditionCheckFailure: str,  # noqa: N803
    ) -> None:
        assert ReturnValuesOnConditionCheckFailure == "ALL_OLD"
        if len(ConditionExpression) > MAX_EXPRESSION_BYTES:
            refuse("ValidationException")
        if not holds(ConditionExpression, self.items.get(key, {}), values):
            refuse("ConditionalCheckFailedException", **({"Item": self.items[key]} if key in self.items else {}))

    def _store(self, key: str, item: Item) -> None:
        if size_of(item) > MAX_ITEM_BYTES:
            refuse("ValidationException")
        self.items[key] = item


def holds(condition: str, item: Item, values: Item) -> bool:
    """Return whether an item meets a condition. As in DynamoDB, comparing an absent attribute is false."""
    for clause in condition.split(" AND "):
        if " OR " in clause:
            if not any(holds(each, item, values) for each in clause[1:-1].split(" OR ")):
                return False
            continue
        for pattern, rule in RULES:
            if match := pattern.fullmatch(clause):
                name, value = match.groups()
                if (value and name not in item) or not rule(item, values, name, value):
                    return False
                break
        else:
            raise NotImplementedError(clause)
    return True


def changed(item: Item, update: str, values: Item) -> Item:
    result = dict(item)
    for clause in CLAUSE.findall(update.removeprefix("SET ")):
        if match := APPEND.fullmatch(clause):
            result[match[1]] = {"L": [*item[match[1]]["L"], *values[match[2]]["L"]]}
        elif match := SET.fullmatch(clause):
            result[match[1]] = values[match[2]]
        else:
            raise NotImplementedError(update)
    return result


def size_of(item: Item) -> int:
    """Return the size of an item as in the DynamoDB Developer Guide, "Item sizes and formats"."""
    return sum(len(name.encode()) + size_of_value(value) for name, value in item.items())


def size_of_value(value: Item) -> int:
    if "L" in value:
        return 3 + sum(1 + size_of_value(inner) for inner in value["L"])
    if "B" in value:
        return len(value["B"])
    return len(str(value.get("S", value.get("N"))).encode())


def reply(**members: Any) -> Item:
    return {"ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0}, **members}


def refuse(code: str, **members: Any) -> NoReturn:
    error = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400, "RetryAttempts": 0}}
    raise ClientError(cast(Any, error | members), "any")
