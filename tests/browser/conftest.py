"""Chromium, two people in it, and what stands between them and the server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from harness.chromium import chromium
from harness.person import MILLISECONDS, Person
from harness.transports import chalice_local
from harness.web_servers import PageHandler, Proxy, Server, serving


# Of the package and not of the session, for the sake of Playwright's loop.
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
    """Two profiles, which share nothing."""
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
    """She makes the link."""
    return people[0]


@pytest.fixture
def bob(people: list[Person]) -> Person:
    """He opens it."""
    return people[1]


@pytest.fixture(scope="package")
def local_url() -> Iterator[str]:
    """`chalice local`, which holds a reply for longer than a busy machine takes until there is news."""
    with chalice_local({"MAX_WAIT_SECONDS": "20"}) as url:
        yield url


@pytest.fixture
def unhurried(people: list[Person]) -> None:
    """For tests that count requests."""
    for person in people:
        person.slow_time_down()


@pytest.fixture
def proxy(local_url: str) -> Iterator[Proxy]:
    proxy = Proxy(local_url)
    with serving(proxy):
        yield proxy
