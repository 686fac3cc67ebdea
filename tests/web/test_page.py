"""The page in Chromium, from making a link to the end of the conversation. Each user has a separate browser context."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.engines import ROOT, free_port
from harness.page import GET_STUCK, NEXT_FRAMES, Open, connect, heading, invite, log, say
from harness.transports import chalice_local

JSQR = ROOT / "web/node_modules/jsqr/dist/jsQR.js"
FILE_BYTES = 50 * 1000 * 1000
PHONE = (390, 844)
# In this time, the page retries its requests more than once, and does not give up.
OUTAGE_MS = 2_500
# Playwright can pause a page's clock only at a time in the future. The link is still valid then.
AHEAD_SECONDS = 60


WRONG_ADDRESS = "The page's address is incomplete or wrong"

# Reads a QR code from a picture, as a camera would.
SCAN = """async (url) => {
  const image = await createImageBitmap(await (await fetch(url)).blob());
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  return jsQR(context.getImageData(0, 0, image.width, image.height).data, image.width, image.height)?.data;
}"""


def test_opening_the_link_connects_the_host_and_the_guest(new_page: Open, address: str) -> None:
    first, second = new_page(), new_page(PHONE)

    connect(first, second, address)
    say(first, "hello over there")
    say(second, "hello yourself")

    expect(log(second)).to_contain_text("hello over there")
    expect(log(first)).to_contain_text("hello yourself")


def test_the_server_receives_no_readable_description_and_no_key(new_page: Open, address: str, service: str) -> None:
    first, second = new_page(), new_page()
    sent: list[str] = []
    for page in (first, second):
        page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))

    connect(first, second, address)

    key = re.search(r"#@[\da-f-]{36}\.([\w-]{43})$", second.url)
    assert key
    assert {"create_data_channel", "get_offer", "create_answer", "get_answer"} <= set(
        re.findall(r'"method":"(\w+)"', "".join(each for each in sent if each.startswith(service)))
    )
    for each in sent:
        assert not re.search(r"v=0|candidate:|fingerprint:|ufrag:|usernameFragment", each)
        assert key[1] not in each


# Makes the page send a description only once it has all its candidates, as on an idle machine.
GATHER_FIRST = """() => {
  const { setLocalDescription } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.setLocalDescription = async function (description) {
    await setLocalDescription.call(this, description);
    while (this.iceGatheringState !== "complete") {
      await new Promise((resolve) => this.addEventListener("icegatheringstatechange", resolve, { once: true }));
    }
  };
}"""


# Makes a host wait before it uses its guest's answer.
HOLD_ANSWER = """() => {
  const { setRemoteDescription } = RTCPeerConnection.prototype;
  const released = new Promise((resolve) => (window.useAnswer = resolve));
  RTCPeerConnection.prototype.setRemoteDescription = async function (description) {
    await released;
    return setRemoteDescription.call(this, description);
  };
}"""


def test_the_timeline_shows_each_step_and_the_route(new_page: Open, address: str) -> None:
    pages = new_page(), new_page()
    host, guest = pages
    for page in pages:
        page.add_init_script(f"({GATHER_FIRST})()")
    host.add_init_script(f"({HOLD_ANSWER})()")

    guest.goto(invite(host, address))
    # A guest that is connected does not wait for the server's reply to its answer.
    expect(guest.locator("#timeline")).to_contain_text("Answer sent to the server")
    host.evaluate("useAnswer()")
    for page in pages:
        heading(page, "You are connected")

    for page, steps in zip(
        pages,
        (
            ["Channel created", "Offer sent to the server", "Answer received", "Candidates in the answer: "],
            ["Offer received", "Candidates in the offer: ", "Answer sent to the server"],
        ),
        strict=True,
    ):
        expect(page.locator("#route")).to_have_text(re.compile(r"^Direct.* \(\w+ to \w+, UDP\)$"))
        expect(page.locator("#round-trip")).to_have_text(re.compile(r"^\d+(\.\d)? ms$"))
        expected: list[str | re.Pattern[str]] = [
            *steps,
            "Candidate found: host, UDP",
            "ICE: checking routes",
            # If the browser finds a route and finishes checking at once, it reports only `completed`.
            re.compile("ICE: (route found|completed)"),
            "Data channels open",
        ]
        for step in expected:
            # Candidates are found between the other steps, so the same text may be on several lines.
            expect(page.locator("#timeline li").filter(has_text=step).first).to_contain_text(
                re.compile(r"\d+ s · \d+ requests?$")
            )


def test_messages_and_file_names_are_never_shown_as_html(pair: tuple[Page, Page]) -> None:
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


# Records every change of a file transfer's progress bar.
NOTE_PROGRESS = """() => {
  const log = document.getElementById("log");
  window.progress = [];
  new MutationObserver(() => {
    const bar = log.querySelector("progress");
    if (bar?.checkVisibility()) progress.push(bar.value);
  }).observe(log, { subtree: true, childList: true, attributes: true });
}"""


def wait_for_state(page: Page, end: str) -> None:
    """Wait for a file's state, for as long as its state changes."""
    state = log(page).locator(".file-state")
    text = str(state.text_content())
    while text != end:
        expect(state).not_to_have_text(text)
        text = str(state.text_content())


