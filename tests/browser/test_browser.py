"""The JavaScript client in Chromium: two users, each in a separate browser context, through `chalice local`."""

import re
import threading
from typing import Any

import pytest

from harness.engines import ROOT
from harness.person import Person
from harness.transports import chalice_local
from harness.web_servers import PATIENCE_SECONDS, Proxy, serving

FOUR = {"create_data_channel": 1, "get_offer": 1, "create_answer": 1, "get_answer": 1}


def meet(alice: Person, bob: Person, server: str, **options: Any) -> None:
    """Alice makes a link, Bob opens it, and both are connected."""
    alice.start(server, **options)
    bob.start(server, link=alice.link, **({"slow": True} if "slow" in options else {}))
    assert bob.outcome == "connected"
    assert alice.outcome == "connected"


def assert_they_talk(alice: Person, bob: Person, greeting: str = "hello") -> None:
    alice.send(f"{greeting} Bob")
    bob.send(f"{greeting} Alice")
    bob.wait_for_message(f"{greeting} Bob")
    alice.wait_for_message(f"{greeting} Alice")


def new_key(person: Person) -> str:
    return str(person.ask("peerpost.createKey()"))


def signaling(proxy: Proxy) -> dict[str, int]:
    """Return the number of requests by method. Leave out the final deletion, because nobody waits for it."""
    return {method: count for method, count in proxy.methods.items() if method != "delete_data_channel"}


@pytest.mark.usefixtures("unhurried")
def test_a_link_connects_two_people_in_four_requests_and_no_preflight(alice: Person, bob: Person, proxy: Proxy) -> None:
    meet(alice, bob, proxy.url)

    assert_they_talk(alice, bob)
    assert signaling(proxy) == FOUR
    assert proxy.verbs["OPTIONS"] == 0


def test_the_example_in_the_javascript_readme_connects(alice: Person, bob: Person, proxy: Proxy) -> None:
    readme = (ROOT / "clients/javascript/README.md").read_text()
    offerer, answerer = re.findall("```js\n(.*?)```", readme, re.DOTALL)[:2]
    yours = "(server) => { window.server = server; window.shown = []; window.show = (what) => { shown.push(what) } }"

    alice.page.evaluate(yours, proxy.url)
    alice.page.add_script_tag(type="module", content=offerer)
    alice.wait_for("shown.length")
    bob.page.goto(alice.ask("shown[0]"))
    bob.page.reload()  # a new fragment alone does not load the page
    bob.page.evaluate(yours, proxy.url)
    bob.page.add_script_tag(type="module", content=answerer)

    bob.wait_for("shown.includes('hello')")


def test_peers_connect_although_the_first_reply_to_each_method_is_lost(
    alice: Person, bob: Person, proxy: Proxy
) -> None:
    proxy.lose_the_first_replies = True

    has_looked = threading.Event()

    def once_bob_has_looked(reply: dict[str, Any]) -> dict[str, Any]:
        # Bob sends his answer again, and then looks whether it is the one in the channel. If Alice got it earlier, she
        # could connect, and erase the channel, before he has looked. Only her reads ask for candidates, too.
        if "answer" in reply and "next" not in reply:
            has_looked.set()
        elif "answer" in reply:
            assert has_looked.wait(PATIENCE_SECONDS)
        return reply

    proxy.change_reply = once_bob_has_looked

    meet(alice, bob, proxy.url)

    assert_they_talk(alice, bob)
    assert all(proxy.methods[method] > 1 for method in FOUR)


def test_the_channel_is_erased_once_the_peers_are_connected(alice: Person, bob: Person, proxy: Proxy) -> None:
    meet(alice, bob, proxy.url)

    proxy.wait_for("delete_data_channel")
    channel_id = alice.link.partition("#")[2]
    # The page's deletion may still be running. A second deletion is harmless, and ends after the first one.
    proxy.server.post("/", json={"method": "delete_data_channel", "channel_id": channel_id})
    reply = proxy.server.post("/", json={"method": "get_offer", "channel_id": channel_id})
    assert reply.text == "no such channel"


@pytest.mark.usefixtures("unhurried")
def test_the_server_cannot_read_a_sealed_exchange(alice: Person, bob: Person, proxy: Proxy) -> None:
    key = new_key(alice)

    meet(alice, bob, proxy.url, key=key)

    assert_they_talk(alice, bob)
    assert signaling(proxy) == FOUR
    seen = " ".join(proxy.bodies)
    assert alice.link.endswith(f".{key}")
    for secret in ("v=0", "fingerprint", "candidate:", "127.0.0.1", key):
        assert secret not in seen


def another(text: str) -> str:
    """Return the text with one character in its middle changed."""
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]


