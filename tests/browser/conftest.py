"""Chromium, two people in it, and what stands between them and the server."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.servers import PageHandler, Proxy, Server, serving

NO_CHROMIUM = """\
The browser tests need Chromium, and `chromium` is not on the PATH.
On Debian and Ubuntu: apt-get install chromium"""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Peers on a machine without a network find each other, and a camera that is not there is allowed.
    "--allow-loopback-in-peer-connection",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
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


# Of the package and not of the session: Playwright occupies the thread's event loop, which other tests need.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail(NO_CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


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
