"""What users do on the page, through Playwright."""

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from harness.engines import ROOT

# Generous, because the machine may be busy. No test waits longer than it has to.
PATIENCE_MS = 20_000
DESKTOP = (1280, 800)
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"

# Resolves once the video shows more than its first black frame.
NEXT_FRAMES = """(video) => new Promise((resolve) => {
  const look = (_, { presentedFrames }) =>
    presentedFrames > 2 && video.videoWidth > 100 ? resolve(true) : video.requestVideoFrameCallback(look);
  video.requestVideoFrameCallback(look);
})"""

Open = Callable[..., Page]


def invite(page: Page, address: str) -> str:
    """Open the page, and return the link that it creates."""
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


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def violations(page: Page) -> list[str]:
    """Return everything that axe-core finds, whatever its severity."""
    page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [json.dumps([each["id"], each["impact"], [node["html"] for node in each["nodes"]]]) for each in found]
