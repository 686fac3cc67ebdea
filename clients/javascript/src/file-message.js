/** The control messages of a file transfer, which docs/files.md describes. */

import { MAX_FILE_MESSAGE_BYTES } from "./limits.js";

/**
 * @typedef {object} Announcement What the sender says first about a file, or about several files in a tar archive.
 * @property {"file" | "files"} type
 * @property {number} [id]
 * @property {string} name
 * @property {number | null} size In bytes. Null for a stream whose end the sender does not know.
 * @property {boolean} [once] Whether the sender leaves after this transfer.
 */

/** @typedef {{ type: "end", id?: number, sha256: string }} End Everything was sent. */
/** @typedef {{ type: "received", id?: number, bytes: number }} Receipt How much has arrived so far. */
/** @typedef {{ type: "done", id?: number, sha256: string }} Done The receiver has everything. */
/** @typedef {{ type: "error", id?: number, message: string }} Refusal Either side gives up, and says why. */
/**
 * @typedef {{ type: "alive", once?: boolean }} Alive This peer is still there. A receiver sets `once` if it accepts
 *   only one transfer.
 */
/** @typedef {Announcement | End | Receipt | Done | Refusal | Alive} FileMessage */

/** @type {Record<string, Record<string, (value: unknown) => boolean>>} */
const FIELDS = {
  file: { id: optional(isCount), name: isText, size: isSize, once: optional(isFlag) },
  files: { id: optional(isCount), name: isText, size: isSize, once: optional(isFlag) },
  end: { id: optional(isCount), sha256: isChecksum },
  received: { id: optional(isCount), bytes: isCount },
  done: { id: optional(isCount), sha256: isChecksum },
  error: { id: optional(isCount), message: isText },
  alive: { once: optional(isFlag) },
};

/** @param {unknown} value */
function isText(value) {
  return typeof value === "string";
}

/** @param {unknown} value */
function isFlag(value) {
  return typeof value === "boolean";
}

/** @param {unknown} value */
function isCount(value) {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** @param {unknown} value */
function isSize(value) {
  return value === null || isCount(value);
}

/** @param {unknown} value */
function isChecksum(value) {
  return isText(value) && /^[\da-f]{64}$/.test(String(value));
}

/** @param {(value: unknown) => boolean} is */
function optional(is) {
  return (/** @type {unknown} */ value) => value === undefined || is(value);
}

/**
 * Return the control message in a text from the other peer, or undefined if the text is not one. Only known fields are
 * kept.
 *
 * @param {string} text
 * @returns {FileMessage | undefined}
 */
export function readFileMessage(text) {
  if (new TextEncoder().encode(text).length > MAX_FILE_MESSAGE_BYTES) return undefined;
  /** @type {any} */
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof message !== "object" || message === null) return undefined;
  const { type } = message;
  const fields = isText(type) && Object.hasOwn(FIELDS, type) ? Object.entries(FIELDS[type]) : undefined;
  if (!fields?.every(([name, is]) => is(message[name]))) return undefined;
  const known = fields.filter(([name]) => message[name] !== undefined).map(([name]) => [name, message[name]]);
  return /** @type {any} */ ({ type, ...Object.fromEntries(known) });
}
