/** What the two sides of a file say to each other, beside its bytes; the channel keeps the order. */

import { MAX_HEADER_CHARACTERS } from "./limits.js";

/**
 * The sender says `file`, sends the bytes, and says `end`, or `cancel`.
 * The receiver says `received` or `refused`.
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
 * Return what the other peer says; nothing when it is none of ours.
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
