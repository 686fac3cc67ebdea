"""The page in a browser that freezes it, as browsers do with pages in the background, and on phones that sleep."""

from collections.abc import Iterator

import pytest

from harness.browsers import Page, Profile, run
from harness.page import erase, limit
from harness.page_scripts import HOLD_TIMERS, SAY, SHOWN

HELLO_MS = limit("HELLO_MS")
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


# Notes the data channel of the messages, as soon as the page uses it.
NOTE_MESSAGES = """() => {
  const { send } = RTCDataChannel.prototype;
  RTCDataChannel.prototype.send = function (data) {
    if (this.label === "messages") window.messages = this;
    send.call(this, data);
  };
}"""
# Sends more than a browser sends before it knows that the earlier data has arrived. Resolves once all of that is sent.
FLOOD = """() => new Promise((resolve) => {
  const block = "flood ".repeat(10_000);
  for (let number = 0; number < 20; number += 1) messages.send(block);
  messages.onbufferedamountlow = resolve;
}).then(() => {})"""


def test_a_page_that_was_asleep_shows_what_was_said_meanwhile(pair: tuple[Page, Page]) -> None:
    first, second = pair

    first.evaluate(NOTE_MESSAGES)

    with second.frozen():
        first.evaluate(SAY, "are you there?")
        first.evaluate(FLOOD)

    assert "are you there?" in second.evaluate(SHOWN, "#log", "are you there?")
    hear(second, first, "yes")


@pytest.mark.parametrize("sleeper", [0, 1], ids=["host", "guest"])
def test_a_page_that_slept_while_the_other_page_was_reloaded_is_connected_again(
    pair: tuple[Page, Page], sleeper: int
) -> None:
    sleeping, other = pair[sleeper], pair[1 - sleeper]
    hear(other, sleeping, "before")
    # On a busy machine, a guest's `hello` may take longer, and the host would take the guest for a program.
    sleeping.evaluate(HOLD_TIMERS, HELLO_MS)

    with sleeping.frozen():
        other.reload()
        other.evaluate(HOLD_TIMERS, HELLO_MS)

    assert "before" in sleeping.evaluate(SHOWN, "#log", "Connected again.")
    other.evaluate(SHOWN, "#conversation-title", CONNECTED)
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
        erase(service, door)
        second = profiles[1].open(link)
        second.evaluate(SHOWN, "#joining-title", "Waiting for the other person")

    for page in (first, second):
        page.evaluate(SHOWN, "#conversation-title", CONNECTED)
