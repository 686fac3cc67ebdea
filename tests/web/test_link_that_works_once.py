"""The page with a server that offers no addresses: its link is for one guest, works once, and expires after 300 s."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.command_line import Run
from harness.page import (
    Open,
    connect,
    end_timer,
    erase,
    heading,
    hold_timers,
    invite,
    limit,
    log,
    reload_twice_while_waiting,
    say,
    wait_until_erased,
)
from harness.transports import chalice_local

SLOW_MS = limit("SLOW_MS")
# So close to its expiry, a link counts as expired if the server says that it has no such link.
NEARLY_SECONDS = 1


@pytest.fixture(scope="module")
def once_service() -> Iterator[str]:
    with chalice_local({"MAX_TTL_SECONDS": "300"}) as url:
        yield url


@pytest.fixture(scope="module")
def once_address(page_url: str, once_service: str) -> str:
    return f"{page_url}?server={once_service}"


@pytest.fixture
def pair(new_page: Open, once_address: str, once_service: str) -> tuple[Page, Page]:
    """Two connected pages, whose link's channel is erased."""
    first, second = connect(new_page(), new_page(), once_address)
    wait_until_erased(once_service, second.url)
    return first, second


def test_the_page_says_that_the_link_works_once(new_page: Open, once_address: str) -> None:
    page = new_page()

    link = invite(page, once_address)

    assert "#@" not in link
    expect(page.locator("#link-note")).to_contain_text("It works once, and expires at")
    expect(page.locator("#invitation").get_by_role("button", name="Make a new link")).to_be_hidden()


def test_a_host_who_reloads_while_waiting_keeps_the_link(new_page: Open, once_address: str) -> None:
    first, second = new_page(), new_page()
    link = invite(first, once_address)

    reload_twice_while_waiting(first, link)
    second.goto(link)
    for page in (first, second):
        heading(page, "You are connected")
    say(second, "found you")
    expect(log(first)).to_contain_text("found you")


def test_the_command_line_receives_a_file_through_a_link_that_works_once(
    new_page: Open, once_address: str, peerpost: Run, inbox: Path
) -> None:
    page = new_page()
    receiver = peerpost("receive", invite(page, once_address), "--output", inbox)
    heading(page, "You are connected to a command-line program")

    page.get_by_label("Send files").set_input_files({"name": "notes.txt", "mimeType": "", "buffer": b"notes"})
    code, said = receiver.end()

    assert code == 0, said
    assert (inbox / "notes.txt").read_bytes() == b"notes"
    heading(page, "The command-line program has left")
    expect(page.get_by_text("It has received what you sent.")).to_be_visible()


def test_a_link_opened_while_the_host_is_away_no_longer_works(new_page: Open, once_address: str) -> None:
    """The guest answers an offer whose page no longer exists. ICE takes some time to notice that."""
    first, second, third = new_page(), new_page(), new_page()
    link = invite(first, once_address)
    first.goto("about:blank")

    hold_timers(second, SLOW_MS)
    second.goto(link)
    # If the host came back before it has an answer, its link would still work.
    expect(second.locator("#timeline")).to_contain_text("Answer sent to the server")
    heading(second, "Connecting")
    expect(second.get_by_text("The two browsers are looking for the shortest route")).to_be_visible()
    end_timer(second, SLOW_MS)
    heading(second, "Still connecting")
    expect(second.get_by_text("whether their page is open")).to_be_visible()
    first.go_back()

    expect(first.locator("#notice")).to_contain_text("Your earlier link no longer works")
    fresh = first.get_by_label("Your link").input_value()
    assert fresh.partition("#")[2].split(".") != link.partition("#")[2].split(".")
    heading(second, "The two browsers could not reach each other")
    expect(second.locator("#failure-step")).to_have_text("Step: Connecting the two browsers")
    third.goto(fresh)
    for page in (first, third):
        heading(page, "You are connected")


def test_a_host_who_reloads_while_connected_gets_a_new_link_and_the_reason(pair: tuple[Page, Page]) -> None:
    first, second = pair

    first.reload()

    expect(first.locator("#notice")).to_contain_text("Your earlier connection has ended")
    heading(second, "The other person has left")
    second.goto(first.get_by_label("Your link").input_value())
    for page in pair:
        heading(page, "You are connected")


def test_a_guest_who_reloads_learns_the_reason_and_connects_with_a_new_link(pair: tuple[Page, Page]) -> None:
    first, second = pair
    say(second, "before the reload")
    expect(log(first)).to_contain_text("before the reload")

    second.reload()

    heading(second, "The connection has ended")
    heading(first, "The other person has left")
    expect(first.get_by_role("heading", name="The other person has left")).to_be_focused()
    expect(log(first)).to_contain_text("before the reload")
    first.get_by_role("button", name="Make a new link").click()
    heading(first, "Send this link to one person")
    second.goto(first.get_by_label("Your link").input_value())
    for page in pair:
        heading(page, "You are connected")


def test_both_users_see_that_one_of_them_hung_up(pair: tuple[Page, Page]) -> None:
    first, second = pair

    first.get_by_role("button", name="Hang up").click()

    heading(first, "You hung up")
    expect(first.locator("#failure-step")).to_be_hidden()
    heading(second, "The other person has left")
    expect(second.locator("#failure-step")).to_have_text("Step: In conversation")
    expect(second).to_have_title("The other person has left · Peerpost")


def test_a_host_learns_that_nobody_joined_in_time(new_page: Open, once_address: str) -> None:
    page = new_page()
    page.clock.install()
    invite(page, once_address)

    page.clock.fast_forward(301_000)

    heading(page, "Nobody joined in time")
    expect(page.locator("#failure-step")).to_have_text("Step: Waiting for your guest")
    page.get_by_role("button", name="Make a new link").click()
    heading(page, "Send this link to one person")


def test_a_link_that_the_server_expires_a_little_early_counts_as_expired(
    new_page: Open, once_address: str, once_service: str
) -> None:
    """The server's clock may be a little ahead, so the channel may expire before the page expects it."""
    page = new_page()
    page.clock.install()
    link = invite(page, once_address)

    # The page's clock stops, so the page does not end the link by itself.
    page.clock.pause_at(page.evaluate("history.state.peerpost.invitation.expiry") / 1000 - NEARLY_SECONDS)
    erase(once_service, link.partition("#")[2][:36])
    while not page.locator("#failure").is_visible():
        # With a stopped clock, the page asks the server only when the browser is online again.
        page.evaluate("dispatchEvent(new Event('online'))")
        page.wait_for_timeout(20)

    heading(page, "Nobody joined in time")


def test_a_second_guest_is_refused(new_page: Open, pair: tuple[Page, Page]) -> None:
    third = new_page()

    third.goto(pair[1].url)

    heading(third, "This link no longer works")
