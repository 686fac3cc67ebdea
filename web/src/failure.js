/** Turns an error into an error screen: what happened, why, and what to do next. */

import { AccessError, ExpiredError, NetworkError, RefusalError, ServerError, TamperedError, UnreachableError } from "peerpost";
import { SettingsError } from "./settings.js";

/** The current step of a session. @typedef {"start" | "open" | "wait" | "read" | "answer" | "reach" | "talk"} Phase */

/**
 * What the error screen offers first: a button, a field for the key, or nothing. After "ask", the user must ask the other
 * person, and making a new link is the second choice. After "none", no button can help.
 *
 * @typedef {"new link" | "try again" | "access key" | "ask" | "none"} Action
 */

/**
 * @typedef {object} Failure
 * @property {string} title What happened.
 * @property {string} text Why it happened.
 * @property {string} next The one thing to do next.
 * @property {string[]} [otherwise] What else can help.
 * @property {Action} [action]
 * @property {boolean} [isWanted] Whether this user ended the connection, so that it is not an error.
 */

/**
 * @typedef {object} Circumstances
 * @property {boolean} [isTimeUp] Whether the link has expired.
 * @property {boolean} [wasConnected] Whether this page was connected before it was reloaded.
 */

/** The other peer ended the connection, or can no longer be reached. */
export class LeftError extends Error {
  name = "LeftError";
}

/** This user ended the connection. */
export class HungUpError extends Error {
  name = "HungUpError";
}

/** This browser cannot connect. */
export class UnsupportedError extends Error {
  name = "UnsupportedError";

  /**
   * @param {string} message
   * @param {string} remedy The one thing to do next.
   */
  constructor(message, remedy) {
    super(message);
    this.remedy = remedy;
  }
}

/** @type {Record<Phase, string>} */
export const PHASES = {
  start: "Starting",
  open: "Making your link",
  wait: "Waiting for your guest",
  read: "Opening the link",
  answer: "Replying to the host",
  reach: "Connecting the two browsers",
  talk: "In conversation",
};

const NEW_LINK = "Make a new link and send it.";
const ASK_NEW_LINK = "Ask the person who sent the link for a new one.";
const MAKE_ONE_YOURSELF = "Make a new link yourself and send it.";

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
  if (error instanceof TamperedError) return tampered(phase);
  if (error instanceof UnreachableError) return unreachable();
  if (error instanceof AccessError) return locked(error);
  if (error instanceof RefusalError) return refused(error);
  if (error instanceof ServerError) return unavailable(error);
  if (error instanceof NetworkError) return noReply();
  if (error instanceof TypeError && phase === "start") return wrongLink();
  return unexpected(error);
}

/**
 * @param {unknown} error
 * @returns {Failure}
 */
function unexpected(error) {
  return {
    title: "Something went wrong",
    text: `The browser reported: ${error}`,
    next: "Try again.",
    otherwise: [NEW_LINK],
    action: "try again",
  };
}

/**
 * @param {SettingsError} error
 * @returns {Failure}
 */
function wrongAddress({ message, remedy }) {
  return { title: "The page's address is incomplete or wrong", text: message, next: remedy, action: "none" };
}

/**
 * @param {UnsupportedError} error
 * @returns {Failure}
 */
function unsupported({ message, remedy }) {
  return { title: "This browser cannot connect", text: message, next: remedy, action: "none" };
}

function hungUp() {
  return { title: "You hung up", text: "The connection is closed.", next: "To talk again, make a new link and send it.", isWanted: true };
}

function left() {
  return {
    title: "The other person has left",
    text: "They closed or reloaded their page, or lost their network connection. A link works only once, so you need a new one to connect again.",
    next: NEW_LINK,
  };
}

/**
 * @param {Phase} phase
 * @param {boolean} [isTimeUp]
 * @param {boolean} [wasConnected]
 * @returns {Failure}
 */
