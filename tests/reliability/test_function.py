"""The function itself: killed, frozen, out of memory, with a clock that jumps, and almost out of time."""

import resource
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chalicelib.channels import Channel, Channels
from chalicelib.dynamodb import Table
from chalicelib.limits import CHANNEL_TTL_SECONDS, MAX_BODY_BYTES, RETRY_AFTER_SECONDS
from harness.engines import client_of
from harness.faulty_proxy import Fault, Forwarder, drip_for_ever, let_through, reset
from harness.runtime import TIMEOUT_SECONDS
from harness.transports import Reply
from tests.reliability.cluster import Client, Cluster, NoReply, cluster

WRITES = ["create_offer", "create_answer", "create_candidate", "delete_data_channel"]
# Each method, for a channel with an offer, an answer and a candidate. The delete comes last.
METHODS: list[dict[str, object]] = [
    {"method": "create_data_channel"},
    {"method": "create_offer", "offer": "old"},
    {"method": "get_offer"},
    {"method": "create_answer", "answer": "mine"},
    {"method": "get_answer"},
    {"method": "create_candidate", "candidate": "old"},
    {"method": "get_candidates"},
    {"method": "delete_data_channel"},
]


def near(here: Cluster) -> Channels:
    """Access to the channels that bypasses the function and the proxy."""
    table = Table(client_of(str(here.proxy.engine.base_url)), here.table)
    return Channels(table, lambda: time.time() + here.clock.offset)


def set_up(client: Client, ttl: int = CHANNEL_TTL_SECONDS) -> str:
    opened = client.post({"method": "create_data_channel", "offer": "old", "candidates": ["old"], "ttl": ttl})
    channel_id: str = opened.json()["channel_id"]
    assert client.post({"method": "create_answer", "channel_id": channel_id, "answer": "old"}).status == 200
    return channel_id


def call_all(client: Client, channel_id: str) -> list[str]:
    return [client.post({**request, "channel_id": channel_id}).body for request in METHODS][1:]


ALL_REPLIES = [
    "{}",
    '{"offer":"old"}',
    "answer already exists",
    '{"answer":"old"}',
    "{}",
    '{"items":["old"]}',
    "{}",
]


def kill_before(client: Client) -> Fault:
    def fault(call: Forwarder) -> None:
        client.signal(signal.SIGKILL)
        call.close_connection = True

    return fault


def kill_after(client: Client) -> Fault:
    def fault(call: Forwarder) -> None:
        call.forward()
        client.signal(signal.SIGKILL)
        call.close_connection = True

    return fault


@pytest.mark.parametrize("kill", [kill_before, kill_after], ids=lambda kill: kill.__name__)
@pytest.mark.parametrize("method", WRITES)
def test_a_write_during_which_the_function_is_killed_is_complete_or_absent(
    method: str, kill: Callable[[Client], Fault], here: Cluster
) -> None:
    [client] = here.clients
    channel_id = client.post({"method": "create_data_channel"}).json()["channel_id"]
    request = {"method": method, "channel_id": channel_id, method.removeprefix("create_"): "mine"}

    here.proxy.faults = [kill(client)]
    with pytest.raises(NoReply):
        client.post(request)

    read = client.post({"method": "get_candidates", "channel_id": channel_id})
    if method == "delete_data_channel" and kill is kill_after:
        assert (read.status, read.body) == (400, "no such channel")
    else:
        done = "mine" if kill is kill_after else None
        expected = {"create_offer": Channel(done, None, []), "create_answer": Channel(None, done, [])}
        expected["create_candidate"] = Channel(None, None, [done] if done else [])
        assert near(here).get(channel_id) == expected.get(method, Channel(None, None, []))
        assert read.status == 200


def test_a_function_restarted_between_requests_loses_nothing(here: Cluster) -> None:
    [client] = here.clients
    channel_id = set_up(client)

    for request in METHODS[1:3]:
        client.signal(signal.SIGKILL)
        with pytest.raises(NoReply):  # The emulator notices only at the next call. Lambda notices by itself.
            client.post({"method": "get_offer", "channel_id": channel_id})
        assert client.post({**request, "channel_id": channel_id}).status == 200

    assert near(here).get(channel_id) == Channel("old", "old", ["old"])


def test_a_frozen_function_replaces_its_dead_connections_without_errors(here: Cluster, tmp_path: Path) -> None:
    [client] = here.clients
    here.proxy.idle_seconds = 0.2
    channel_id = set_up(client)

    replies = []
    for request in METHODS[1:]:
        client.signal(signal.SIGSTOP)
        here.proxy.wait_until_idle_connections_are_closed()
        client.signal(signal.SIGCONT)
        replies.append(client.post({**request, "channel_id": channel_id}).body)

    assert replies == ALL_REPLIES
    assert '"ERROR"' not in (tmp_path / "log").read_text()


def test_a_request_on_a_dead_connection_is_retried(here: Cluster, tmp_path: Path) -> None:
    """If the function never learned that the connection was closed, it notices at the next use."""
    [client] = here.clients
    channel_id = set_up(client)

    replies = []
    for request in METHODS[1:]:
        here.proxy.faults = [reset]
        replies.append(client.post({**request, "channel_id": channel_id}).body)

    assert replies == ALL_REPLIES
    assert '"ERROR"' not in (tmp_path / "log").read_text()


