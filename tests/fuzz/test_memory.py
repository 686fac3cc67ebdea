"""Compares the fuzzer's DynamoDB double with a real engine: equal calls must give equal outcomes and equal items."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib import limits
from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.errors import SignalingError
from harness.clock import Clock
from harness.contract import OWNER, STRANGER
from harness.engines import client_of, new_table
from tests.fuzz.memory import MAX_ITEM_BYTES, Memory

NOW = 1_800_000_000
NAMES = st.integers(0, 2)  # Indexes into the sequence's channel ids. The first id belongs to no channel.
TEXTS = st.sampled_from(["a", "b", "c", "\U0001f91d", ":now"])
CANDIDATES = st.lists(TEXTS, max_size=4)
Call = tuple[str, tuple[Any, ...]]
OWNERS = st.none() | st.sampled_from([OWNER, STRANGER])
TTLS = st.sampled_from([1, 100, limits.CHANNEL_TTL_SECONDS])
CALLS: st.SearchStrategy[Call] = st.one_of(
    st.tuples(st.just("create"), st.tuples(st.none() | TEXTS, CANDIDATES, TTLS, OWNERS)),
    st.tuples(st.just("get"), st.tuples(NAMES)),
    st.tuples(st.sampled_from(["set_offer", "set_answer"]), st.tuples(NAMES, TEXTS, CANDIDATES, OWNERS)),
    st.tuples(st.sampled_from(["add_candidates", "add_and_get_candidates"]), st.tuples(NAMES, CANDIDATES, OWNERS)),
    st.tuples(st.just("delete"), st.tuples(NAMES, OWNERS)),
    st.tuples(st.just("pass"), st.tuples(st.integers(0, 200))),
)


class Side:
    """The gateway over one of the two databases, and the results of its calls."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.clock = Clock(NOW)
        self.channels = Channels(Table(client, table), self.clock)
        self.ids = ["00000000-0000-4000-8000-000000000000"]
        self.said: list[object] = []

    def carry_out(self, call: Call) -> None:
        name, arguments = call
        if name == "pass":
            self.clock.seconds += arguments[0]
        elif name == "create":
            self.ids.append(self.channels.create(*arguments))
        else:
            which, *rest = arguments
            try:
                self.said.append(getattr(self.channels, name)(self.ids[which % len(self.ids)], *rest))
            except SignalingError as refusal:
                self.said.append(str(refusal))


def anonymous(items: list[dict[str, Any]], ids: list[str]) -> list[dict[str, Any]]:
    named = [{**item, "channel_id": ids.index(item["channel_id"]["S"])} for item in items]
    return sorted(named, key=lambda item: int(item["channel_id"]))


def assert_alike(calls: list[Call], client: DynamoDBClient, table: str) -> None:
    memory = Memory({})
    sides = [Side(memory.client, "any"), Side(client, table)]
    for side in sides:
        for call in calls:
            side.carry_out(call)

    stored = client.scan(TableName=table, ConsistentRead=True)["Items"]
    ours = [dict(item) for item in stored if item["channel_id"]["S"] in sides[1].ids]
    assert sides[0].said == sides[1].said
    assert anonymous(list(memory.items.values()), sides[0].ids) == anonymous(ours, sides[1].ids)


def test_the_double_gives_the_same_results_as_a_real_engine(endpoint: str) -> None:
    client = client_of(endpoint)

    @settings(max_examples=50, deadline=None)
    @given(st.lists(CALLS, max_size=12))
    def alike(calls: list[Call]) -> None:
        assert_alike([("create", (None, [])), *calls], client, table)

    with new_table(client) as table:
        alike()


def test_the_double_enforces_the_candidate_limit_as_a_real_engine_does(
    real_client: DynamoDBClient, real_table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_CANDIDATES", 3)
    calls: list[Call] = [("create", ("o", ["a"]))]
    calls += [("add_and_get_candidates", (1, each)) for each in (["a", "b"], ["c", "d"], ["b", "c"], ["d"])]

    assert_alike([*calls, ("set_answer", (1, "x", ["d"])), ("get", (1,))], real_client, real_table)


def test_the_double_rejects_unknown_expressions() -> None:
    client: Any = Memory({}).client
    check = {"ConditionExpression": "begins_with(offer, :v)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}

    with pytest.raises(NotImplementedError, match="begins_with"):
        client.put_item(TableName="any", Item={"channel_id": {"S": "x"}}, **check)


def test_the_double_enforces_dynamodbs_item_size_limit() -> None:
    channels = Channels(Table(Memory({}).client, "any table"))

    with pytest.raises(Exception, match="ValidationException"):
        channels.create("x" * MAX_ITEM_BYTES)
