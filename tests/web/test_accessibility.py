"""The page with a keyboard only, with a screen reader, on a small screen, and in the dark colour scheme."""

import pytest
from playwright.sync_api import Page, expect

from harness.page import DESKTOP, Open, connect, heading, invite, log, say, violations

SMALLEST = (320, 640)
# The outline of the focused element. The field for files is hidden, so its label shows the outline.
OUTLINE = """() => {
  const { activeElement } = document;
  const label = activeElement.id === "attach" ? activeElement.labels[0] : activeElement;
  return getComputedStyle(label).outlineStyle;
}"""
NAME = "() => (document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()"


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (SMALLEST, True)], ids=["desktop, light", "phone, dark"])
def test_axe_finds_no_violation_in_any_part_of_the_page(
    new_page: Open, address: str, size: tuple[int, int], dark: bool
) -> None:
    first, second = new_page(size, dark), new_page(size, dark)

    invite(first, address)
    assert violations(first) == []

    connect(first, second, address)
    first.get_by_role("textbox", name="Message").fill("hello")
    first.keyboard.press("Enter")
    first.get_by_label("Send files").set_input_files({"name": "a.txt", "mimeType": "", "buffer": b"a"})
    expect(log(first)).to_contain_text("delivered")
    expect(log(second)).to_contain_text("received")
    assert violations(first) == []
    assert violations(second) == []

    first.get_by_role("button", name="Start a video call").click()
    expect(second.get_by_role("button", name="Join with video")).to_be_visible()
    assert violations(first) == []
    assert violations(second) == []

    first.get_by_role("button", name="Hang up").click()
    expect(first.get_by_role("heading", name="You hung up")).to_be_focused()
    assert violations(first) == []


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (SMALLEST, True)], ids=["desktop, light", "phone, dark"])
def test_axe_finds_no_violation_while_people_come_and_go(
    new_page: Open, address: str, size: tuple[int, int], dark: bool
) -> None:
    first, second, third = (new_page(size, dark) for _ in range(3))
    connect(first, second, address)
    say(second, "hello")
    expect(log(first)).to_contain_text("hello")

    third.goto(second.url)
    heading(third, "Two people are already talking")
    assert violations(third) == []

    second.goto("about:blank")
    heading(first, "Connecting again")
    assert violations(first) == []
    assert first.evaluate("() => document.documentElement.scrollWidth") == size[0]

    second.go_back()
    heading(second, "You are connected")
    expect(log(first)).to_contain_text("Connected again.")
    second.get_by_role("button", name="Hang up").click()
    heading(first, "Send this link to one person")
    assert violations(first) == []
    assert violations(second) == []


def test_the_page_never_scrolls_sideways_on_the_smallest_screen(new_page: Open, address: str) -> None:
    first, second = new_page(SMALLEST), new_page(SMALLEST)
    widths = []

    invite(first, address)
    widths.append(first.evaluate("() => document.documentElement.scrollWidth"))
    connect(first, second, address)
    first.get_by_role("textbox", name="Message").fill("x" * 500)
    first.keyboard.press("Enter")
    first.get_by_role("button", name="Start a video call").click()
    expect(second.get_by_role("button", name="Join with video")).to_be_visible()
    expect(log(second)).to_contain_text("xxx")
    widths += [page.evaluate("() => document.documentElement.scrollWidth") for page in (first, second)]

    assert widths == [SMALLEST[0]] * 3


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element with that name has the focus, and check that its outline is visible."""
    for _ in range(15):
        page.keyboard.press("Tab")
        if page.evaluate(NAME) == name:
            break
    else:
        pytest.fail(f"Tab does not lead to {name!r}")
    assert page.evaluate(OUTLINE) == "solid"


def test_everything_can_be_done_with_the_keyboard(new_page: Open, address: str) -> None:
    first, second = new_page(), new_page()
    first.context.grant_permissions(["clipboard-read", "clipboard-write"])
    # Playwright intercepts file choosers only while somebody listens. Listening further down would be too late.
    first.on("filechooser", lambda _: None)

    invite(first, address)
    tab_to(first, "Skip to content")
    first.keyboard.press("Enter")
    expect(first.get_by_role("main")).to_be_focused()
    tab_to(first, "Copy the link")
    first.keyboard.press("Enter")
    expect(first.get_by_role("button", name="Copied")).to_be_focused()
    second.goto(first.evaluate("() => navigator.clipboard.readText()"))

    for page in (first, second):
        expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    first.keyboard.type("by keyboard")
    first.keyboard.press("Enter")
    expect(log(second)).to_contain_text("by keyboard")
    first.keyboard.press("Shift+Tab")
    expect(first.get_by_label("Send files")).to_be_focused()
    with first.expect_file_chooser():
        first.keyboard.press("Enter")
    first.get_by_role("textbox", name="Message").focus()
    tab_to(first, "Send")
    for _ in range(3):
        first.keyboard.press("Shift+Tab")
    expect(log(first)).to_be_focused()
    first.keyboard.press("Shift+Tab")
    expect(first.get_by_role("button", name="Hang up")).to_be_focused()
    first.keyboard.press("Enter")

    expect(first.get_by_role("heading", name="You hung up")).to_be_focused()
    tab_to(first, "Make a new link")
    first.keyboard.press("Enter")
    expect(first.get_by_role("heading", name="Send this link to one person")).to_be_visible()
