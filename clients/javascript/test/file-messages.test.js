/** The messages of a file transfer, from `clients/file-messages.json`. The Python client is tested with it, too. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { readFileMessage } from "../src/file-message.js";
import { Files } from "../src/files.js";
import { openChannels, twoPeers } from "./fake-data-channel.js";

const { messages, transfers } = JSON.parse(readFileSync(new URL("../../file-messages.json", import.meta.url), "utf8"));
const transfersOf = (role) => transfers.filter(({ roles }) => roles.includes(role));
const ALIVE = '{"type":"alive"}';

for (const { why, text, read } of messages) {
  test(`${read ? "a valid message is read" : "an invalid message is not read"}: ${why}`, () => {
    assert.deepEqual(readFileMessage(text) ?? null, read);
  });
}

for (const { why, steps, outcome } of transfersOf("receiver")) {
  test(`a receiver behaves as the shared list says: ${why}`, async (t) => {
    const { one, other } = twoPeers(t);
    const received = [];
    new Files(other, { onTransfer: (transfer) => received.push(transfer) });
    const channel = one.createDataChannel("peerpost-file");
    openChannels(one, other);

    for (const step of steps) {
      if (step.from === "sender") inPieces(step).forEach((piece) => channel.send(piece));
    }
    await until(() => received.length);
    await received[0].finished;
    await delivered();

    assertSaid(channel.other, steps, "receiver");
    assert.equal(received.length, 1);
    assert.equal(received[0].state, outcome);
    if (outcome === "done") {
      const content = Buffer.from(await received[0].content.arrayBuffer());
      assert.deepEqual(content, contentOf(steps));
    }
  });
}

for (const { why, steps, outcome } of transfersOf("sender")) {
  test(`a sender behaves as the shared list says: ${why}`, async (t) => {
    const { one, other } = twoPeers(t);
    const files = new Files(one);
    openChannels(one, other);
    const [channel] = one.channels;
    const [{ message: announcement }] = steps;
    const file = new File([contentOf(steps) ?? Buffer.alloc(announcement.size)], announcement.name);

    const [transfer] = files.send([file]);
    for (const [index, step] of steps.entries()) {
      if (step.from === "sender") await until(() => hasSent(channel, steps.slice(0, index + 1)));
      else inPieces(step).forEach((piece) => channel.other.send(piece));
    }
    await transfer.finished;
    await delivered();

    assert.equal(transfer.state, outcome);
    assertSaid(channel, steps, "sender");
  });
}

/** Return the messages of a step. Long content is sent in pieces. */
function inPieces({ message, text, content, zeros }) {
  if (message) return [JSON.stringify(message)];
  if (text !== undefined) return [text];
  if (content !== undefined) return [Buffer.from(content)];
  const pieces = Array(Math.floor(zeros / 65_536)).fill(65_536);
  return [...pieces, zeros % 65_536].map((size) => Buffer.alloc(size));
}

/** Return the whole content that the sender sends in these steps, or undefined if it sends none. */
function contentOf(steps) {
  const parts = steps.filter(({ from, content, zeros }) => from === "sender" && (content ?? zeros) !== undefined);
  const hasEnd = steps.some(({ message }) => message?.type === "end");
  return parts.length || hasEnd ? Buffer.concat(parts.flatMap(inPieces)) : undefined;
}

/** Return the control messages that were sent on a channel. */
function saidOn({ sent }) {
  return sent.filter((message) => typeof message === "string" && message !== ALIVE);
}

/** Whether a sender has sent everything in these steps. */
function hasSent(channel, steps) {
  const own = steps.filter(({ from }) => from === "sender");
  const bytes = channel.sent.reduce((sum, { byteLength = 0 }) => sum + byteLength, 0);
  return saidOn(channel).length >= own.filter(({ message }) => message).length && bytes >= (contentOf(own)?.length ?? 0);
}

/** Compare what one side has said with the steps. The reason of an error may differ. */
function assertSaid(channel, steps, role) {
  const free = (message) => (message.type === "error" ? { ...message, message: "a reason" } : message);
  const expected = steps.filter(({ from, message }) => from === role && message).map(({ message }) => message);
  assert.deepEqual(saidOn(channel).map((text) => free(JSON.parse(text))), expected);
}

/** Return once everything that was sent has been delivered. */
async function delivered() {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function until(happened) {
  while (!happened()) await new Promise((resolve) => setImmediate(resolve));
}
