"""A user with the test page of tests/browser open, through Playwright."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from harness.slow_time import FACTOR, SLOW_TIME

# Generous, because the machine may be busy. No test waits longer than it has to.
MILLISECONDS = 60_000


@dataclass
class Person:
    """A user who has the page open."""

    page: Page

    def start(self, server: str, **options: Any) -> None:
        self.page.evaluate("(options) => { peer.start(options) }", {"server": server, **options})

    def slow_time_down(self) -> None:
        self.page.evaluate(SLOW_TIME, FACTOR)

    @property
    def link(self) -> str:
        return str(self.ask("peer.link.promise"))

    @property
    def outcome(self) -> str:
        """`connected`, or the class name of the error."""
        return str(self.ask("peer.outcome"))

    def ask(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def send(self, message: str) -> None:
        """Send a message to the other user, once the data channel is open."""
        self.wait_for("peer.chat?.readyState === 'open'")
        self.page.evaluate("(message) => { peer.send(message) }", message)

    def wait_for(self, expression: str) -> None:
        self.page.wait_for_function(expression, polling=20, timeout=MILLISECONDS)

    def wait_for_message(self, message: str) -> None:
        self.wait_for(f"peer.messages.includes({message!r})")
