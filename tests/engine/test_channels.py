"""The gateway to DynamoDB, tested on moto and on a real engine."""

import hashlib
import uuid
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from botocore.model import OperationModel
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib import limits
from chalicelib.channel_update import OFFER_NUMBER
from chalicelib.channels import Channel, Channels
from chalicelib.errors import SignalingError
from chalicelib.limits import CHANNEL_TTL_SECONDS, DELETED_CHANNEL_EXPIRED_SECONDS_AGO, MAX_BATCH, MAX_CANDIDATES
from harness.clock import Clock
from harness.contract import OWNER, STRANGER

NOBODYS_ID = "00000000-0000-4000-8000-000000000000"

EVERY_WRITE = [
    pytest.param(lambda channels, channel_id: channels.set_offer(channel_id, "offer"), id="set_offer"),
    pytest.param(lambda channels, channel_id: channels.set_answer(channel_id, "answer"), id="set_answer"),
    pytest.param(lambda channels, channel_id: channels.add_candidates(channel_id, ["one"]), id="add_candidates"),
]
# Each write, by a client that sends this secret or no secret.
WRITES_AS = [
    pytest.param(lambda channels, name, owner: channels.set_offer(name, "new", ["new"], owner), id="set_offer"),
    pytest.param(lambda channels, name, owner: channels.set_answer(name, "new", ["new"], owner), id="set_answer"),
    pytest.param(lambda channels, name, owner: channels.add_candidates(name, ["new"], owner), id="add_candidates"),
    pytest.param(lambda channels, name, owner: channels.add_and_get_candidates(name, ["new"], owner), id="add_and_get"),
    pytest.param(lambda channels, name, owner: channels.delete(name, owner), id="delete"),
]
# Each client that is not the owner, and its refusal.
NOT_THE_OWNER = [(None, "owner is missing"), (STRANGER, "owner does not match")]
EVERY_VERB = [*EVERY_WRITE, pytest.param(lambda channels, channel_id: channels.get(channel_id), id="get")]


def items(client: DynamoDBClient, table: str) -> list[dict[str, Any]]:
    return list(client.scan(TableName=table)["Items"])


def test_a_new_channel_has_a_random_uuid_and_is_empty(channels: Channels) -> None:
    channel_id = channels.create()

    assert uuid.UUID(channel_id).version == 4
    assert str(uuid.UUID(channel_id)) == channel_id
    assert channels.get(channel_id) == Channel(None, None, [])


def test_a_channel_is_stored_in_the_documented_form(
    channels: Channels, client: DynamoDBClient, table: str, clock: Clock
) -> None:
    channel_id = channels.create()
    channels.set_offer(channel_id, "an offer")
    channels.set_answer(channel_id, "an answer")
    channels.add_candidates(channel_id, ["a candidate"])

    assert items(client, table) == [
        {
            "channel_id": {"S": channel_id},
            "offer": {"S": "an offer"},
            "answer": {"S": "an answer"},
            "candidate": {"L": [{"S": "a candidate"}]},
            "expire_time": {"N": str(int(clock.seconds) + CHANNEL_TTL_SECONDS)},
        }
    ]


def test_a_channel_with_an_owner_stores_only_the_digest_of_its_secret(
    channels: Channels, client: DynamoDBClient, table: str, clock: Clock
) -> None:
    channel_id = channels.create("an offer", owner=OWNER, ttl_seconds=86_400)

    [item] = items(client, table)
    assert item == {
        "channel_id": {"S": channel_id},
        "offer": {"S": "an offer"},
        "candidate": {"L": []},
        "expire_time": {"N": str(int(clock.seconds) + 86_400)},
        "owner_digest": {"B": hashlib.sha256(OWNER.encode()).digest()},
    }


@pytest.mark.parametrize("write", WRITES_AS)
@pytest.mark.parametrize(("owner", "message"), NOT_THE_OWNER)
def test_a_strangers_write_is_refused_and_changes_nothing(
    write: Any, owner: str | None, message: str, channels: Channels, client: DynamoDBClient, table: str
) -> None:
    channel_id = channels.create("old", ["old"], owner=OWNER)
    before = items(client, table)

    with pytest.raises(SignalingError, match=f"^{message}$"):
        write(channels, channel_id, owner)

    assert items(client, table) == before


