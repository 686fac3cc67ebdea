/** `node full-channel.mjs URL`: connect a pair after the channel is full, and print what they reported. */

import { SignalingClient } from "../../clients/javascript/src/index.js";
import { pair } from "./peers.mjs";

const MAX_CANDIDATES = 800;
const MAX_BATCH = 64;

const [server] = process.argv.slice(2);
const skipped = [];

async function fill(channelId) {
  const client = new SignalingClient(server);
  const candidates = Array.from({ length: MAX_CANDIDATES }, (_, number) => `${number}`);
  while (candidates.length) await client.createCandidate(channelId, candidates.splice(0, MAX_BATCH));
}

async function trickle(offerer, answerer) {
  for (const peer of [offerer, answerer]) peer.find(`candidate:1 1 udp ${peer.name}`);
  while (skipped.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
}

const note = (step, { error }) => step === "candidate-skipped" && /many/.test(error?.message) && skipped.push(error.message);
const connected = await pair(server, 0, note, { opened: fill, late: trickle });
console.log(JSON.stringify({ connected, skipped }));
process.exit();
