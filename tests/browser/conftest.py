"""Fixtures: Chromium, two users in it, and a proxy between them and the server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from harness.chromium import chromium
from harness.person import MILLISECONDS, Person
from harness.transports import chalice_local
from harness.web_servers import PageHandler, Proxy, Server, serving


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