@pytest.mark.parametrize("write", WRITES_AS)
@pytest.mark.parametrize("owner", [None, OWNER, STRANGER])
def test_an_expired_channel_with_an_owner_does_not_exist_for_anybody(
    write: Any, owner: str | None, channels: Channels, clock: Clock
) -> None:
    channel_id = channels.create("old", owner=OWNER)
    clock.seconds += CHANNEL_TTL_SECONDS

    try:
        write(channels, channel_id, owner)
    except SignalingError as refusal:
        assert str(refusal) == "no such channel"

    with pytest.raises(SignalingError, match="^no such channel$"):
        channels.get(channel_id)


@pytest.mark.parametrize("owner", [None, STRANGER])
def test_a_stranger_deleting_an_expired_channel_changes_nothing(
    owner: str | None, channels: Channels, client: DynamoDBClient, table: str, clock: Clock
) -> None:
    channel_id = channels.create("old", owner=OWNER)
    before = items(client, table)
    clock.seconds += CHANNEL_TTL_SECONDS

    channels.delete(channel_id, owner)

    assert items(client, table) == before


def test_a_channel_whose_owner_has_deleted_it_keeps_only_its_id(
    channels: Channels, client: DynamoDBClient, table: str, clock: Clock
) -> None:
    channel_id = channels.create("old", ["old"], 86_400, OWNER)

    channels.delete(channel_id, OWNER)
    for owner in (OWNER, None, STRANGER):
        channels.delete(channel_id, owner)

    expired = {"N": str(int(clock.seconds) - DELETED_CHANNEL_EXPIRED_SECONDS_AGO)}
    assert items(client, table) == [
        {"channel_id": {"S": channel_id}, "expire_time": expired, "candidate": {"L": []}},
    ]


@pytest.mark.parametrize("ttl", [1, 300, 86_400])
def test_a_channel_lives_for_the_seconds_that_it_was_given_and_no_longer(
    ttl: int, channels: Channels, clock: Clock
) -> None:
    channel_id = channels.create(ttl_seconds=ttl)

    clock.seconds += ttl - 0.001
    for write in EVERY_WRITE:
        write.values[0](channels, channel_id)  # type: ignore[operator]
    clock.seconds += 0.001

    with pytest.raises(SignalingError, match="^no such channel$"):
        channels.get(channel_id)


def test_a_later_offer_replaces_the_earlier_one(channels: Channels) -> None:
    channel_id = channels.create()
    channels.set_offer(channel_id, "first")

    channels.set_offer(channel_id, "second")

    assert channels.get(channel_id).offer == "second"


def test_the_first_answer_wins(channels: Channels) -> None:
    channel_id = channels.create()
    channels.set_answer(channel_id, "first")

    with pytest.raises(SignalingError, match="^answer already exists$"):
        channels.set_answer(channel_id, "second")

    assert channels.get(channel_id).answer == "first"


def test_a_second_request_with_the_same_answer_is_refused(channels: Channels) -> None:
    channel_id = channels.create()
    channels.set_answer(channel_id, "the same")

    with pytest.raises(SignalingError, match="^answer already exists$"):
        channels.set_answer(channel_id, "the same")


def test_candidates_keep_the_order_in_which_they_were_added(channels: Channels) -> None:
    channel_id = channels.create()
    candidates = ["b", "c", "a", "B", "ü"]

    for candidate in candidates:
        channels.add_candidates(channel_id, [candidate])

    assert channels.get(channel_id).candidates == candidates


def test_a_stored_candidate_is_not_added_again(channels: Channels) -> None:
    channel_id = channels.create()
    for candidate in ["a", "ab", "a", "b", "ab"]:
        channels.add_candidates(channel_id, [candidate])

    assert channels.get(channel_id).candidates == ["a", "ab", "b"]


def test_a_full_channel_refuses_a_new_candidate_but_accepts_its_stored_ones(channels: Channels) -> None:
    channel_id = channels.create()
    full = [f"candidate {number}" for number in range(MAX_CANDIDATES)]
    for first in range(0, MAX_CANDIDATES, MAX_BATCH):
        channels.add_candidates(channel_id, full[first : first + MAX_BATCH])

    with pytest.raises(SignalingError, match=f"^too many candidates: a channel holds {MAX_CANDIDATES}$"):
        channels.add_candidates(channel_id, ["one more"])
    channels.add_candidates(channel_id, [full[0]])

    assert channels.get(channel_id).candidates == full


