"""Chromium, as every test starts it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

NO_CHROMIUM = """\
The browser tests need Chromium, and `chromium`, or what CHROMIUM names, is not there.
On Debian and Ubuntu: apt-get install chromium"""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Peers on a machine without a network find each other, and a camera that is not there is allowed.
    "--allow-loopback-in-peer-connection",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]


def path() -> str:
    """Return where it is."""
    found = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if found is None:
        pytest.fail(NO_CHROMIUM)
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run it under Playwright, whose loop occupies the thread: no other test may run one of its own meanwhile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path(), args=FLAGS)
        yield browser
        browser.close()
