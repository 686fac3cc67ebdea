"""Many clients at the same time, on a real engine, over real HTTP, each with its own DynamoDB client."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib import limits
from chalicelib.channels import Channel, Channels
from chalicelib.dynamodb import Table
from chalicelib.errors import SignalingError
from chalicelib.limits import CHANNEL_TTL_SECONDS
from harness.clock import Clock
from harness.contract import OWNER, STRANGER
from harness.effort import tries
from harness.engines import patient_client_of

WORKERS = 16
ROUNDS = tries(200)
CANDIDATES = tries(50)

Result = TypeVar("Result")


class Workers:
    """Workers that all start a task at the same moment."""

    def __init__(self, endpoint: str, table: str, clock: Clock) -> None:
        # With 16 threads, a reply can take a second. The server's client would send that request again. If the first
        # copy was refused, nobody could then say whether it was carried out. These tests are not about that.
        self.channels = [Channels(Table(patient_client_of(endpoint), table), clock) for _ in range(WORKERS)]
        self._pool = ThreadPoolExecutor(WORKERS)
        self._barrier = threading.Barrier(WORKERS)

    def all_at_once(self, task: Callable[[int, Channels], Result]) -> list[Result]:
        def start(number: int) -> Result:
            self._barrier.wait(timeout=30)
            return task(number, self.channels[number])

        return list(self._pool.map(start, range(WORKERS)))


@pytest.fixture
def workers(endpoint: str, real_table: str, clock: Clock) -> Workers:
    return Workers(endpoint, real_table, clock)


def test_an_answer_has_exactly_one_winner(workers: Workers) -> None:
    first = workers.channels[0]
    for _ in range(ROUNDS):
        channel_id = first.create()

        def answer(number: int, channels: Channels, channel_id: str = channel_id) -> bool:
            try:
                channels.set_answer(channel_id, f"answer of {number}")
            except SignalingError as refusal:
                assert str(refusal) == "answer already exists"
                return False
            return True

        won = workers.all_at_once(answer)

        assert won.count(True) == 1
        assert first.get(channel_id).answer == f"answer of {won.index(True)}"


def test_candidates_sent_twice_by_every_client_are_stored_once_in_each_senders_order(workers: Workers) -> None:
    channel_id = workers.channels[0].create()

    def send(number: int, channels: Channels) -> None:
        for candidate in range(CANDIDATES):
            for _ in range(2):
                channels.add_candidates(channel_id, [f"{number}:{candidate}"])

    workers.all_at_once(send)

    stored = workers.channels[0].get(channel_id).candidates
    assert len(stored) == len(set(stored)) == WORKERS * CANDIDATES
    for number in range(WORKERS):
        own = [one for one in stored if one.startswith(f"{number}:")]
        assert own == [f"{number}:{candidate}" for candidate in range(CANDIDATES)]


def test_the_last_place_in_a_channel_has_exactly_one_winner(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_CANDIDATES", 3)
    first = workers.channels[0]
    for _ in range(ROUNDS // 10):
        channel_id = first.create()

        def add(number: int, channels: Channels, channel_id: str = channel_id) -> bool:
            try:
                channels.add_candidates(channel_id, [str(number)])
            except SignalingError as refusal:
                assert str(refusal) == "too many candidates: a channel holds 3"
                return False
            return True

        added = workers.all_at_once(add)

        stored = first.get(channel_id).candidates
        assert sorted(stored) == sorted(str(number) for number, done in enumerate(added) if done)
        assert len(stored) == 3


def test_no_write_changes_or_creates_an_expired_channel(
    workers: Workers, clock: Clock, real_client: DynamoDBClient, real_table: str
) -> None:
    for _ in range(ROUNDS // 10):
        ids = (workers.channels[0].create(), str(uuid.uuid4()))
        end = clock.seconds + CHANNEL_TTL_SECONDS

        def write(number: int, channels: Channels, ids: tuple[str, str] = ids, end: float = end) -> list[str]:
            wrong = []
            for attempt in range(6):
                if (number, attempt) == (0, 3):
                    clock.seconds = end
                expired = clock.seconds >= end
                for channel_id in ids:
                    with suppress(SignalingError):
                        channels.add_candidates(channel_id, [f"{number}:{attempt}"])
                        if expired or channel_id == ids[1]:
                            wrong.append(f"{number}:{attempt}")
            return wrong

        assert workers.all_at_once(write) == [[]] * WORKERS

    stored = real_client.scan(TableName=real_table, ConsistentRead=True)["Items"]
    assert len(stored) == ROUNDS // 10
    assert all("expire_time" in item for item in stored)


def write_as_a_stranger(channels: Channels, channel_id: str, secret: str | None, text: str) -> list[str]:
    """Try every write, and return what the stranger was told."""
    told = []
    writes: list[Callable[[], object]] = [
        lambda: channels.set_offer(channel_id, text, [text], secret),
        lambda: channels.set_answer(channel_id, text, [text], secret),
        lambda: channels.add_and_get_candidates(channel_id, [text], secret),
        lambda: channels.delete(channel_id, secret),
    ]
    for write in writes:
        try:
            write()
        except SignalingError as refusal:
            told.append(str(refusal))
        else:
            told.append("done")
    return told


def test_no_stranger_writes_to_a_channel_while_its_owner_does(workers: Workers) -> None:
    first = workers.channels[0]
    for _ in range(ROUNDS // 10):
        channel_id = first.create(None, ["shared"], owner=OWNER)

        def write(number: int, channels: Channels, channel_id: str = channel_id) -> list[str]:
            if number % 2 == 0:
                channels.set_offer(channel_id, f"offer {number}", ["shared", str(number)], OWNER)
                channels.add_candidates(channel_id, [f"{number} again"], OWNER)
                return []
            return write_as_a_stranger(channels, channel_id, STRANGER, str(number))

        told = workers.all_at_once(write)

        owners = [number for number in range(WORKERS) if number % 2 == 0]
        assert [each for each in told if each] == [["owner does not match"] * 4] * len(owners)
        channel = first.get(channel_id)
        assert channel.offer in {f"offer {number}" for number in owners}
        assert channel.answer is None
        stored = ["shared", *map(str, owners), *(f"{number} again" for number in owners)]
        assert sorted(channel.candidates) == sorted(stored)


def test_an_answer_of_the_owner_wins_against_all_strangers(workers: Workers) -> None:
    first = workers.channels[0]
    for _ in range(ROUNDS // 10):
        channel_id = first.create(owner=OWNER)

        def answer(number: int, channels: Channels, channel_id: str = channel_id) -> str:
            secret = OWNER if number == 0 else STRANGER if number % 2 else None
            try:
                channels.set_answer(channel_id, str(number), [str(number)], secret)
            except SignalingError as refusal:
                return str(refusal)
            return "done"

        told = workers.all_at_once(answer)

        assert told == ["done", *(["owner does not match", "owner is missing"] * WORKERS)[: WORKERS - 1]]
        assert first.get(channel_id) == Channel(None, "0", ["0"])


def test_an_owner_deletes_its_channel_while_strangers_write(workers: Workers) -> None:
    first = workers.channels[0]
    for _ in range(ROUNDS // 10):
        channel_id = first.create("an offer", ["a candidate"], 86_400, OWNER)

        def act(number: int, channels: Channels, channel_id: str = channel_id) -> list[str]:
            if number == 0:
                channels.delete(channel_id, OWNER)
                return []
            return write_as_a_stranger(channels, channel_id, None, str(number))

        for told in workers.all_at_once(act)[1:]:
            *writes, delete = told
            assert set(writes) <= {"owner is missing", "no such channel"}
            # Once the channel is gone, deleting it succeeds.
            assert delete in ("owner is missing", "done")

        with pytest.raises(SignalingError, match="^no such channel$"):
            first.get(channel_id)


def test_overlapping_batches_are_stored_once_in_each_senders_order(workers: Workers) -> None:
    """Batches of three overlap by one candidate, as if a client had lost a reply and sent that candidate again."""
    channel_id, few = workers.channels[0].create("an offer", ["shared"]), CANDIDATES - 2

    def send(number: int, channels: Channels) -> None:
        own = [f"{number}:{candidate}" for candidate in range(few)]
        for start in range(0, few, 2):
            channels.add_candidates(channel_id, ["shared", *own[start : start + 3]])

    workers.all_at_once(send)

    stored = workers.channels[0].get(channel_id).candidates
    assert len(stored) == len(set(stored)) == 1 + WORKERS * few
    for number in range(WORKERS):
        own = [one for one in stored if one.startswith(f"{number}:")]
        assert own == [f"{number}:{candidate}" for candidate in range(few)]


def test_an_answer_and_its_candidates_win_or_lose_together(workers: Workers) -> None:
    first = workers.channels[0]
    for _ in range(ROUNDS // 10):
        channel_id = first.create(None, ["shared"])

        def answer(number: int, channels: Channels, channel_id: str = channel_id) -> None:
            with suppress(SignalingError):
                channels.set_answer(channel_id, str(number), ["shared", f"{number}:a", f"{number}:b"])

        workers.all_at_once(answer)

        channel = first.get(channel_id)
        assert channel.candidates == ["shared", f"{channel.answer}:a", f"{channel.answer}:b"]