def test_a_full_channel_refuses_a_new_offer_that_brings_another_candidate(
    channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_CANDIDATES", 2)
    channel_id = channels.create("an offer", ["a", "b"])

    with pytest.raises(SignalingError, match="^too many candidates: a channel holds 2$"):
        channels.set_offer(channel_id, "another", ["c"])
    assert channels.get(channel_id) == Channel("an offer", None, ["a", "b"])

    channels.set_offer(channel_id, "another", ["b"])
    assert channels.get(channel_id) == Channel("another", None, ["a", "b"])


@pytest.mark.parametrize("verb", EVERY_VERB)
def test_a_request_to_an_unknown_channel_is_refused_and_does_not_create_it(
    verb: Any, channels: Channels, client: DynamoDBClient, table: str
) -> None:
    with pytest.raises(SignalingError, match="^no such channel$"):
        verb(channels, NOBODYS_ID)

    assert items(client, table) == []


@pytest.mark.parametrize("verb", EVERY_VERB)
def test_a_channel_works_until_its_last_second(verb: Any, channels: Channels, clock: Clock) -> None:
    channel_id = channels.create()

    clock.seconds += CHANNEL_TTL_SECONDS - 0.001

    verb(channels, channel_id)


@pytest.mark.parametrize("late", [0, 1, 86_400])
@pytest.mark.parametrize("verb", EVERY_VERB)
def test_an_expired_channel_does_not_exist_for_any_method(
    verb: Any, late: int, channels: Channels, client: DynamoDBClient, table: str, clock: Clock
) -> None:
    channel_id = channels.create()
    before = items(client, table)

    clock.seconds += CHANNEL_TTL_SECONDS + late
    with pytest.raises(SignalingError, match="^no such channel$"):
        verb(channels, channel_id)

    assert items(client, table) == before


@pytest.mark.parametrize("write", EVERY_WRITE)
def test_no_write_extends_the_life_of_a_channel(
    write: Any, channels: Channels, client: DynamoDBClient, table: str, clock: Clock
) -> None:
    channel_id = channels.create()
    [before] = items(client, table)

    clock.seconds += CHANNEL_TTL_SECONDS / 2
    write(channels, channel_id)

    [after] = items(client, table)
    assert after["expire_time"] == before["expire_time"]


def test_answering_an_expired_channel_is_refused_as_no_such_channel(channels: Channels, clock: Clock) -> None:
    channel_id = channels.create()
    channels.set_answer(channel_id, "an answer")

    clock.seconds += CHANNEL_TTL_SECONDS

    with pytest.raises(SignalingError, match="^no such channel$"):
        channels.set_answer(channel_id, "another")


def test_a_duplicate_channel_id_is_an_error_and_leaves_the_existing_channel_unchanged(
    channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel_id = channels.create()
    channels.set_offer(channel_id, "somebody's offer")
    monkeypatch.setattr(uuid, "uuid4", lambda: channel_id)

    with pytest.raises(RuntimeError, match="^a new channel id is in use already$"):
        channels.create()

    assert channels.get(channel_id).offer == "somebody's offer"


@pytest.mark.parametrize(
    ("verb", "operation"),
    [
        pytest.param(lambda channels, _: channels.create(), "PutItem", id="create"),
        pytest.param(lambda channels, channel_id: channels.get(channel_id), "GetItem", id="get"),
        pytest.param(lambda channels, channel_id: channels.set_offer(channel_id, "b"), "UpdateItem", id="set_offer"),
        pytest.param(lambda channels, channel_id: channels.set_answer(channel_id, "b"), "UpdateItem", id="set_answer"),
        pytest.param(lambda channels, channel_id: channels.add_candidates(channel_id, ["b"]), "UpdateItem", id="add"),
        pytest.param(lambda channels, _: channels.create("b", ["b", "c"]), "PutItem", id="create with all"),
        pytest.param(
            lambda channels, name: channels.set_offer(name, "b", ["b", "c"]), "UpdateItem", id="offer with all"
        ),
        pytest.param(lambda channels, name: channels.set_answer(name, "b", ["b"]), "UpdateItem", id="answer with all"),
        pytest.param(lambda channels, channel_id: channels.delete(channel_id), "PutItem", id="delete"),
    ],
)
def test_every_operation_is_exactly_one_request_even_if_it_is_refused(
    verb: Any, operation: str, channels: Channels, client: DynamoDBClient
) -> None:
    fresh, answered = channels.create(), channels.create()
    channels.set_answer(answered, "a")
    sent: Counter[str] = Counter()

    def count(model: OperationModel, **_: object) -> None:
        sent[model.name] += 1

    client.meta.events.register("before-call.dynamodb", count)
    for channel_id in (fresh, answered, NOBODYS_ID):
        with suppress(SignalingError):
            verb(channels, channel_id)

    assert sent == {operation: 3}


@pytest.mark.parametrize("write", WRITES_AS)
@pytest.mark.parametrize("owner", [None, OWNER, STRANGER])
def test_a_write_to_an_owners_channel_is_exactly_one_request_even_if_it_is_refused(
    write: Any, owner: str | None, channels: Channels, client: DynamoDBClient
) -> None:
    sent: list[str] = []
    client.meta.events.register("before-call.dynamodb", lambda model, **_: sent.append(model.name))

    channel_id = channels.create(ttl_seconds=60, owner=OWNER)
    with suppress(SignalingError):
        write(channels, channel_id, owner)

    assert len(sent) == 2
    assert sent[0] == "PutItem"


def test_each_offer_of_an_owner_is_exactly_one_request(
    channels: Channels, client: DynamoDBClient, clock: Clock
) -> None:
    channel_id = channels.create("the first offer", owner=OWNER)
    sent: list[str] = []
    client.meta.events.register("before-call.dynamodb", lambda model, **_: sent.append(model.name))

    for number in range(3):
        clock.seconds += 1
        channels.set_offer(channel_id, f"offer {number}", owner=OWNER)

    assert sent == ["UpdateItem"] * 3
    assert channels.get(channel_id).offer == "offer 2"


@pytest.mark.parametrize("seconds", [0, -1, -600])
def test_an_owners_offer_replaces_an_earlier_one_by_an_instance_whose_clock_is_ahead(
    seconds: int, channels: Channels, clock: Clock
) -> None:
    channel_id = channels.create(owner=OWNER)

    for number in range(3):
        channels.set_offer(channel_id, f"offer {number}", ["a", str(number)], owner=OWNER)
        clock.seconds += seconds

    assert channels.get(channel_id) == Channel("offer 2", None, ["a", "0", "1", "2"])


@pytest.mark.parametrize("seconds", [1, 0, -600])
def test_each_offer_of_an_owner_has_a_higher_number_than_the_one_before(
    seconds: int, channels: Channels, client: DynamoDBClient, table: str, clock: Clock
) -> None:
    """Otherwise a late copy of an earlier offer could replace it."""
    channel_id = channels.create(owner=OWNER)
    numbers = []

    for offer in ("one", "two", "three"):
        channels.set_offer(channel_id, offer, owner=OWNER)
        item = client.get_item(TableName=table, Key={"channel_id": {"S": channel_id}}, ConsistentRead=True)["Item"]
        numbers.append(int(item[OFFER_NUMBER]["N"]))
        clock.seconds += seconds

    assert numbers == sorted(set(numbers))


def test_dynamodb_returns_candidates_only_if_the_caller_needs_them(channels: Channels, client: DynamoDBClient) -> None:
    channel_id = channels.create(None, ["a"])
    asked: list[str] = []
    client.meta.events.register(
        "provide-client-params.dynamodb.UpdateItem", lambda params, **_: asked.append(params["ReturnValues"])
    )

    channels.add_candidates(channel_id, ["b"])
    assert channels.add_and_get_candidates(channel_id, ["c"]) == ["a", "b", "c"]

    assert asked == ["NONE", "ALL_NEW"]


def test_warming_up_reads_once_and_finds_nothing(channels: Channels, client: DynamoDBClient) -> None:
    found: list[dict[str, Any]] = []
    client.meta.events.register("after-call.dynamodb.GetItem", lambda parsed, **_: found.append(parsed))

    channels.warm_up()

    assert [(reply["ResponseMetadata"]["HTTPStatusCode"], "Item" in reply) for reply in found] == [(200, False)]


def test_reads_are_strongly_consistent(channels: Channels, client: DynamoDBClient) -> None:
    channel_id = channels.create()
    requests: list[dict[str, Any]] = []
    client.meta.events.register("provide-client-params.dynamodb.GetItem", lambda params, **_: requests.append(params))

    channels.get(channel_id)

    assert [request["ConsistentRead"] for request in requests] == [True]


def test_a_glance_is_an_eventually_consistent_read_and_costs_half(channels: Channels, client: DynamoDBClient) -> None:
    channel_id = channels.create("an offer", ["a"])
    requests: list[dict[str, Any]] = []
    client.meta.events.register("provide-client-params.dynamodb.GetItem", lambda params, **_: requests.append(params))

    seen = channels.glance(channel_id)

    assert seen == Channel("an offer", None, ["a"])
    assert [request["ConsistentRead"] for request in requests] == [False]


def test_a_channel_that_a_glance_does_not_see_yet_is_read_again(channels: Channels, client: DynamoDBClient) -> None:
    """A replica may lag behind. The channel must not be reported as gone for that reason."""
    channel_id = channels.create()

    def lag_behind(parsed: dict[str, Any], **_: Any) -> None:
        client.meta.events.unregister("after-call.dynamodb.GetItem", lag_behind)
        del parsed["Item"]

    client.meta.events.register("after-call.dynamodb.GetItem", lag_behind)

    assert channels.glance(channel_id) == Channel(None, None, [])


def test_a_glance_at_a_channel_that_is_gone_is_refused(channels: Channels) -> None:
    channel_id = channels.create()
    channels.delete(channel_id)

    with pytest.raises(SignalingError, match="no such channel"):
        channels.glance(channel_id)


def test_a_channel_can_be_created_with_its_offer_and_candidates(channels: Channels) -> None:
    channel_id = channels.create("an offer", ["b", "a", "b"])

    assert channels.get(channel_id) == Channel("an offer", None, ["b", "a"])


def test_a_description_and_its_candidates_are_stored_together(channels: Channels) -> None:
    channel_id = channels.create()

    channels.set_offer(channel_id, "an offer", ["b", "a"])
    channels.set_answer(channel_id, "an answer", ["d", "c"])

    assert channels.get(channel_id) == Channel("an offer", "an answer", ["b", "a", "d", "c"])


def test_only_new_candidates_of_a_batch_are_added_and_keep_their_order(channels: Channels) -> None:
    channel_id = channels.create(None, ["b"])

    channels.add_candidates(channel_id, ["c", "b", "a", "c"])
    channels.set_offer(channel_id, "an offer", ["a", "d", "b"])
    channels.set_answer(channel_id, "an answer", ["d", "a"])

    assert channels.get(channel_id) == Channel("an offer", "an answer", ["b", "c", "a", "d"])


def test_a_refused_answer_stores_none_of_its_candidates(channels: Channels) -> None:
    channel_id = channels.create(None, ["known"])
    channels.set_answer(channel_id, "first")

    for candidates in (["new"], ["known", "new"]):
        with pytest.raises(SignalingError, match="^answer already exists$"):
            channels.set_answer(channel_id, "second", candidates)

    assert channels.get(channel_id) == Channel(None, "first", ["known"])


def test_if_not_all_candidates_of_a_batch_fit_none_is_stored(
    channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_CANDIDATES", 3)
    channel_id = channels.create(None, ["a"])

    with pytest.raises(SignalingError, match="^too many candidates: a channel holds 3$"):
        channels.set_offer(channel_id, "an offer", ["a", "b", "c", "d"])
    channels.set_offer(channel_id, "another", ["a", "b", "c"])

    assert channels.get(channel_id) == Channel("another", None, ["a", "b", "c"])


def test_a_deleted_channel_does_not_exist_and_only_its_id_is_kept(
    channels: Channels, client: DynamoDBClient, table: str, clock: Clock
) -> None:
    channel_id = channels.create("an offer", ["a candidate"])

    channels.delete(NOBODYS_ID)
    channels.delete(channel_id)
    channels.delete(channel_id)

    expired = {"N": str(int(clock.seconds) - DELETED_CHANNEL_EXPIRED_SECONDS_AGO)}
    left = [{"channel_id": {"S": channel_id}, "expire_time": expired, "candidate": {"L": []}}]
    assert items(client, table) == left
    for verb in EVERY_VERB:
        with pytest.raises(SignalingError, match="^no such channel$"):
            verb.values[0](channels, channel_id)  # type: ignore[operator]
    assert items(client, table) == left
