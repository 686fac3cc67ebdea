"""Fixtures: Chromium, two users in it, and a proxy between them and the server."""

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from harness.chromium import chromium
from harness.engines import ANY_ACCOUNT
from harness.person import MILLISECONDS, Person
from harness.stun import stun_server
from harness.transports import chalice_local
from harness.web_servers import PageHandler, Proxy, Server, serving
from tools.serve import serve

SERVER_OF_MAKE_RUN = "http://127.0.0.1:8000/"

# Sends requests to another server than the one that the page names. Unlike a route of Playwright, this also works while
# the test waits for something other than the browser.
REDIRECT = """(named, used) => {
  const { fetch } = window;
  window.fetch = (url, options) => fetch(String(url).replace(named, used), options);
}"""

View = Callable[[str], Page]
"""Opens the URL of an example, in a browser context of its own."""


# A session fixture would keep Playwright's event loop running during other packages' tests.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def page_url() -> Iterator[str]:
    with serving(Server(("127.0.0.1", 0), PageHandler)) as server:
        yield server.url


@pytest.fixture(scope="package")
def contexts(browser: Browser) -> Iterator[list[BrowserContext]]:
    """Two browser contexts that share nothing."""
    contexts = [browser.new_context() for _ in range(2)]
    yield contexts
    for context in contexts:
        context.close()


@pytest.fixture
def people(contexts: list[BrowserContext], page_url: str) -> Iterator[list[Person]]:
    people = [Person(context.new_page()) for context in contexts]
    for person in people:
        person.page.set_default_timeout(MILLISECONDS)
        person.page.goto(page_url)
        person.wait_for("window.peer")
    yield people
    for person in people:
        person.page.close()


@pytest.fixture
def alice(people: list[Person]) -> Person:
    """The host, who makes the link."""
    return people[0]


@pytest.fixture
def bob(people: list[Person]) -> Person:
    """The guest, who opens the link."""
    return people[1]


@pytest.fixture(scope="package")
def local_url() -> Iterator[str]:
    """The URL of a `chalice local` that holds replies long enough for news to arrive, even on a busy machine."""
    with chalice_local({"MAX_WAIT_SECONDS": "20"}) as url:
        yield url


@pytest.fixture
def unhurried(people: list[Person]) -> None:
    """Slow down the page's clock for tests that count requests, so that a busy machine causes no further requests."""
    for person in people:
        person.slow_time_down()


@pytest.fixture
def proxy(local_url: str) -> Iterator[Proxy]:
    proxy = Proxy(local_url)
    with serving(proxy):
        yield proxy


@pytest.fixture(scope="package")
def examples_url() -> Iterator[str]:
    """The folder `examples`, as `make run` serves it."""
    with serve() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/examples"
        server.shutdown()


@pytest.fixture(scope="package")
def stun_url() -> Iterator[str]:
    """The URL of a `chalice local` whose operator has a STUN server, so that no peer asks one on the internet."""
    with stun_server() as stun:
        stun.release()
        with chalice_local(ANY_ACCOUNT | {"STUN_URLS": stun.url, "MAX_WAIT_SECONDS": "20"}) as url:
            yield url


@pytest.fixture
def view(browser: Browser, stun_url: str) -> Iterator[View]:
    contexts = []

    def view(url: str) -> Page:
        context = browser.new_context()
        contexts.append(context)
        context.set_default_timeout(MILLISECONDS)
        context.add_init_script(f"({REDIRECT})({SERVER_OF_MAKE_RUN!r}, {stun_url!r})")
        page = context.new_page()
        page.goto(url)
        return page

    yield view
    for context in contexts:
        context.close()
