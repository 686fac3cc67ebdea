"""The page's link is an address: both users can leave the page and come back, and nobody else gets between them."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from harness.page import (
    GET_STUCK,
    Open,
    connect,
    end_timer,
    erase,
    heading,
    hold_timers,
    invite,
    limit,
    log,
    reload_twice_while_waiting,
    say,
    wait_until_erased,
)

HOUR_MS = 3_600_000
# A host opens another door after two minutes.
NEXT_DOOR_MS = 121_000
# A guest tries another door after 15 seconds. A host without candidates gives up on a guest after a minute.
NEXT_TRY_MS = 16_000
GIVE_UP_MS = 62_000
# A little longer than the time after which the page says that connecting takes longer than usual.
SLOW_MS = 5_000
LOST_MS = limit("LOST_MS")
HELLO_MS = limit("HELLO_MS")
TALKING = "Two people are already talking"
FRIDAY = "2026-03-06T12:30"


def leave_page(page: Page) -> None:
    """Close the page as far as its scripts can tell. `page.go_back()` opens it again, as the browser's history does."""
    page.goto("about:blank")


def exchange_messages(first: Page, second: Page, about: str) -> None:
    say(first, f"first {about}")
    say(second, f"second {about}")
    expect(log(second)).to_contain_text(f"first {about}")
    expect(log(first)).to_contain_text(f"second {about}")


def expect_connected_again(first: Page, second: Page, times: int = 1) -> None:
    for page in (first, second):
        expect(log(page).get_by_text("Connected again.")).to_have_count(times)
        heading(page, "You are connected")


def expect_connecting(page: Page) -> None:
    """Wait until the page connects to somebody, whether that takes longer than usual or not."""
    expect(page.get_by_role("heading", name=re.compile("^(Connecting|Still connecting)$"))).to_be_visible()


def hosted_address(host: Page) -> dict[str, Any]:
    address: dict[str, Any] = host.evaluate("history.state.peerpost.address")
    return address


def erase_address(host: Page, service: str) -> None:
    """Erase the host's address on the server, as when it has expired."""
    address = hosted_address(host)
    erase(service, address["addressId"], owner=address["owner"])


def test_the_page_says_until_when_the_link_works(new_page: Open, address: str) -> None:
    page = new_page()
    page.clock.install(time=FRIDAY)

    link = invite(page, address)

    assert "#@" in link
    expect(page.locator("#link-note")).to_contain_text("It works until Saturday at 12:3")


@pytest.mark.parametrize("who", ["host", "guest", "both"])
def test_two_people_are_connected_again_after_a_reload(pair: tuple[Page, Page], who: str) -> None:
    first, second = pair
    exchange_messages(first, second, "before")
    link = second.url

    for page, name in ((first, "host"), (second, "guest")):
        if who in (name, "both"):
            page.evaluate("location.reload()")

    expect_connected_again(first, second)
    exchange_messages(first, second, "after")
    for page, name in ((first, "host"), (second, "guest")):
        if who in (name, "both"):
            expect(log(page)).not_to_contain_text("before")
        else:
            expect(log(page)).to_contain_text("before")
    if who == "host":
        # A guest comes back only after it has lost the connection. A host may be found by its guest before that.
        expect(log(second)).to_contain_text("The connection is lost.")
    assert second.url == link


