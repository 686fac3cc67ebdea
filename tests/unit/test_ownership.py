"""The owner of a channel: the conditions that DynamoDB gets, and what a refused stranger is told."""

import hashlib

import pytest

from chalicelib.channel_update import NO_ANSWER_YET, NO_OFFER_YET, ChannelUpdate
from chalicelib.dynamodb import ConditionFailed, Item
from chalicelib.errors import SignalingError, StorageUnavailable
from chalicelib.limits import MAX_CANDIDATES
from chalicelib.ownership import Writer
from harness.contract import OWNER, STRANGER

NOW = 1_800_000_000
OFFER = {"offer": {"S": "an offer"}}
ANSWER = {"answer": {"S": "an answer"}}
OWNERS = Writer.with_secret(OWNER)
STRANGERS = Writer.with_secret(STRANGER)
NOBODYS = Writer.with_secret(None)
# Each writer who is not the owner, and the refusal that it gets.
REFUSED = [(NOBODYS, "owner is missing"), (STRANGERS, "owner does not match")]


def owned(*candidates: str, expire_time: int = NOW + 1, **attributes: Item) -> Item:
    """Return the item of OWNER's channel, in DynamoDB's form."""
    listed = {"L": [{"S": candidate} for candidate in candidates]}
    item = {"channel_id": {"S": "an id"}, "expire_time": {"N": str(expire_time)}, "candidate": listed}
    return item | attributes | OWNERS.attributes()


def without_an_owner(*candidates: str) -> Item:
    return {name: value for name, value in owned(*candidates).items() if name != "owner_digest"}


def update_of(writer: Writer, attributes: Item, *candidates: str, condition: str | None = None) -> ChannelUpdate:
    return ChannelUpdate("an id", NOW, list(candidates), attributes, condition, writer)


def test_only_the_sha_256_of_a_secret_is_stored() -> None:
    assert OWNERS.attributes() == {"owner_digest": {"B": hashlib.sha256(OWNER.encode()).digest()}}
    assert NOBODYS.attributes() == {}


def test_a_write_without_a_secret_needs_a_channel_without_an_owner() -> None:
    request = update_of(NOBODYS, {}, "a").request()

    assert request["ConditionExpression"] == (
        "attribute_exists(channel_id) AND expire_time > :now AND attribute_not_exists(owner_digest)"
        " AND size(candidate) <= :room AND NOT contains(candidate, :c0)"
    )
    assert ":owner" not in request["ExpressionAttributeValues"]


def test_a_write_with_a_secret_needs_a_channel_without_an_owner_or_with_this_one() -> None:
    request = update_of(OWNERS, ANSWER, condition=NO_ANSWER_YET).request()

    assert request["ConditionExpression"] == (
        "attribute_exists(channel_id) AND expire_time > :now"
        " AND (attribute_not_exists(owner_digest) OR owner_digest = :owner)"
        " AND attribute_not_exists(answer) AND size(candidate) <= :room"
    )
    assert request["ExpressionAttributeValues"][":owner"] == {"B": hashlib.sha256(OWNER.encode()).digest()}


def test_an_update_never_writes_the_owner() -> None:
    assert "owner" not in update_of(OWNERS, OFFER, "a").request()["UpdateExpression"]


@pytest.mark.parametrize(("writer", "message"), REFUSED)
@pytest.mark.parametrize("was_resent", [False, True])
def test_a_stranger_is_refused_even_if_its_request_was_resent(writer: Writer, message: str, was_resent: bool) -> None:
    """No copy of the request can have been carried out, because a channel's owner never changes."""
    for update in (update_of(writer, OFFER), update_of(writer, ANSWER, "a"), update_of(writer, {}, "a")):
        with pytest.raises(SignalingError, match=f"^{message}$"):
            update.revised(ConditionFailed(owned(), was_resent))


@pytest.mark.parametrize(("writer", "message"), REFUSED)
@pytest.mark.parametrize(
    ("update", "item"),
    [
        (({}, ["a"]), owned("a")),
        (({}, []), owned()),
        ((ANSWER, []), owned(answer={"S": "theirs"})),
        ((OFFER, []), owned(offer={"S": "theirs"}, changes={"N": "7"})),
        (({}, ["new"]), owned(*map(str, range(MAX_CANDIDATES)))),
    ],
    ids=["a stored candidate", "no candidates", "a second answer", "a second offer", "one candidate too many"],
)
def test_a_write_by_a_stranger_is_refused_for_that_reason_before_any_other(
    writer: Writer, message: str, update: tuple[Item, list[str]], item: Item
) -> None:
    attributes, candidates = update

    with pytest.raises(SignalingError, match=f"^{message}$"):
        update_of(writer, attributes, *candidates).revised(ConditionFailed(item, was_resent=False))


@pytest.mark.parametrize("writer", [NOBODYS, STRANGERS, OWNERS])
def test_everybody_is_told_that_an_expired_channel_does_not_exist(writer: Writer) -> None:
    for item in (owned(expire_time=NOW), {}):
        with pytest.raises(SignalingError, match="^no such channel$"):
            update_of(writer, OFFER).revised(ConditionFailed(item, was_resent=False))


@pytest.mark.parametrize("writer", [NOBODYS, STRANGERS])
def test_a_strangers_resent_write_was_not_carried_out_even_if_its_text_is_stored(writer: Writer) -> None:
    """The owner has written the same text."""
    failure = ConditionFailed(owned("a") | OFFER, was_resent=True)

    assert not update_of(writer, OFFER, "a").was_carried_out(failure)


def test_an_owners_resent_write_was_carried_out_if_it_is_stored() -> None:
    failure = ConditionFailed(owned("a") | OFFER, was_resent=True)

    assert update_of(OWNERS, OFFER, "a").was_carried_out(failure)
    assert not update_of(OWNERS, OFFER, "a", "b").was_carried_out(failure)


@pytest.mark.parametrize("writer", [NOBODYS, STRANGERS])
def test_a_resent_write_to_a_channel_without_an_owner_was_carried_out_even_if_it_names_an_owner(writer: Writer) -> None:
    failure = ConditionFailed(without_an_owner("a") | OFFER, was_resent=True)

    assert update_of(writer, OFFER, "a").was_carried_out(failure)


def test_an_owners_resent_offer_that_may_have_been_replaced_is_an_outage() -> None:
    failure = ConditionFailed(owned(offer={"S": "newer"}, changes={"N": "1"}), was_resent=True)

    with pytest.raises(StorageUnavailable, match="^refused after a lost reply$"):
        update_of(OWNERS, OFFER).revised(failure)


def test_a_revised_update_keeps_its_writer() -> None:
    first = update_of(OWNERS, OFFER, "a", "b", condition=NO_OFFER_YET)

    second = first.revised(ConditionFailed(owned("b", offer={"S": "mine"}), was_resent=False))

    assert second.writer == OWNERS
    assert second.candidates == ["a"]
