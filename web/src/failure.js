/** Turns an error into an error screen: what happened, why, and what to do next. */

import { AccessError, ExpiredError, NetworkError, RefusalError, ServerError, TamperedError, UnreachableError } from "peerpost";
import { SettingsError } from "./settings.js";

/**
 * The current step of a session. In "again", a connection is lost, and the page waits for another one.
 *
 * @typedef {"start" | "open" | "wait" | "read" | "answer" | "reach" | "talk" | "again"} Phase
 */

/**
 * The kind of session: one with an address, as its host or as a guest, or one with a link that works once.
 *
 * @typedef {"host" | "guest" | "once"} Kind
 */

/**
 * What the error screen offers first: a button, a field for the key, or nothing. With "ask", the user has to ask the other
 * person for something, and the button for a new link is the second choice. With "none", no button can help.
 *
 * @typedef {"new link" | "try again" | "come back" | "access key" | "ask" | "none"} Action
 */

/**
 * @typedef {object} Failure
 * @property {string} title What happened.
 * @property {string} text Why it happened.
 * @property {string} next The one thing to do next.
 * @property {string[]} [otherwise] What else can help.
 * @property {Action} [action]
 * @property {boolean} [isCalm] Whether nothing has gone wrong.
 */

/**
 * @typedef {object} Circumstances
 * @property {Kind} [kind]
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

/** The host of the link is talking to somebody else. */
export class BusyError extends Error {
  name = "BusyError";
}

/** Another tab of this browser has taken over from this one. */
export class MovedError extends Error {
  name = "MovedError";
}

/** The other side was a command-line program, which connected for one transfer. The transfer is over. */
export class FinishedError extends Error {
  name = "FinishedError";

  /** @param {import("peerpost/files").OtherPeer} program */
  constructor(program) {
    super("the transfer is over");
    this.program = program;
  }
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
  again: "Connecting again",
};

/** Why two browsers could not reach each other. @type {Record<import("peerpost").Reason, string>} */
export const REASONS = {
  closed: "The connection was closed.",
  "host-away": "The other person's page is closed, asleep or offline.",
  "no-candidates": "The other browser sent no address at which it can be reached.",
  "no-relay": "The TURN relay did not reply.",
  "no-stun": "No STUN server replied.",
  "strict-nats": "Both of you are behind strict routers, and there is no TURN relay.",
  unknown: "A firewall or router between you may block the connection.",
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
export function explain(error, phase, { kind = "once", isTimeUp, wasConnected } = {}) {
  if (error instanceof SettingsError) return wrongAddress(error);
  if (error instanceof UnsupportedError) return unsupported(error);
  if (error instanceof HungUpError) return hungUp(kind);
  if (error instanceof FinishedError) return finished(kind, error);
  if (error instanceof LeftError) return left(kind);
  if (error instanceof BusyError) return busy();
  if (error instanceof MovedError) return moved();
  if (error instanceof ExpiredError) return kind === "guest" ? over(phase) : expired(phase, isTimeUp, wasConnected);
  if (error instanceof TamperedError) return tampered(phase);
  if (error instanceof UnreachableError) return unreachable(kind, error);
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

/**
 * @param {Kind} kind
 * @returns {Failure}
 */
function hungUp(kind) {
  const title = "You hung up";
  if (kind === "guest") {
    return {
      title,
      text: "The connection is closed. The link still works until it expires, or until the other person ends it.",
      next: "To talk again, open the link again.",
      action: "come back",
      isCalm: true,
    };
  }
  const text = kind === "host" ? "The connection is closed, and your link no longer works." : "The connection is closed.";
  return { title, text, next: "To talk again, make a new link and send it.", isCalm: true };
}

/**
 * @param {Kind} kind
 * @returns {Failure}
 */
function left(kind) {
  const title = "The other person has left";
  if (kind === "guest") {
    return { title, text: "They hung up, so their link no longer works.", next: NEW_LINK, otherwise: [ASK_NEW_LINK] };
  }
  return {
    title,
    text: "They closed or reloaded their page, or lost their network connection. A link works only once, so you need a new one to connect again.",
    next: NEW_LINK,
  };
}

/**
 * @param {Kind} kind
 * @param {FinishedError} error
 * @returns {Failure}
 */
function finished(kind, { program: { receives, outcome } }) {
  const title = "The command-line program has left";
  const isDone = outcome === "done";
  const what = receives ? "It has received what you sent." : "It has sent everything. Save what you want to keep.";
  const text = isDone ? what : "The transfer did not finish. The reason is below.";
  if (kind === "guest") {
    return { title, text, next: "To receive it again, open the link again.", action: "come back", isCalm: true };
  }
  return { title, text, next: "To send something, make a new link.", isCalm: true };
}

/** @returns {Failure} */
function busy() {
  return {
    title: "Two people are already talking",
    text: "This link connects two people at a time. You can join as soon as one of them has left.",
    next: "Try again later.",
    otherwise: ["If you are one of the two, close the page in your other window or on your other device.", MAKE_ONE_YOURSELF],
    action: "try again",
    isCalm: true,
  };
}

/** @returns {Failure} */
function moved() {
  return {
    title: "You continued in another tab",
    text: "This page is open in another tab or window of your browser, and is connected only there.",
    next: "Close this tab, or try again to continue here.",
    action: "try again",
    isCalm: true,
  };
}

/**
 * The guest's link no longer works: the address has expired, or the host has ended it.
 *
 * @param {Phase} phase
 * @returns {Failure}
 */
function over(phase) {
  const wasConnected = phase === "again";
  return {
    title: wasConnected ? "The connection has ended" : "This link no longer works",
    text: "The link has expired, or the person who sent it has ended it.",
    next: ASK_NEW_LINK,
    otherwise: [MAKE_ONE_YOURSELF],
    action: "ask",
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

/**
 * @param {Kind} kind
 * @param {UnreachableError} error
 * @returns {Failure}
 */
function unreachable(kind, { reason }) {
  const title = "The two browsers could not reach each other";
  const otherwise = [
    "Move one of the two devices to another network, such as a phone's hotspot.",
    "Turn off any VPN.",
    "Ask the server's operator for a TURN relay, or name one with ?ice= in the page's address.",
  ];
  if (kind === "guest") return { title, text: REASONS[reason], next: "Try again.", otherwise, action: "try again" };
  const isUnknown = reason === "unknown" || reason === "closed";
  return {
    title,
    text: isUnknown
      ? "Either the other person closed or reloaded their page, or a firewall or router between you blocks the connection."
      : REASONS[reason],
    next: "Ask the other person whether their page is open, then make a new link and send it.",
    otherwise,
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