@pytest.mark.parametrize("what", ["offer", "answer"])
def test_a_changed_sealed_description_is_an_error_and_is_not_used(
    alice: Person, bob: Person, proxy: Proxy, what: str
) -> None:
    proxy.change_reply = lambda reply: reply | {what: another(reply[what])} if what in reply else reply
    alice.start(proxy.url, key=new_key(alice))

    bob.start(proxy.url, link=alice.link)

    deceived = bob if what == "offer" else alice
    assert deceived.outcome == "TamperedError"
    assert deceived.ask("peer.connection.remoteDescription") is None


def test_a_sealed_offer_is_not_accepted_as_an_answer(alice: Person, proxy: Proxy) -> None:
    alice.start(proxy.url, key=new_key(alice))
    channel_id = alice.link.partition("#")[2].partition(".")[0]
    offer = proxy.server.post("/", json={"method": "get_offer", "channel_id": channel_id}).json()["offer"]

    proxy.server.post("/", json={"method": "create_answer", "channel_id": channel_id, "answer": offer})

    assert alice.outcome == "TamperedError"


def test_a_link_with_another_key_does_not_connect(alice: Person, bob: Person, proxy: Proxy) -> None:
    alice.start(proxy.url, key=new_key(alice))

    bob.start(proxy.url, link=alice.link.rpartition(".")[0] + "." + new_key(bob))

    assert bob.outcome == "TamperedError"


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.usefixtures("unhurried")
def test_late_candidates_cost_each_peer_at_most_one_write_and_one_read(
    alice: Person, bob: Person, proxy: Proxy, sealed: bool
) -> None:
    meet(alice, bob, proxy.url, slow=True, **({"key": new_key(alice)} if sealed else {}))

    assert_they_talk(alice, bob)
    assert "a=candidate" not in " ".join(proxy.bodies)
    counts = signaling(proxy)
    late = {method: counts.pop(method, 0) for method in ("create_candidate", "get_candidates")}
    assert counts == FOUR
    # A peer that is already connected does not send its remaining candidates.
    assert 1 <= late["create_candidate"] <= 2
    assert late["get_candidates"] <= 2


@pytest.mark.usefixtures("unhurried")
def test_an_ice_restart_is_negotiated_without_requests_to_the_server(alice: Person, bob: Person, proxy: Proxy) -> None:
    meet(alice, bob, proxy.url)
    assert_they_talk(alice, bob)
    proxy.wait_for("delete_data_channel")
    before, requests = alice.ask("peer.passwords()"), sum(proxy.verbs.values())

    alice.ask("peer.connection.restartIce()")

    for person in (alice, bob):
        person.wait_for("peer.steps.includes('renegotiated') && peer.connection.signalingState === 'stable'")
        person.wait_for("/connected|completed/.test(peer.connection.iceConnectionState)")
    after = alice.ask("peer.passwords()")
    assert not set(before) & set(after)
    assert bob.ask("peer.passwords()") == after[::-1]
    assert_they_talk(alice, bob, "again")
    assert sum(proxy.verbs.values()) == requests


@pytest.mark.parametrize("both", [False, True], ids=["one of them", "both at once"])
@pytest.mark.usefixtures("unhurried")
def test_a_camera_is_added_without_requests_to_the_server(alice: Person, bob: Person, proxy: Proxy, both: bool) -> None:
    meet(alice, bob, proxy.url)
    assert_they_talk(alice, bob)
    proxy.wait_for("delete_data_channel")
    requests = sum(proxy.verbs.values())

    senders = [alice, bob] if both else [bob]
    for person in senders:
        person.page.evaluate("() => { peer.camera = peer.addCamera() }")
    for person in senders:
        person.ask("peer.camera")

    for person in [bob, alice] if both else [alice]:
        person.wait_for("peer.tracks.length === 1")
        assert person.ask("peer.watch()")
    assert sum(proxy.verbs.values()) == requests


@pytest.mark.parametrize("with_video", [["bob"], ["alice", "bob"]], ids="-".join)
@pytest.mark.usefixtures("unhurried")
def test_an_answerer_with_an_additional_track_connects_first_and_adds_it_afterwards(
    alice: Person, bob: Person, proxy: Proxy, with_video: list[str]
) -> None:
    """The answer can hold only what was offered. The additional track is negotiated afterwards, without the server."""
    alice.start(proxy.url, video="alice" in with_video)
    bob.start(proxy.url, link=alice.link, video="bob" in with_video)

    assert (bob.outcome, alice.outcome) == ("connected", "connected")
    for person in (alice, bob):
        person.wait_for(
            "peer.connection.signalingState === 'stable' && peer.connection.getTransceivers().length"
            " && peer.connection.getTransceivers().every(({ mid }) => mid !== null)"
        )
    assert_they_talk(alice, bob)
    assert signaling(proxy) == FOUR