function expired(phase, isTimeUp, wasConnected) {
  if (phase === "read" && wasConnected) {
    return {
      title: "The connection has ended",
      text: "It ended when you reloaded or left this page. A link works only once, so you need a new one to connect again.",
      next: NEW_LINK,
    };
  }
  if (phase === "read") {
    return {
      title: "This link no longer works",
      text: "A link works once, and for five minutes. This one was already used, or has expired, or the other person closed their page.",
      next: ASK_NEW_LINK,
      otherwise: [MAKE_ONE_YOURSELF],
      action: "ask",
    };
  }
  if (phase === "wait" && isTimeUp) {
    return {
      title: "Nobody joined in time",
      text: "The link worked for five minutes, and has now expired.",
      next: "Make a new link, and send it when the other person is ready to open it.",
    };
  }
  return {
    title: "The server no longer knows this link",
    text: "The server was restarted, or the link has expired.",
    next: NEW_LINK,
  };
}

/**
 * @param {Phase} phase
 * @returns {Failure}
 */
function tampered(phase) {
  const isGuest = phase === "read";
  return {
    title: "The link's key does not match",
    text: "The data from the server was not encrypted with this link's key. Either the link was changed, or somebody tampered with the data. No connection was made.",
    next: isGuest ? "Copy the whole link again, and open it." : NEW_LINK,
    action: isGuest ? "ask" : "new link",
    otherwise: [...(isGuest ? [ASK_NEW_LINK] : []), "Stop using this server. It may have tampered with the data."],
  };
}

function unreachable() {
  return {
    title: "The two browsers could not reach each other",
    text: "Either the other person closed or reloaded their page, or a firewall or router between you blocks the connection.",
    next: "Ask the other person whether their page is open, then make a new link and send it.",
    otherwise: [
      "Move one of the two devices to another network, such as a phone's hotspot.",
      "Turn off any VPN.",
      "Ask the server's operator for a TURN relay, or name one with ?ice= in the page's address.",
    ],
  };
}

/**
 * @param {Error} error
 * @returns {Failure}
 */
function locked({ message }) {
  const isUnknown = message === "access key is unknown";
  return {
    title: isUnknown ? "The server does not know this access key" : "This server requires an access key",
    text: "Only people with an access key can make links on this server. Your guest does not need one.",
    next: isUnknown ? "Check your access key, and enter it again." : "Enter your access key. If you have none, ask the server's operator.",
    action: "access key",
  };
}

/**
 * @param {Error} error
 * @returns {Failure}
 */
function refused({ message }) {
  if (message === "answer already exists") {
    return {
      title: "This link was already opened",
      text: "A link is for one person. Somebody else opened it, or you opened it in another window, or reloaded this page while it was connecting.",
      next: ASK_NEW_LINK,
      otherwise: [MAKE_ONE_YOURSELF],
      action: "ask",
    };
  }
  return { title: "The server refused a request", text: `Its reason: ${message.slice(0, 200)}`, next: NEW_LINK };
}

/**
 * @param {Error} error
 * @returns {Failure}
 */
function unavailable({ message }) {
  return {
    title: "The server is not available",
    text: `It reported a problem: ${message.slice(0, 200)}`,
    next: "Wait a minute, then try again.",
    action: "try again",
  };
}

/** @returns {Failure} */
function noReply() {
  return {
    title: "The server does not reply",
    text: "Either you are offline, or the server's address is wrong, or the server is down or does not allow this page.",
    next: "Check that you are online, then try again.",
    otherwise: ["Check the server's address.", "Check that the server allows this page's origin (CORS)."],
    action: "try again",
  };
}

/** @returns {Failure} */
function wrongLink() {
  return {
    title: "The link is incomplete",
    text: "Its last part, which contains the key, is missing or was changed.",
    next: "Copy the whole link again, and open it.",
    otherwise: [ASK_NEW_LINK, MAKE_ONE_YOURSELF],
    action: "ask",
  };
}
