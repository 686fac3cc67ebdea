"""The page in Firefox, connected to the page in Chromium."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.browsers import Profile, run
from harness.command_line import Run
from harness.page_scripts import SAY, SEND_FILE, SHOWN

FILE_BYTES = 5_000_000


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Profile]]:
    with (
        run("chromium", tmp_path_factory.mktemp("chromium")) as chromium,
        run("firefox-esr", tmp_path_factory.mktemp("firefox")) as firefox,
        chromium.profile() as one,
        firefox.profile() as other,
    ):
        yield {"chromium": one, "firefox": other}


@pytest.mark.parametrize(("host", "guest"), [("chromium", "firefox"), ("firefox", "chromium")])
def test_firefox_and_chromium_connect_and_exchange_messages_and_a_file(
    profiles: dict[str, Profile], address: str, host: str, guest: str
) -> None:
    digest = hashlib.sha256(bytes([7]) * FILE_BYTES).hexdigest()

    first = profiles[host].open(address)
    second = profiles[guest].open(first.evaluate(SHOWN, "#link", "#"))
    for page in (first, second):
        page.evaluate(SHOWN, "#conversation-title", "You are connected")
    first.evaluate(SAY, f"hello from {host}")
    second.evaluate(SAY, f"hello from {guest}")
    second.evaluate(SEND_FILE, "sevens.bin", FILE_BYTES)

    # Messages and files have separate channels, so they may arrive in any order.
    for part in (f"hello from {guest}", "5 MB, received, checksum matches"):
        assert part in first.evaluate(SHOWN, "#log", part)
    for part in (f"hello from {host}", "5 MB, delivered, checksum matches"):
        assert part in second.evaluate(SHOWN, "#log", part)
    for page in (first, second):
        assert page.evaluate("() => document.querySelector('#log code').textContent") == digest
        assert page.evaluate(SHOWN, "#route", "Direct").endswith(", UDP)")


def test_firefox_and_the_command_line_send_each_other_a_file(
    profiles: dict[str, Profile], address: str, peerpost: Run, tmp_path: Path, inbox: Path
) -> None:
    content = bytes([7]) * FILE_BYTES
    (tmp_path / "sevens.bin").write_bytes(content)

    host = profiles["firefox"].open(address)
    receiver = peerpost("receive", host.evaluate(SHOWN, "#link", "#"), "--output", inbox)
    host.evaluate(SHOWN, "#conversation-title", "You are connected to a command-line program")
    host.evaluate(SEND_FILE, "sevens.bin", FILE_BYTES)
    received = receiver.end()
    sender = peerpost("send", tmp_path / "sevens.bin")
    guest = profiles["firefox"].open(sender.link)
    shown = guest.evaluate(SHOWN, "#log", "5 MB, received, checksum matches")
    sent = sender.end()

    assert (received[0], sent[0]) == (0, 0), (received, sent)
    assert (inbox / "sevens.bin").read_bytes() == content
    assert "sevens.bin" in shown
    guest.evaluate(SHOWN, "#failure-title", "The command-line program has left")
