"""The page with a server that requires an access key, and with a server that provides a TURN relay."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Request, expect

from harness.coturn import TurnServer, coturn
from harness.engines import ANY_ACCOUNT
from harness.page import Open, heading, invite, log, say, violations
from harness.ssm import KEY, KEYS_NAME, SECRET_NAME, digest, put, ssm_server
from harness.transports import chalice_local

NEEDS_KEY = "This server requires an access key"


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TurnServer]:
    with coturn(tmp_path_factory.mktemp("coturn")) as server:
        yield server


@pytest.fixture(scope="module")
def ssm(turn: TurnServer) -> Iterator[str]:
    with ssm_server() as endpoint:
        put(endpoint, KEYS_NAME, digest(KEY))
        put(endpoint, SECRET_NAME, turn.secret)
        yield endpoint


@pytest.fixture(scope="module")
def locked(page_url: str, ssm: str) -> Iterator[str]:
    """The page's address, with a server that requires an access key."""
    with chalice_local(ANY_ACCOUNT | {"AWS_ENDPOINT_URL_SSM": ssm, "ACCESS_KEYS_PARAMETER": KEYS_NAME}) as url:
        yield f"{page_url}?server={url}"


@pytest.fixture(scope="module")
def relaying(page_url: str, ssm: str, turn: TurnServer) -> Iterator[str]:
    """The page's address, with a server that provides a TURN relay."""
    variables = {"AWS_ENDPOINT_URL_SSM": ssm, "TURN_SECRET_PARAMETER": SECRET_NAME, "TURN_URLS": turn.url}
    with chalice_local(ANY_ACCOUNT | variables) as url:
        yield f"{page_url}?server={url}"


def unlock(page: Page, key: str) -> None:
    page.get_by_role("textbox", name="Access key").fill(key)
    page.get_by_role("button", name="Continue").click()


def test_the_host_needs_an_access_key_and_the_guest_does_not(new_page: Open, locked: str) -> None:
    first, second = new_page(), new_page()
    sent: list[str] = []
    first.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))

    first.goto(locked)
    heading(first, NEEDS_KEY)
    expect(first.locator("#failure-step")).to_have_text("Step: Making your link")
    assert violations(first) == []
    unlock(first, "no-key-of-ours")
    heading(first, "The server does not know this access key")
    unlock(first, f" {KEY} ")

    heading(first, "Send this link to one person")
    link = first.get_by_label("Your link").input_value()
    second.goto(link)
    for page in (first, second):
        heading(page, "You are connected")
    assert [each for each in [link, first.url, *sent] if KEY in each] == []


def test_the_access_key_is_kept_only_in_its_tab_and_only_for_its_server(new_page: Open, locked: str) -> None:
    page, other = new_page(), new_page()
    page.goto(locked)
    unlock(page, KEY)
    heading(page, "Send this link to one person")

    page.goto(locked)
    heading(page, "Send this link to one person")
    page.goto(locked.replace("server=http://127.0.0.1", "server=http://localhost"))
    heading(page, NEEDS_KEY)
    other.goto(locked)
    heading(other, NEEDS_KEY)

    elsewhere = page.evaluate("JSON.stringify([localStorage, document.cookie, history.state])")
    assert KEY not in elsewhere


# As in a browser that blocks storage.
REFUSE_STORAGE = """() => {
  const refuse = () => { throw new DOMException("denied", "SecurityError"); };
  Object.defineProperty(window, "sessionStorage", { get: refuse });
}"""


def test_if_the_browser_blocks_storage_the_page_asks_for_the_access_key_again_after_a_reload(
    new_page: Open, locked: str
) -> None:
    first, second = new_page(), new_page()
    first.add_init_script(f"({REFUSE_STORAGE})()")

    first.goto(locked)
    unlock(first, "no-key-of-ours")
    heading(first, "The server does not know this access key")
    unlock(first, KEY)
    heading(first, "Send this link to one person")
    link = first.get_by_label("Your link").input_value()
    first.reload()
    heading(first, NEEDS_KEY)
    unlock(first, KEY)

    expect(first.locator("#notice")).to_have_text("Welcome back. The link you sent still works.")
    expect(first.get_by_label("Your link")).to_have_value(link)
    second.goto(link)
    for page in (first, second):
        heading(page, "You are connected")
    say(second, "found you")
    expect(log(first).get_by_text("found you")).to_have_count(1)


def test_a_malformed_access_key_is_not_sent(new_page: Open, locked: str) -> None:
    page = new_page()
    page.goto(locked)
    heading(page, NEEDS_KEY)
    creations: list[Request] = []
    page.on("request", lambda each: creations.append(each) if "create_data_channel" in str(each.post_data) else None)

    unlock(page, "ключ")

    expect(page.locator("#access-key:invalid")).to_have_count(1)
    heading(page, NEEDS_KEY)
    unlock(page, KEY)
    heading(page, "Send this link to one person")
    assert {request.all_headers().get("authorization") for request in creations} == {f"Bearer {KEY}"}


# Forces the connection through a relay, as if no other route existed.
RELAY_ONLY = """() => {
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration) {
      super({ ...configuration, iceTransportPolicy: "relay" });
    }
  };
}"""


def test_both_peers_use_the_servers_relay_even_after_the_host_reloads(new_page: Open, relaying: str) -> None:
    first, second = new_page(), new_page()
    for page in (first, second):
        page.add_init_script(f"({RELAY_ONLY})()")

    link = invite(first, relaying)
    expect(first.locator("#timeline")).to_contain_text("Candidate found: relay, UDP")
    first.reload()
    expect(first.locator("#notice")).to_have_text("Welcome back. The link you sent still works.")
    expect(first.locator("#timeline")).to_contain_text("Candidate found: relay, UDP")
    second.goto(link)

    for page in (first, second):
        heading(page, "You are connected")
        expect(page.locator("#timeline")).to_contain_text("Candidate found: relay, UDP")
        expect(page.locator("#route")).to_contain_text("Through a TURN relay")
