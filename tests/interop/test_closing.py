"""The application closes a connection during set-up, in real browsers, where pending promises then never settle."""

import pytest

from harness.browsers import Browser
from harness.front import Front

# `connect` takes a quarter of a second to reject on an idle machine.
# Without its check for a closed connection, it would take 300 s or wait forever.
MAX_MILLISECONDS = 10_000

MOMENTS = {
    "offerer": [
        "at once",
        "before setLocalDescription",
        "after setLocalDescription",
        "create_data_channel",
        "channel",
        "offer-sent",
        "get_answer",
        "answer-received",
        "before setRemoteDescription",
        "after setRemoteDescription",
    ],
    "answerer": [
        "at once",
        "get_offer",
        "offer-received",
        "before setRemoteDescription",
        "after setRemoteDescription",
        "before setLocalDescription",
        "after setLocalDescription",
        "create_answer",
        "answer-sent",
    ],
}

# Connects two peers in one page, and closes one of them at a moment.
# Returns the error, and the milliseconds from the close to the error.
CLOSE_AT = """async (server, role, moment) => {
  const { connect, SignalingClient } = await import("/src/index.js");
  const over = new AbortController();
  const peers = { offerer: new RTCPeerConnection(), answerer: new RTCPeerConnection() };
  peers.offerer.createDataChannel("chat");
  let closedAt;
  let hasClosed;
  const closed = new Promise((resolve) => (hasClosed = resolve));
  const pass = (name) => {
    if (name !== moment || closedAt !== undefined) return;
    closedAt = performance.now();
    peers[role].close();
    hasClosed();
  };
  for (const name of ["setLocalDescription", "setRemoteDescription"]) {
    const original = peers[role][name].bind(peers[role]);
    peers[role][name] = (...values) => {
      pass(`before ${name}`);
      const promise = original(...values);
      pass(`after ${name}`);
      return promise;
    };
  }
  // The offerer gets the answer after the close. Otherwise they might connect before the answerer's last step.
  const fetchLate = async (url, request) => {
    const reply = await fetch(url, request);
    if (role === "answerer" && JSON.parse(request.body).method === "get_answer") await closed;
    return reply;
  };
  const options = (name) => name !== role ? {
    server: new SignalingClient(server, { fetch: fetchLate }),
    signal: over.signal,
  } : {
    server: new SignalingClient(server, { fetch: (url, request) => {
      pass(JSON.parse(request.body).method);
      return fetch(url, request);
    } }),
    onProgress: pass,
  };
  const failure = (promise) => promise.then(() => "connected", ({ name, message }) => `${name}: ${message}`);
  let failing = new Promise(() => {});
  const channelId = await new Promise((resolve) => {
    const offering = failure(connect(peers.offerer, { ...options("offerer"), onChannel: resolve }));
    if (role === "offerer") {
      failing = offering;
      pass("at once");
      offering.then(() => resolve());
    }
  });
  if (channelId) {
    const answering = failure(connect(peers.answerer, { ...options("answerer"), channelId }));
    if (role === "answerer") failing = answering;
    if (role === "answerer") pass("at once");
  }
  const error = await failing;
  const took = performance.now() - closedAt;
  over.abort();
  for (const peer of Object.values(peers)) peer.close();
  return [error, took];
}"""


@pytest.mark.parametrize("role", ["offerer", "answerer"])
@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_connect_rejects_if_the_connection_is_closed_at_any_step(
    request: pytest.FixtureRequest, browser: str, role: str, page_url: str, front: Front
) -> None:
    running: Browser = request.getfixturevalue(browser)
    errors = {}
    slow = {}

    with running.profile() as profile:
        page = profile.open(page_url)
        for moment in MOMENTS[role]:
            errors[moment], milliseconds = page.evaluate(CLOSE_AT, front.url, role, moment)
            if milliseconds > MAX_MILLISECONDS:
                slow[moment] = milliseconds

    assert errors == dict.fromkeys(MOMENTS[role], "UnreachableError: the connection is closed")
    assert slow == {}
