"""A peer's end of a channel, tested with a scripted server and a clock on which waiting takes no time."""

import asyncio
import json
from itertools import pairwise

import httpx
import pytest

from doubles import CHANNEL_ID, Script, Time, answerer, no_jitter, offerer, ok, refused, unavailable
from peerpost import ChannelExpiredError, NetworkError, RefusalError, Sealer, ServerError, TamperedError, new_key
from peerpost.channel import Channel
from peerpost.limits import MAX_FAILURES, MAX_FAILURES_AT_FIRST, MAX_FAILURES_BUSY
from peerpost.poller import Poller

LOST = httpx.ReadError("the connection broke")
NOT_YET = refused("no answer yet")
OPENED = ok(channel_id=CHANNEL_ID)
ANSWERED = ok(answer="the answer", items=[], next=0)


async def open_and_receive(channel: Channel) -> str:
    await channel.open("the offer")
    return await channel.receive_answer()


def test_an_offerer_exchanges_descriptions_with_two_requests() -> None:
    script, time = Script(OPENED, ANSWERED), Time()

    answer = asyncio.run(open_and_receive(offerer(script, time)))

    assert answer == "the answer"
    assert script.requests == [
        {"method": "create_data_channel", "offer": "the offer"},
        {"method": "get_answer", "channel_id": CHANNEL_ID, "since": 0, "wait": 0.9},
    ]


def test_a_server_that_does_not_hold_replies_is_polled_less_and_less_often() -> None:
    script, time = Script(OPENED, NOT_YET, ok(items=[], next=0), *[NOT_YET] * 12, ANSWERED), Time()

    asyncio.run(open_and_receive(offerer(script, time)))

    assert time.pauses[:3] == pytest.approx([0.1, 0.15, 0.225])
    assert time.pauses[-1] == 0.55


def test_the_pauses_between_polls_have_jitter() -> None:
    script, time = Script(OPENED, NOT_YET, ok(items=[], next=0), ANSWERED), Time()
    asked: list[tuple[float, float]] = []

    def jitter(least: float, most: float) -> float:
        asked.append((least, most))
        return most

    channel = Channel(script.client, poller=Poller(time.clock, time.sleep, jitter))
    asyncio.run(open_and_receive(channel))

    assert asked == [(0.75, 1.25)]
    assert time.pauses == pytest.approx([0.1 * 1.25])


def test_the_first_read_is_held_and_then_the_client_polls() -> None:
    time = Time()

    def hold(request: dict[str, object]) -> httpx.Response:
        time.now += float(str(request["wait"]))
        return NOT_YET

    script = Script(OPENED, hold, ok(items=[], next=0), *[hold] * 9, ANSWERED)

    asyncio.run(open_and_receive(offerer(script, time)))

    waits = [request["wait"] for request in script.requests if request["method"] == "get_answer"]
    assert waits == [0.9] + 10 * [0]
    assert time.pauses == pytest.approx(10 * [0.55])


def test_the_client_polls_often_for_half_a_minute_and_less_often_after_that() -> None:
    time = Time()
    asked: list[float] = []

    def hold(request: dict[str, object]) -> httpx.Response:
        asked.append(time.now - 1_000)
        time.now += float(str(request["wait"])) + 0.05
        return NOT_YET

    script = Script(OPENED, hold, ok(items=[], next=0), hold)

    with pytest.raises(ChannelExpiredError):
        asyncio.run(open_and_receive(offerer(script, time)))

    intervals = [(earlier, later - earlier) for earlier, later in pairwise(asked)]
    assert {round(pause, 2) for at, pause in intervals if 2 < at < 31} == {0.55}
    assert {round(pause, 2) for at, pause in intervals if at > 32} == {1.75}


def test_reads_of_candidates_are_held_for_five_seconds_after_news() -> None:
    script, time = Script(OPENED, ANSWERED, ok(items=["a candidate"], next=1)), Time()

    async def exchange() -> str:
        channel = offerer(script, time)
        await open_and_receive(channel)
        time.now += 2
        return await channel.receive_candidate()

    assert asyncio.run(exchange()) == "a candidate"
    assert script.requests[-1]["wait"] == 3


