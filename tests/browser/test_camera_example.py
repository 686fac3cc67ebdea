"""examples/camera: one camera with several viewers in Chromium, who see it again after it was killed."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.engines import ROOT
from harness.person import MILLISECONDS
from tests.browser.conftest import View

AWAY = "The camera is away. Keep this page open: it waits for the camera."
SECONDS = MILLISECONDS / 1000

# Resolves once the video has shown this many different pictures, from now on.
DIFFERENT_PICTURES = """(video, count) => new Promise((resolve) => {
  const context = new OffscreenCanvas(64, 36).getContext("2d", { willReadFrequently: true });
  const seen = new Set();
  const look = () => {
    context.drawImage(video, 0, 0, 64, 36);
    seen.add(context.getImageData(0, 0, 64, 36).data.join());
    if (seen.size >= count) resolve();
    else video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
})"""
MANY = 20
# Small, because one machine encodes and decodes the picture for each viewer.
SMALL_PICTURE = ["--device", "testsrc2=size=320x180:rate=10", "--format", "lavfi"]


@dataclass(frozen=True)
class Camera:
    """A running camera, and the link that it has printed."""

    process: "subprocess.Popen[str]"
    link: str

    @property
    def output(self) -> str:
        """What the camera has printed after its link. Waits for its end."""
        return self.process.communicate(timeout=SECONDS)[0]


class Place:
    """Runs cameras with the same server, the same page, and the same file for the address."""

    def __init__(self, server: str, examples: str, folder: Path) -> None:
        self.folder = folder
        self._command = [sys.executable, str(ROOT / "examples/camera/camera.py")]
        self._command += ["--server", server, "--page", f"{examples}/camera/viewer.html"]

    def start_camera(self, *options: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*self._command, *options],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT / "clients/python/src")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @contextmanager
    def camera(self, *options: str) -> Iterator[Camera]:
        """Run a camera, and kill it at the end."""
        with self.start_camera(*options) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "Open this link in any number of browsers:\n"
                yield Camera(process, process.stdout.readline().strip())
            finally:
                process.kill()


@pytest.fixture
def place(stun_url: str, examples_url: str, tmp_path: Path) -> Place:
    return Place(stun_url, examples_url, tmp_path)


def expect_to_say(page: Page, text: str) -> None:
    expect(page.get_by_role("status")).to_have_text(text, timeout=MILLISECONDS)


def expect_moving_pictures(page: Page) -> None:
    expect_to_say(page, "Live")
    page.locator("video").evaluate(DIFFERENT_PICTURES, MANY)


def test_three_viewers_watch_one_camera_and_one_of_them_leaves_and_returns(place: Place, view: View) -> None:
    with place.camera(*SMALL_PICTURE) as camera:
        viewers = [view(camera.link) for _ in range(3)]
        for viewer in viewers:
            expect_moving_pictures(viewer)

        viewers[2].close()
        viewers[2] = view(camera.link)

        for viewer in viewers:
            expect_moving_pictures(viewer)


def test_after_the_camera_was_killed_and_restarted_the_link_works_and_viewers_who_stayed_see_it_again(
    place: Place, view: View
) -> None:
    with place.camera(*SMALL_PICTURE) as camera:
        viewers = [view(camera.link) for _ in range(2)]
        for viewer in viewers:
            expect_moving_pictures(viewer)
        camera.process.kill()
        for viewer in viewers:
            expect_to_say(viewer, AWAY)

    with place.camera(*SMALL_PICTURE) as again:
        viewers.append(view(camera.link))
        for viewer in viewers:
            expect_moving_pictures(viewer)

    assert again.link == camera.link


def test_a_camera_that_is_stopped_ends_without_an_error_and_its_viewer_is_told(place: Place, view: View) -> None:
    with place.camera() as camera:
        viewer = view(camera.link)
        expect_moving_pictures(viewer)

        camera.process.terminate()

        assert camera.output == "A viewer is connected. Viewers: 1.\nThe camera has stopped.\n"
        assert camera.process.returncode == 0
        expect_to_say(viewer, AWAY)


def test_a_camera_stops_when_its_device_gives_no_more_pictures(place: Place, view: View) -> None:
    with place.camera("--device", "testsrc2=duration=1", "--format", "lavfi") as camera:
        viewer = view(camera.link)

        assert camera.output == "A viewer is connected. Viewers: 1.\nThe camera has stopped.\n"
        expect_to_say(viewer, AWAY)


def test_nobody_else_on_the_machine_can_read_the_address_file(place: Place) -> None:
    with place.camera():
        (file,) = place.folder.iterdir()

        assert file.name == "camera-address.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("options", [["--device", "/dev/no-such-device"], ["--server", "http://127.0.0.1:9/"]])
def test_a_missing_device_or_server_is_reported_in_one_line(place: Place, options: list[str]) -> None:
    with place.start_camera(*options) as process:
        output, _ = process.communicate(timeout=SECONDS)

    assert process.returncode == 1
    assert output.startswith("The camera had to stop: ")
    assert output.count("\n") == 1


def test_the_page_without_a_link_says_what_to_open(examples_url: str, view: View) -> None:
    page = view(f"{examples_url}/camera/viewer.html")

    expect_to_say(page, "Open the link that the camera has printed.")
