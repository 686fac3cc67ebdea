import assert from "node:assert/strict";
import { test } from "node:test";

import { Negotiation } from "../src/negotiation.js";
import { FakePeerConnection } from "./fake-peer-connection.js";

/** A connection with the signaling states of W3C WebRTC, section 4.3.1, and no media. */
class Negotiable extends FakePeerConnection {
  offers = 0;

  async setLocalDescription() {
    const answering = this.signalingState === "have-remote-offer";
    this.signalingState = answering ? "stable" : "have-local-offer";
    this.localDescription = answering
      ? { type: "answer", sdp: `answer to ${this.remoteDescription.sdp}` }
      : { type: "offer", sdp: `${this.name} ${++this.offers}` };
  }

  async setRemoteDescription(description) {
    this.done.push([description.type, description.sdp]);
    if (description.type === "answer" && this.signalingState !== "have-local-offer") throw new Error("wrong state");
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
    this.remoteDescription = description;
  }
}

function pair() {
  const reports = [];
  const peers = ["impolite", "polite"].map((name) => Object.assign(new Negotiable(), { name }));
  const negotiations = peers.map((peer) => new Negotiation(peer, peer.name === "polite", (step) => reports.push(step)));
  negotiations.forEach((negotiation) => negotiation.listen());
  peers.forEach(({ channel }, number) => {
    const other = peers[1 - number].channel;
    channel.send = (data) => setImmediate(() => other.onmessage({ data }));
  });
  return { peers, negotiations, reports };
}

function open(peers) {
  for (const { channel } of peers) {
    channel.readyState = "open";
    channel.onopen();
  }
}

async function settled() {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("negotiation has its own data channel, which both peers create with the same id", () => {
  const { peers } = pair();

  for (const { done } of peers) {
    assert.deepEqual(done, [["createDataChannel", "peerpost", { negotiated: true, id: 255 }]]);
  }
});

test("an offer is answered over the negotiation channel when it is open", async () => {
  const { peers, reports } = pair();
  const [impolite, polite] = peers;
  polite.negotiate();
  await settled();
  // The answer to a second offer would replace the first answer, which is not sent yet.
  assert.equal(polite.localDescription, null);

  open(peers);
  await settled();

  assert.equal(impolite.remoteDescription.sdp, "polite 1");
  assert.equal(polite.remoteDescription.sdp, "answer to polite 1");
  assert.deepEqual(reports, ["renegotiated", "renegotiated"]);
});

test("a message that cannot be sent is reported, and does not block others", async () => {
  const { peers, negotiations, reports } = pair();
  const [impolite, polite] = peers;
  negotiations.forEach((negotiation) => negotiation.keep([]));
  for (const candidate of ["too long", "fits"]) impolite.find(candidate);
  const { send } = impolite.channel;
  impolite.channel.send = (data) => {
    impolite.channel.send = send;
    throw new TypeError("larger than maxMessageSize");
  };
  polite.remoteDescription = {};

  open(peers);
  impolite.ice("connected");
  await settled();

  assert.deepEqual(reports, ["negotiation-failed"]);
  assert.deepEqual(polite.done.slice(1), [["addIceCandidate", "fits"]]);
});

test("if both peers offer at the same time, the polite peer gives way", async () => {
  const { peers, reports } = pair();
  const [impolite, polite] = peers;
  open(peers);

  for (const peer of peers) peer.negotiate();
  await settled();

  assert.equal(polite.remoteDescription.sdp, "impolite 1");
  assert.equal(impolite.remoteDescription.sdp, "answer to impolite 1");
  assert.deepEqual([impolite.signalingState, polite.signalingState], ["stable", "stable"]);
  assert.equal(reports.includes("negotiation-failed"), false);
});

test("a disconnected peer gives way even if it is impolite, and never sends its own offer", async () => {
  for (const number of [0, 1]) {
    const { peers, negotiations, reports } = pair();
    const lost = peers[number];
    const moved = peers[1 - number];
    open(peers);
    negotiations.forEach((negotiation) => negotiation.keep([]));
    lost.ice("disconnected");
    lost.negotiate();
    await settled();
    lost.find("of the offer that is not sent");

    moved.negotiate();
    await settled();
    lost.ice("connected");
    await settled();

    assert.equal(lost.remoteDescription.sdp, `${moved.name} 1`);
    assert.equal(moved.remoteDescription.sdp, `answer to ${moved.name} 1`);
    assert.deepEqual(moved.done.filter(([what]) => /offer|addIceCandidate/.test(what)), []);
    assert.equal(reports.includes("negotiation-failed"), false);
  }
});

test("candidates of an ignored offer are not an error, but other unusable ones are", async () => {
  const { peers, reports } = pair();
  const [impolite] = peers;
  impolite.signalingState = "have-local-offer";
  impolite.remoteDescription = {};
  const receive = (message) => impolite.channel.onmessage({ data: JSON.stringify(message) });

  await receive({ description: { type: "offer", sdp: "passed over" } });
  await receive({ candidate: { candidate: "bad" } });
  assert.deepEqual(reports, []);
  await receive({ description: { type: "answer", sdp: "fits" } });
  await receive({ candidate: { candidate: "bad" } });
  await receive("no message");

  assert.deepEqual(reports, ["renegotiated", "negotiation-failed"]);
});

test("a broken connection restarts ICE, until negotiation is stopped", () => {
  const { peers, negotiations } = pair();
  const [peer] = peers;
  negotiations[0].keep([]);

  for (const state of ["checking", "connected", "disconnected", "failed", "completed"]) peer.ice(state);
  negotiations[0].stop();
  peer.ice("failed");

  assert.equal(peer.done.filter(([what]) => what === "restartIce").length, 2);
  assert.equal(peer.channel.closed, true);
});
