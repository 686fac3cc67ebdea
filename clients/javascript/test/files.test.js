/** peerpost/files: two peers send each other files, and one of them may be hostile. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock, test } from "node:test";

import { Files } from "../src/files.js";
import { AHEAD_BYTES, ALIVE_MS, BUFFER_HIGH_BYTES, CHUNK_BYTES, READ_BYTES } from "../src/limits.js";
import { openChannels, twoPeers } from "./fake-data-channel.js";

const MEGABYTE = 1_000_000;
const ALIVE = '{"type":"alive"}';

/** Two connected peers with files on both sides, and what each has received and learned. */
function twoSides(t, options) {
  const peers = twoPeers(t);
  const [ours, theirs] = [peers.one, peers.other].map((peer) => {
    const side = { received: [], learned: [] };
    const onTransfer = (transfer) => side.received.push(transfer);
    side.files = new Files(peer, { onTransfer, onPeer: (other) => side.learned.push(other), ...options });
    return side;
  });
  return { ...peers, ours, theirs };
}

/** One peer with files, and the data channels of a peer that the test plays. */
function oneSide(t, options) {
  const peers = twoPeers(t);
  const received = [];
  const learned = [];
  const files = new Files(peers.one, {
    onTransfer: (transfer) => received.push(transfer),
    onPeer: (other) => learned.push(other),
    ...options,
  });
  const theirs = peers.other.createDataChannel("peerpost-file");
  peers.connect();
  return { ...peers, files, received, learned, theirs, ours: peers.one.channels[0] };
}

const say = (channel, message) => channel.send(JSON.stringify(message));
const said = (channel) => channel.sent.filter((each) => typeof each === "string" && each !== ALIVE).map((each) => JSON.parse(each));
const sha256 = (content) => createHash("sha256").update(content).digest("hex");

async function until(happened) {
  while (!happened()) await new Promise((resolve) => setImmediate(resolve));
}

