"""The page, from the link to the last word, in two contexts of real Chromium."""

import hashlib
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.engines import free_port
from tests.transports import chalice_local
from tests.web.conftest import Open, connect, invite, log, say

FILE_BYTES = 50 * 1000 * 1000
PHONE = (390, 844)

# Resolves when a video that is no more than a black frame has been seen.
NEXT_FRAMES = """(video) => new Promise((resolve) => {
  const look = (_, { presentedFrames }) =>
    presentedFrames > 2 && video.videoWidth > 100 ? resolve(true) : video.requestVideoFrameCallback(look);
  video.requestVideoFrameCallback(look);
})"""


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_a_link_that_is_opened_connects_the_two(new_page: Open, address: str) -> None:
    first, second = new_page(), new_page(PHONE)

    link = invite(first, address)
    connect(first, second, address)
    say(first, "hello over there")
    say(second, "hello yourself")

    assert re.search(r"#[\da-f-]{36}\.[\w-]{43}$", link), "it is sealed"
    expect(log(second)).to_contain_text("hello over there")
    expect(log(first)).to_contain_text("hello yourself")


def test_the_timeline_tells_each_step_and_the_way(pair: tuple[Page, Page]) -> None:
    for page, steps in zip(
        pair,
        (
            ["Channel created", "Offer left on the server", "Answer received", "Data channels open"],
            ["Offer received", "Answer left on the server", "Data channels open"],
        ),
        strict=True,
    ):
        expect(page.locator("#route")).to_contain_text("Direct")
        expect(page.locator("#round-trip")).to_contain_text("ms")
        for step in [*steps, "ICE: checking the ways", "ICE: a way is found"]:
            expect(page.locator("#timeline li").filter(has_text=step)).to_contain_text(
                re.compile(r"\d+ s · \d requests?")
            )


def test_what_the_other_side_writes_is_never_html(pair: tuple[Page, Page]) -> None:
    first, second = pair
    hostile = '<img src=x onerror="document.title=1"><b>bold</b>'

    say(first, hostile)
    first.get_by_label("Send files").set_input_files(
        {"name": "<b>..\u202egpj.exe", "mimeType": "text/html", "buffer": b"<script>"}
    )

    expect(log(second)).to_contain_text(hostile)
    expect(log(second)).to_contain_text("_b_..gpj.exe")
    expect(log(second).get_by_role("link", name="Save")).to_have_attribute("download", "_b_..gpj.exe")
    expect(log(second).locator("img, b, script")).to_have_count(0)


