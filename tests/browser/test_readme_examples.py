"""The README's code for both peers, run in Chromium exactly as printed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from harness.engines import ROOT
from harness.person import MILLISECONDS
from tests.browser.conftest import SERVER_OF_MAKE_RUN

PRINTED = re.findall("```html\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)

MANY_WINDOWS = "Open this link in as many windows as you like"

# Lets the test see the connections that a page makes.
KEEP_CONNECTIONS = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...options) {
    super(...options);
    connections.push(this);
  }
};
"""

# Chromium takes about 20 seconds to notice a lost connection.
LOSE_THE_FIRST_CONNECTION = """() => {
  Object.defineProperty(connections[0], "connectionState", { value: "failed" });
  connections[0].dispatchEvent(new Event("connectionstatechange"));
}"""


@pytest.fixture
def window(browser: Browser, local_url: str) -> Iterator[BrowserContext]:
    """A browser that redirects requests for the README's server to `chalice local`, so that the code runs unchanged."""
    context = browser.new_context()
    context.set_default_timeout(MILLISECONDS)
    context.route(SERVER_OF_MAKE_RUN, lambda route: route.continue_(url=local_url))
    yield context
    context.close()


def wait_until_greeted(host: Page, times: int) -> None:
    """Return once this many guests have greeted the host since it was loaded."""
    host.wait_for_function("(times) => document.body.innerText.split('Hello, host!').length > times", arg=times)


def assert_a_guest_is_greeted(window: BrowserContext, host: Page, greetings: int) -> None:
    """Follow the link. Afterwards, the host has this many greetings."""
    with window.expect_page() as opened:
        host.get_by_text(MANY_WINDOWS).click()
    opened.value.get_by_text("Hello, guest!").wait_for()
    wait_until_greeted(host, greetings)


def test_the_readme_prints_the_pages_that_make_run_serves() -> None:
    served = [(ROOT / "examples" / name).read_text() for name in ("host.html", "guest.html", "many-guests.html")]

    assert served == PRINTED


def test_the_two_pages_of_the_readme_greet_each_other(window: BrowserContext, examples_url: str) -> None:
    host = window.new_page()
    host.goto(f"{examples_url}/host.html")

    with window.expect_page() as opened:
        host.get_by_text("Open this link in a second window").click()
    guest = opened.value

    guest.get_by_text("Hello, guest!").wait_for()
    host.get_by_text("Hello, host!").wait_for()


def test_many_guests_can_follow_one_link_even_after_the_host_has_reloaded(
    window: BrowserContext, examples_url: str
) -> None:
    host = window.new_page()
    host.goto(f"{examples_url}/many-guests.html")

    for greetings in (1, 2):
        assert_a_guest_is_greeted(window, host, greetings)
    host.reload()
    assert_a_guest_is_greeted(window, host, 1)


def test_two_guests_who_follow_one_link_at_the_same_moment_are_both_greeted(
    window: BrowserContext, local_url: str, examples_url: str
) -> None:
    """Both find the same door of the host, and one of them has to go on to the next door."""
    answers: list[Route] = []

    def until_both_have_answered(route: Route) -> None:
        if "create_answer" not in (route.request.post_data or "") or len(answers) == 2:
            route.continue_(url=local_url)
            return
        answers.append(route)
        if len(answers) == 2:
            for answer in answers:
                answer.continue_(url=local_url)

    window.route(SERVER_OF_MAKE_RUN, until_both_have_answered)
    host = window.new_page()
    host.goto(f"{examples_url}/many-guests.html")
    link = host.get_by_text(MANY_WINDOWS).get_attribute("href") or ""
    guests = [window.new_page() for _ in range(2)]
    for guest in guests:
        guest.goto(link)

    for guest in guests:
        guest.get_by_text("Hello, guest!").wait_for()
    wait_until_greeted(host, 2)


def test_the_host_of_many_guests_closes_a_connection_that_is_lost_for_good(
    window: BrowserContext, examples_url: str
) -> None:
    host = window.new_page()
    host.add_init_script(KEEP_CONNECTIONS)
    host.goto(f"{examples_url}/many-guests.html")
    with host.expect_console_message(lambda message: message.text.endswith("is connected")):
        host.get_by_text(MANY_WINDOWS).click()

    host.evaluate(LOSE_THE_FIRST_CONNECTION)

    host.wait_for_function("connections[0].signalingState === 'closed'")
