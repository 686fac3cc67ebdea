"""Fixtures: Chromium, the page as `make run` serves it, and users who have opened the page."""

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from harness.chromium import chromium
from harness.command_line import Run, command_line
from harness.engines import ROOT, free_port, wait_for_port
from harness.page import DESKTOP, PATIENCE_MS, Open, connect, hold_timers, limit

HELLO_MS = limit("HELLO_MS")
# What `make run` prints before the page's address.
PAGE_LINE = "The page is at "


# A session fixture would keep Playwright's event loop running during other packages' tests.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def address() -> Iterator[str]:
    """The page's address, as `make run` prints it."""
    port = free_port()
    # These tests run in the environment that make would install, so make must not install it again.
    command = ["make", "--assume-old=.venv/local", "run", f"PORT={port}", f"PAGE_PORT={free_port()}"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            # The server writes its own URL to the same pipe, maybe earlier.
            line = next((line for line in process.stdout if line.startswith(PAGE_LINE)), "")
            address = line.removeprefix(PAGE_LINE).strip()
            assert address, "`make run` did not print the page's address"
            # The server would block if nobody read what it logs.
            threading.Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
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
def peerpost(address: str, service: str) -> Iterator[Run]:
    """Run `peerpost send` and `peerpost receive` with the page and its server."""
    with command_line(PEERPOST_SERVER=service, PEERPOST_PAGE=address) as run:
        yield run


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A directory to receive into."""
    path = tmp_path / "inbox"
    path.mkdir()
    return path


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Open]:
    """Open pages, each in its own context, and check at the end that none violated its security policy or threw."""
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
        # On a busy machine, a guest's `hello` may take longer, and the host would take the guest for a program.
        hold_timers(context, HELLO_MS)
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
    """Two connected pages: the host's, which made the link, and the guest's, which opened it."""
    return connect(new_page(), new_page(), address)
