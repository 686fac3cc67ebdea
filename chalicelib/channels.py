"""The DynamoDB gateway: the only module that knows what a table is. A verb is one request, its rule the condition."""

import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError, IncompleteReadError
from botocore.parsers import ResponseParserError

from chalicelib import limits, request_log
from chalicelib.errors import SignalingError, StorageUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
Call = Callable[..., Any]
Written = tuple[bool, Item, bool]

# TTL deletes late, by days: until then a write must see for itself that the channel's time is not up.
ALIVE = "attribute_exists(channel_id) AND expire_time > :now"

# DynamoDB Developer Guide, "Error handling": these are throttling; its own faults are known by their 5xx.
THROTTLED = {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}


@dataclass(frozen=True)
class Channel:
    """A channel as it is stored. A description is None until somebody has written it."""

    offer: str | None
    answer: str | None
    candidates: list[str]


class Channels:
    """The channels of one table, by `now` in Unix seconds. Verbs raise SignalingError and StorageUnavailable."""

    def __init__(self, client: "DynamoDBClient", table_name: str, now: Callable[[], float] = time.time) -> None:
        self._client, self._table_name, self._now = client, table_name, now

    def warm_up(self) -> None:
        """Open the connection that the first request needs, by a read that finds nothing. A failure is that one's."""
        with suppress(SignalingError, StorageUnavailable, ClientError, BotoCoreError):
            self.get("none")

    def create(self, offer: str | None = None, candidates: Iterable[str] = ()) -> str:
        """Open a channel that lives CHANNEL_TTL_SECONDS, with what is known already, and return its id."""
        channel_id, expire_time = str(uuid.uuid4()), int(self._now()) + limits.CHANNEL_TTL_SECONDS
        item = {"channel_id": {"S": channel_id}, "expire_time": {"N": str(expire_time)}, "candidate": _list(candidates)}
        item |= {"offer": {"S": offer}} if offer is not None else {}
        if not self._write(self._client.put_item, "attribute_not_exists(channel_id)", item, Item=item)[0]:
            raise RuntimeError("a new channel id is in use already")
        return channel_id

    def get(self, channel_id: str) -> Channel:
        """Return all that was acknowledged so far: the read is strongly consistent."""
        reply = self._send(self._client.get_item, Key={"channel_id": {"S": channel_id}}, ConsistentRead=True)
        item = _alive(reply.get("Item", {}), int(self._now()))
        offer, answer = item.get("offer", {}).get("S"), item.get("answer", {}).get("S")
        return Channel(offer, answer, [candidate["S"] for candidate in item["candidate"]["L"]])

    def set_offer(self, channel_id: str, offer: str, candidates: Iterable[str] = ()) -> None:
        """Write the offer, over an earlier one if there is one."""
        self._update(channel_id, {"offer": {"S": offer}}, candidates, " AND attribute_not_exists(offer)")

    def set_answer(self, channel_id: str, answer: str, candidates: Iterable[str] = ()) -> None:
        """Write the answer; the first one wins."""
        self._update(channel_id, {"answer": {"S": answer}}, candidates, " AND attribute_not_exists(answer)")

    def add_candidates(self, channel_id: str, candidates: Iterable[str], tell: bool = False) -> list[str]:
        """Append the candidates that the channel does not hold already; `tell` returns all that it then holds."""
        item = self._update(channel_id, {}, candidates, returns="ALL_NEW" if tell else "NONE")
        return [candidate["S"] for candidate in item["candidate"]["L"]] if tell else []

    def delete(self, channel_id: str) -> None:
        """Erase the channel, if it is there; what stays of it keeps a late copy of its create from bringing it back."""
        expire_time = int(self._now()) - limits.CHANNEL_TTL_SECONDS
        item = {"channel_id": {"S": channel_id}, "expire_time": {"N": str(expire_time)}, "candidate": _list([])}
        self._write(self._client.put_item, "attribute_exists(channel_id)", {}, Item=item)

    def _update(self, name: str, own: Item, candidates: Iterable[str], once: str = "", returns: str = "NONE") -> Item:
        """Set `own` and append the new ones of the candidates, all or nothing, in a channel that lives."""
        now, new = int(self._now()), list(dict.fromkeys(candidates))
        while True:
            done, met, unsure = self._append(name, own, new, once, now, returns)
            if done:
                return met
            stored = {candidate["S"] for candidate in _alive(met, now, unsure)["candidate"]["L"]}
            if "answer" in own and "answer" in met:
                raise SignalingError("answer already exists")
            if "offer" in own and "offer" in met and (changes := _number(met, "changes")) >= _number(own, "changes"):
                if unsure and changes:
                    raise StorageUnavailable("refused after a lost reply")
                # Counted, so that a late copy of this request, which botocore has sent again, undoes no later offer.
                own["changes"] = {"N": str(changes + 1)}
                once = " AND (attribute_not_exists(changes) OR changes < :changes)"
            elif stored.isdisjoint(new):
                raise SignalingError(f"too many candidates: a channel holds {limits.MAX_CANDIDATES}")
            # Some are there already, which is no reason to refuse the others.
            new = [candidate for candidate in new if candidate not in stored]
            if not new and not own:
                return met

    def _append(self, name: str, own: Item, new: list[str], once: str, now: int, returns: str) -> Written:
        each = {f":c{number}": {"S": candidate} for number, candidate in enumerate(new)}
        rule = ALIVE + once + " AND size(candidate) <= :room"
        rule += "".join(f" AND NOT contains(candidate, {c})" for c in each)
        change = "SET candidate = list_append(candidate, :new)" + "".join(f", {name} = :{name}" for name in own)
        values = {":new": _list(new), ":now": {"N": str(now)}, ":room": {"N": str(limits.MAX_CANDIDATES - len(new))}}
        values |= each | {f":{name}": value for name, value in own.items()}
        update = {"UpdateExpression": change, "ExpressionAttributeValues": values, "ReturnValues": returns}
        return self._write(self._client.update_item, rule, own, Key={"channel_id": {"S": name}}, **update)

    def _write(self, operation: Call, rule: str, own: Item, **values: Any) -> Written:
        """Send a conditional write; return whether it is done, what it returns or met, and whether we may be in it."""
        values |= {"ConditionExpression": rule, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        try:
            return True, self._send(operation, **values).get("Attributes", {}), False
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            met = cast(Item, error.response.get("Item", {}))
            # botocore sends again what got no reply: meeting what this request alone writes means that it has written.
            resent = error.response["ResponseMetadata"]["RetryAttempts"] > 0
            return resent and own != {} and own.items() <= met.items(), met, resent

    def _send(self, operation: Call, **parameters: Any) -> Any:
        """Send a request; raise StorageUnavailable where DynamoDB has not carried it out after the retries."""
        try:
            with request_log.current().dynamodb_call():
                reply = operation(TableName=self._table_name, **parameters)
        except ClientError as error:
            code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            if code in THROTTLED or status >= 500:
                raise StorageUnavailable(code) from error
            raise
        except (ConnectionError, HTTPClientError, IncompleteReadError, ResponseParserError) as error:
            raise StorageUnavailable(type(error).__name__) from error
        # A 200 whose checksum never matched: its content is anything but what DynamoDB said.
        if {"MaxAttemptsReached", "RetryQuotaReached"} & reply["ResponseMetadata"].keys():
            raise StorageUnavailable("no whole reply")
        return reply


def _list(candidates: Iterable[str]) -> Item:
    return {"L": [{"S": candidate} for candidate in dict.fromkeys(candidates)]}


def _number(item: Item, name: str) -> int:
    return int(item.get(name, {"N": "0"})["N"])


def _alive(item: Item, now: int, unsure: bool = False) -> Item:
    if _number(item, "expire_time") <= now:
        raise StorageUnavailable("refused after a lost reply") if unsure else SignalingError("no such channel")
    return item


def open_client(**options: Any) -> "DynamoDBClient":
    """Return a client with our time-outs and retries; the usual AWS environment says where it connects, and as whom."""
    config = Config(
        connect_timeout=limits.DYNAMODB_CONNECT_TIMEOUT_SECONDS,
        read_timeout=limits.DYNAMODB_READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": limits.DYNAMODB_ATTEMPTS},
        # Else botocore describes this machine anew, twice for each request: a fifth of a request's work.
        user_agent="peerpost",
        # We build every parameter ourselves, and DynamoDB checks them too.
        parameter_validation=False,
    )
    return boto3.client("dynamodb", config=config, **options)
