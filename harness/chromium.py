"""Chromium, the way every test starts it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

NO_CHROMIUM = """\
The browser tests need Chromium, but it was not found: put `chromium` on the PATH, or set CHROMIUM to its path.
On Debian: apt-get install chromium"""

# Generous, because the machine may be busy.
LAUNCH_MS = 60_000

FEATURES_THAT_ARE_OFF = [
    # Two pages of the address bar, which Chromium loads for each new window although it has none without a screen.
    # Loading them takes a second of CPU time, more than a whole test.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # Playwright turns these off, too. Chromium obeys only the last list, which is ours, so it has to repeat them.
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
]
FLAGS = [
    f"--disable-features={','.join(FEATURES_THAT_ARE_OFF)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # These let peers find each other without a network, and give pages a fake camera without a prompt.
    "--allow-loopback-in-peer-connection",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]


def path() -> str:
    """Return the path of the Chromium program."""
    found = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if found is None:
        pytest.fail(NO_CHROMIUM)
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium under Playwright.

    Playwright's event loop occupies the thread, so no other test may run an event loop there meanwhile.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path(), args=FLAGS, timeout=LAUNCH_MS)
        yield browser
        browser.close()
