"""Two peers that cannot reach each other learn why, from the statistics of a real browser."""

import pytest

from harness.browsers import Browser
from harness.front import Front
from harness.stun import StunServer

# ICE gives up after 15 seconds in Chromium, and after 30 in Firefox.
SECONDS = 90

# Two peers in one page. Their descriptions name addresses that nobody has (RFC 5737), and not their own.
FAIL = """async (server, iceServers) => {
  const { connect } = await import("/src/index.js");
  class Lost extends RTCPeerConnection {
    // A candidate that was found too late for the description would lead to the other peer.
    async addIceCandidate() {}
    get localDescription() {
      const { type, sdp } = super.localDescription;
      return { type, sdp: sdp.replaceAll(/^(a=candidate:\\S+ 1 \\S+ \\S+) \\S+/gm, "$1 192.0.2.1") };
    }
  }
  const [one, other] = [new Lost({ iceServers }), new Lost({ iceServers })];
  one.createDataChannel("any");
  const reasonOf = (connecting) => connecting.then(() => "connected", ({ reason, message }) => [reason, message]);
  let offering;
  const channelId = await new Promise((onChannel) => {
    offering = reasonOf(connect(one, { server, onChannel }));
  });
  return Promise.all([offering, reasonOf(connect(other, { server, channelId }))]);
}"""


@pytest.mark.parametrize("name", ["chromium", "firefox"])
def test_peers_that_get_no_reply_from_the_stun_server_learn_that_this_is_the_reason(
    request: pytest.FixtureRequest, page_url: str, front: Front, stun: StunServer, name: str
) -> None:
    browser: Browser = request.getfixturevalue(name)
    with browser.profile() as profile:
        page = profile.open(page_url)
        values = [front.url, [{"urls": stun.url}]]

        ends = browser.begin("evaluate", page=page.number, source=FAIL, values=values).result(SECONDS)

    assert ends == [["no-stun", "no STUN server answered"]] * 2
