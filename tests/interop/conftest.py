"""Fixtures: browsers, the pages in them, and the server between them."""

import pkgutil
import sys
from collections.abc import Iterator

import pytest

from harness.browsers import CHROMIUM_FLAGS, Browser, Page, run
from harness.engines import ROOT
from harness.fixtures import front, page_url, turn
from harness.slow_time import FACTOR
from harness.stun import StunServer, stun_server

__all__ = ["front", "page_url", "turn"]

PYTHON_CLIENT = str(ROOT / "clients/python/src")
if PYTHON_CLIENT not in sys.path:
    sys.path.insert(0, PYTHON_CLIENT)

# How long a peer lets the server hold a read at first, how long it waits before it reads late candidates, and how long
# it tries to delete its channel.
SLOWED = ["pace.HOLD_AT_FIRST_SECONDS", "exchange.UNLIKELY_SECONDS", "channel.HANG_UP_SECONDS"]


@pytest.fixture
def slow_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow down time for the Python client, as `Page.slow_time_down` does for the JavaScript client."""
    for name in SLOWED:
        monkeypatch.setattr(f"peerpost.{name}", FACTOR * pkgutil.resolve_name(f"peerpost.{name}"))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with run("chromium", tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="session")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with run("firefox-esr", tmp_path_factory.mktemp("firefox")) as browser:
        yield browser


@pytest.fixture
def chromium_behind_nat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium that has no address to share with its peer until a STUN server replies."""
    flags = [*CHROMIUM_FLAGS, "--webrtc-ip-handling-policy=default_public_interface_only"]
    with run("chromium", tmp_path_factory.mktemp("chromium"), flags) as browser:
        yield browser


@pytest.fixture
def chromium_page(chromium: Browser, page_url: str) -> Iterator[Page]:
    with chromium.profile() as profile:
        yield profile.open(page_url)


@pytest.fixture
def firefox_page(firefox: Browser, page_url: str) -> Iterator[Page]:
    with firefox.profile() as profile:
        yield profile.open(page_url)


@pytest.fixture
def stun() -> Iterator[StunServer]:
    with stun_server() as server:
        yield server


@pytest.fixture
def two_pages(chromium: Browser, page_url: str) -> Iterator[tuple[Page, Page]]:
    """Two pages in the same browser that share nothing, like two people."""
    with chromium.profile() as one, chromium.profile() as other:
        yield one.open(page_url), other.open(page_url)
