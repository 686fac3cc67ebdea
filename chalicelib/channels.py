"""The channels of one DynamoDB table, with one short method for each thing that a peer can do.

A method usually sends one request to DynamoDB. If the method writes, the condition of the request
is the rule of the method. If the condition fails, there may be another request. That happens if an
offer needs a higher number than its request gave it (OFFER_NUMBER in channel_update explains the
numbers), or if some of the candidates are stored already.

botocore sends a request again if no reply came. So DynamoDB may get several copies of it, some of
them late: see "A lost reply" in docs/architecture.md.
"""

import time
import uuid
from collections.abc import Callable, Iterable
from typing import NamedTuple

from chalicelib import limits
from chalicelib.channel_update import (
    NO_ANSWER_YET,
    NO_NEWER_OFFER,
    NO_OFFER_YET,
    ChannelUpdate,
    candidates_in,
    is_alive,
    offer_number,
)
from chalicelib.dynamodb import ConditionFailed, Item, Table
from chalicelib.errors import SignalingError
from chalicelib.ownership import Writer


class Channel(NamedTuple):
    """A channel as it is stored. `offer` and `answer` are None until a peer has written them."""

    offer: str | None
    answer: str | None
    candidates: list[str]


class Channels:
    """The channels in a table.

    `now` returns the Unix time in seconds.

    Every method that sends a request, except `warm_up`, raises StorageUnavailable if DynamoDB is
    unavailable, or if nobody can say whether a write was carried out.

    Every method with a `channel_id`, except `delete`, raises SignalingError if there is no such
    living channel, or if the write breaks a rule. All writes to a living channel, those of
    `delete` included, raise it if the channel has an owner and `owner` is not the owner's secret.

    >>> channels = Channels(Table(open_client(), "peerpost"))
    >>> channel_id = channels.create("v=0 (the offer)")
    >>> channels.set_answer(channel_id, "v=0 (the answer)", ["candidate:1 1 udp"])
    >>> channels.get(channel_id).candidates
    ['candidate:1 1 udp']
    """

    def __init__(self, table: Table, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now

    def warm_up(self) -> None:
        """Open the connection that the first request will need."""
        # No channel has this id: ids are UUIDs.
        self._table.warm_up({"channel_id": {"S": "none"}})

    def close_connections(self) -> None:
        """Close all connections. The next request opens a new one."""
        self._table.close_connections()

    def create(
        self,
        offer: str | None = None,
        candidates: Iterable[str] = (),
        ttl_seconds: int = limits.CHANNEL_TTL_SECONDS,
        owner: str | None = None,
    ) -> str:
        """Open a channel for `ttl_seconds`, and return its id.

        Store the offer and candidates with it, as far as the offerer has them already. `owner` is a
        secret, without which nobody can write to the channel from now on.
        """
        channel_id = str(uuid.uuid4())
        expire_time = self._unix_seconds() + ttl_seconds
        item = channel_item(channel_id, expire_time, candidates)
        item |= Writer.with_secret(owner).attributes()
        if offer is not None:
            item["offer"] = {"S": offer}
        try:
            # The condition keeps a late copy of this request from erasing what peers have written.
            self._table.put(item, "attribute_not_exists(channel_id)")
        except ConditionFailed as failure:
            # Nobody knows the id before this returns. So if an earlier copy of ours wrote the item,
            # it is unchanged.
            if not failure.is_our_own_write(item):
                raise RuntimeError("a new channel id is in use already") from failure
        return channel_id

    def get(self, channel_id: str) -> Channel:
        """Return a channel, with every write that has been acknowledged so far."""
        item = self._table.get(key_of(channel_id))
        if not is_alive(item, self._unix_seconds()):
            raise SignalingError("no such channel")
        return channel_in(item)

    def glance(self, channel_id: str) -> Channel:
        """Return a channel as it was a moment ago, for half the price of `get`.

        Use it only to repeat a `get` that has found nothing new. A glance may miss news. But if it
        shows news, the news was written after the `get`, because the `get` did not find it. So the
        channel was in that state while the client's request was running. A `get` does not guarantee
        more than that, either.
        """
        item = self._table.glance(key_of(channel_id))
        if not is_alive(item, self._unix_seconds()):
            # The channel is gone, or so new that not every replica has it.
            return self.get(channel_id)
        return channel_in(item)

    def set_offer(
        self,
        channel_id: str,
        offer: str,
        candidates: Iterable[str] = (),
        owner: str | None = None,
    ) -> None:
        """Store the offer, and append its candidates. It replaces an earlier offer."""
        attributes = {"offer": {"S": offer}}
        if owner is None:
            # This condition holds for a first offer only. If the channel has an offer already, the
            # write fails, and ChannelUpdate.revised turns it into a replacement with the next
            # number. The comment on OFFER_NUMBER explains the numbers.
            self._write(channel_id, attributes, candidates, NO_OFFER_YET)
        else:
            # The first try has the time in milliseconds as its number. We do not know whether the
            # channel has an owner. If it has none, it ignores the secret, and the offer has this
            # number all the same. The clock of another instance may be ahead of ours, so that the
            # stored number is the same or higher. Then the write fails, and ChannelUpdate.revised
            # gives it the next number.
            attributes |= offer_number(int(1000 * self._now()))
            self._write(channel_id, attributes, candidates, NO_NEWER_OFFER, owner=owner)

    def set_answer(
        self,
        channel_id: str,
        answer: str,
        candidates: Iterable[str] = (),
        owner: str | None = None,
    ) -> None:
        """Store the answer, and append its candidates. The first answer wins."""
        self._write(channel_id, {"answer": {"S": answer}}, candidates, NO_ANSWER_YET, owner=owner)

    def add_candidates(
        self, channel_id: str, candidates: Iterable[str], owner: str | None = None
    ) -> None:
        """Append the candidates that the channel does not hold already."""
        self._write(channel_id, {}, candidates, owner=owner)

    def add_and_get_candidates(
        self, channel_id: str, candidates: Iterable[str], owner: str | None = None
    ) -> list[str]:
        """Append the candidates that are new, and return all that the channel then holds."""
        item = self._write(channel_id, {}, candidates, return_item=True, owner=owner)
        return candidates_in(item)

    def delete(self, channel_id: str, owner: str | None = None) -> None:
        """Erase a channel, if it exists.

        Overwrite it with an empty, expired item instead of removing it: otherwise a late copy of
        the `create` that made the channel could bring it back. DynamoDB's TTL deletes it later.
        By then, no copy of a `create` is on its way any more.
        """
        now = self._unix_seconds()
        expire_time = now - limits.DELETED_CHANNEL_EXPIRED_SECONDS_AGO
        erased = channel_item(channel_id, expire_time)
        writer = Writer.with_secret(owner)
        # Without attribute_exists, deleting unknown ids would fill the table. No `delete` can come
        # before its channel exists: a client learns an id only from the reply to `create`.
        condition = f"attribute_exists(channel_id) AND {writer.condition()}"
        try:
            self._table.put(erased, condition, writer.condition_values())
        except ConditionFailed as failure:
            # There is no such channel, or it has another owner. Once it has expired, it does not
            # exist for anybody.
            if is_alive(failure.item, now):
                raise writer.refusal() from failure

    def _write(
        self,
        channel_id: str,
        attributes: Item,
        candidates: Iterable[str],
        condition: str | None = None,
        return_item: bool = False,
        owner: str | None = None,
    ) -> Item:
        """Set attributes of a channel and append candidates to it, as one ChannelUpdate.

        Return the item as it is then stored. With `return_item` false, this may be {}.

        If the condition fails, the update is revised and sent again, until it succeeds, has
        nothing left to write, or is refused. The second round deals with what was stored before. A
        third one is rare: it is needed only if another request has written in between. On Lambda,
        the request's deadline ends the loop in any case (see http_app). docs/architecture.md says
        what happens when two peers write at the same time, and when a reply is lost.
        """
        # All rounds use the same time, so that `revised` judges by the time that DynamoDB was sent.
        now = self._unix_seconds()
        writer = Writer.with_secret(owner)
        update = ChannelUpdate(channel_id, now, unique(candidates), attributes, condition, writer)
        while True:
            try:
                return self._table.update(update.request(), return_item)
            except ConditionFailed as failure:
                if update.was_carried_out(failure):
                    return failure.item
                update = update.revised(failure)
                if update.is_empty():
                    return failure.item

    def _unix_seconds(self) -> int:
        return int(self._now())


def channel_item(channel_id: str, expire_time: int, candidates: Iterable[str] = ()) -> Item:
    """Return the item of a channel without an offer. channel_update lists all attributes."""
    return {
        **key_of(channel_id),
        "expire_time": {"N": str(expire_time)},
        "candidate": {"L": [{"S": candidate} for candidate in unique(candidates)]},
    }


def key_of(channel_id: str) -> Item:
    return {"channel_id": {"S": channel_id}}


def channel_in(item: Item) -> Channel:
    return Channel(text_in(item, "offer"), text_in(item, "answer"), candidates_in(item))


def text_in(item: Item, name: str) -> str | None:
    return item[name]["S"] if name in item else None


def unique(candidates: Iterable[str]) -> list[str]:
    """Return the candidates in their order, each once."""
    return list(dict.fromkeys(candidates))
