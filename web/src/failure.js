/** From an error to words: which step failed, why, and what to try. */

import { AccessError, ExpiredError, NetworkError, RefusalError, ServerError, TamperedError, UnreachableError } from "peerpost";
import { SettingsError } from "./settings.js";

/** The step at which an exchange is. @typedef {"start" | "open" | "wait" | "read" | "answer" | "reach" | "talk"} Phase */

/**
 * @typedef {object} Failure
 * @property {string} title
 * @property {string} text
 * @property {string[]} tries
 * @property {boolean} [again] Whether the same once more may help.
 * @property {boolean} [needsKey] Whether the server wants an access key.
 * @property {boolean} [isWanted] Whether it is none: this side has ended it.
 */

/**
 * @typedef {object} Circumstances
 * @property {boolean} [isTimeUp] Whether the link's five minutes are over.
 * @property {boolean} [wasConnected] Whether this page was connected before it was reloaded.
 */

/** The other side ended the connection, or vanished. */
export class LeftError extends Error {
  name = "LeftError";
}

/** This side ended it. */
export class HungUpError extends Error {
  name = "HungUpError";
}

/** The browser cannot do it. */
export class UnsupportedError extends Error {
  name = "UnsupportedError";
}

/** @type {Record<Phase, string>} */
export const PHASES = {
  start: "Starting",
  open: "Creating the channel",
  wait: "Waiting for the other side",
  read: "Reading the offer",
  answer: "Answering",
  reach: "Finding a way between the two browsers",
  talk: "Talking",
};

const NEW_LINK = "Make a new link and send it.";
const ASK_NEW_LINK = "Ask for a new link, or make one yourself and send it.";

/**
 * @param {unknown} error
 * @param {Phase} phase
 * @param {Circumstances} [circumstances]
 * @returns {Failure}
 */
export function explain(error, phase, { isTimeUp, wasConnected } = {}) {
  if (error instanceof SettingsError) return wrongAddress(error);
  if (error instanceof UnsupportedError) return unsupported(error);
  if (error instanceof HungUpError) return hungUp();
  if (error instanceof LeftError) return left();
  if (error instanceof ExpiredError) return expired(phase, isTimeUp, wasConnected);
  if (error instanceof TamperedError) return tampered();
  if (error instanceof UnreachableError) return unreachable();
  if (error instanceof AccessError) return locked(error);
  if (error instanceof RefusalError) return refused(error);
  if (error instanceof ServerError) return outOfOrder(error);
  if (error instanceof NetworkError) return noReply();
  if (error instanceof TypeError && phase === "start") return wrongLink();
  return { title: "Something went wrong", text: String(error), tries: ["Reload the page.", NEW_LINK], again: true };
}

/** @param {Error} error */
function wrongAddress({ message }) {
  return {
    title: "The page's address is not complete",
    text: message,
    tries: ["Open the page with ?server= and the address of your Peerpost server."],
  };
}

/** @param {Error} error */
function unsupported({ message }) {
  return { title: "This browser cannot connect", text: message, tries: ["Open the page over https.", "Use a current browser."] };
}

function hungUp() {
  return { title: "You hung up", text: "The connection is closed.", tries: ["To talk again, make a new link and send it."], isWanted: true };
}

function left() {
  return {
    title: "The other side has left",
    text: "Their page was closed or reloaded, or their network went away. The link between you works once: to meet again, one of you sends a new one.",
    tries: [NEW_LINK],
  };
}

/**
 * @param {Phase} phase
 * @param {boolean} [isTimeUp]
 * @param {boolean} [wasConnected]
 */
function expired(phase, isTimeUp, wasConnected) {
  if (phase === "read" && wasConnected) {
    return {
      title: "The connection is over",
      text: "It ended when this page was reloaded or left. The link that brought you here works once: to meet again, one of you sends a new one.",
      tries: [NEW_LINK],
    };
  }
  if (phase === "read") {
    return {
      title: "This link is no longer good",
      text: "A link works once and for five minutes. This one was used, or its time is up, or the other side closed their page.",
      tries: [ASK_NEW_LINK],
    };
  }
  if (phase === "wait" && isTimeUp) {
    return {
      title: "Nobody came",
      text: "The link was good for five minutes, and its time is up.",
      tries: [NEW_LINK, "Send it when the other side is there to open it."],
    };
  }
  return {
    title: "The server no longer knows this link",
    text: "It was restarted, or the link's time is up.",
    tries: [NEW_LINK],
  };
}

function tampered() {
  return {
    title: "The seal is broken",
    text: "What came from the server was not sealed with the key of this link. No connection was made.",
    tries: ["Check that the link is complete.", ASK_NEW_LINK, "If it happens again, do not trust the server."],
  };
}

function unreachable() {
  return {
    title: "The two browsers found no way to each other",
    text: "Either the other side's page was closed or reloaded meanwhile, or a firewall or router between the two lets nothing through.",
    tries: ["Ask whether their page is open, then make a new link and send it.", "Put one of them into another network, such as a phone's.", "Turn a VPN off.", "Ask the server's operator for a TURN relay, or name one with ?ice= in the page's address."],
  };
}

/** @param {Error} error */
function locked({ message }) {
  return {
    title: message === "access key is unknown" ? "The server does not know this access key" : "This server asks for an access key",
    text: "Only those who have one make links here. Whoever opens your link needs none.",
    tries: ["Ask whoever runs the server for a key, and enter it here."],
    needsKey: true,
  };
}

/** @param {Error} error */
function refused({ message }) {
  if (message === "answer already exists") {
    return { title: "Somebody else has opened this link", text: "A link is for one person. It was opened in another window, or this page was reloaded while it connected.", tries: [ASK_NEW_LINK] };
  }
  return { title: "The server refused", text: `It says: ${message.slice(0, 200)}`, tries: [NEW_LINK] };
}

/** @param {Error} error */
function outOfOrder({ message }) {
  return { title: "The server is out of order", text: `It says: ${message.slice(0, 200)}`, tries: ["Try again in a minute."], again: true };
}

function noReply() {
  return {
    title: "The server does not reply",
    text: "No request came through.",
    tries: ["Check that you are online.", "Check the server's address, and that it allows this page's origin (CORS)."],
    again: true,
  };
}

function wrongLink() {
  return {
    title: "The link is not complete",
    text: "A part is missing at its end; the key is there.",
    tries: ["Copy the whole link, and open it again.", ASK_NEW_LINK],
  };
}
