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
from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.errors import SignalingError
from chalicelib.limits import CHANNEL_TTL_SECONDS
from harness.clock import Clock
from harness.effort import tries
from harness.engines import client_of

WORKERS = 16
ROUNDS = tries(200)
CANDIDATES = 50

Result = TypeVar("Result")


class Workers:
    """Workers that all start a task at the same moment."""

    def __init__(self, endpoint: str, table: str, clock: Clock) -> None:
        self.channels = [Channels(Table(client_of(endpoint), table), clock) for _ in range(WORKERS)]
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
