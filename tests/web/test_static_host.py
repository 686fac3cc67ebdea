"""The page as its README deploys it: plain files, in a folder of a host that knows nothing of Peerpost."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from harness.engines import ROOT
from harness.page import NEXT_FRAMES, Open, connect, invite, log, say

FOLDER = "tools/peerpost"


class Host(SimpleHTTPRequestHandler):
    headers_beside: Mapping[str, str] = {}

    def end_headers(self) -> None:
        for name, value in self.headers_beside.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass


@contextmanager
def host(root: Path, headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve the files below a folder, with more headers if wanted, and give the URL."""
    handler = type("HostWithHeaders", (Host,), {"headers_beside": headers or {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(root))) as server:
        server.daemon_threads = True
        threading.Thread(target=partial(server.serve_forever, 0.02), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands in web/README.md make, moved into a folder of a host."""
    root = tmp_path_factory.mktemp("host")
    (commands,) = re.findall(r"```sh\n(npm ci .*?)```", (ROOT / "web/README.md").read_text(), re.DOTALL)
    for folder in ("web", "clients"):
        (root / folder).symlink_to(ROOT / folder)
    # What npm would bring is there; here it would take away what the other tests need.
    script = "".join(line for line in commands.splitlines(keepends=True) if not line.startswith("npm "))
    subprocess.run(["sh", "-eu", "-c", script], cwd=root, check=True)
    for folder in ("web", "clients"):
        (root / folder).unlink()
    (root / FOLDER).parent.mkdir()
    return (root / "site").rename(root / FOLDER).parent.parent


def test_a_folder_of_a_static_host_connects_through_the_server_of_the_address(
    new_page: Open, site: Path, service: str
) -> None:
    first, second = new_page(), new_page()

    with host(site) as url:
        address = f"{url}{FOLDER}/?server={quote(service, safe='')}"
        link = invite(first, address)
        expect(first.get_by_role("img", name="QR code of the link")).to_be_visible()
        connect(first, second, address)
        say(first, "from the folder")

        assert link.startswith(f"{address}#")
        expect(log(second)).to_contain_text("from the folder")


def test_a_page_that_names_its_server_needs_none_in_the_address(
    new_page: Open, site: Path, service: str, tmp_path: Path
) -> None:
    first, second = new_page(), new_page()
    deployed = shutil.copytree(site / FOLDER, tmp_path / "own")
    page = deployed / "index.html"
    page.write_text(
        page.read_text().replace('name="peerpost-server" content=""', f'name="peerpost-server" content="{service}"')
    )

    with host(tmp_path) as url:
        connect(first, second, f"{url}own/")
        say(first, "no query")

        assert "?" not in second.url
        expect(log(second)).to_contain_text("no query")


def test_who_may_not_use_the_camera_reads_so_and_still_sees_the_other_side(
    new_page: Open, site: Path, service: str
) -> None:
    """Here the host forbids it; a person's own no is the same to the page."""
    first, second = new_page(), new_page()

    with host(site) as url, host(site, {"Permissions-Policy": "camera=(), microphone=()"}) as strict_url:
        query = f"{FOLDER}/?server={quote(service, safe='')}"
        link = invite(first, url + query)
        second.goto(link.replace(url, strict_url))
        first.get_by_role("button", name="Start a video call").click()
        second.get_by_role("button", name="Join with video").click()

        expect(second.get_by_role("alert")).to_contain_text("The browser may not use the camera.")
        assert second.locator("#remote-video").evaluate(NEXT_FRAMES)