# A host that does not use `connect`, and offers a microphone but no data channel.
MEDIA_ONLY = """async (server) => {
  const client = new peerpost.SignalingClient(server);
  window.connection = new RTCPeerConnection();
  connection.addTransceiver("audio");
  await connection.setLocalDescription();
  while (connection.iceGatheringState !== "complete") await new Promise((resolve) => setTimeout(resolve, 20));
  const { channel_id: channelId } = await client.createDataChannel({ offer: connection.localDescription.sdp });
  const ask = () => client.getAnswer(channelId, { wait: 5 }).catch(ask);
  ask().then(({ answer: sdp }) => connection.setRemoteDescription({ type: "answer", sdp }));
  return peerpost.createLink(location.href, { channelId });
}"""


def test_an_offer_without_a_data_channel_is_answered(alice: Person, bob: Person, proxy: Proxy) -> None:
    link = alice.page.evaluate(MEDIA_ONLY, proxy.url)

    bob.start(proxy.url, link=link)

    assert bob.outcome == "connected"
    alice.wait_for("connection.connectionState === 'connected'")
    assert bob.ask("peer.connection.signalingState") == "stable"


def test_an_error_in_the_pages_progress_callback_does_not_prevent_the_connection(
    alice: Person, bob: Person, proxy: Proxy
) -> None:
    alice.start(proxy.url, throwsAt="connected")
    bob.start(proxy.url, link=alice.link, throwsAt="connected")

    assert (bob.outcome, alice.outcome) == ("connected", "connected")
    assert_they_talk(alice, bob)


def test_an_answerer_who_comes_late_connects(alice: Person, bob: Person) -> None:
    with chalice_local({"MAX_WAIT_SECONDS": "0.6"}) as server, serving(Proxy(server)) as proxy:
        assert isinstance(proxy, Proxy)
        alice.start(proxy.url)
        proxy.wait_for("get_answer", 5)  # Each read is held for 0.6 s, so this takes about three seconds.

        bob.start(proxy.url, link=alice.link)

        assert (alice.outcome, bob.outcome) == ("connected", "connected")
        assert proxy.methods["create_offer"] == 0


def test_an_answerer_who_comes_before_the_offer_connects(alice: Person, bob: Person, proxy: Proxy) -> None:
    channel_id = proxy.server.post("/", json={"method": "create_data_channel"}).json()["channel_id"]
    bob.start(proxy.url, link=f"{bob.page.url}#{channel_id}")
    proxy.wait_for("get_offer")

    # Make Alice use the channel that Bob is waiting in, instead of her own.
    def into_that_channel(request: dict[str, Any]) -> dict[str, Any]:
        if request["method"] == "create_data_channel":
            return request | {"method": "create_offer", "channel_id": channel_id}
        return request

    proxy.change_request = into_that_channel
    proxy.change_reply = lambda reply: reply or {"channel_id": channel_id}
    alice.start(proxy.url)

    assert (alice.outcome, bob.outcome) == ("connected", "connected")


@pytest.mark.parametrize(
    "unknown",
    [{"wait"}, {"wait", "since", "offer", "candidates", "ttl"}],
    ids=["a server that holds no replies", "a server with only the seven plain methods"],
)
@pytest.mark.parametrize("slow", [False, True], ids=["at once", "with late candidates"])
def test_peers_connect_through_an_older_server(
    alice: Person, bob: Person, proxy: Proxy, unknown: set[str], slow: bool
) -> None:
    def without_unknown_fields(request: dict[str, Any]) -> dict[str, Any]:
        optional = unknown - ({"offer"} if request["method"] == "create_offer" else set())
        return {name: value for name, value in request.items() if name not in optional}

    proxy.change_request = without_unknown_fields

    meet(alice, bob, proxy.url, **({"slow": True} if slow else {}))

    assert_they_talk(alice, bob)
    assert ("create_offer" in proxy.methods) == ("since" in unknown)


def test_a_host_who_gives_up_stops_at_once_and_erases_the_channel(alice: Person, proxy: Proxy) -> None:
    alice.start(proxy.url)
    assert alice.link
    proxy.wait_for("get_answer")

    alice.ask("peer.abort.abort()")

    assert alice.outcome == "AbortError"
    proxy.wait_for("delete_data_channel")


def test_a_link_to_a_deleted_channel_is_an_expired_error(bob: Person, proxy: Proxy) -> None:
    bob.start(proxy.url, link=f"{bob.page.url}#00000000-0000-4000-8000-000000000000")

    assert bob.outcome == "ExpiredError"
