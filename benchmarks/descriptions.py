"""The descriptions and candidates of two peers in a real browser.

`python -m benchmarks.descriptions` captures them, and saves them in descriptions.json. It replaces the machine's IP
addresses with those that RFC 5737 and RFC 3849 reserve for documentation.
"""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from benchmarks.report import ROOT

FILE = Path(__file__).with_suffix(".json")
KINDS = ("data channel", "audio and video")

# Both peers are in one page. With trickle ICE, a peer sends its `bare` description, and then one candidate at a time.
# The fast exchange sends the `early` description, which already contains the first candidates.
CAPTURE = """async (media) => {
  const [offerer, answerer] = [new RTCPeerConnection(), new RTCPeerConnection()];
  if (media) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    for (const each of [offerer, answerer]) stream.getTracks().forEach((track) => each.addTrack(track, stream));
  } else {
    offerer.createDataChannel("chat");
  }
  const describe = async (peer) => {
    const candidates = [];
    const last = new Promise((resolve) => peer.addEventListener("icecandidate", ({ candidate }) => {
      if (!candidate) resolve();
      else if (candidate.candidate) candidates.push(JSON.stringify(candidate));
    }));
    await peer.setLocalDescription();
    const bare = peer.localDescription.sdp;
    let known;
    do {
      known = candidates.length;
      await new Promise((resolve) => setTimeout(resolve, 7));
    } while (!known || known < candidates.length);
    const early = peer.localDescription.sdp;
    await last;
    return { bare, early, candidates };
  };
  const offer = await describe(offerer);
  await answerer.setRemoteDescription({ type: "offer", sdp: offer.early });
  const answer = await describe(answerer);
  return { offer, answer };
}"""

# A browser on a typical home network finds one IPv4 and one IPv6 address.
ADDRESSES = {4: "192.0.2.7", 6: "2001:db8:4ab1:7c00:d1b5:91e6:3a0c:52f4"}


@dataclass(frozen=True)
class Peer:
    """What one peer sends: its description without and with its first candidates, and all candidates as JSON."""

    bare: str
    early: str
    candidates: list[str]


def load(kind: str) -> tuple[Peer, Peer]:
    """Return the offerer and the answerer of a connection of one of KINDS."""
    captured = json.loads(FILE.read_text())[kind]
    return Peer(**captured["offer"]), Peer(**captured["answer"])


def browser() -> str:
    """Return the name and version of the browser from which the descriptions were captured."""
    return str(json.loads(FILE.read_text())["browser"])


def anonymous(text: str) -> str:
    """Replace the IP addresses in a text, except loopback and placeholder ones. The browser's .local names stay."""
    text = re.sub(r"(?<=[ ])(?!127\.|0\.)(?:\d{1,3}\.){3}\d{1,3}(?=\s)", ADDRESSES[4], text)
    return re.sub(r"(?<=[ ])[0-9a-f]{1,4}:[0-9a-f:]*:[0-9a-f]+(?=\s\d+ typ)", ADDRESSES[6], text)


@contextmanager
def page_address() -> Iterator[str]:
    """Serve an empty page on this machine. It is a secure context, so it may ask for a camera."""

    class Quiet(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def capture() -> dict[str, Any]:
    """Let Chromium describe both kinds of connection. Unless it may use the camera, it hides its addresses."""
    from playwright.sync_api import sync_playwright

    from harness.chromium import FLAGS

    captured: dict[str, Any] = {}
    with sync_playwright() as playwright, page_address() as address:
        for kind in KINDS:
            media = kind == "audio and video"
            flags = [flag for flag in FLAGS if "loopback" not in flag and (media or "fake" not in flag)]
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
            page = browser.new_page()
            page.goto(address)
            captured["browser"] = f"Chromium {browser.version}"
            captured[kind] = page.evaluate(CAPTURE, media)
            browser.close()
    return captured


def main() -> None:
    """Capture the descriptions and candidates, and save them."""
    text = json.dumps(capture(), indent=1)
    FILE.write_text(json.dumps(json.loads(text, object_hook=anonymised), indent=1) + "\n")
    print(FILE.relative_to(ROOT), file=sys.stderr)


def anonymised(fields: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON object in which all texts are anonymous."""
    lists = {name: [anonymous(each) for each in value] for name, value in fields.items() if isinstance(value, list)}
    texts = {name: anonymous(value) for name, value in fields.items() if isinstance(value, str)}
    return fields | texts | lists


if __name__ == "__main__":
    main()
