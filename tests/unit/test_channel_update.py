"""One conditional update as a value: the request that it sends, and what follows if DynamoDB refuses it."""

from typing import Any

import pytest

from chalicelib.channel_update import NO_ANSWER_YET, NO_NEWER_OFFER, NO_OFFER_YET, ChannelUpdate
from chalicelib.dynamodb import ConditionFailed, Item
from chalicelib.errors import SignalingError, StorageUnavailable
from chalicelib.limits import MAX_CANDIDATES

NOW = 1_800_000_000
OFFER = {"offer": {"S": "an offer"}}
ANSWER = {"answer": {"S": "an answer"}}


def update_of(attributes: Item, *candidates: str, condition: str | None = None) -> ChannelUpdate:
    return ChannelUpdate("an id", NOW, list(candidates), attributes, condition)


def stored(*candidates: str, expire_time: int = NOW + 1, **attributes: Any) -> Item:
    """Return an item in DynamoDB's form."""
    listed = {"L": [{"S": candidate} for candidate in candidates]}
    return {"channel_id": {"S": "an id"}, "expire_time": {"N": str(expire_time)}, "candidate": listed, **attributes}


def changes(number: int) -> Item:
    return {"changes": {"N": str(number)}}


def refused(item: Item, was_resent: bool = False) -> ConditionFailed:
    return ConditionFailed(item, was_resent)


def test_candidates_are_appended_only_to_a_live_channel_with_room_that_does_not_have_them_yet() -> None:
    assert update_of({}, "a", "b").request() == {
        "Key": {"channel_id": {"S": "an id"}},
        "ConditionExpression": "attribute_exists(channel_id) AND expire_time > :now"
        " AND attribute_not_exists(owner_digest) AND size(candidate) <= :room"
        " AND NOT contains(candidate, :c0) AND NOT contains(candidate, :c1)",
        "UpdateExpression": "SET candidate = list_append(candidate, :new)",
        "ExpressionAttributeValues": {
            ":now": {"N": str(NOW)},
            ":room": {"N": str(MAX_CANDIDATES - 2)},
            ":new": {"L": [{"S": "a"}, {"S": "b"}]},
            ":c0": {"S": "a"},
            ":c1": {"S": "b"},
        },
    }


def test_an_attribute_is_set_in_the_same_request_with_its_own_condition() -> None:
    assert update_of(ANSWER, "a", condition=NO_ANSWER_YET).request() == {
        "Key": {"channel_id": {"S": "an id"}},
        "ConditionExpression": "attribute_exists(channel_id) AND expire_time > :now"
        " AND attribute_not_exists(owner_digest) AND attribute_not_exists(answer)"
        " AND size(candidate) <= :room AND NOT contains(candidate, :c0)",
        "UpdateExpression": "SET candidate = list_append(candidate, :new), answer = :answer",
        "ExpressionAttributeValues": {
            ":now": {"N": str(NOW)},
            ":room": {"N": str(MAX_CANDIDATES - 1)},
            ":new": {"L": [{"S": "a"}]},
            ":c0": {"S": "a"},
            ":answer": {"S": "an answer"},
        },
    }


@pytest.mark.parametrize(
    "item",
    [{}, stored(expire_time=NOW), stored(expire_time=NOW - 600)],
    ids=["missing", "expires now", "expired 600 s ago"],
)
@pytest.mark.parametrize(
    "update", [update_of(OFFER), update_of(ANSWER), update_of({}, "a")], ids=["offer", "answer", "candidate"]
)
def test_an_update_of_a_missing_or_expired_channel_is_refused(item: Item, update: ChannelUpdate) -> None:
    with pytest.raises(SignalingError, match="^no such channel$"):
        update.revised(refused(item))


def test_a_resent_update_of_an_expired_channel_is_an_outage_and_not_a_refusal() -> None:
    with pytest.raises(StorageUnavailable, match="^refused after a lost reply$"):
        update_of(ANSWER).revised(refused(stored(expire_time=NOW), was_resent=True))


@pytest.mark.parametrize("was_resent", [False, True])
def test_a_second_answer_is_refused(was_resent: bool) -> None:
    """A resent answer is refused, too: if the stored answer were ours, an earlier check would have recognized it."""
    with pytest.raises(SignalingError, match="^answer already exists$"):
        update_of(ANSWER, "new").revised(refused(stored(answer={"S": "theirs"}), was_resent))