def test_a_function_frozen_while_it_holds_a_reply_sends_the_right_one_later(here: Cluster) -> None:
    [client] = here.clients
    channel_id = client.post({"method": "create_data_channel"}).json()["channel_id"]

    def freeze(call: Forwarder) -> None:
        client.signal(signal.SIGSTOP)
        near(here).set_answer(channel_id, "mine")
        # Longer than the function would wait for this read.
        time.sleep(1.5)
        client.signal(signal.SIGCONT)
        let_through(call)

    here.proxy.faults = [let_through, freeze]
    reply = client.post({"method": "get_answer", "channel_id": channel_id, "wait": 5})

    assert here.proxy.met["freeze"] == 1

    assert reply.json() == {"answer": "mine"}


def limit_memory(client: Client, room: int) -> None:
    """Limit the process's memory to what it uses now, plus `room` bytes."""
    process = client.environment.function()
    assert process is not None
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[0])
    _, hard = resource.prlimit(process, resource.RLIMIT_AS)
    resource.prlimit(process, resource.RLIMIT_AS, (pages * resource.getpagesize() + room, hard))


@pytest.mark.parametrize("room", [0, 400_000, 3_000_000])
def test_out_of_memory_is_never_blamed_on_the_client_and_the_function_recovers(room: int, here: Cluster) -> None:
    [client] = here.clients
    channel_id = set_up(client)
    large = b'{"method": "create_offer", "x": [' + b'"a",' * (MAX_BODY_BYTES // 4 - 30) + b'"a"]}'
    assert client.post(large).body == "offer is missing"

    limit_memory(client, room)
    heard = [outcome(client, body) for body in [large] * 5]
    if client.environment.function() is not None:
        limit_memory(client, 2**40)
    outcome(client, {"method": "get_offer", "channel_id": channel_id})

    # Enough memory gives the usual 400. Too little gives "internal error", or the process ends.
    assert set(heard) <= {(500, "internal error"), (502, ""), (400, "offer is missing")}
    assert call_all(client, channel_id) == ALL_REPLIES


def outcome(client: Client, request: dict[str, object] | bytes) -> tuple[int, str]:
    try:
        reply = client.post(request)
    except NoReply:
        return 502, ""
    return reply.status, reply.body


def test_a_clock_that_jumps_causes_no_error_and_extends_no_channel(here: Cluster) -> None:
    [client] = here.clients
    # It lives so long, and the jumps are so far, that the seconds of this test do not count.
    ttl = 100 * CHANNEL_TTL_SECONDS
    first = set_up(client, ttl)
    told = []

    for step in (10_000, -15_000, 24_900, -100_000, 100_000, 20_000, -20_000):
        here.clock.jump(step)
        told.append(client.post({"method": "get_offer", "channel_id": first}).body)
        again = client.post({"method": "create_offer", "channel_id": first, "offer": "old"})
        assert again.status == (400 if told[-1] == "no such channel" else 200)
        assert call_all(client, set_up(client)) == ALL_REPLIES

    # After each jump, the function uses its own clock.
    there, gone = '{"offer":"old"}', "no such channel"
    assert told == [there, there, there, there, there, gone, there]
    here.clock.jump(ttl)
    assert client.post({"method": "get_offer", "channel_id": first}).body == gone


@pytest.mark.parametrize("step", [-100_000, 200])
def test_a_clock_that_jumps_neither_ends_nor_extends_a_held_reply(step: int, here: Cluster) -> None:
    [client] = here.clients
    channel_id = client.post({"method": "create_data_channel"}).json()["channel_id"]

    def jump(call: Forwarder) -> None:
        here.clock.jump(step)
        let_through(call)

    def write(call: Forwarder) -> None:
        near(here).set_answer(channel_id, "mine")
        let_through(call)

    # The second read sees the jump. If that ended the reply, the third read would be the last one.
    here.proxy.faults = [let_through, jump, let_through, write]
    reply = client.post({"method": "get_answer", "channel_id": channel_id, "wait": 5})

    assert reply.json() == {"answer": "mine"}


def test_byte_by_byte_replies_are_abandoned_before_the_function_times_out(
    task_root: Path, endpoint: str, tmp_path: Path
) -> None:
    with cluster(len(METHODS), task_root, endpoint, tmp_path, {"MAX_WAIT_SECONDS": "0"}) as here:

        def call(client: Client, channel_id: str, request: dict[str, object]) -> tuple[Reply, float]:
            start = time.monotonic()
            reply = client.post({**request, "channel_id": channel_id})
            return reply, time.monotonic() - start

        with ThreadPoolExecutor(len(METHODS)) as pool:
            ids = list(pool.map(set_up, here.clients))
            here.proxy.weather = lambda: drip_for_ever
            heard = list(pool.map(call, here.clients, ids, METHODS))
            here.proxy.weather = lambda: let_through
            after = [reply.status for reply, _ in pool.map(call, here.clients, ids, METHODS[:1] * len(METHODS))]

    for reply, seconds in heard:
        assert (reply.status, reply.body) == (503, "storage is unavailable")
        assert reply.headers["retry-after"] == str(RETRY_AFTER_SECONDS)
        assert seconds < TIMEOUT_SECONDS
    assert after == [200] * len(METHODS)