def test_the_other_page_says_that_it_is_connecting_again(pair: tuple[Page, Page]) -> None:
    first, second = pair
    exchange_messages(first, second, "before")

    leave_page(second)
    heading(first, "Connecting again")
    expect(first.locator("#status")).to_have_text("Connecting again")
    expect(first.locator("#interruption")).to_contain_text("The link works until")
    expect(first.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    expect(first.get_by_role("button", name="Start a video call")).to_be_hidden()
    expect(log(first)).to_contain_text("second before")
    expect(log(first)).to_contain_text("The connection is lost.")
    second.go_back()

    expect_connected_again(first, second)
    exchange_messages(first, second, "after")


# As the WebRTC specification demands, and unlike Chromium: if a page closes its own connection, no event reports that.
CLOSE_SILENTLY = """() => {
  const { createDataChannel } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.createDataChannel = function (...options) {
    const channel = createDataChannel.apply(this, options);
    channel.addEventListener("close", (event) => {
      if (this.signalingState === "closed") event.stopImmediatePropagation();
    });
    return channel;
  };
}"""
# Reports that the connection has ended, before the data channels report it. The next connection is an ordinary one.
LOSE_SCTP = """() => {
  const { RTCPeerConnection } = window;
  const state = Object.getOwnPropertyDescriptor(RTCSctpTransport.prototype, "state");
  Object.defineProperty(RTCSctpTransport.prototype, "state", { configurable: true, get: () => "closed" });
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration) {
      super(configuration);
      Object.defineProperty(RTCSctpTransport.prototype, "state", state);
    }
  };
}"""


def test_a_guest_is_connected_again_if_the_client_notices_the_lost_connection_before_the_page(
    new_page: Open, address: str
) -> None:
    first, second = new_page(), new_page()
    second.add_init_script(f"({CLOSE_SILENTLY})()")
    connect(first, second, address)
    exchange_messages(first, second, "before")

    second.evaluate(LOSE_SCTP)

    expect_connected_again(first, second)
    exchange_messages(first, second, "after")


# Loses the messages that the page sends.
LOSE_MESSAGES = """() => {
  const { send } = RTCDataChannel.prototype;
  RTCDataChannel.prototype.send = function (data) {
    if (this.label !== "messages") send.call(this, data);
  };
}"""
# Offers a function that makes the connection to the other page report a state.
OFFER_STATES = """() => {
  const connections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration) {
      super(configuration);
      connections.push(this);
    }
  };
  let connection;
  window.reportState = (state) => {
    connection ??= connections.find(({ connectionState }) => connectionState === "connected");
    Object.defineProperty(connection, "connectionState", { configurable: true, get: () => state });
    connection.dispatchEvent(new Event("connectionstatechange"));
  };
}"""
# Sends a message, and reports an interruption before any time has passed.
BE_INTERRUPTED_AFTER = """(text) => {
  document.querySelector("#message").value = text;
  document.querySelector("#composer").requestSubmit();
  reportState("disconnected");
}"""
DOUBT = "This may not have arrived."


def test_messages_that_an_interruption_may_have_lost_are_marked(new_page: Open, address: str) -> None:
    first, second = new_page(), new_page()
    first.add_init_script(f"({OFFER_STATES})()")
    # The page would give up by itself.
    hold_timers(first, LOST_MS)
    connect(first, second, address)
    send = first.get_by_role("button", name="Send", exact=True)
    exchange_messages(first, second, "before")

    first.evaluate(LOSE_MESSAGES)
    first.evaluate(BE_INTERRUPTED_AFTER, "lost")
    expect(send).to_be_disabled()
    first.get_by_label("Message").fill("written during the interruption")
    first.get_by_label("Message").press("Enter")
    expect(log(first)).not_to_contain_text(DOUBT)
    first.evaluate("reportState('failed')")

    expect_connected_again(first, second)
    expect(send).to_be_enabled()
    expect(log(first).get_by_role("listitem").filter(has_text="lost").filter(has_text=DOUBT)).to_have_count(1)
    expect(log(first)).not_to_contain_text("written during the interruption")
    expect(first.get_by_label("Message")).to_have_value("written during the interruption")


def test_an_interruption_that_ends_leaves_no_mark(new_page: Open, address: str) -> None:
    first, second = new_page(), new_page()
    first.add_init_script(f"({OFFER_STATES})()")
    connect(first, second, address)
    exchange_messages(first, second, "before")

    first.evaluate("reportState('disconnected')")
    expect(first.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    first.evaluate("reportState('connected')")
    expect(first.get_by_role("button", name="Send", exact=True)).to_be_enabled()
    exchange_messages(first, second, "after")
    leave_page(second)

    heading(first, "Connecting again")
    expect(log(first)).not_to_contain_text(DOUBT)


def test_a_host_who_returns_after_an_hour_is_connected_to_the_waiting_guest(pair: tuple[Page, Page]) -> None:
    first, second = pair
    exchange_messages(first, second, "before")
    second.clock.install()

    leave_page(first)
    heading(second, "Connecting again")
    expect(second.locator("#interruption")).to_contain_text("The link works until")
    second.clock.fast_forward(HOUR_MS)
    first.go_back()

    expect_connected_again(first, second)
    exchange_messages(first, second, "after")


def test_a_host_who_returns_after_the_guest_has_left_still_has_a_working_link(pair: tuple[Page, Page]) -> None:
    first, second = pair
    link = second.url

    leave_page(second)
    leave_page(first)
    first.go_back()

    expect(first.locator("#notice")).to_contain_text("Welcome back. The other person is not there at the moment.")
    expect(first.get_by_label("Your link")).to_have_value(link)
    second.goto(link)
    for page in pair:
        heading(page, "You are connected")


def test_a_host_who_returns_while_the_server_does_not_reply_gets_the_link_once_it_does(
    pair: tuple[Page, Page], service: str
) -> None:
    first, second = pair
    link = second.url
    first.clock.install()
    leave_page(second)
    heading(first, "Connecting again")

    first.route(f"{service}**", lambda route: route.abort())
    first.reload()
    first.clock.fast_forward(SLOW_MS)
    heading(first, "Still trying")
    first.unroute(f"{service}**")

    expect(first.locator("#notice")).to_contain_text("Welcome back. The other person is not there at the moment.")
    expect(first.get_by_label("Your link")).to_have_value(link)
    second.goto(link)
    for page in pair:
        heading(page, "You are connected")


def test_a_host_who_reloads_while_waiting_keeps_the_link(new_page: Open, address: str) -> None:
    first, second = new_page(), new_page()
    link = invite(first, address)

    reload_twice_while_waiting(first, link)
    second.goto(link)
    for page in (first, second):
        heading(page, "You are connected")


def test_a_guest_who_opens_the_link_while_the_host_is_away_waits(new_page: Open, address: str) -> None:
    first, second = new_page(), new_page()
    link = invite(first, address)
    leave_page(first)

    second.goto(link)
    heading(second, "Waiting for the other person")
    first.go_back()

    for page in (first, second):
        heading(page, "You are connected")


def test_a_third_person_learns_that_two_people_are_talking_and_does_not_disturb_them(
    new_page: Open, pair: tuple[Page, Page]
) -> None:
    first, second = pair
    third = new_page()
    exchange_messages(first, second, "before")
    texts = [log(page).inner_text() for page in pair]

    third.goto(second.url)

    heading(third, TALKING)
    expect(log(third)).to_be_hidden()
    assert "before" not in third.content()
    expect(first.locator("#timeline")).to_contain_text("Somebody else opened your link.")
    assert [log(page).inner_text() for page in pair] == texts
    exchange_messages(first, second, "after")


@pytest.mark.parametrize("token", [{}, {"token": "a guess"}], ids=["no token", "a wrong token"])
def test_a_third_person_who_uses_the_guests_id_is_sent_away(
    new_page: Open, pair: tuple[Page, Page], token: dict[str, str]
) -> None:
    """Everyone who has the link can read the id of a guest on the server."""
    first, second = pair
    third = new_page()
    guest = second.evaluate("history.state.peerpost.guest")

    open_with_memory(third, second.url, {"guest": guest, "wasConnected": True, **token})

    heading(third, TALKING)
    exchange_messages(first, second, "after")


def open_with_memory(page: Page, url: str, memory: dict[str, Any]) -> None:
    """Open the page as in a tab that has remembered something."""
    page.goto(url.partition("?")[0] + "icon.svg")
    page.evaluate("([url, peerpost]) => history.replaceState({ peerpost }, '', url)", [url, memory])
    page.reload()


@pytest.mark.parametrize("duplicated", [0, 1], ids=["host", "guest"])
def test_a_duplicated_tab_takes_over_from_the_first_tab(pair: tuple[Page, Page], duplicated: int) -> None:
    tab, other = pair[duplicated], pair[1 - duplicated]
    exchange_messages(*pair, "before")
    duplicate = tab.context.new_page()

    open_with_memory(duplicate, tab.url, tab.evaluate("history.state.peerpost"))

    heading(tab, "You continued in another tab")
    expect_connected_again(duplicate, other)
    exchange_messages(duplicate, other, "after")
    tab.get_by_role("button", name="Try again").click()
    heading(duplicate, "You continued in another tab")
    heading(tab, "You are connected")
    expect(log(other).get_by_text("Connected again.")).to_have_count(2)
    exchange_messages(tab, other, "in the first tab again")


def test_a_host_can_open_the_link_in_another_tab_of_the_same_browser(new_page: Open, address: str) -> None:
    first = new_page()
    second = first.context.new_page()

    second.goto(invite(first, address))

    for page in (first, second):
        heading(page, "You are connected")
    exchange_messages(first, second, "in one browser")


# As in a browser that blocks storage.
REFUSE_LOCKS = """() => {
  LockManager.prototype.request = () => Promise.reject(new DOMException("denied", "SecurityError"));
}"""


def test_two_people_are_connected_even_if_their_browsers_refuse_to_lock_anything(new_page: Open, address: str) -> None:
    first, second = new_page(), new_page()
    for page in (first, second):
        page.add_init_script(f"({REFUSE_LOCKS})()")

    connect(first, second, address)

    exchange_messages(first, second, "without locks")


def test_a_third_person_can_join_when_the_guest_has_left(new_page: Open, pair: tuple[Page, Page]) -> None:
    first, second = pair
    third = new_page()
    exchange_messages(first, second, "before")
    third.goto(second.url)
    heading(third, TALKING)

    second.get_by_role("button", name="Hang up").click()
    heading(second, "You hung up")
    expect(first.locator("#notice")).to_contain_text("The other person has left.")
    third.get_by_role("button", name="Try again").click()

    heading(third, "You are connected")
    expect(log(first)).to_contain_text("Somebody else has opened your link. You are now connected to them.")
    exchange_messages(first, third, "after")
    second.get_by_role("button", name="Open the link again").click()
    heading(second, TALKING)


def test_a_guest_who_hangs_up_can_come_back(pair: tuple[Page, Page]) -> None:
    first, second = pair
    exchange_messages(first, second, "before")

    second.get_by_role("button", name="Hang up").click()
    heading(second, "You hung up")
    expect(second.locator("#failure-step")).to_be_hidden()
    expect(first.locator("#notice")).to_have_text("The other person has left. They can come back with the same link.")
    expect(first.get_by_role("heading", name="Send this link to one person")).to_be_focused()
    expect(first.get_by_label("Your link")).to_have_value(second.url)
    expect(log(first)).to_contain_text("before")
    second.get_by_role("button", name="Open the link again").click()

    expect_connected_again(first, second)
    exchange_messages(first, second, "after")
    expect(log(first)).to_contain_text("before")


# Delays each notice that the page sends to the other page, as a slow network does.
DELAY_NOTICES = """() => {
  const { send } = RTCDataChannel.prototype;
  RTCDataChannel.prototype.send = function (data) {
    if (this.label === "notices") setTimeout(() => send.call(this, data));
    else send.call(this, data);
  };
}"""


@pytest.mark.parametrize("who", ["host", "guest"])
def test_a_user_who_hangs_up_is_heard_even_on_a_slow_network(pair: tuple[Page, Page], who: str) -> None:
    first, second = pair
    leaving = first if who == "host" else second
    leaving.evaluate(DELAY_NOTICES)

    leaving.get_by_role("button", name="Hang up").click()

    heading(leaving, "You hung up")
    if who == "host":
        heading(second, "The other person has left")
    else:
        expect(first.locator("#notice")).to_contain_text("The other person has left.")


def test_a_host_who_hangs_up_ends_the_link(new_page: Open, pair: tuple[Page, Page], service: str) -> None:
    first, second = pair
    exchange_messages(first, second, "before")
    link = second.url

    first.get_by_role("button", name="Hang up").click()

    heading(first, "You hung up")
    expect(first.locator("#failure-step")).to_be_hidden()
    heading(second, "The other person has left")
    expect(second.locator("#failure-step")).to_have_text("Step: In conversation")
    expect(second).to_have_title("The other person has left · Peerpost")
    expect(log(second)).to_contain_text("before")
    wait_until_erased(service, link)
    third = new_page()
    third.goto(link)
    heading(third, "This link no longer works")
    first.get_by_role("button", name="Make a new link").click()
    heading(first, "Send this link to one person")
    assert first.get_by_label("Your link").input_value() != link


def test_a_new_link_ends_the_earlier_one(new_page: Open, address: str, service: str) -> None:
    first, second = new_page(), new_page()
    earlier = invite(first, address)

    first.get_by_role("button", name="Make a new link").click()

    wait_until_erased(service, earlier)
    second.goto(earlier)
    heading(second, "This link no longer works")
    heading(first, "Send this link to one person")
    second.goto(first.get_by_label("Your link").input_value())
    for page in (first, second):
        heading(page, "You are connected")


def test_a_host_whose_link_has_expired_gets_another_one(new_page: Open, address: str, service: str) -> None:
    first, second = new_page(), new_page()
    first.clock.install()
    earlier = invite(first, address)

    erase_address(first, service)
    first.clock.fast_forward(NEXT_DOOR_MS)

    expect(first.locator("#notice")).to_have_text("Your earlier link no longer works. Send this one instead.")
    link = first.get_by_label("Your link").input_value()
    assert link != earlier
    second.goto(link)
    for page in (first, second):
        heading(page, "You are connected")


def test_if_the_link_expires_during_a_conversation_a_reload_ends_it_and_the_host_gets_a_new_link(
    pair: tuple[Page, Page], service: str
) -> None:
    first, second = pair
    exchange_messages(first, second, "before")
    first.clock.install()
    earlier = hosted_address(first)

    erase_address(first, service)
    first.reload()

    heading(second, "The connection has ended")
    expect(log(second)).to_contain_text("before")
    expect(first.locator("#notice")).to_have_text("Your earlier link no longer works. Send this one instead.")
    assert hosted_address(first)["addressId"] != earlier["addressId"]


def test_the_conversation_shows_that_a_call_and_a_file_ended_when_the_connection_was_lost(
    pair: tuple[Page, Page],
) -> None:
    first, second = pair
    first.get_by_role("button", name="Start a video call").click()
    second.get_by_role("button", name="Join with video").click()
    for page in pair:
        expect(page.locator("#remote-video")).to_be_visible()
    first.evaluate(GET_STUCK)
    file = {"name": "film.bin", "mimeType": "", "buffer": bytes(5_000_000)}
    first.get_by_label("Send files").set_input_files(file)  # type: ignore[arg-type]
    expect(log(second)).to_contain_text("film.bin")

    second.reload()

    expect(log(first)).to_contain_text("The video call has ended.")
    expect(log(first)).to_contain_text("The connection ended.")
    expect(first.locator("#stage")).to_be_hidden()
    expect_connected_again(first, second)
    second.get_by_role("button", name="Start a video call").click()
    expect(first.locator("#remote-video")).to_be_visible()


def refuse_doors(pair: tuple[Page, Page], third: Page, service: str) -> None:
    """Refuse the host's next door, as a server whose access keys have changed. Each visitor makes the host open one."""
    first, second = pair
    any_origin = {"access-control-allow-origin": "*"}

    def refuse(route: Route) -> None:
        if "create_data_channel" in str(route.request.post_data):
            route.fulfill(status=401, headers=any_origin, content_type="text/plain", body="access key is unknown")
        else:
            route.continue_()

    with first.expect_response(lambda response: response.status == 401):
        first.route(f"{service}**", refuse)
        third.goto(second.url)


def test_a_conversation_goes_on_although_the_server_refuses_the_host(
    new_page: Open, pair: tuple[Page, Page], service: str
) -> None:
    first, second = pair

    refuse_doors(pair, new_page(), service)

    exchange_messages(first, second, "after the refusal")
    second.get_by_role("button", name="Hang up").click()
    heading(first, "The server does not know this access key")
    expect(log(first)).to_contain_text("second after the refusal")


def test_a_host_who_hangs_up_after_a_refusal_sees_that_they_hung_up(
    new_page: Open, pair: tuple[Page, Page], service: str
) -> None:
    first, second = pair

    refuse_doors(pair, new_page(), service)
    exchange_messages(first, second, "after the refusal")
    first.get_by_role("button", name="Hang up").click()

    heading(first, "You hung up")
    heading(second, "The other person has left")


# Sends no notices, as a guest's page that is closed before it can say hello.
SAY_NOTHING = """() => {
  const { send } = RTCDataChannel.prototype;
  RTCDataChannel.prototype.send = function (data) {
    if (this.label !== "notices") send.call(this, data);
  };
}"""


def test_a_host_waits_again_after_a_guest_has_left_before_it_said_hello(new_page: Open, address: str) -> None:
    first, second = new_page(), new_page()
    second.add_init_script(f"({SAY_NOTHING})()")
    link = invite(first, address)

    second.goto(link)
    expect(first.locator("#timeline")).to_contain_text("Data channels open")
    expect_connecting(first)
    leave_page(second)

    heading(first, "Send this link to one person")
    expect(first.get_by_label("Your link")).to_have_value(link)


# Opens the page's data channels without telling the page.
HIDE_OPENING = """() => {
  const { createDataChannel } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.createDataChannel = function (...options) {
    const channel = createDataChannel.apply(this, options);
    channel.addEventListener("open", (event) => event.stopImmediatePropagation());
    return channel;
  };
}"""


def test_a_guest_who_never_joins_does_not_replace_the_screen_of_a_tab_that_has_ended(
    new_page: Open, address: str
) -> None:
    first, second = new_page(), new_page()
    # A guest has this long to open its data channels.
    hold_timers(first, LOST_MS)
    first.add_init_script(f"({HIDE_OPENING})()")
    second.goto(invite(first, address))
    end_timer(second, HELLO_MS)  # The guest hears nothing from the host, and takes it for a program.
    heading(second, "You are connected")
    expect_connecting(first)
    duplicate = first.context.new_page()

    open_with_memory(duplicate, first.url, first.evaluate("history.state.peerpost"))
    heading(first, "You continued in another tab")
    end_timer(first, LOST_MS)

    heading(first, "You continued in another tab")
    expect(first.get_by_label("Your link")).to_be_hidden()


# Finds no candidates, as if there were no network between the two browsers.
UNREACHABLE = """() => {
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration) {
      super({ ...configuration, iceTransportPolicy: "relay" });
    }
  };
}"""


def test_two_browsers_that_cannot_reach_each_other_say_why(new_page: Open, address: str) -> None:
    first, second = new_page(), new_page()
    for page in (first, second):
        page.clock.install()
        page.add_init_script(f"({UNREACHABLE})()")

    second.goto(invite(first, address))
    # The timeline puts equal steps into one line, if nothing is between them.
    for tries, received in ((1, "Answer received"), (2, r"Answer received( \S 2|.*Answer received)")):
        expect(second.locator("#timeline li").filter(has_text="Answer sent to the server")).to_have_count(tries)
        expect(first.locator("#timeline")).to_contain_text(re.compile(received))
        second.clock.fast_forward(NEXT_TRY_MS)
    expect_connecting(first)
    first.clock.fast_forward(GIVE_UP_MS)

    reason = "The other browser sent no address at which it can be reached."
    heading(second, "The two browsers could not reach each other")
    expect(second.locator("#failure-text")).to_have_text(reason)
    expect(second.get_by_role("button", name="Try again")).to_be_visible()
    expect(first.locator("#notice")).to_have_text(
        f"Somebody opened your link, but the two browsers could not be connected. {reason}"
    )
    expect(first.locator("#notice")).to_be_visible()
