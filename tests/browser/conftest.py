"""Chromium, two people in it, and what stands between them and the server."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.servers import PageHandler, Proxy, Server, serving
from tests.chromium import chromium

MILLISECONDS = 30_000


@dataclass
class Person:
    """Somebody who has the page open."""

    page: Page

    def start(self, server: str, **options: Any) -> None:
        self.page.evaluate("(options) => { peer.start(options) }", {"server": server, **options})

    @property
    def link(self) -> str:
        return str(self.ask("peer.link.promise"))

    @property
    def outcome(self) -> str:
        """`connected`, or the class of the error."""
        return str(self.ask("peer.outcome"))

    def ask(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def send(self, message: str) -> None:
        self.page.evaluate("(message) => { peer.send(message) }", message)

    def wait_for(self, expression: str) -> None:
        self.page.wait_for_function(expression, polling=20, timeout=MILLISECONDS)

    def wait_for_message(self, message: str) -> None:
        self.wait_for(f"peer.messages.includes({message!r})")


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


@pytest.fixture
def proxy(local_url: str) -> Iterator[Proxy]:
    proxy = Proxy(local_url)
    with serving(proxy):
        yield proxy
