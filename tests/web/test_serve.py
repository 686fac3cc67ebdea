"""tools/serve.py: serves the page and its imports, and nothing else."""

import http.client
import re
from base64 import b64encode
from hashlib import sha256
from urllib.parse import urlsplit

import pytest

from harness.engines import ROOT


def get(url: str, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request(method, path)
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    body = response.read()
    connection.close()
    return response.status, headers, body


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html"),
        ("/?server=http://127.0.0.1:1/", "text/html"),
        ("/style.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
        ("/src/main.js", "text/javascript"),
        ("/peerpost/index.js", "text/javascript"),
        ("/examples/host.html", "text/html"),
        ("/examples/guest.html", "text/html"),
        ("/examples/camera/viewer.html", "text/html"),
        ("/examples/node/chat.html", "text/html"),
        ("/examples/node/chat.js", "text/javascript"),
        ("/vendor/uqr/index.mjs", "text/javascript"),
    ],
)
def test_the_page_and_its_imports_are_served(page_url: str, path: str, media_type: str) -> None:
    status, headers, body = get(page_url, path)
    head = get(page_url, path, "HEAD")

    assert status == 200
    assert headers["content-type"].partition(";")[0] == media_type
    assert headers["cache-control"] == "no-store"
    assert len(body) == int(headers["content-length"]) > 0
    assert (head[0], head[1]["content-length"], head[2]) == (200, headers["content-length"], b"")


@pytest.mark.parametrize(
    "path",
    [
        "/src/",
        "/peerpost",
        "/examples/two_peers.py",
        "/examples/camera/camera.py",
        "/examples/camera/camera-address.json",
        "/examples/node/package.json",
        "/examples/node/node_modules/peerpost/src/index.js",
        "/README.md",
        "/package.json",
        "/.npmrc",
        "/nothing.js",
        "/node_modules/uqr/dist/index.mjs",
        "/src/../node_modules/uqr/dist/index.mjs",
        "/../web/index.html/../../app.py",
        "/peerpost/../package.json",
        "/%2e%2e/docs/page.html",
        f"/{ROOT}/web/index.html",
        "/%00.js",
    ],
)
def test_nothing_else_is_served(page_url: str, path: str) -> None:
    status, _, body = get(page_url, path)

    assert (status, body) == (404, b"not found\n")


def test_the_security_policy_allows_no_inline_code_except_that_of_the_page() -> None:
    page = (ROOT / "web/index.html").read_text()

    inline = re.findall(r"<script(?: type=\"importmap\")?>(.*?)</script>", page, re.DOTALL)

    hashes = [f"'sha256-{b64encode(sha256(code.encode()).digest()).decode()}'" for code in inline]
    (policy,) = re.findall(r"script-src 'self' (.*?);", page)
    assert sorted(policy.split()) == sorted(hashes)
    assert "unsafe" not in page
    assert not re.search(r"\s(?:style|on\w+)=", page)
    assert len(re.findall("<script", page)) == 1 + len(inline)