def test_candidates_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SignalingError, match=f"^too many candidates: a channel holds {MAX_CANDIDATES}$"):
        update_of({}, "a").revised(refused(stored("b")))


def test_candidates_that_are_already_stored_are_left_out_of_the_next_try() -> None:
    revised = update_of(ANSWER, "a", "b", "c", condition=NO_ANSWER_YET).revised(refused(stored("x", "b")))

    assert revised == update_of(ANSWER, "a", "c", condition=NO_ANSWER_YET)


def test_an_update_is_empty_if_everything_is_already_stored() -> None:
    revised = update_of({}, "a", "b").revised(refused(stored("b", "a")))

    assert revised.is_empty()
    assert not update_of({}, "a").is_empty()
    assert not update_of(ANSWER).is_empty()


def test_a_second_offer_is_retried_with_the_next_higher_number() -> None:
    first = update_of(OFFER, "a", "b", condition=NO_OFFER_YET)

    second = first.revised(refused(stored("b", offer={"S": "theirs"})))
    third = second.revised(refused(stored("b", offer={"S": "theirs"}, **changes(7))))

    assert second == update_of(OFFER | changes(1), "a", condition=NO_NEWER_OFFER)
    assert third == update_of(OFFER | changes(8), "a", condition=NO_NEWER_OFFER)


def test_if_no_newer_offer_is_stored_an_offer_can_only_be_refused_for_its_candidates() -> None:
    update = update_of(OFFER | changes(2), "a", condition=NO_NEWER_OFFER)
    item = stored("b", offer={"S": "theirs"}, **changes(1))

    with pytest.raises(SignalingError, match="^too many candidates"):
        update.revised(refused(item))


def test_a_resent_offer_that_may_have_been_replaced_is_an_outage() -> None:
    with pytest.raises(StorageUnavailable, match="^refused after a lost reply$"):
        update_of(OFFER).revised(refused(stored(offer={"S": "theirs"}, **changes(1)), was_resent=True))


def test_a_resent_offer_replaces_the_first_offer_of_a_channel() -> None:
    """The first offer has replaced no other offer, so it cannot have replaced ours."""
    revised = update_of(OFFER).revised(refused(stored(offer={"S": "theirs"}), was_resent=True))

    assert revised == update_of(OFFER | changes(1), condition=NO_NEWER_OFFER)


def test_revising_an_update_leaves_the_original_unchanged() -> None:
    attributes, candidates = dict(OFFER), ["a", "b"]
    update = ChannelUpdate("an id", NOW, candidates, attributes, NO_OFFER_YET)

    update.revised(refused(stored("b", offer={"S": "theirs"})))

    assert update == ChannelUpdate("an id", NOW, ["a", "b"], OFFER, NO_OFFER_YET)


@pytest.mark.parametrize(
    ("was_resent", "item", "expected"),
    [
        (True, stored() | ANSWER, True),
        (True, stored("a") | ANSWER, True),
        (True, stored(answer={"S": "theirs"}), False),
        (True, {}, False),
        (False, stored() | ANSWER, False),
    ],
    ids=[
        "resent, our answer is stored",
        "resent, our answer and a candidate are stored",
        "resent, another answer is stored",
        "resent, nothing is stored",
        "not resent",
    ],
)
def test_a_resent_write_has_succeeded_if_its_values_are_stored(was_resent: bool, item: Item, expected: bool) -> None:
    assert ConditionFailed(item, was_resent).is_our_own_write(ANSWER) is expected


def test_stored_candidates_do_not_prove_that_a_write_was_ours() -> None:
    """Another request may have written the same candidates. Stored candidates are left out of the next try instead."""
    assert not ConditionFailed(stored("a"), was_resent=True).is_our_own_write({})


@pytest.mark.parametrize(
    ("stored_candidates", "was_carried_out"),
    [(["a", "b", "theirs"], True), (["a"], False), ([], False)],
    ids=["all of ours", "some of ours", "none of ours"],
)
def test_a_resent_write_has_succeeded_only_if_its_candidates_are_stored_too(
    stored_candidates: list[str], was_carried_out: bool
) -> None:
    """The same answer may be there from an earlier request, which brought other candidates."""
    update = update_of(ANSWER, "a", "b")
    failure = refused(stored(*stored_candidates) | ANSWER, was_resent=True)

    assert update.was_carried_out(failure) is was_carried_out


def test_a_write_that_was_not_resent_was_not_carried_out() -> None:
    failure = refused(stored("a") | ANSWER)

    assert not update_of(ANSWER, "a").was_carried_out(failure)
