"""Real browsers, each driven through its own Node process."""

import itertools
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import IO, Any

from harness.chromium import FLAGS
from harness.engines import ROOT
from harness.slow_time import FACTOR, SLOW_TIME
from harness.web_servers import Server, serving

HERE = ROOT / "tests/interop"
# Even on a busy machine, an exchange takes less than a tenth of this.
PATIENCE_SECONDS = 60

# With mDNS on, some connections between Chromium and Firefox fail, because one cannot always resolve the other's name.
CHROMIUM_FLAGS = [*FLAGS, "--disable-features=WebRtcHideLocalIpsWithMdns"]
FIREFOX_PREFERENCES = {
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    # Without this, Firefox sends nothing to STUN and TURN servers on this machine. Chromium's equivalent is in FLAGS.
    "media.peerconnection.ice.loopback": True,
}


class PageError(Exception):
    """Something failed in a page or in its browser."""


class Browser:
    """A running browser. Each `profile` is isolated from the others."""

    def __init__(self, name: str, requests: IO[str], replies: IO[str]) -> None:
        self.name = name
        self._requests = requests
        self._ids = itertools.count()
        self._waiting: dict[int, Future[Any]] = {}
        self._has_ended = False
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, args=(replies,), daemon=True).start()

    @contextmanager
    def profile(self) -> Iterator["Profile"]:
        number = self.ask("profile")
        try:
            yield Profile(self, number)
        finally:
            self.ask("close", profile=number)

    def ask(self, request: str, **fields: object) -> Any:
        return self.begin(request, **fields).result(PATIENCE_SECONDS)

    def begin(self, request: str, **fields: object) -> "Future[Any]":
        """Send a request to the driver, and return a future of its reply."""
        reply: Future[Any] = Future()
        # From now on, nobody can cancel it. A reply to a cancelled future would end the thread that listens.
        reply.set_running_or_notify_cancel()
        with self._lock:
            if self._has_ended:
                raise PageError(f"{self.name} has ended")
            number = next(self._ids)
            self._waiting[number] = reply
            self._requests.write(json.dumps({"id": number, "request": request, **fields}) + "\n")
            self._requests.flush()
        return reply

    def _listen(self, replies: IO[str]) -> None:
        for line in replies:
            reply = json.loads(line)
            with self._lock:
                future = self._waiting.pop(reply["id"])
            if "error" in reply:
                future.set_exception(PageError(f"{self.name}: {reply['error']}"))
            else:
                future.set_result(reply.get("value"))
        with self._lock:
            self._has_ended = True
            for future in self._waiting.values():
                future.set_exception(PageError(f"{self.name} has ended"))


@dataclass(frozen=True)
class Profile:
    browser: Browser
    number: int

    def open(self, url: str) -> "Page":
        """Open a page, and return it once its scripts have run."""
        return Page(self.browser, self.browser.ask("open", profile=self.number, url=url))


@dataclass(frozen=True)
class Page:
    """A page. Tests call the methods of its `window.peer`, or evaluate their own functions in it."""

    browser: Browser
    number: int

    def call(self, name: str, *values: object) -> Any:
        return self.begin(name, *values).result(PATIENCE_SECONDS)

    def evaluate(self, source: str, *values: object) -> Any:
        return self.browser.ask("evaluate", page=self.number, source=source, values=values)

    def reload(self) -> None:
        self.browser.ask("reload", page=self.number)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze a page in Chromium: its scripts stop, as those of a page in the background of a phone do."""
        self.browser.ask("setLifecycle", page=self.number, state="frozen")
        yield
        self.browser.ask("setLifecycle", page=self.number, state="active")

    def slow_time_down(self) -> None:
        self.evaluate(SLOW_TIME, FACTOR)

    def begin(self, name: str, *values: object) -> "Future[Any]":
        return self.browser.begin("call", page=self.number, name=name, values=values)


def find(command: str, package: str | None = None) -> str:
    """Return the path of a program. `package` is its Debian package, if that has a different name."""
    path = shutil.which(command)
    if path is None:
        raise RuntimeError(
            f"The tests between browsers need `{command}`, but it is not on the PATH.\n"
            f"On Debian: apt-get install {package or command}"
        )
    return path


@contextmanager
def run(
    name: str, home: Path, chromium_flags: Sequence[str] = CHROMIUM_FLAGS, entry: Sequence[str] = ()
) -> Iterator[Browser]:
    """Run `chromium` or `firefox-esr` with `home` as its home directory. `entry` is put in front of the command."""
    if name == "chromium":
        options: dict[str, object] = {"browser": "chrome", "args": list(chromium_flags)}
    else:
        options = {"browser": "firefox", "extraPrefsFirefox": FIREFOX_PREFERENCES}
    options |= {"executablePath": find(name), "headless": True, "timeout": PATIENCE_SECONDS * 1000}
    log = home / "driver.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [*entry, find("node", "nodejs"), HERE / "driver.mjs", json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | {"HOME": str(home), "TMPDIR": str(home)},
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if not process.stdout.readline():  # The driver writes its first line when the browser is ready.
                raise RuntimeError(f"{name} did not start:\n{log.read_text()}")
            yield Browser(name, process.stdin, process.stdout)
        finally:
            process.stdin.close()
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


class PageHandler(SimpleHTTPRequestHandler):
    """Serves the page of tests/interop, and the client that it imports from /src/."""

    def translate_path(self, path: str) -> str:
        folder = ROOT / "clients/javascript" if path.startswith("/src/") else HERE
        self.directory = str(folder)
        return super().translate_path(path)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        pass


@contextmanager
def page_server() -> Iterator[str]:
    """Serve the page, and yield its URL."""
    with serving(Server(("127.0.0.1", 0), PageHandler)) as server:
        yield f"{server.url}peer.html"


def connect(offerer: Page, answerer: Page, server: str, **options: object) -> None:
    """Connect two pages through a new channel, and return once both are connected."""
    channel_id = offerer.call("offer", {"server": server, **options})
    answerer.call("answer", {"server": server, "channelId": channel_id, **options})
    for page in (offerer, answerer):
        page.call("connected")


def exchange_messages(one: Page, other: Page, message: str = "hello") -> list[str]:
    """Send a message in each direction, and return what arrived."""
    one.call("send", f"{message} from the one")
    other.call("send", f"{message} from the other")
    return [other.call("receive"), one.call("receive")]