@pytest.mark.parametrize("fault", [unavailable(), unavailable(429), unavailable(500), unavailable(502), LOST])
def test_a_temporary_fault_is_retried(fault: httpx.Response | Exception) -> None:
    script, time = Script(OPENED, fault, fault, fault, ANSWERED), Time()

    answer = asyncio.run(open_and_receive(offerer(script, time)))

    assert answer == "the answer"
    assert time.pauses == pytest.approx([0.25, 0.5, 1.0])


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(status: int) -> None:
    fault = unavailable(status, retry_after="9")
    script, time = Script(OPENED, fault, ANSWERED), Time()

    asyncio.run(open_and_receive(offerer(script, time)))

    assert time.pauses == pytest.approx([9.25])


@pytest.mark.parametrize("fault", [unavailable(), LOST])
def test_the_client_soon_gives_up_on_a_server_that_has_never_replied(fault: httpx.Response | Exception) -> None:
    script, time = Script(fault), Time()

    with pytest.raises((ServerError, NetworkError)):
        asyncio.run(offerer(script, time).open())

    assert len(script.requests) == MAX_FAILURES_AT_FIRST
    assert sum(time.pauses) < 2


@pytest.mark.parametrize("fault", [unavailable(429), unavailable(503, retry_after="1")])
def test_an_overloaded_server_is_polled_for_two_minutes_without_holding(fault: httpx.Response) -> None:
    script, time = Script(*[fault] * 19, OPENED, NOT_YET, ok(items=[], next=0), *[fault] * 19, ANSWERED), Time()

    answer = asyncio.run(open_and_receive(offerer(script, time)))

    assert answer == "the answer"
    reads = [request["wait"] for request in script.requests if request["method"] == "get_answer"]
    assert reads == [0] * 21
    with pytest.raises(ServerError):
        asyncio.run(offerer(Script(fault), time).open())


def test_if_a_server_that_worked_keeps_failing_the_client_gives_up_within_half_a_minute() -> None:
    script, time = Script(OPENED, unavailable()), Time()

    with pytest.raises(ServerError):
        asyncio.run(open_and_receive(offerer(script, time)))

    assert len(script.requests) == 1 + MAX_FAILURES
    assert sum(time.pauses) < 30


@pytest.mark.parametrize("reply", [OPENED, unavailable()], ids=["a new channel", "503"])
def test_repeated_network_errors_are_retried_twenty_times_without_holding(
    reply: httpx.Response,
) -> None:
    script, time = Script(reply, *[LOST] * 18, OPENED, LOST, LOST, NOT_YET, ok(items=[], next=0), ANSWERED), Time()

    async def open_twice_and_receive() -> str:
        channel = offerer(script, time)
        if reply is OPENED:
            await channel.open()
        return await open_and_receive(channel)

    answer = asyncio.run(open_twice_and_receive())

    assert answer == "the answer"
    reads = [request["wait"] for request in script.requests if request["method"] == "get_answer"]
    assert reads == [0, 0, 0, 0]


def test_after_twenty_tries_the_client_gives_up_on_a_server_that_has_stopped_replying() -> None:
    script, time = Script(OPENED, LOST), Time()

    with pytest.raises(NetworkError):
        asyncio.run(open_and_receive(offerer(script, time)))

    assert len(script.requests) == 1 + MAX_FAILURES_BUSY
    assert [request["wait"] for request in script.requests[1:]] == [0.9, 0.65] + 18 * [0]
    assert sum(time.pauses) == pytest.approx(119.75)


def test_reads_are_still_held_after_a_single_network_error() -> None:
    script, time = Script(OPENED, LOST, NOT_YET, ok(items=[], next=0), LOST, ANSWERED), Time()

    asyncio.run(open_and_receive(offerer(script, time)))

    reads = [request["wait"] for request in script.requests if request["method"] == "get_answer"]
    assert all(wait > 0 for wait in reads)


def test_a_read_that_a_busy_server_refused_is_retried_without_holding() -> None:
    script, time = Script(OPENED, unavailable(429), ANSWERED), Time()

    asyncio.run(open_and_receive(offerer(script, time)))

    assert [request["wait"] for request in script.requests[1:]] == [0.9, 0]


def test_a_permanent_fault_is_not_retried() -> None:
    script, time = Script(httpx.Response(403, text="Forbidden")), Time()

    with pytest.raises(ServerError, match="403"):
        asyncio.run(offerer(script, time).open())

    assert len(script.requests) == 1


