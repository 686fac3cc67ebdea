"""Makes the README's picture from the real page: `make run` in one shell, `python -m tools.picture` in another.

Two browser windows, side by side: the host sends a link, the guest opens it, and they talk.
Each scene is a screenshot of both windows, so the picture stays sharp and small.
"""

import argparse
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page, expect

from harness.chromium import chromium

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs/images/two-windows.gif"
DEFAULT_PAGE = "http://127.0.0.1:8080/"
# A README should load quickly, even on a phone.
MOST_BYTES = 1_000_000

# In a window of this size, the page has one column, and everything is in view.
WINDOW_WIDTH = 480
WINDOW_HEIGHT = 520
BAR_HEIGHT = 40
MARGIN = 20
# The most that a GIF can have. With fewer, small coloured dots would lose their colour.
COLOURS = 256
# Generous, because the machine may be busy.
PATIENCE_MS = 60_000

DESK = "#cfd8d6"
BAR = "#e8ecea"
INK = "#3a4548"
ADDRESS = "#ffffff"
DOTS = ("#e2695b", "#e9b44c", "#6cb26c")
LONGEST_ADDRESS = 46

FILE_NAME = "drawings.pdf"
FILE_BYTES = 3_400_000


@dataclass
class Scene:
    """One moment of the story, and how long it is shown."""

    host: Image.Image
    guest: Image.Image
    host_address: str
    guest_address: str
    milliseconds: int

    def draw(self) -> Image.Image:
        desk = Image.new("RGB", (2 * WINDOW_WIDTH + 3 * MARGIN, WINDOW_HEIGHT + BAR_HEIGHT + 2 * MARGIN), DESK)
        desk.paste(in_a_window(self.host, self.host_address), (MARGIN, MARGIN))
        desk.paste(in_a_window(self.guest, self.guest_address), (WINDOW_WIDTH + 2 * MARGIN, MARGIN))
        return desk


def in_a_window(content: Image.Image, address: str) -> Image.Image:
    """Return a picture of a browser window: the page below an address bar with its URL."""
    window = Image.new("RGB", (WINDOW_WIDTH, WINDOW_HEIGHT + BAR_HEIGHT), BAR)
    pen = ImageDraw.Draw(window)
    for number, colour in enumerate(DOTS):
        left = 14 + 18 * number
        pen.ellipse((left, 15, left + 10, 25), fill=colour)
    pen.rounded_rectangle((74, 8, WINDOW_WIDTH - 12, 32), radius=12, fill=ADDRESS)
    shown = address if len(address) <= LONGEST_ADDRESS else f"{address[:LONGEST_ADDRESS]}..."
    pen.text((86, 13), shown, fill=INK, font=ImageFont.load_default(13))
    window.paste(content, (0, BAR_HEIGHT))
    return window


def screenshot(page: Page) -> Image.Image:
    return Image.open(BytesIO(page.screenshot())).convert("RGB")


class Story:
    """Plays the story in two windows, and records its scenes."""

    def __init__(self, browser: Browser, page_address: str) -> None:
        self._host = new_window(browser)
        self._guest = new_window(browser)
        self._page_address = page_address
        self._guest_address = ""
        self.scenes: list[Scene] = []

    def play(self) -> None:
        self._make_a_link()
        self._open_the_link()
        self._write(self._host, "Hello! Can you send me the drawings?")
        self._write(self._guest, "Of course, here they are.")
        self._send_a_file()

    def _keep(self, milliseconds: int) -> None:
        scene = Scene(
            screenshot(self._host), screenshot(self._guest), self._page_address, self._guest_address, milliseconds
        )
        self.scenes.append(scene)

    def _make_a_link(self) -> None:
        self._host.goto(self._page_address)
        expect(self._host.locator("#invitation")).to_be_visible()
        self._keep(1500)
        self._host.locator("#copy").click()
        self._keep(1000)

    def _open_the_link(self) -> None:
        self._guest_address = self._host.locator("#link").input_value()
        self._keep(900)
        self._guest.goto(self._guest_address)
        for page in (self._host, self._guest):
            expect(page.locator("#conversation")).to_be_visible()
        self._keep(1400)

    def _write(self, writer: Page, text: str) -> None:
        """Type a message in three steps, and send it."""
        for part in (1, 2, 3):
            writer.locator("#message").fill(text[: len(text) * part // 3])
            self._keep(250)
        writer.locator("#message").press("Enter")
        for page in (self._host, self._guest):
            expect(page.locator("#log")).to_contain_text(text)
        self._keep(700)

    def _send_a_file(self) -> None:
        file = {"name": FILE_NAME, "mimeType": "application/pdf", "buffer": bytes(FILE_BYTES)}
        self._guest.locator("#attach").set_input_files(file)  # type: ignore[arg-type]
        expect(self._host.locator("#log").get_by_role("link", name=FILE_NAME)).to_be_visible()
        self._keep(2500)


def new_window(browser: Browser) -> Page:
    context = browser.new_context(
        viewport={"width": WINDOW_WIDTH, "height": WINDOW_HEIGHT},
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE_MS)
    return context.new_page()


def stacked(images: list[Image.Image]) -> Image.Image:
    """Return one image that contains all of these, so that a palette made from it has the colours of each."""
    width, height = images[0].size
    stack = Image.new("RGB", (width, height * len(images)))
    for number, image in enumerate(images):
        stack.paste(image, (0, height * number))
    return stack


def save(scenes: list[Scene], path: Path) -> None:
    """Write an animation that repeats, with one palette for all scenes, so that nothing flickers."""
    drawn = [scene.draw() for scene in scenes]
    palette = stacked(drawn).quantize(COLOURS)
    frames = [each.quantize(palette=palette, dither=Image.Dither.NONE) for each in drawn]
    durations = [scene.milliseconds for scene in scenes]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=False)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the README's picture from a running page.")
    parser.add_argument("--page", default=DEFAULT_PAGE, help="the page's URL, as `make run` prints it")
    parser.add_argument("--output", type=Path, default=PICTURE, help="the picture's file")
    arguments = parser.parse_args()
    expect.set_options(timeout=PATIENCE_MS)
    with chromium() as browser:
        story = Story(browser, arguments.page)
        story.play()
    save(story.scenes, arguments.output)
    size = arguments.output.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{arguments.output} has {size} bytes; a README's picture must have at most {MOST_BYTES}")
    seconds = sum(scene.milliseconds for scene in story.scenes) / 1000
    print(f"{arguments.output}: {size} bytes, {len(story.scenes)} scenes, {seconds} s")


if __name__ == "__main__":
    main()