def test_a_file_of_50_mb_arrives_as_it_was(pair: tuple[Page, Page], tmp_path: Path) -> None:
    first, second = pair
    block = bytes(range(256)) * 125
    path = tmp_path / "large.bin"
    path.write_bytes(b"".join(number.to_bytes(4, "big") + block[4:] for number in range(FILE_BYTES // len(block))))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()

    first.get_by_label("Send files").set_input_files(path)

    expect(log(second).get_by_role("progressbar")).to_be_visible()
    expect(log(second)).to_contain_text("50 MB, received, checksum matches")
    expect(log(first)).to_contain_text("50 MB, arrived, checksum matches")
    for page in pair:
        assert log(page).locator("code").text_content() == digest
    with second.expect_download() as download:
        log(second).get_by_role("link", name="Save large.bin").click()
    assert download.value.suggested_filename == "large.bin"
    assert hashlib.sha256(Path(download.value.path()).read_bytes()).hexdigest() == digest


def test_dropped_files_are_sent_and_can_be_cancelled(pair: tuple[Page, Page]) -> None:
    first, second = pair

    first.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["dropped"], "small.txt"));
          data.items.add(new File([new Uint8Array(200e6)], "never-mind.bin"));
          dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
        }"""
    )
    log(first).get_by_role("button", name="Cancel never-mind.bin").click()

    expect(log(second)).to_contain_text("small.txt")
    expect(log(second)).to_contain_text("7 bytes, received, checksum matches")
    expect(log(first)).to_contain_text("Cancelled.")


def test_a_video_call_starts_with_one_button_on_each_side(pair: tuple[Page, Page]) -> None:
    first, second = pair

    first.get_by_role("button", name="Start a video call").click()
    second.get_by_role("button", name="Join with video").click()

    for page in pair:
        assert page.locator("#remote-video").evaluate(NEXT_FRAMES)
        expect(page.locator("#requests")).to_have_text(re.compile("^[23]$"))
    first.get_by_role("button", name="Stop my video").click()
    expect(second.locator("#remote-video")).to_be_hidden()
    expect(first.locator("#remote-video")).to_be_visible()


def test_who_reloads_is_told_what_to_do_and_connects_anew(pair: tuple[Page, Page]) -> None:
    first, second = pair
    say(second, "before the reload")
    expect(log(first)).to_contain_text("before the reload")

    second.reload()

    heading(second, "This link is no longer good")
    heading(first, "The other side has left")
    expect(first.get_by_role("heading", name="The other side has left")).to_be_focused()
    expect(log(first)).to_contain_text("before the reload")
    first.get_by_role("button", name="Make a new link").click()
    heading(first, "Send this link to one person")
    second.goto(first.get_by_label("Your link").input_value())
    for page in pair:
        heading(page, "You are connected")


def test_who_hangs_up_leaves_nobody_in_doubt(pair: tuple[Page, Page]) -> None:
    first, second = pair

    first.get_by_role("button", name="Hang up").click()

    heading(first, "You hung up")
    heading(second, "The other side has left")


def test_nobody_comes(new_page: Open, address: str) -> None:
    page = new_page()
    page.clock.install()
    invite(page, address)

    page.clock.fast_forward(301_000)

    heading(page, "Nobody came")
    expect(page.locator("#failure-step")).to_have_text("Step: Waiting for the other side")
    page.get_by_role("button", name="Make a new link").click()
    heading(page, "Send this link to one person")


def test_a_closed_page_takes_its_link_with_it(new_page: Open, address: str, service: str) -> None:
    first, second = new_page(), new_page()
    link = invite(first, address)

    first.goto("about:blank")
    # Held by the server until the channel is gone, or five seconds are over.
    read = {"method": "get_answer", "channel_id": link.partition("#")[2][:36], "wait": 5}
    assert httpx.post(service, json=read, timeout=20).text == "no such channel"
    second.goto(link)

    heading(second, "This link is no longer good")


def test_a_second_guest_is_sent_away(new_page: Open, pair: tuple[Page, Page]) -> None:
    third = new_page()

    third.goto(pair[1].url)

    heading(third, "This link is no longer good")


def test_the_server_restarts_while_one_waits(new_page: Open, page_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setattr("tests.transports.free_port", lambda: port)
    page = new_page()

    with chalice_local() as url:
        link = invite(page, f"{page_url}?server={url}")
    expect(page.locator("#timeline")).to_contain_text("No luck (the server did not reply)")
    with chalice_local():
        heading(page, "The server no longer knows this link")
        guest = new_page()
        guest.goto(link)
        heading(guest, "This link is no longer good")
        page.get_by_role("button", name="Make a new link").click()
        heading(page, "Send this link to one person")


def test_the_server_goes_away_once_connected_and_nobody_minds(new_page: Open, page_url: str) -> None:
    with chalice_local() as url:
        first, second = connect(new_page(), new_page(), f"{page_url}?server={url}")

    say(first, "still here")

    expect(log(second)).to_contain_text("still here")


def test_there_is_no_server(new_page: Open, page_url: str) -> None:
    page = new_page()

    page.goto(f"{page_url}?server=http://127.0.0.1:{free_port()}/")

    heading(page, "The server does not reply")
    expect(page.locator("#failure-step")).to_have_text("Step: Creating the channel")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


@pytest.mark.parametrize(
    ("rest", "title"),
    [
        ("?server=http://example.org/", "The page's address is not complete"),
        ("?server=javascript:1", "The page's address is not complete"),
        ("?ice=example.org", "The page's address is not complete"),
        ("?ice=turn:example.org", "The page's address is not complete"),
        ("#00000000-0000-4000-8000-000000000000.cut-off", "The link is not complete"),
    ],
)
def test_an_address_that_is_wrong_says_what_is_wrong(new_page: Open, page_url: str, rest: str, title: str) -> None:
    page = new_page()

    page.goto(page_url + rest)

    heading(page, title)


def test_a_changed_key_is_a_broken_seal(new_page: Open, address: str) -> None:
    first, second = new_page(), new_page()
    link = invite(first, address)

    second.goto(link[:-43] + "A" * 43)

    heading(second, "The seal is broken")


def test_the_link_is_copied_and_drawn(new_page: Open, address: str) -> None:
    page = new_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = invite(page, address)

    page.get_by_role("button", name="Copy the link").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == link
    expect(page.get_by_role("img", name="QR code of the link")).to_be_visible()


def test_without_the_qr_library_there_is_the_link(new_page: Open, address: str) -> None:
    page = new_page()
    page.route("**/vendor/**", lambda route: route.fulfill(status=404))

    with page.expect_response("**/vendor/**"):
        invite(page, address)

    expect(page.locator("#qr")).to_be_hidden()
