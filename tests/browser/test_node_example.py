"""examples/node: terminals in Node, and pages in Chromium, chat with each other."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect

from harness.browsers import find
from harness.engines import ROOT
from harness.person import MILLISECONDS
from tests.browser.conftest import View

SECONDS = MILLISECONDS / 1000
CONNECTED = "Connected. Type a message, and press Enter. Ctrl-D ends the chat."


class Terminal:
    """A running terminal.js. Reading a line waits for it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().removesuffix("\n")

    def read_link(self) -> str:
        assert self.read() == "Open this link in a browser, or pass it to another terminal.js:"
        return self.read()

    def write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def press_ctrl_d(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def exit_code(self) -> int:
        return self._process.wait(SECONDS)


Open = Callable[..., Terminal]
"""Starts terminal.js, with a link to follow or without one."""


@pytest.fixture
def terminal(stun_url: str, examples_url: str) -> Iterator[Open]:
    environment = {"PEERPOST_SERVER": stun_url, "PEERPOST_PAGE": f"{examples_url}/node/chat.html"}
    with ExitStack() as stack:

        def start(*link: str) -> Terminal:
            process = stack.enter_context(
                subprocess.Popen(
                    [find("node", "nodejs"), "terminal.js", *link],
                    cwd=ROOT / "examples/node",
                    env=os.environ | environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
            stack.callback(process.kill)
            return Terminal(process)

        yield start


def expect_to_say(page: Page, text: str) -> None:
    expect(page.get_by_role("status")).to_have_text(text, timeout=MILLISECONDS)


def send(page: Page, message: str) -> None:
    page.get_by_label("Message", exact=True).fill(message)
    page.get_by_role("button", name="Send").click()


def expect_messages(page: Page, *messages: str) -> None:
    expect(page.get_by_role("listitem")).to_have_text(list(messages), timeout=MILLISECONDS)


def test_a_page_follows_the_link_of_a_terminal_and_both_send_messages(terminal: Open, view: View) -> None:
    host = terminal()

    guest = view(host.read_link())
    expect_to_say(guest, "Connected")
    assert host.read() == CONNECTED
    host.write("hello from Node")
    expect_messages(guest, "> hello from Node")
    send(guest, "hello from the page")

    assert host.read() == "> hello from the page"
    expect_messages(guest, "> hello from Node", "hello from the page")


def test_a_terminal_follows_the_link_of_a_page_and_both_send_messages(
    terminal: Open, view: View, examples_url: str
) -> None:
    host = view(f"{examples_url}/node/chat.html")
    link = host.get_by_role("link").inner_text()

    guest = terminal(link)
    assert guest.read() == CONNECTED
    guest.write("hello from Node")
    expect_messages(host, "> hello from Node")
    send(host, "hello from the page")

    assert guest.read() == "> hello from the page"


def test_two_terminals_send_messages_and_end_together(terminal: Open) -> None:
    host = terminal()
    guest = terminal(host.read_link())
    assert host.read() == guest.read() == CONNECTED

    host.write("hello from the host")
    guest.write("hello from the guest")

    assert guest.read() == "> hello from the host"
    assert host.read() == "> hello from the guest"
    guest.press_ctrl_d()
    assert host.exit_code() == guest.exit_code() == 0


def test_the_last_line_before_the_end_of_the_input_arrives(terminal: Open) -> None:
    host = terminal()
    guest = terminal(host.read_link())
    guest.write("goodbye")
    guest.press_ctrl_d()

    assert host.read() == CONNECTED
    assert host.read() == "> goodbye"
    assert host.exit_code() == 0


def test_the_page_says_when_the_terminal_has_ended_the_chat(terminal: Open, view: View) -> None:
    host = terminal()
    guest = view(host.read_link())
    expect_to_say(guest, "Connected")

    host.press_ctrl_d()

    expect_to_say(guest, "The chat has ended")
    assert host.exit_code() == 0


def test_a_terminal_ends_when_the_page_is_closed(terminal: Open, view: View) -> None:
    host = terminal()
    guest = view(host.read_link())
    expect_to_say(guest, "Connected")

    guest.goto("about:blank")

    assert host.exit_code() == 0


def test_a_link_that_has_expired_is_reported_in_one_line(terminal: Open, examples_url: str) -> None:
    nobodys = f"{examples_url}/node/chat.html#1c5ca5a5-6f0b-4c55-8b9a-3ad1e1b58f0e.{'A' * 43}"

    guest = terminal(nobodys)

    assert guest.read().startswith("The chat has failed: ")
    assert guest.read() == ""
    assert guest.exit_code() == 1
