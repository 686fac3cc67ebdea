"""Browsers connect to browsers: Chromium with Firefox, Chromium with itself, and what they cost the server."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.browsers import PATIENCE_SECONDS, Browser, Page, connect, exchange_messages
from harness.front import Front, front_of
from harness.runtime import lambda_function
from harness.stun import StunServer

RUNS_EACH_WAY = 10
PAIRS_AT_ONCE = 3
FOUR_REQUESTS = {"create_data_channel": 1, "get_offer": 1, "create_answer": 1, "get_answer": 1}


@pytest.mark.parametrize("offerer", ["chromium", "firefox"])
def test_chromium_and_firefox_connect_every_time(
    chromium_page: Page, firefox_page: Page, local_url: str, offerer: str
) -> None:
    """Connect several times, because a single run would not show a failure that happens once in ten times."""
    pages = (chromium_page, firefox_page) if offerer == "chromium" else (firefox_page, chromium_page)

    for run in range(RUNS_EACH_WAY):
        connect(*pages, local_url)
        arrived = exchange_messages(*pages, message=f"hello {run}")

        assert arrived == [f"hello {run} from the one", f"hello {run} from the other"]


@pytest.mark.parametrize("offerer", ["chromium", "firefox"])
def test_two_ready_browsers_connect_with_four_requests_and_no_preflight(
    chromium_page: Page, firefox_page: Page, front: Front, offerer: str
) -> None:
    """The server counts the requests, because a browser does not show preflights to a page."""
    pages = (chromium_page, firefox_page) if offerer == "chromium" else (firefox_page, chromium_page)
    for page in pages:
        page.slow_time_down()

    connect(*pages, front.url)

    assert front.exchange == FOUR_REQUESTS
    assert set(front.verbs) == {"POST"}


def test_late_candidates_cost_each_side_one_more_write_and_one_more_read(
    chromium_behind_nat: Browser, page_url: str, front: Front, stun: StunServer
) -> None:
    """Both peers find their only candidates at the same time, after both descriptions were exchanged."""
    options = {"server": front.url, "iceServers": [{"urls": stun.url}]}
    with chromium_behind_nat.profile() as one, chromium_behind_nat.profile() as other:
        offerer, answerer = one.open(page_url), other.open(page_url)

        # Do not slow the pages down earlier, because a browser gives up on a silent STUN server after ten seconds.
        # Until both are slow, neither may learn that the server has the answer, because that starts its timers.
        with front.holding_the_answer():
            channel_id = offerer.call("offer", options)
            answerer.call("answer", options | {"channelId": channel_id})
            front.wait_for("create_answer")
            front.wait_for("get_answer")
            for page in (offerer, answerer):
                page.slow_time_down()
            # Without this, the first peer to read a candidate might connect before it writes its own.
            front.hold_candidates_until_written(2)
        stun.release()
        for page in (offerer, answerer):
            page.call("connected")

        assert "srflx" in offerer.call("path") + answerer.call("path")
        exchange = front.exchange
        assert exchange.pop("get_candidates", 0) <= 2
        assert exchange == FOUR_REQUESTS | {"create_candidate": 2}
        assert set(front.verbs) == {"POST"}


def test_several_pairs_connect_at_once_through_the_packaged_function(
    chromium: Browser, page_url: str, task_root: Path, endpoint: str, real_table: str, tmp_path: Path
) -> None:
    """The server holds a read for each offerer, which occupies an execution environment while its answerer writes."""
    with ExitStack() as stack:
        invoke = stack.enter_context(
            lambda_function(task_root, endpoint, real_table, tmp_path / "log", concurrency=PAIRS_AT_ONCE + 2)
        )
        front = stack.enter_context(front_of(invoke))
        one, other = [stack.enter_context(chromium.profile()) for _ in range(2)]
        offerers = [one.open(page_url) for _ in range(PAIRS_AT_ONCE)]
        answerers = [other.open(page_url) for _ in range(PAIRS_AT_ONCE)]

        channels = [page.begin("offer", {"server": front.url}) for page in offerers]
        for page, channel in zip(answerers, channels, strict=True):
            page.call("answer", {"server": front.url, "channelId": channel.result(PATIENCE_SECONDS)})
        arrived = [
            exchange_messages(*pair, message=f"pair {number}")
            for number, pair in enumerate(zip(offerers, answerers, strict=True))
        ]

        assert arrived == [[f"pair {n} from the one", f"pair {n} from the other"] for n in range(PAIRS_AT_ONCE)]
        assert set(front.verbs) == {"POST"}


@pytest.mark.parametrize("restarting", [0, 1])
def test_an_ice_restart_reconnects_a_call_without_the_server(
    two_pages: tuple[Page, Page], front: Front, restarting: int
) -> None:
    """Either side can restart ICE. Both get new addresses and keep their data channel, without a new link."""
    for page in two_pages:
        page.slow_time_down()
    connect(*two_pages, front.url)
    front.wait_for("delete_data_channel")
    before = [page.call("passwords") for page in two_pages]
    requests = dict(front.verbs)

    two_pages[restarting].call("restartIce")
    for page in two_pages:
        page.call("until", "renegotiated")

    after = [page.call("passwords") for page in two_pages]
    assert after[0] == after[1][::-1]
    assert not set(after[0]) & set(before[0])
    assert exchange_messages(*two_pages) == ["hello from the one", "hello from the other"]
    assert front.verbs == requests