def test_an_offerer_stops_when_the_channel_expires() -> None:
    script, time = Script(OPENED, NOT_YET, ok(items=[], next=0), NOT_YET), Time()

    with pytest.raises(ChannelExpiredError, match="the channel has expired after 300 seconds"):
        asyncio.run(open_and_receive(offerer(script, time)))

    assert time.now == pytest.approx(1_300)


def test_an_answerer_stops_after_the_longest_time_that_a_channel_can_live() -> None:
    script, time = Script(refused("no offer yet")), Time()

    with pytest.raises(ChannelExpiredError, match="expired after 300 seconds"):
        asyncio.run(answerer(script, time).receive_offer())

    assert time.now == pytest.approx(1_300)


def test_a_retry_after_past_the_expiry_is_cut_off_at_the_expiry() -> None:
    script, time = Script(OPENED, unavailable(retry_after="299")), Time()

    with pytest.raises(ChannelExpiredError):
        asyncio.run(open_and_receive(offerer(script, time)))

    assert time.now == pytest.approx(1_300)


@pytest.mark.parametrize("steps", [[], [OPENED]])
def test_a_retry_after_longer_than_a_channel_lives_is_an_error_at_once(steps: list[httpx.Response]) -> None:
    script, time = Script(*steps, unavailable(retry_after="301")), Time()

    with pytest.raises(ServerError, match="storage is unavailable"):
        asyncio.run(open_and_receive(offerer(script, time)))

    assert time.pauses == []


def test_an_answerer_without_a_channel_gets_an_error_that_says_why() -> None:
    script, time = Script(refused("no such channel")), Time()

    with pytest.raises(ChannelExpiredError, match="older than 300 seconds, was already used, or never existed"):
        asyncio.run(answerer(script, time).receive_offer())


def test_after_a_lost_reply_our_own_stored_answer_is_recognized() -> None:
    script, time = Script(LOST, refused("answer already exists"), ok(answer="ours")), Time()

    asyncio.run(answerer(script, time).send_answer("ours"))

    assert script.methods == ["create_answer", "create_answer", "get_answer"]


def test_after_a_lost_reply_our_own_stored_sealed_answer_is_recognized() -> None:
    written: list[str] = []

    def lose(request: dict[str, str]) -> httpx.Response:
        written.append(request["answer"])
        raise LOST

    script, time = Script(lose, refused("answer already exists"), lambda _: ok(answer=written[0])), Time()

    asyncio.run(answerer(script, time, new_key()).send_answer("ours"))

    assert script.requests[0] == script.requests[1]


@pytest.mark.parametrize(
    "steps",
    [[LOST, refused("no such channel")], [LOST, refused("answer already exists"), refused("no such channel")]],
)
def test_if_the_channel_is_deleted_after_a_lost_reply_the_answer_counts_as_read(
    steps: list[httpx.Response | Exception],
) -> None:
    script, time = Script(*steps), Time()
    channel = answerer(script, time)

    asyncio.run(channel.send_answer("ours"))

    assert channel.is_exchanged


def test_answering_a_channel_that_does_not_exist_is_an_error() -> None:
    script, time = Script(refused("no such channel")), Time()

    with pytest.raises(ChannelExpiredError):
        asyncio.run(answerer(script, time).send_answer("ours"))


def test_our_answer_is_refused_if_another_peer_answered_first() -> None:
    script, time = Script(refused("answer already exists"), ok(answer="theirs")), Time()

    with pytest.raises(RefusalError, match="answer already exists"):
        asyncio.run(answerer(script, time).send_answer("ours"))


def test_after_a_lost_reply_a_candidate_is_sent_again_unchanged() -> None:
    script, time = Script(LOST, ok()), Time()

    asyncio.run(answerer(script, time, new_key()).send_candidate("candidate"))

    assert script.requests[0] == script.requests[1]


