"""The page in real Chromium: what `make run` serves, a browser, and peers that have opened the page."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.chromium import chromium
from tests.engines import ROOT, free_port, wait_for_port

# Generous: the machine may be busy, and nothing waits for longer than it has to.
PATIENCE_MS = 20_000
DESKTOP = (1280, 800)

Open = Callable[..., Page]


# Of the package and not of the session, for the sake of Playwright's loop.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def address() -> Iterator[str]:
    """The page's address, as `make run` prints it."""
    port = free_port()
    # The environment is there, since this runs in it.
    command = ["make", "--assume-old=.venv/local", "run", f"PORT={port}", f"PAGE_PORT={free_port()}"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            lead, _, address = next((line for line in process.stdout if "://" in line), "").strip().rpartition(" ")
            assert lead == "The page is at"
            wait_for_port(port, process)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)


@pytest.fixture(scope="package")
def page_url(address: str) -> str:
    return address.partition("?")[0]


@pytest.fixture(scope="package")
def service(address: str) -> str:
    return parse_qs(urlsplit(address).query)["server"][0]


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Open]:
    """Open pages, each in a context of its own; no page may break its security policy or throw."""
    problems: list[str] = []
    contexts = []

    def new_page(size: tuple[int, int] = DESKTOP, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            accept_downloads=True,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if "Policy" in message.text else None)
        return page

    yield new_page
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def pair(new_page: Open, address: str) -> tuple[Page, Page]:
    """Two people who are connected: the one who made the link, and the one who opened it."""
    return connect(new_page(), new_page(), address)


def invite(page: Page, address: str) -> str:
    """Open the page, and return the link that it makes."""
    page.goto(address)
    expect(page.get_by_role("heading", name="Send this link to one person")).to_be_visible()
    return page.get_by_label("Your link").input_value()


def connect(first: Page, second: Page, address: str) -> tuple[Page, Page]:
    second.goto(invite(first, address))
    for page in (first, second):
        expect(page.get_by_role("heading", name="You are connected")).to_be_visible()
    return first, second


def say(page: Page, text: str) -> None:
    page.get_by_label("Message").fill(text)
    page.keyboard.press("Enter")


def log(page: Page) -> Locator:
    return page.get_by_role("log", name="Conversation")
