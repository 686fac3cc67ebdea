"""Does on the page what users do, through Playwright."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import BrowserContext, Locator, Page, expect

from harness.engines import ROOT
from harness.page_scripts import END_TIMER, HOLD_TIMERS

# Generous, because the machine may be busy. No test waits longer than it has to.
# A browser needs about 25 seconds to notice that the other one has vanished.
PATIENCE_MS = 60_000
DESKTOP = (1280, 800)
LIMITS = ROOT / "web/src/limits.js"
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"

# Resolves once the video shows more than its first black frame. Fails if that takes too long.
NEXT_FRAMES = """(video) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error("the video shows no frames")), PATIENCE_MS);
  const look = (_, { presentedFrames }) =>
    presentedFrames > 2 && video.videoWidth > 100 ? resolve(true) : video.requestVideoFrameCallback(look);
  video.requestVideoFrameCallback(look);
})""".replace("PATIENCE_MS", str(PATIENCE_MS))

# Simulates a network that stalls after one megabyte, so that a larger file is in transfer until it is cancelled.
GET_STUCK = """() => {
  const { send } = RTCDataChannel.prototype;
  let sent = 0;
  RTCDataChannel.prototype.send = function (data) {
    sent += data.byteLength ?? 0;
    send.call(this, data);
  };
  const buffered = { get: () => (sent > 1e6 ? Infinity : 0) };
  Object.defineProperty(RTCDataChannel.prototype, "bufferedAmount", buffered);
}"""

Open = Callable[..., Page]


def invite(page: Page, address: str) -> str:
    """Open the page, and return the link that it creates."""
    page.goto(address)
    expect(page.get_by_role("heading", name="Send this link to one person")).to_be_visible()
    return page.get_by_label("Your link").input_value()


def reload_twice_while_waiting(host: Page, link: str) -> None:
    """Reload a host's page that waits for its guest, and check that it still shows the same link."""
    expiry = host.locator("#expiry").text_content()

    host.reload()
    host.reload()

    expect(host.locator("#notice")).to_have_text("Welcome back. The link you sent still works.")
    expect(host.get_by_label("Your link")).to_have_value(link)
    expect(host.locator("#expiry")).to_have_text(str(expiry))


def connect(first: Page, second: Page, address: str) -> tuple[Page, Page]:
    """Connect two pages by a link, and return them."""
    link = invite(first, address)
    second.goto(link)
    for page in (first, second):
        heading(page, "You are connected")
    return first, second


def wait_until_erased(server: str, link: str) -> None:
    """Return once the server no longer has the link's channel. The page erases it without waiting for the reply."""
    channel_id = re.search(r"#@?([\da-f-]{36})", link)
    assert channel_id
    deadline = time.monotonic() + PATIENCE_MS / 1000
    with httpx.Client(base_url=server, timeout=PATIENCE_MS / 1000) as client:
        while client.post("", json={"method": "get_offer", "channel_id": channel_id[1]}).text != "no such channel":
            assert time.monotonic() < deadline, "the channel is not erased"
            time.sleep(0.02)


def erase(server: str, channel_id: str, **owner: str) -> None:
    """Erase a channel on the server, as when it has expired."""
    request = {"method": "delete_data_channel", "channel_id": channel_id, **owner}
    assert httpx.post(server, json=request, timeout=PATIENCE_MS / 1000).is_success


def limit(name: str) -> int:
    """Return one of the numbers in the page's limits.js."""
    number = re.search(rf"^export const {name} = ([\d_]+);$", LIMITS.read_text(), re.MULTILINE)
    assert number, name
    return int(number[1])


def hold_timers(pages: Page | BrowserContext, *lengths: int) -> None:
    """Let no timer of these lengths, in milliseconds, end by itself in the documents that will be loaded."""
    pages.add_init_script(f"({HOLD_TIMERS})(...{list(lengths)})")


def end_timer(page: Page, length: int) -> None:
    """End the latest of the held timers of this length, as soon as there is one."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(END_TIMER, length):
        assert time.monotonic() < deadline, f"the page sets no timer of {length} ms"
        page.wait_for_timeout(20)


def say(page: Page, text: str) -> None:
    """Send a message. If the page is about to be connected, wait for that: until then, it would not send anything."""
    field = page.get_by_label("Message")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()
    field.fill(text)
    field.press("Enter")
    expect(field).to_have_value("")


def log(page: Page) -> Locator:
    return page.get_by_role("log", name="Conversation")


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def violations(page: Page) -> list[str]:
    """Return everything that axe-core finds, whatever its severity."""
    page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [json.dumps([each["id"], each["impact"], [node["html"] for node in each["nodes"]]]) for each in found]
