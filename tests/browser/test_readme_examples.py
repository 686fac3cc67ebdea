"""The README's code for both peers, run in Chromium exactly as printed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from harness.engines import ROOT
from harness.person import MILLISECONDS
from tests.browser.conftest import SERVER_OF_MAKE_RUN

PRINTED = re.findall("```html\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)

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

    for reloaded in (False, False, True):
        if reloaded:
            host.reload()
        with window.expect_page() as opened:
            host.get_by_text("Open this link in as many windows as you like").click()
        opened.value.get_by_text("Hello, guest!").wait_for()
        host.get_by_text("Hello, host!").last.wait_for()


def test_the_host_of_many_guests_closes_a_connection_that_is_lost_for_good(
    window: BrowserContext, examples_url: str
) -> None:
    host = window.new_page()
    host.add_init_script(KEEP_CONNECTIONS)
    host.goto(f"{examples_url}/many-guests.html")
    with host.expect_console_message(lambda message: message.text.endswith("is connected")):
        host.get_by_text("Open this link in as many windows as you like").click()

    host.evaluate(LOSE_THE_FIRST_CONNECTION)

    host.wait_for_function("connections[0].signalingState === 'closed'")
