"""The page deployed as its README says: as plain files, in a folder on an ordinary static host."""

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
from playwright.sync_api import Page, expect

from harness.engines import ROOT
from harness.page import NEXT_FRAMES, Open, connect, invite, log, say

FOLDER = "tools/peerpost"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # Two browsers open twelve connections at once. The default is 5, and each connection beyond that waits for seconds.
    request_queue_size = 128


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
    """Serve the files in a folder, with additional headers if given, and yield the URL."""
    handler = type("HostWithHeaders", (Host,), {"headers_beside": headers or {}})
    with Server(("127.0.0.1", 0), partial(handler, directory=str(root))) as server:
        threading.Thread(target=partial(server.serve_forever, 0.02), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site that the commands in web/README.md create, moved into a folder on a host."""
    root = tmp_path_factory.mktemp("host")
    (commands,) = re.findall(r"```sh\n(npm ci .*?)```", (ROOT / "web/README.md").read_text(), re.DOTALL)
    for folder in ("web", "clients"):
        (root / folder).symlink_to(ROOT / folder)
    # Skip npm: its packages are installed already, and `--omit=dev` would remove packages that other tests need.
    script = "".join(line for line in commands.splitlines(keepends=True) if not line.startswith("npm "))
    subprocess.run(["sh", "-eu", "-c", script], cwd=root, check=True)
    for folder in ("web", "clients"):
        (root / folder).unlink()
    (root / FOLDER).parent.mkdir()
    return (root / "site").rename(root / FOLDER).parent.parent


def test_a_page_in_a_folder_of_a_static_host_connects_through_the_server_in_its_address(
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


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site that `make site` creates, in a folder on a host."""
    root = tmp_path_factory.mktemp("bundle")
    # These tests run in the environment that make would install, so make must not install it again.
    installed = [f"--assume-old={folder}/node_modules" for folder in ("web", "clients/javascript")]
    command = ["make", "--silent", *installed, "site", f"SITE={root / FOLDER}"]
    subprocess.run(command, cwd=ROOT, check=True)
    return root


def test_a_bundled_page_connects_with_one_file_of_code(new_page: Open, bundle: Path, service: str) -> None:
    first, second = new_page(), new_page()

    with host(bundle) as url:
        connect(first, second, f"{url}{FOLDER}/?server={quote(service, safe='')}")
        say(first, "from the bundle")

        expect(log(second)).to_contain_text("from the bundle")
        # The host has loaded the code that draws the QR code, too.
        assert [code_of(page) for page in (second, first)] == [{"src/main.js"}, {"src/dist.js", "src/main.js"}]


def code_of(page: Page) -> set[str]:
    """Return the paths of the files of code that a page has loaded, relative to the page."""
    urls: list[str] = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    folder = page.evaluate("new URL('.', location.href).href")
    return {url.removeprefix(folder) for url in urls if url.endswith("js")}


def test_the_html_names_exactly_the_modules_that_the_page_imports(
    new_page: Open, site: Path, service: str, tmp_path: Path
) -> None:
    first, second = new_page(), new_page()
    html = shutil.copytree(site / FOLDER, tmp_path / "own") / "index.html"
    named = re.findall(r'<link rel="modulepreload" href="(.*?)">', html.read_text())
    html.write_text(re.sub(r'<link rel="modulepreload".*?>', "", html.read_text()))

    with host(tmp_path) as url:
        connect(first, second, f"{url}own/?server={quote(service, safe='')}")

        imported = {path for page in (first, second) for path in code_of(page)}
        # The first module has an element of its own, and the last one is imported when it is needed.
        assert sorted(named) == sorted(imported - {"src/main.js", "vendor/uqr/index.mjs"})


def test_a_page_whose_html_names_the_server_needs_no_server_in_its_address(
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


def test_a_user_whose_camera_is_blocked_sees_why_and_still_sees_the_other_person(
    new_page: Open, site: Path, service: str
) -> None:
    """The static host blocks the camera here. The page cannot tell that from a user who denies the permission."""
    first, second = new_page(), new_page()

    with host(site) as url, host(site, {"Permissions-Policy": "camera=(), microphone=()"}) as strict_url:
        query = f"{FOLDER}/?server={quote(service, safe='')}"
        link = invite(first, url + query)
        second.goto(link.replace(url, strict_url))
        first.get_by_role("button", name="Start a video call").click()
        second.get_by_role("button", name="Join with video").click()

        expect(second.get_by_role("alert")).to_contain_text("The browser is not allowed to use the camera.")
        assert second.locator("#remote-video").evaluate(NEXT_FRAMES)
