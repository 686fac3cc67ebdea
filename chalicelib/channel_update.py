"""One conditional update of a channel: the request that makes it, and what to try when it fails.

DynamoDB decides. The rules of a write are the condition of its request, so that two peers who
write at once cannot both win. Nothing here talks to DynamoDB: Channels sends the request.

A channel is an item of the table, with these attributes:

    channel_id   string   the key
    expire_time  number   Unix time in seconds, which DynamoDB's TTL reads, too
    candidate    list     all candidates, as strings, in the order in which they came
    offer        string   absent until a peer has written it
    answer       string   absent until a peer has written it
    changes      number   the number of the offer, if it has one: see OFFER_NUMBER
    owner_digest binary   see ownership; absent if the channel has no owner
"""

from typing import Any, NamedTuple

from chalicelib import limits
from chalicelib.dynamodb import ConditionFailed, Item
from chalicelib.errors import SignalingError, StorageUnavailable
from chalicelib.ownership import Writer

# DynamoDB's TTL deletes items days late, so each write checks that the channel has not expired.
# `attribute_exists` only spells out that the channel must exist: without a channel, the comparison
# alone would fail, too.
CHANNEL_IS_ALIVE = "attribute_exists(channel_id) AND expire_time > :now"

NO_OFFER_YET = "attribute_not_exists(offer)"
NO_ANSWER_YET = "attribute_not_exists(answer)"

# For an offer that replaces an earlier one. botocore resends a request that got no reply, and its
# first copy may still arrive seconds later, when the peer has already written a newer offer. So
# each replacement has a number, which must be higher than the stored one. A late copy finds its own
# number or a higher one, and is refused. An offer that came with `create_data_channel` has no
# number, and neither has a channel's first offer if its request named no owner. A missing number
# counts as 0.
#
# A replacement usually takes the next number. But the server learns the stored number only when
# DynamoDB refuses a write, and an owner may replace its offer many times, for as long as its
# channel lives. To avoid that refused write, the first try of an owner's offer has the time in
# milliseconds as its number, which is hardly ever refused. This leaves one gap. If every copy of an
# owner's offer is late, the owner's next offer can be stored first. A late copy of the older offer
# then overwrites the newer one if its number is higher. That happens if the clock that the number
# comes from was ahead by more than the time between the two offers. There is no gap once a copy of
# an offer is stored, since every newer offer then gets a higher number. See "A lost reply" in
# docs/architecture.md.
#
# The attribute is called "changes" because it once counted the changes of the offer.
OFFER_NUMBER = "changes"
NO_NEWER_OFFER = f"(attribute_not_exists({OFFER_NUMBER}) OR {OFFER_NUMBER} < :{OFFER_NUMBER})"

HAS_ROOM = "size(candidate) <= :room"


