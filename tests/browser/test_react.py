"""The React hook in the JavaScript client's README, on a real page in React's strict mode."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.engines import ROOT
from harness.person import Person
from harness.web_servers import Proxy

PACKAGES = ROOT / "tests/npm/node_modules"

OFFER = """async (server) => {
  const peerConnection = new RTCPeerConnection();
  peerConnection.createDataChannel("any");
  await peerConnection.setLocalDescription();
  const client = new peerpost.SignalingClient(server);
  const { channel_id } = await client.createDataChannel({ offer: peerConnection.localDescription.sdp });
  return channel_id;
}"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page's script, with the development build of React, because only that build mounts components twice."""
    folder = tmp_path_factory.mktemp("react")
    readme = (ROOT / "clients/javascript/README.md").read_text()
    (folder / "use-peer.jsx").write_text("".join(re.findall("```jsx\n(.*?)```", readme, re.DOTALL)))
    (folder / "app.jsx").write_text(Path(__file__).with_name("strict-mode.jsx").read_text())
    command = [
        f"{PACKAGES}/.bin/esbuild",
        "app.jsx",
        "--bundle",
        "--format=esm",
        "--jsx=automatic",
        '--define:process.env.NODE_ENV="development"',
        f"--alias:peerpost={ROOT}/clients/javascript/src/index.js",
    ]
    return subprocess.run(
        command, cwd=folder, env={"NODE_PATH": str(PACKAGES)}, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def users(people: list[Person], app: str) -> Iterator[list[Person]]:
    """Two users who have the page open. Afterwards, check that the page threw no error."""
    problems: list[str] = []
    for person in people:
        person.page.on("pageerror", lambda error: problems.append(str(error)))
        person.page.add_script_tag(type="module", content=app)
        person.wait_for("window.app")
    yield people
    assert problems == []


def mount(person: Person, **options: str) -> None:
    person.page.evaluate("(options) => app.mount(options)", options)


def assert_they_talk(*people: Person) -> None:
    for person in people:
        # Chromium loses a few messages in a thousand if the peer that answers sends them in the event that reports the
        # open channel.
        person.wait_for("app.state === 'connected' && app.chat.readyState === 'open'")
        person.ask("app.chat.send('hello')")
    for person in people:
        person.wait_for("app.messages.includes('hello')")


def test_a_component_that_strict_mode_mounts_twice_opens_one_channel_and_connects(
    users: list[Person], proxy: Proxy
) -> None:
    alice, bob = users

    mount(alice, server=proxy.url)
    alice.wait_for("app.channels.length")
    mount(bob, server=proxy.url, channelId=alice.ask("app.channels[0]"))

    assert_they_talk(alice, bob)
    assert [alice.ask("app.connections"), bob.ask("app.connections")] == [2, 2]
    assert proxy.methods["create_data_channel"] == 1
    assert proxy.methods["create_answer"] == 1


def test_a_component_unmounted_while_connecting_erases_its_channel_and_connects_when_mounted_again(
    users: list[Person], proxy: Proxy
) -> None:
    alice, bob = users
    mount(alice, server=proxy.url)
    alice.wait_for("app.channels.length")

    alice.ask("app.unmount()")
    proxy.wait_for("delete_data_channel")
    mount(alice, server=proxy.url)
    alice.wait_for("app.channels.length === 2")
    mount(bob, server=proxy.url, channelId=alice.ask("app.channels[1]"))

    assert_they_talk(alice, bob)


def test_a_guest_mounted_again_after_sending_its_answer_learns_that_the_link_is_used_up(
    users: list[Person], proxy: Proxy
) -> None:
    alice, bob = users
    # Nobody reads the answer to this offer, so Bob keeps connecting.
    link = {"server": proxy.url, "channelId": alice.page.evaluate(OFFER, proxy.url)}

    mount(bob, **link)
    # The server holds this reply until it has the answer.
    read = {"method": "get_answer", "channel_id": link["channelId"], "since": 0, "wait": 20}
    assert proxy.server.post("/", json=read).is_success
    bob.wait_for("app.connections === 2")
    bob.ask("app.unmount()")
    # React renders later. It could render both changes at once, and would then unmount nothing.
    bob.wait_for("document.querySelector('main').textContent === ''")
    mount(bob, **link)

    bob.wait_for("app.state === 'RefusalError: answer already exists'")
