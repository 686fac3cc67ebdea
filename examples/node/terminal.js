/**
 * A chat in the terminal.
 *
 *     node terminal.js            make a link, for a browser or another terminal
 *     node terminal.js 'LINK'     follow a link
 */

import { createInterface } from "node:readline";

import { follow, invite } from "./chat.js";
import { RTCPeerConnection } from "./rtc-peer-connection.js";

const server = process.env.PEERPOST_SERVER ?? "http://127.0.0.1:8000/";
const page = process.env.PEERPOST_PAGE ?? "http://127.0.0.1:8080/examples/node/chat.html";
const link = process.argv[2];
const peer = new RTCPeerConnection();

function fail(error) {
  console.error(`The chat has failed: ${error.message}`);
  process.exit(1);
}

function onLink(newLink) {
  console.log(`Open this link in a browser, or pass it to another terminal.js:\n${newLink}`);
}

/** Send each line that is typed, and print what arrives, until one of the two ends the chat. */
function onOpen(channel) {
  console.log("Connected. Type a message, and press Enter. Ctrl-D ends the chat.");
  channel.onmessage = ({ data }) => console.log(`> ${data}`);
  channel.onclose = () => process.exit();
  peer.onconnectionstatechange = () => {
    if (peer.connectionState === "failed") fail(new Error("the other peer is gone"));
  };
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => channel.send(line));
  lines.on("close", () => channel.close());
}

const chatting = link ? follow(peer, { server, link, onOpen }) : invite(peer, { server, page, onLink, onOpen });
chatting.catch(fail);
