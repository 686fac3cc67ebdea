"""index.html makes the browser connect to the server before the code of the page runs."""

import socket
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser

from harness.chromium import FLAGS, path
from harness.page import PATIENCE_MS


def test_the_browser_connects_to_the_server_before_any_code_of_the_page_arrives(
    browser: Browser, page_url: str, tmp_path: Path
) -> None:
    # In an incognito profile, which other tests use, Chromium opens no connection before a request.
    profile = browser.browser_type.launch_persistent_context(tmp_path, executable_path=path(), args=FLAGS)
    with closing(profile), socket.create_server(("127.0.0.1", 0)) as server:
        profile.set_default_timeout(PATIENCE_MS)
        page = profile.pages[0]
        page.route("**/*.js", lambda route: route.abort())
        server.settimeout(PATIENCE_MS / 1000)
        page.goto(f"{page_url}?server=http://127.0.0.1:{server.getsockname()[1]}/")
        connection, _ = server.accept()
        connection.close()

        assert page.get_by_role("status").inner_text() == "Starting"