/** Return once everything that was sent has been delivered. */
async function delivered() {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("both peers send several files at the same time, and all of them arrive", async (t) => {
  const { ours, theirs, connect } = twoSides(t);
  const large = Buffer.from(Array.from({ length: 3 * MEGABYTE }, (_, index) => index % 251));

  const sent = [
    ...ours.files.send([new File([large], "large.bin"), new File([], "empty.txt")]),
    ...theirs.files.send([new File(["answer"], "a/../b.txt")]),
  ];
  connect();
  await Promise.all(sent.map(({ finished }) => finished));

  assert.deepEqual(
    sent.map(({ state, name, bytes, sha256 }) => ({ state, name, bytes, sha256 })),
    [
      { state: "done", name: "large.bin", bytes: 3 * MEGABYTE, sha256: sha256(large) },
      { state: "done", name: "empty.txt", bytes: 0, sha256: sha256("") },
      { state: "done", name: "b.txt", bytes: 6, sha256: sha256("answer") },
    ],
  );
  const [first, empty] = theirs.received;
  assert.deepEqual(Buffer.from(await first.content.arrayBuffer()), large);
  assert.equal(first.content.type, "application/octet-stream");
  assert.equal(empty.content.size, 0);
  assert.equal(await ours.received[0].content.text(), "answer");
});

test("each of two pages learns that the other one sends and receives, and does not leave after one file", async (t) => {
  const { ours, theirs, connect } = twoSides(t);

  connect();
  await until(() => ours.learned.length === 2 && theirs.learned.length === 2);

  for (const side of [ours, theirs]) {
    assert.deepEqual(side.learned.at(-1), { sends: true, receives: true, once: false });
    assert.deepEqual(side.files.peer, side.learned.at(-1));
  }
});

test("a page learns that the sender leaves after one file, and later the outcome", async (t) => {
  const { theirs, received, learned } = oneSide(t);

  say(theirs, { type: "file", id: 0, name: "a.txt", size: 2, once: true });
  await until(() => received.length);
  const before = learned.at(-1);
  theirs.send(Buffer.from("hi"));
  say(theirs, { type: "end", id: 0, sha256: sha256("hi") });
  await received[0].finished;

  assert.deepEqual(before, { sends: true, receives: false, once: true });
  assert.deepEqual(learned.at(-1), { sends: true, receives: false, once: true, outcome: "done" });
});

test("a sender of one file counts as failed if either side gives up", async (t) => {
  for (const giveUp of [(transfer) => transfer.cancel(), (_, theirs) => say(theirs, { type: "error", message: "no" })]) {
    const { theirs, received, learned } = oneSide(t);
    say(theirs, { type: "file", id: 0, name: "a.txt", size: 2, once: true });
    await until(() => received.length);

    giveUp(received[0], theirs);
    await received[0].finished;

    assert.equal(learned.at(-1).outcome, "failed");
  }
});

test("a receiver of one file counts as failed if either side gives up", async (t) => {
  for (const giveUp of [(transfer) => transfer.cancel(), (_, { other }) => say(other, { type: "error", message: "no" })]) {
    const { files, ours, learned } = oneReceiver(t);
    say(ours.other, { type: "alive", once: true });
    await until(() => learned.length);
    const [transfer] = files.send([new File(["hi"], "a.txt")]);
    await until(() => said(ours).some(({ type }) => type === "end"));

    giveUp(transfer, ours);
    await transfer.finished;

    assert.equal(learned.at(-1).outcome, "failed");
  }
});

test("no outcome is reported for a peer that is lost, or for a peer that stays", async (t) => {
  const [lost, staying] = [oneSide(t), oneSide(t)];
  say(lost.theirs, { type: "file", name: "a.txt", size: 2, once: true });
  say(staying.theirs, { type: "file", name: "a.txt", size: 2 });
  await until(() => lost.received.length && staying.received.length);

  lost.closeAll();
  staying.received[0].cancel();
  await lost.received[0].finished;

  assert.equal(lost.files.peer.outcome, undefined);
  assert.equal(staying.files.peer.outcome, undefined);
});

test("a page learns that the receiver takes one file, and later the outcome", async (t) => {
  const { one, other, files, ours, learned } = { ...oneReceiver(t) };
  say(ours.other, { type: "alive", once: true });
  await until(() => learned.length);
  const before = learned.at(-1);

  const [transfer] = files.send([new File(["hi"], "a.txt")]);
  await until(() => said(ours).some(({ type }) => type === "end"));
  say(ours.other, { type: "done", id: 0, sha256: sha256("hi") });
  await transfer.finished;

  assert.equal(other.channels.length, 0);
  assert.equal(one.channels.length, 1);
  assert.deepEqual(before, { sends: false, receives: true, once: true });
  assert.deepEqual(learned.at(-1), { sends: false, receives: true, once: true, outcome: "done" });
});

/** One peer with files, and another one that only receives. */
function oneReceiver(t) {
  const peers = twoPeers(t);
  const learned = [];
  const files = new Files(peers.one, { onPeer: (other) => learned.push(other) });
  peers.connect();
  return { ...peers, files, learned, ours: peers.one.channels[0] };
}

test("a receiver that takes one file gets several as one tar archive", async (t) => {
  const { files, ours, learned } = oneReceiver(t);
  say(ours.other, { type: "alive", once: true });
  await until(() => learned.length);
  const long = `${"ü".repeat(120)}.txt`;
  const chosen = [new File(["one"], "a.txt"), new File([Buffer.alloc(512, 1)], "A.txt"), new File([], long), new File(["4"], "../写真")];

  const [transfer, ...others] = files.send(chosen);
  await until(() => said(ours).some(({ type }) => type === "end"));
  transfer.cancel();

  const [{ type, name, size }] = said(ours);
  const archive = Buffer.concat(ours.sent.filter((each) => typeof each !== "string").map((each) => Buffer.from(each)));
  assert.deepEqual({ type, name, size, others }, { type: "files", name: "a.txt and 3 more", size: archive.length, others: [] });
  assert.deepEqual(unpacked(t, archive), { "a.txt": "one", "A (2).txt": "\u0001".repeat(512), [long]: "", 写真: "4" });
});

test("a receiver that takes one file is not offered a second one", async (t) => {
  const { files, ours, learned } = oneReceiver(t);
  say(ours.other, { type: "alive", once: true });
  await until(() => learned.length);

  const [first] = files.send([new File(["hi"], "a.txt")]);
  const [second] = files.send([new File(["ho"], "b.txt")]);
  await until(() => said(ours).some(({ type }) => type === "end"));
  say(ours.other, { type: "done", id: 0, sha256: sha256("hi") });
  await first.finished;
  await delivered();

  assert.deepEqual([first.state, second.problem], ["done", "The other side takes no second transfer."]);
  assert.equal(said(ours).length, 2);
});

/** Return the files in an archive, by their names, as tar unpacks it. */
function unpacked(t, archive) {
  const folder = mkdtempSync(join(tmpdir(), "peerpost-archive-"));
  t.after(() => rmSync(folder, { recursive: true }));
  execFileSync("tar", ["--extract", "--directory", folder], { input: archive });
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

test("nothing is sent to a peer that only came to send a file", async (t) => {
  const { files, theirs, ours, received } = oneSide(t);
  say(theirs, { type: "file", name: "a.txt", size: 2, once: true });
  await until(() => received.length);

  const [transfer] = files.send([new File(["hi"], "b.txt")]);
  await transfer.finished;
  await delivered();

  assert.equal(transfer.problem, "The other side takes no files.");
  assert.deepEqual(said(ours), []);
});

test("several files in a tar archive are offered as one .tar file", async (t) => {
  const { theirs, received } = oneSide(t);

  say(theirs, { type: "files", id: 0, name: "holiday", size: 1024 });
  await until(() => received.length);

  const [{ name, isArchive, size }] = received;
  assert.deepEqual({ name, isArchive, size }, { name: "holiday.tar", isArchive: true, size: 1024 });
});

test("both peers send an alive message every second until the connection ends", async (t) => {
  mock.timers.enable({ apis: ["setInterval"] });
  t.after(() => mock.timers.reset());
  const { one, ours, connect, closeAll } = twoSides(t);
  const count = () => [one.channels[0], one.channels[0].other].map(({ sent }) => sent.filter((each) => each === ALIVE).length);

  connect();
  const atFirst = count();
  for (let second = 0; second < 3; second++) mock.timers.tick(ALIVE_MS);
  const later = count();
  closeAll();
  await delivered();
  mock.timers.tick(10 * ALIVE_MS);

  assert.deepEqual([atFirst, later, count()], [
    [1, 1],
    [4, 4],
    [4, 4],
  ]);
  assert.equal(ours.received.length, 0);
});

test("transfers end when this page closes the connection, although no event reports it", async (t) => {
  mock.timers.enable({ apis: ["setInterval"] });
  t.after(() => mock.timers.reset());
  const { one, ours, connect } = twoSides(t);
  connect();
  one.channels[0].isStuck = true;
  const [transfer] = ours.files.send([new File(["hi"], "a.txt")]);
  await until(() => transfer.state === "checking");

  one.channels[0].readyState = "closed";
  mock.timers.tick(ALIVE_MS);

  assert.equal(transfer.problem, "The connection ended.");
});

test("if the connection ends, current and later transfers fail", async (t) => {
  const { one, ours, theirs, connect, closeAll } = twoSides(t);
  connect();
  one.channels[0].other.isStuck = true; // Nothing is confirmed, so the sender waits.
  const [first, second] = ours.files.send([new File([Buffer.alloc(12 * MEGABYTE)], "a"), new File(["hi"], "b")]);
  await until(() => theirs.received[0]?.bytes > 0);

  closeAll();
  await Promise.all([first.finished, second.finished, theirs.received[0].finished]);
  const [third] = ours.files.send([new File(["hi"], "c")]);

  for (const { problem } of [first, second, third, theirs.received[0]]) assert.equal(problem, "The connection ended.");
});

test("a file that its sender cancels is not received, and the next one is", async (t) => {
  const { one, ours, theirs, connect } = twoSides(t);
  connect();
  const replies = one.channels[0].other;
  replies.isStuck = true; // Nothing is confirmed, so the sender waits.
  const [first, second] = ours.files.send([new File([Buffer.alloc(12 * MEGABYTE)], "a"), new File(["hi"], "b")]);
  await until(() => theirs.received[0]?.bytes > 0);

  first.cancel();
  replies.release();
  await second.finished;

  assert.deepEqual([first.problem, theirs.received[0].problem], ["Cancelled.", "Not received: the sender cancelled it."]);
  assert.equal(await theirs.received[1].content.text(), "hi");
  assert.equal(one.channels[0].readyState, "open");
});

test("a file that its receiver cancels is not sent to its end, and the next one is received", async (t) => {
  const { one, ours, theirs, connect } = twoSides(t);
  connect();
  const [first, second] = ours.files.send([new File([Buffer.alloc(12 * MEGABYTE)], "a"), new File(["hi"], "b")]);
  await until(() => theirs.received[0]?.bytes > 0);

  theirs.received[0].cancel();
  await second.finished;

  assert.deepEqual([first.problem, theirs.received[0].problem], ["Not delivered: the receiver cancelled it.", "Cancelled."]);
  assert.equal(await theirs.received[1].content.text(), "hi");
  assert.ok(one.channels[0].sent.reduce((sum, { byteLength = 0 }) => sum + byteLength, 0) < 12 * MEGABYTE);
});

test("a file that is cancelled before its turn is never announced", async (t) => {
  const { one, ours, theirs, connect } = twoSides(t);
  const [first, second] = ours.files.send([new File(["hi"], "a"), new File(["ho"], "b")]);

  second.cancel();
  connect();
  await first.finished;
  await delivered();

  assert.equal(second.problem, "Cancelled.");
  assert.equal(said(one.channels[0]).length, 2);
  assert.equal(theirs.received.length, 1);
});

test("a page can refuse a file as soon as it is announced", async (t) => {
  const { ours, connect } = twoSides(t, { onTransfer: (transfer) => transfer.cancel() });
  connect();

  const [transfer] = ours.files.send([new File(["hi"], "a")]);
  await transfer.finished;

  assert.equal(transfer.problem, "Not delivered: the receiver cancelled it.");
});

test("a late reply to a cancelled file does not end the next one", async (t) => {
  const { files, ours } = oneReceiver(t);
  const [first, second] = files.send([new File(["hi"], "a"), new File(["ho"], "b")]);
  await until(() => said(ours).some(({ type }) => type === "end"));

  first.cancel();
  await until(() => said(ours).some(({ name }) => name === "b"));
  say(ours.other, { type: "done", id: 0, sha256: sha256("hi") });
  say(ours.other, { type: "error", id: 0, message: "too late" });
  await until(() => said(ours).filter(({ type }) => type === "end").length === 2);
  say(ours.other, { type: "done", id: 1, sha256: sha256("ho") });
  await second.finished;

  assert.deepEqual([first.problem, second.state], ["Cancelled.", "done"]);
});

test("a receiver that reports done before everything was sent breaks the protocol", async (t) => {
  const { files, ours } = oneReceiver(t);
  ours.isStuck = true;
  const [transfer] = files.send([new File([Buffer.alloc(12 * MEGABYTE)], "a")]);
  await until(() => ours.bufferedAmount > 0);

  say(ours.other, { type: "done", id: 0, sha256: sha256(Buffer.alloc(12 * MEGABYTE)) });
  await transfer.finished;

  assert.equal(transfer.problem, "The other side does not follow the protocol of file transfers.");
});

test("a sender waits while its buffer is full", async (t) => {
  const { files, ours } = oneReceiver(t);
  ours.isStuck = true;

  const [transfer] = files.send([new File([Buffer.alloc(12 * MEGABYTE)], "a")]);
  await until(() => ours.bufferedAmount > BUFFER_HIGH_BYTES);
  await delivered();
  const highest = ours.highest;
  transfer.cancel();

  assert.ok(highest <= BUFFER_HIGH_BYTES + 2 * CHUNK_BYTES, String(highest));
});

test("a sender waits while the receiver confirms nothing", async (t) => {
  const { files, ours } = oneReceiver(t);
  const sent = () => ours.sent.reduce((sum, { byteLength = 0 }) => sum + byteLength, 0);
  const [transfer] = files.send([new File([Buffer.alloc(12 * MEGABYTE)], "a")]);
  await until(() => sent() > AHEAD_BYTES);
  await delivered();
  const ahead = sent();

  say(ours.other, { type: "received", id: 0, bytes: READ_BYTES });
  await until(() => sent() > AHEAD_BYTES + READ_BYTES);
  transfer.cancel();

  assert.ok(ahead <= AHEAD_BYTES + CHUNK_BYTES, String(ahead));
  assert.equal(transfer.bytes, READ_BYTES);
});

test("a file that cannot be read is not announced", async (t) => {
  const { one, ours, connect } = twoSides(t);
  connect();
  const folder = new File(["hi"], "folder");
  t.mock.method(folder, "slice", () => ({ arrayBuffer: () => Promise.reject(new DOMException("", "NotReadableError")) }));

  const [transfer] = ours.files.send([folder]);
  await transfer.finished;

  assert.equal(transfer.problem, "The browser cannot read this file.");
  assert.deepEqual(said(one.channels[0]), []);
});

test("a received file that cannot be checked fails on both sides, and the next one arrives", async (t) => {
  const { ours, theirs, connect } = twoSides(t);
  const { arrayBuffer } = Blob.prototype;
  let isFull = true;
  t.mock.method(Blob.prototype, "arrayBuffer", function () {
    // Only received files have this type.
    if (!isFull || this.type !== "application/octet-stream") return arrayBuffer.call(this);
    isFull = false;
    return Promise.reject(new RangeError("Array buffer allocation failed"));
  });
  connect();

  const [first, second] = ours.files.send([new File(["hi"], "a"), new File(["ho"], "b")]);
  await Promise.all([first.finished, second.finished]);

  assert.deepEqual(
    [first.problem, theirs.received[0].problem],
    ["Not delivered: the receiver cannot check it.", "The browser cannot check this file."],
  );
  assert.equal(second.state, "done");
  assert.equal(await theirs.received[1].content.text(), "ho");
});

test("a file that is too large is neither sent nor received", async (t) => {
  const { files, theirs, received } = oneSide(t, { maxFileBytes: 1_048_576 });

  const [sent] = files.send([new File([Buffer.alloc(1_048_577)], "a")]);
  say(theirs, { type: "file", id: 3, name: "b", size: 1_048_577 });
  await until(() => received.length);
  await delivered();

  assert.equal(sent.problem, "This file is too large: the limit is 1 MB.");
  assert.equal(received[0].problem, "Not received: it is too large: the limit is 1 MB.");
  assert.deepEqual(said(theirs.other), [{ type: "error", id: 3, message: "it is too large: the limit is 1 MB" }]);
});

test("a stream without a size is refused once it is too large", async (t) => {
  const { theirs, received } = oneSide(t, { maxFileBytes: 1_048_576 });

  say(theirs, { type: "file", id: 0, name: "stdin", size: null });
  for (let count = 0; count < 17; count++) theirs.send(Buffer.alloc(65_536));
  await until(() => received.length);
  await received[0].finished;

  assert.equal(received[0].problem, "Not received: it is too large: the limit is 1 MB.");
  assert.equal(received[0].bytes, 1_048_576);
});

test("the total size of all files that one connection receives is limited", async (t) => {
  const { theirs, received } = oneSide(t, { maxReceivedBytes: 1_000_000 });
  const content = Buffer.alloc(60_000);

  for (let id = 0; id < 20; id++) {
    say(theirs, { type: "file", id, name: "a", size: content.length });
    theirs.send(content);
    say(theirs, { type: "end", id, sha256: sha256(content) });
    await until(() => received.length === id + 1);
    await received[id].finished;
  }

  assert.equal(received.filter(({ state }) => state === "done").length, 16);
  assert.match(received[16].problem, /this connection has reached its limit/);
});

test("a file that comes in messages of one byte arrives", async (t) => {
  const { theirs, received } = oneSide(t);
  const size = 100_000;
  const byte = new ArrayBuffer(1);

  say(theirs, { type: "file", name: "a", size });
  await until(() => received.length);
  for (let count = 0; count < size; count++) theirs.other.dispatchEvent(new MessageEvent("message", { data: byte }));
  say(theirs, { type: "end", sha256: sha256(Buffer.alloc(size)) });
  await received[0].finished;

  assert.equal(received[0].content.size, size);
});

test("a peer that breaks the protocol loses its data channel", async (t) => {
  const { theirs, received } = oneSide(t);

  say(theirs, { type: "hologram" });
  await until(() => theirs.readyState === "closed");

  assert.deepEqual(said(theirs.other), [{ type: "error", message: "this is against the protocol of file transfers" }]);
  assert.equal(received.length, 0);
});

test("a peer that reads no replies loses its data channel once the send queue is full", async (t) => {
  const { theirs, received } = oneSide(t, { maxFileBytes: 1 });
  t.mock.method(theirs.other, "send", () => {
    throw new DOMException("the send queue is full", "OperationError");
  });

  say(theirs, { type: "file", name: "a", size: 2 });
  await until(() => received.length);

  assert.equal(theirs.readyState, "closed");
});

test("only the first data channel for files is used, and the page's other data channels are left alone", async (t) => {
  const { one, other } = oneSide(t);
  const [second, chat] = [other.createDataChannel("peerpost-file"), other.createDataChannel("chat")];

  openChannels(other, one);
  await delivered();

  assert.deepEqual([second.readyState, chat.readyState], ["closed", "open"]);
});
