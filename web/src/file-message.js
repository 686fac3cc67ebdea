/** The control messages of a file transfer. The data channel keeps them in order with the file's bytes. */

import { MAX_HEADER_CHARACTERS } from "./limits.js";

/**
 * The sender sends `file`, then the bytes, then `end`, or `cancel` to stop.
 * The receiver replies with `received` or `refused`.
 *
 * @typedef {{ type: "file", id: number, name: string, size: number } | { type: "end", id: number, sha256: string }
 *   | { type: "cancel", id: number } | { type: "received", id: number }
 *   | { type: "refused", id: number, reason: string }} FileMessage
 */

/** @type {Record<string, Record<string, (value: unknown) => boolean>>} */
const FIELDS = {
  file: { name: isText, size: isCount },
  end: { sha256: (value) => isText(value) && /^[\da-f]{64}$/.test(String(value)) },
  cancel: {},
  received: {},
  refused: { reason: isText },
};

/** @param {unknown} value */
function isText(value) {
  return typeof value === "string";
}

/** @param {unknown} value */
function isCount(value) {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/**
 * Return the control message in a text from the other peer, or undefined if the text is not a valid one.
 *
 * @param {string} text
 * @returns {FileMessage | undefined}
 */
export function parseFileMessage(text) {
  if (text.length > MAX_HEADER_CHARACTERS) return undefined;
  /** @type {any} */
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof message !== "object" || message === null || !isCount(message.id)) return undefined;
  const fields = Object.hasOwn(FIELDS, message.type) ? FIELDS[message.type] : undefined;
  if (!fields || !Object.entries(fields).every(([name, is]) => is(message[name]))) return undefined;
  return message;
}