def test_a_file_of_50_mb_arrives_unchanged(pair: tuple[Page, Page], tmp_path: Path) -> None:
    first, second = pair
    block = bytes(range(256)) * 125
    path = tmp_path / "large.bin"
    path.write_bytes(b"".join(number.to_bytes(4, "big") + block[4:] for number in range(FILE_BYTES // len(block))))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()

    second.evaluate(NOTE_PROGRESS)

    first.get_by_label("Send files").set_input_files(path)

    wait_for_state(second, "50 MB, received, checksum matches")
    wait_for_state(first, "50 MB, delivered, checksum matches")
    for page in pair:
        assert log(page).locator("code").text_content() == digest
    progress = second.evaluate("progress")
    assert len(set(progress)) > 2
    assert progress == sorted(progress)
    with second.expect_download() as download:
        log(second).get_by_role("link", name="Save large.bin").click()
    assert download.value.suggested_filename == "large.bin"
    assert hashlib.sha256(Path(download.value.path()).read_bytes()).hexdigest() == digest


def test_dropped_files_are_sent_and_can_be_cancelled(pair: tuple[Page, Page]) -> None:
    first, second = pair
    first.evaluate(GET_STUCK)

    first.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["dropped"], "small.txt"));
          data.items.add(new File([new Uint8Array(5e6)], "never-mind.bin"));
          dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
        }"""
    )
    expect(log(second)).to_contain_text("never-mind.bin")
    log(first).get_by_role("button", name="Cancel never-mind.bin").click()

    expect(log(second)).to_contain_text("small.txt")
    expect(log(second)).to_contain_text("7 bytes, received, checksum matches")
    expect(log(first)).to_contain_text("Cancelled.")
    expect(log(second)).to_contain_text("Not received: the sender cancelled it.")


# Records the page's answer to the next file that is dragged over it. If the page does not prevent the default action,
# or has another effect than "none", the browser may open the file.
NOTE_ANSWER = """() => {
  const note = (resolve) => (event) => resolve([event.defaultPrevented, event.dataTransfer.dropEffect]);
  window.answer = new Promise((resolve) => addEventListener("dragover", note(resolve), { once: true }));
}"""


def drag(page: Page, path: Path) -> None:
    """Drop a file in the middle of the page, as the operating system does."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for step in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": step, "x": 300, "y": 300, "data": data})


def test_dropping_a_file_on_the_page_sends_it(pair: tuple[Page, Page], tmp_path: Path) -> None:
    first, second = pair
    path = tmp_path / "dropped.txt"
    path.write_text("dropped")

    drag(first, path)

    expect(log(second)).to_contain_text("dropped.txt")
    expect(log(second)).to_contain_text("7 bytes, received, checksum matches")
    expect(first.locator("#drop")).to_be_hidden()


def test_a_file_dropped_before_or_after_the_connection_does_not_replace_the_page(
    new_page: Open, address: str, tmp_path: Path
) -> None:
    first, second = new_page(), new_page()
    path = tmp_path / "dropped.txt"
    path.write_text("dropped")

    link = invite(first, address)
    first.evaluate(NOTE_ANSWER)
    drag(first, path)
    too_early = first.evaluate("answer")
    second.goto(link)
    for page in (first, second):
        heading(page, "You are connected")
    say(second, "keep this")
    expect(log(first)).to_contain_text("keep this")
    second.get_by_role("button", name="Hang up").click()
    expect(first.locator("#notice")).to_contain_text("The other person has left.")
    first.evaluate(NOTE_ANSWER)
    drag(first, path)
    too_late = first.evaluate("answer")

    assert too_early == too_late == [True, "none"]
    assert first.url == address
    expect(log(first)).to_contain_text("keep this")


def test_the_conversation_scrolls_to_a_file_that_arrives(new_page: Open, address: str) -> None:
    first, second = connect(new_page(), new_page((390, 500)), address)
    for line in range(5):
        say(first, f"line {line}")

    first.get_by_label("Send files").set_input_files({"name": "a.txt", "mimeType": "", "buffer": b"a"})

    expect(log(second).get_by_role("link", name="Save a.txt")).to_be_in_viewport(ratio=1)


# The host asks for guests all the time, and opens a new door for them now and then.
WAITING = {"create_data_channel", "create_offer", "get_answer", "delete_data_channel"}


def test_each_user_joins_a_video_call_with_one_button(pair: tuple[Page, Page], service: str) -> None:
    first, second = pair
    requests: dict[Page, list[str]] = {first: [], second: []}
    first.on("request", lambda request: requests[first].append(str(request.post_data)))
    second.on("request", lambda request: requests[second].append(request.url))

    first.get_by_role("button", name="Start a video call").click()
    second.get_by_role("button", name="Join with video").click()

    for page in pair:
        assert page.locator("#remote-video").evaluate(NEXT_FRAMES)
    assert set(re.findall(r'"method":"(\w+)"', "".join(requests[first]))) <= WAITING
    assert service not in requests[second]
    first.get_by_role("button", name="Stop my video").click()
    expect(second.locator("#remote-video")).to_be_hidden()
    expect(first.locator("#remote-video")).to_be_visible()