class ChannelUpdate(NamedTuple):
    """Sets attributes of a living channel and appends candidates to it: both, or neither.

    `now` is the Unix time in seconds at which the channel has to be alive.
    `attributes` are in DynamoDB's form: {"offer": {"S": "v=0 ..."}}.
    `condition` must hold too.
    `writer` is the client that sends the update.
    """

    channel_id: str
    now: int
    candidates: list[str]
    attributes: Item
    condition: str | None = None
    writer: Writer = Writer()

    def request(self) -> dict[str, Any]:
        """Return the parameters of the UpdateItem request.

        The candidates are a list and not a set, because clients ask for them from a position on.
        The condition names each of them, so that none is stored twice: DynamoDB has no "append what
        is missing".
        """
        candidate_values = {
            f":c{number}": {"S": candidate} for number, candidate in enumerate(self.candidates)
        }
        conditions = [CHANNEL_IS_ALIVE, self.writer.condition()]
        if self.condition is not None:
            conditions.append(self.condition)
        conditions.append(HAS_ROOM)
        conditions += [f"NOT contains(candidate, {name})" for name in candidate_values]

        assignments = ["candidate = list_append(candidate, :new)"]
        assignments += [f"{name} = :{name}" for name in self.attributes]

        values = {
            ":now": {"N": str(self.now)},
            ":room": {"N": str(limits.MAX_CANDIDATES - len(self.candidates))},
            ":new": {"L": list(candidate_values.values())},
            **candidate_values,
            **self.writer.condition_values(),
            **{f":{name}": value for name, value in self.attributes.items()},
        }
        return {
            "Key": {"channel_id": {"S": self.channel_id}},
            "ConditionExpression": " AND ".join(conditions),
            "UpdateExpression": "SET " + ", ".join(assignments),
            "ExpressionAttributeValues": values,
        }

    def was_carried_out(self, failure: ConditionFailed) -> bool:
        """Whether an earlier copy of this update has succeeded, although this copy failed.

        An update writes its attributes and its candidates together. So both must be stored: the
        attributes alone could come from another request with the same text.

        An update of candidates alone is never recognised, and need not be: `revised` finds all of
        them stored, and leaves nothing to write.

        A stranger's update is never recognised either: DynamoDB refuses every copy of it. If the
        same text is stored, the owner wrote it.
        """
        if self.writer.is_stranger_to(failure.item):
            return False
        if not failure.is_our_own_write(self.attributes):
            return False
        return set(self.candidates) <= set(candidates_in(failure.item))

    def revised(self, failure: ConditionFailed) -> "ChannelUpdate":
        """Return the update to try next, now that we know what is stored.

        Call this only if was_carried_out() is false: it assumes that no copy of this update wrote
        what is stored, even if the text is the same.

        Raise SignalingError if the client has to be refused, and StorageUnavailable if nobody can
        say whether an earlier copy of this update was carried out.
        """
        stored = failure.item
        if not is_alive(stored, self.now):
            raise error_without_a_channel(failure)
        if self.writer.is_stranger_to(stored):
            # A channel's owner never changes. So this refusal is right even after a lost reply.
            raise self.writer.refusal()
        if "answer" in self.attributes and "answer" in stored:
            # An answer is never replaced. If a copy of ours had been stored, it would still be
            # here, so this refusal is right even after a lost reply.
            raise SignalingError("answer already exists")
        if self._must_replace_the_offer(stored):
            return self._replacing_the_offer(failure).without(candidates_in(stored))
        if set(self.candidates).isdisjoint(candidates_in(stored)):
            # Our candidates are all new, so no `NOT contains` failed, and every other condition has
            # been dealt with above. So it is HAS_ROOM that failed. An update without candidates
            # never gets here, since HAS_ROOM always holds for it.
            raise SignalingError(f"too many candidates: a channel holds {limits.MAX_CANDIDATES}")
        return self.without(candidates_in(stored))

    def without(self, candidates: list[str]) -> "ChannelUpdate":
        """Return this update without these candidates, since they are stored already.

        The others are still written, and sending a candidate twice is not an error.
        """
        known = set(candidates)
        return self._replace(candidates=[each for each in self.candidates if each not in known])

    def is_empty(self) -> bool:
        return not self.attributes and not self.candidates

    def _must_replace_the_offer(self, stored: Item) -> bool:
        """Whether our offer was refused because of the stored one.

        A stored number stops our offer if it is as high as our own, or higher. Both count as 0 if
        they are absent, so an offer without a number is stopped by any stored offer. If the stored
        number is lower, another condition has failed.
        """
        if "offer" not in self.attributes or "offer" not in stored:
            return False
        return number_in(stored, OFFER_NUMBER) >= number_in(self.attributes, OFFER_NUMBER)

    def _replacing_the_offer(self, failure: ConditionFailed) -> "ChannelUpdate":
        stored_number = number_in(failure.item, OFFER_NUMBER)
        if failure.was_resent and stored_number > 0:
            # An earlier copy may have written our offer, and a newer offer may have replaced it.
            raise StorageUnavailable("refused after a lost reply")
        # Otherwise our offer has certainly not been written yet, for one of two reasons:
        # - The request was sent only once, and DynamoDB has just refused it.
        # - The stored offer has no number. Every replacement has one, so the stored offer is the
        #   channel's first and has not replaced ours. It is not ours: was_carried_out() was false.
        return self._replace(
            attributes=self.attributes | offer_number(stored_number + 1), condition=NO_NEWER_OFFER
        )


def is_alive(item: Item, now: int) -> bool:
    """Whether a channel has not expired. An item that does not exist ({}) is not alive."""
    return number_in(item, "expire_time") > now


def candidates_in(item: Item) -> list[str]:
    """Return the candidates of an item. The attribute `candidate` is the list of all of them."""
    return [candidate["S"] for candidate in item["candidate"]["L"]]


def offer_number(number: int) -> Item:
    """Return the attribute with the number of an offer."""
    return {OFFER_NUMBER: {"N": str(number)}}


def number_in(item: Item, name: str) -> int:
    """Return a number of an item; 0 if the item does not have it."""
    return int(item[name]["N"]) if name in item else 0


def error_without_a_channel(failure: ConditionFailed) -> SignalingError | StorageUnavailable:
    """Return the error to raise if there is no living channel.

    If the request was resent, its first copy may have succeeded before somebody deleted the
    channel. Then we cannot tell the client that nothing has changed. (If the channel has only
    expired, the first copy was refused too, since all copies have the same `:now`. We do not tell
    the two cases apart.)
    """
    if failure.was_resent:
        return StorageUnavailable("refused after a lost reply")
    return SignalingError("no such channel")