@pytest.mark.parametrize("size", [425, 426])
def test_a_candidate_has_at_most_425_bytes(size: int) -> None:
    script, time = Script(ok()), Time()
    sending = answerer(script, time).send_candidate("é" * (size // 2) + "x" * (size % 2))

    if size <= 425:
        asyncio.run(sending)
    else:
        with pytest.raises(ValueError, match="425 bytes"):
            asyncio.run(sending)

    assert len(script.requests) == (size <= 425)


def test_an_older_server_that_ignored_the_offer_gets_it_again() -> None:
    script, time = Script(OPENED, NOT_YET, ok(items=[]), ok(), NOT_YET, ok(answer="the answer")), Time()

    answer = asyncio.run(open_and_receive(offerer(script, time)))

    assert answer == "the answer"
    assert script.methods == [
        "create_data_channel",
        "get_answer",
        "get_candidates",
        "create_offer",
        "get_answer",
        "get_answer",
    ]


def test_candidates_from_an_older_server_without_positions_are_counted() -> None:
    script, time = Script(ok(items=["a"]), ok(items=["a"]), ok(items=["a", "b", "c"])), Time()
    channel = answerer(script, time)

    async def receive_three() -> list[str]:
        return [await channel.receive_candidate() for _ in range(3)]

    assert asyncio.run(receive_three()) == ["a", "b", "c"]

    assert [request["since"] for request in script.requests] == [0, 1, 1]


def test_candidates_that_arrive_with_the_offer_are_not_read_again() -> None:
    script, time = Script(ok(offer="o", items=["a"], next=1), ok(items=["b"], next=2)), Time()
    channel = answerer(script, time)

    async def receive() -> list[str]:
        return [await channel.receive_offer(), await channel.receive_candidate(), await channel.receive_candidate()]

    assert asyncio.run(receive()) == ["o", "a", "b"]

    assert [request["since"] for request in script.requests] == [0, 1]


@pytest.mark.parametrize("key", [None, b"k" * 32])
def test_a_peer_skips_its_own_candidates(key: bytes | None) -> None:
    stored: list[str] = []

    def store(request: dict[str, str]) -> httpx.Response:
        stored.append(request["candidate"])
        return ok()

    script, time = Script(store, store, lambda _: ok(items=stored, next=2)), Time()

    async def exchange() -> str:
        channel = offerer(script, time, key)
        channel._channel_id = CHANNEL_ID
        await answerer(script, time, key).send_candidate("theirs")
        await channel.send_candidate("ours")
        return await channel.receive_candidate()

    assert asyncio.run(exchange()) == "theirs"


def test_a_sealed_answer_that_was_changed_is_an_error() -> None:
    key = new_key()
    sealed = Sealer(key).seal("the answer", "answer")
    changed = ("A" if sealed[30] != "A" else "B").join((sealed[:30], sealed[31:]))
    script, time = Script(OPENED, ok(answer=changed, items=[], next=0)), Time()

    with pytest.raises(TamperedError, match="the answer was tampered with"):
        asyncio.run(open_and_receive(offerer(script, time, key)))


@pytest.mark.parametrize("purpose", ["offer", "answer"])
def test_a_candidate_sealed_for_another_purpose_is_an_error(purpose: str) -> None:
    key = new_key()
    sealed = Sealer(key).seal("text", purpose)  # type: ignore[arg-type]
    script, time = Script(ok(items=[sealed], next=1)), Time()

    with pytest.raises(TamperedError, match="the candidate was tampered with"):
        asyncio.run(answerer(script, time, key).receive_candidate())


def test_the_server_cannot_read_sealed_descriptions_and_candidates() -> None:
    script, time = Script(OPENED, ok()), Time()
    channel = offerer(script, time, new_key())

    async def send() -> None:
        await channel.open("SECRET offer")
        await channel.send_candidate("SECRET candidate")

    asyncio.run(send())

    assert "SECRET" not in json.dumps(script.requests)


def test_hanging_up_never_raises() -> None:
    for fault in (unavailable(), LOST, refused("method is unknown")):
        script = Script(fault)

        asyncio.run(answerer(script, Time()).hang_up())

        assert script.methods == ["delete_data_channel"]


def test_a_wait_can_be_cancelled() -> None:
    script = Script(OPENED, NOT_YET, ok(items=[], next=0), NOT_YET)

    async def cancel() -> None:
        waiting = asyncio.create_task(open_and_receive(Channel(script.client, poller=Poller(jitter=no_jitter))))
        while len(script.requests) < 4:
            await asyncio.sleep(0)
        waiting.cancel()
        await waiting

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())
