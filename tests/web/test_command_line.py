"""The page in Chromium, and `peerpost send` and `peerpost receive` at its other end."""

import hashlib
import io
import os
import re
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.command_line import PATIENCE_SECONDS, Command, Run
from harness.page import GET_STUCK, Open, heading, invite, log, violations

MEGABYTES = 5_000_000
HOSTILE_NAME = "..\\..\\\u202egpj.exe"
SAFE_NAME = "gpj.exe"

DROP = """(files) => {
  const data = new DataTransfer();
  for (const [name, text] of files) data.items.add(new File([text], name));
  dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
}"""


def invite_command_line(page: Page, address: str, peerpost: Run, inbox: Path) -> Command:
    """Open the page, and let `peerpost receive` follow its link."""
    receiver = peerpost("receive", invite(page, address), "--output", inbox)
    heading(page, "You are connected to a command-line program")
    return receiver


def choose(page: Page, name: str, content: bytes) -> None:
    page.get_by_label("Send files").set_input_files({"name": name, "mimeType": "", "buffer": content})


def wait_for_bytes(page: Page) -> None:
    """Wait until the receiver has confirmed a part of the file."""
    expect(log(page).locator(".file-state")).to_have_text(re.compile(r"^[1-9].* of 5 MB$"))


def saved(page: Page, name: str) -> bytes:
    with page.expect_download() as download:
        log(page).get_by_role("link", name=f"Save {name}", exact=True).click()
    assert download.value.suggested_filename == name
    return Path(download.value.path()).read_bytes()


def test_a_file_chosen_on_the_page_arrives_at_the_command_line_which_then_leaves(
    new_page: Open, address: str, peerpost: Run, inbox: Path
) -> None:
    page = new_page()
    content = os.urandom(MEGABYTES)

    receiver = invite_command_line(page, address, peerpost, inbox)
    expect(page.get_by_text("It takes one file")).to_be_visible()
    for name in ("Start a video call", "Send"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_hidden()
    expect(page.get_by_role("textbox", name="Message")).to_be_hidden()
    assert violations(page) == []
    choose(page, "film.bin", content)
    code, said = receiver.end()

    assert code == 0, said
    assert (inbox / "film.bin").read_bytes() == content
    assert hashlib.sha256(content).hexdigest() in said
    expect(log(page)).to_contain_text("5 MB, delivered, checksum matches")
    expect(page.locator("#notice")).to_contain_text(
        "The command-line program has received what you sent, and has left."
    )


def test_after_a_command_line_has_used_the_link_a_person_can_use_it(
    new_page: Open, address: str, peerpost: Run, inbox: Path
) -> None:
    host, guest = new_page(), new_page()
    receiver = invite_command_line(host, address, peerpost, inbox)
    choose(host, "empty.txt", b"")
    assert receiver.end()[0] == 0
    heading(host, "Send this link to one person")

    guest.goto(host.get_by_label("Your link").input_value())

    for page in (host, guest):
        heading(page, "You are connected")
        expect(page.get_by_role("button", name="Start a video call")).to_be_visible()
        expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    assert (inbox / "empty.txt").read_bytes() == b""


def test_a_hostile_name_from_the_page_stays_in_its_directory(
    new_page: Open, address: str, peerpost: Run, inbox: Path
) -> None:
    page = new_page()
    receiver = invite_command_line(page, address, peerpost, inbox)

    page.evaluate(DROP, [[HOSTILE_NAME, "harmless"]])
    code, said = receiver.end()

    assert code == 0, said
    assert [path.name for path in inbox.iterdir()] == [SAFE_NAME]


def test_several_files_dropped_together_arrive_at_the_command_line(
    new_page: Open, address: str, peerpost: Run, inbox: Path
) -> None:
    page = new_page()
    receiver = invite_command_line(page, address, peerpost, inbox)

    page.evaluate(DROP, [["one.txt", "one"], ["写真.txt", "two"], ["one.txt", "three"]])
    code, said = receiver.end()

    assert code == 0, said
    assert {path.name: path.read_text() for path in inbox.iterdir()} == {
        "one.txt": "one",
        "写真.txt": "two",
        "one (2).txt": "three",
    }


def test_the_page_shows_the_command_that_receives_from_it(new_page: Open, address: str) -> None:
    page = new_page()
    link = invite(page, address)

    page.get_by_text("On a command line").click()

    expect(page.locator("#command")).to_be_visible()
    expect(page.locator("#command")).to_have_text(f"peerpost receive '{link}'")
    assert violations(page) == []


def open_with_page(page: Page, command: Command) -> None:
    page.goto(command.link)


@pytest.mark.parametrize("keep", [[], ["--keep"]])
def test_a_file_of_the_command_line_arrives_at_the_page(
    new_page: Open, peerpost: Run, tmp_path: Path, keep: list[str]
) -> None:
    page = new_page()
    content = os.urandom(MEGABYTES)
    (tmp_path / "film.bin").write_bytes(content)

    sender = peerpost("send", tmp_path / "film.bin", *keep)
    open_with_page(page, sender)
    heading(page, "The command-line program has left")
    if keep:
        sender.process.send_signal(signal.SIGINT)
    code, said = sender.end()

    assert code == (130 if keep else 0), said
    assert f"sent film.bin, {MEGABYTES} bytes" in said
    expect(page.get_by_text("It has sent everything.")).to_be_visible()
    expect(log(page)).to_contain_text("5 MB, received, checksum matches")
    assert saved(page, "film.bin") == content


def test_an_empty_file_with_a_hostile_name_arrives_at_the_page(new_page: Open, peerpost: Run, tmp_path: Path) -> None:
    page = new_page()
    path = tmp_path / "..\\\u202egpj.exe"
    path.touch()

    sender = peerpost("send", path)
    open_with_page(page, sender)
    heading(page, "The command-line program has left")

    assert sender.end()[0] == 0
    assert saved(page, SAFE_NAME) == b""


def test_standard_input_arrives_at_the_page_although_its_size_is_not_known(new_page: Open, peerpost: Run) -> None:
    page = new_page()
    sender = peerpost("send", "-", stdin=subprocess.PIPE)
    open_with_page(page, sender)
    heading(page, "You are connected to a command-line program")
    expect(page.locator("#composer")).to_be_hidden()
    assert sender.process.stdin is not None

    sender.process.stdin.write("x" * 300_000)
    sender.process.stdin.flush()
    expect(log(page)).to_contain_text(re.compile(r"\d kB so far"))
    assert violations(page) == []
    assert sender.end()[0] == 0

    heading(page, "The command-line program has left")
    expect(log(page)).to_contain_text("300 kB, received, checksum matches")
    assert saved(page, "stdin") == b"x" * 300_000


def test_a_folder_of_the_command_line_is_saved_as_a_tar_archive(new_page: Open, peerpost: Run, tmp_path: Path) -> None:
    page = new_page()
    folder = tmp_path / "holiday"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "写真.jpg").write_bytes(b"picture")

    sender = peerpost("send", folder)
    open_with_page(page, sender)
    heading(page, "The command-line program has left")
    archive = saved(page, "holiday.tar")

    assert sender.end()[0] == 0
    expect(log(page)).to_contain_text("packed as a tar archive")
    with tarfile.open(fileobj=io.BytesIO(archive)) as found:
        member = found.extractfile("holiday/deep/写真.jpg")
        assert member is not None
        assert member.read() == b"picture"


