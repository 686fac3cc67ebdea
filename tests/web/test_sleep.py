"""The page in a browser that freezes it, as browsers do with pages in the background, and on phones that sleep."""

from collections.abc import Iterator

import httpx
import pytest

from harness.browsers import Page, Profile, run
from harness.page_scripts import SAY, SHOWN

CONNECTED = "You are connected"


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Profile, Profile]]:
    with (
        run("chromium", tmp_path_factory.mktemp("chromium")) as browser,
        browser.profile() as one,
        browser.profile() as other,
    ):
        yield one, other


@pytest.fixture
def pair(profiles: tuple[Profile, Profile], address: str) -> tuple[Page, Page]:
    """Two connected pages: the host's and the guest's."""
    first = profiles[0].open(address)
    second = profiles[1].open(first.evaluate(SHOWN, "#link", "#"))
    for page in (first, second):
        page.evaluate(SHOWN, "#conversation-title", CONNECTED)
    return first, second


def hear(speaker: Page, listener: Page, text: str) -> None:
    speaker.evaluate(SAY, text)
    listener.evaluate(SHOWN, "#log", text)


def test_a_page_that_was_asleep_shows_what_was_said_meanwhile(pair: tuple[Page, Page]) -> None:
    first, second = pair

    with second.frozen():
        first.evaluate(SAY, "are you there?")

    assert "are you there?" in second.evaluate(SHOWN, "#log", "are you there?")
    hear(second, first, "yes")


@pytest.mark.parametrize("sleeper", [0, 1], ids=["host", "guest"])
def test_a_page_that_slept_while_the_other_page_was_reloaded_is_connected_again(
    pair: tuple[Page, Page], sleeper: int
) -> None:
    sleeping, other = pair[sleeper], pair[1 - sleeper]
    hear(other, sleeping, "before")

    with sleeping.frozen():
        other.reload()

    assert "before" in sleeping.evaluate(SHOWN, "#log", "Connected again.")
    hear(other, sleeping, "after")
    hear(sleeping, other, "indeed")


# Resolves with the id of the channel in which the page asks for an answer.
DOOR = """() => new Promise((resolve) => {
  const { fetch } = window;
  window.fetch = (url, options) => {
    const { method, channel_id } = JSON.parse(options.body);
    if (method === "get_answer") resolve(channel_id);
    return fetch(url, options);
  };
})"""


def test_a_host_that_was_asleep_until_its_door_had_expired_lets_a_guest_in(
    profiles: tuple[Profile, Profile], address: str, service: str
) -> None:
    first = profiles[0].open(address)
    link = first.evaluate(SHOWN, "#link", "#")
    door = first.evaluate(DOOR)

    with first.frozen():
        assert httpx.post(service, json={"method": "delete_data_channel", "channel_id": door}).is_success
        second = profiles[1].open(link)
        second.evaluate(SHOWN, "#joining-title", "Waiting for the other person")

    for page in (first, second):
        page.evaluate(SHOWN, "#conversation-title", CONNECTED)