def stop_the_clock(page: Page) -> None:
    """Stop the page's clock, so that the page does not give up while the server starts."""
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + AHEAD_SECONDS)


def meet_an_outage(page: Page) -> None:
    page.clock.run_for(OUTAGE_MS)
    expect(page.locator("#timeline")).to_contain_text("Failed: no reply from http")


def test_a_host_gets_a_new_link_after_a_server_restart_that_loses_the_table(new_page: Open, page_url: str) -> None:
    port = free_port()
    page = new_page()
    page.clock.install()

    with chalice_local(port=port) as url:
        link = invite(page, f"{page_url}?server={url}")
        stop_the_clock(page)
    meet_an_outage(page)
    with chalice_local(port=port):
        page.clock.resume()
        expect(page.locator("#notice")).to_have_text("Your earlier link no longer works. Send this one instead.")
        late, guest = new_page(), new_page()
        late.goto(link)
        heading(late, "This link no longer works")
        guest.goto(page.get_by_label("Your link").input_value())
        for each in (page, guest):
            heading(each, "You are connected")


def test_a_link_survives_a_server_restart_that_keeps_the_table(new_page: Open, page_url: str, endpoint: str) -> None:
    """As on AWS, where a new Lambda instance may take over at any time."""
    port = free_port()
    environment = {"AWS_ENDPOINT_URL_DYNAMODB": endpoint}
    first, second = new_page(), new_page()
    first.clock.install()

    with chalice_local(environment, port=port) as url:
        link = invite(first, f"{page_url}?server={url}")
        stop_the_clock(first)
    meet_an_outage(first)
    with chalice_local(environment, port=port):
        first.clock.resume()
        second.goto(link)

        for page in (first, second):
            heading(page, "You are connected")


def test_a_connection_survives_the_end_of_the_server(new_page: Open, page_url: str) -> None:
    with chalice_local() as url:
        first, second = connect(new_page(), new_page(), f"{page_url}?server={url}")

    say(first, "still here")

    expect(log(second)).to_contain_text("still here")


def test_a_server_that_does_not_reply_is_reported(new_page: Open, page_url: str) -> None:
    page = new_page()

    page.goto(f"{page_url}?server=http://127.0.0.1:{free_port()}/")

    heading(page, "The server does not reply")
    expect(page.locator("#failure-step")).to_have_text("Step: Making your link")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


@pytest.mark.parametrize(
    ("rest", "title", "remedy"),
    [
        ("?server=http://example.org/", WRONG_ADDRESS, "Open the page with ?server="),
        ("?server=javascript:1", WRONG_ADDRESS, "Open the page with ?server="),
        ("?ice=example.org", WRONG_ADDRESS, "Correct the ICE server"),
        ("?ice=turn:example.org", WRONG_ADDRESS, "Correct the ICE server"),
        ("#00000000-0000-4000-8000-000000000000.cut-off", "The link is incomplete", "Copy the whole link again"),
    ],
)
def test_a_mistake_in_the_pages_url_is_reported_with_its_remedy(
    new_page: Open, page_url: str, rest: str, title: str, remedy: str
) -> None:
    page = new_page()

    page.goto(page_url + rest)

    heading(page, title)
    expect(page.locator("#failure-next")).to_contain_text(remedy)


def test_a_link_with_a_changed_key_does_not_connect(new_page: Open, address: str) -> None:
    first, second = new_page(), new_page()
    link = invite(first, address)

    second.goto(link[:-43] + "A" * 43)

    heading(second, "The link's key does not match")


def test_the_link_can_be_copied_and_scanned(new_page: Open, address: str) -> None:
    page = new_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = invite(page, address)

    page.get_by_role("button", name="Copy the link").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == link
    picture = base64.b64encode(page.get_by_role("img", name="QR code of the link").screenshot()).decode()
    page.goto("about:blank")
    page.evaluate(JSQR.read_text())
    assert page.evaluate(SCAN, f"data:image/png;base64,{picture}") == link


def test_the_page_warns_that_anyone_with_the_link_can_join(new_page: Open, address: str) -> None:
    page = new_page()

    invite(page, address)

    expect(page.get_by_text("Anyone who has the link can join, so send it privately.")).to_be_visible()


def test_without_the_qr_library_the_page_shows_only_the_link(new_page: Open, address: str) -> None:
    page = new_page()
    page.route("**/vendor/**", lambda route: route.fulfill(status=404))

    invite(page, address)

    # The page puts this in place of the code when it has met the error.
    expect(page.locator("#qr-code > span")).to_have_count(1)
    expect(page.locator("#qr")).to_be_hidden()