def test_two_pages_get_a_file_from_the_same_link_of_a_command_line(
    new_page: Open, peerpost: Run, tmp_path: Path
) -> None:
    pages = new_page(), new_page()
    (tmp_path / "notes.txt").write_text("notes")

    sender = peerpost("send", "--keep", tmp_path / "notes.txt")
    link = sender.link
    for page in pages:
        page.goto(link)
    for page in pages:
        heading(page, "The command-line program has left")
        assert saved(page, "notes.txt") == b"notes"
    sender.process.send_signal(signal.SIGINT)
    _, said = sender.end()

    assert said.count("sent notes.txt, 5 bytes") == 2


def test_a_transfer_that_the_page_cancels_ends_the_receiver_and_leaves_no_file(
    new_page: Open, address: str, peerpost: Run, inbox: Path
) -> None:
    page = new_page()
    # The link of an address, which `peerpost receive` would follow again after a lost connection.
    receiver = invite_command_line(page, address, peerpost, inbox)
    page.evaluate(GET_STUCK)
    choose(page, "film.bin", bytes(MEGABYTES))
    wait_for_bytes(page)

    log(page).get_by_role("button", name="Cancel film.bin").click()
    code, said = receiver.end()

    assert (code, list(inbox.iterdir())) == (1, [])
    assert "the other peer reports: the sender cancelled it" in said
    heading(page, "Send this link to one person")
    expect(log(page)).to_contain_text("Cancelled.")


def test_a_stream_that_the_page_cancels_ends_the_sender(new_page: Open, peerpost: Run) -> None:
    page = new_page()
    sender = peerpost("send", "-", stdin=subprocess.PIPE)
    open_with_page(page, sender)

    log(page).get_by_role("button", name="Cancel stdin").click()
    assert sender.process.wait(PATIENCE_SECONDS) == 1
    _, said = sender.end()

    assert "the other peer reports: the receiver cancelled it" in said
    heading(page, "The command-line program has left")
    expect(page.get_by_text("The transfer did not finish.")).to_be_visible()


def test_the_page_says_that_an_interrupted_command_line_is_gone(
    new_page: Open, address: str, peerpost: Run, inbox: Path
) -> None:
    page = new_page()
    receiver = invite_command_line(page, address, peerpost, inbox)
    page.evaluate(GET_STUCK)
    choose(page, "film.bin", bytes(MEGABYTES))
    wait_for_bytes(page)

    receiver.process.send_signal(signal.SIGINT)
    code, _ = receiver.end()

    assert (code, list(inbox.iterdir())) == (130, [])
    expect(page.locator("#notice")).to_have_text("The command-line program has left. The link still works.")
    expect(log(page)).to_contain_text("The connection ended.")


def test_a_file_that_exists_already_is_refused_and_the_page_says_why(
    new_page: Open, address: str, peerpost: Run, inbox: Path
) -> None:
    page = new_page()
    (inbox / "notes.txt").write_text("precious")
    receiver = invite_command_line(page, address, peerpost, inbox)

    choose(page, "notes.txt", b"new")
    code, _ = receiver.end()

    assert (code, (inbox / "notes.txt").read_text()) == (1, "precious")
    expect(log(page)).to_contain_text("Not delivered: notes.txt exists already")
