/** Checks the server's replies, and recognises its refusals. */

import { NetworkError, RefusalError } from "./errors.js";

/**
 * @param {unknown} text
 * @returns {string}
 */
export function textual(text) {
  if (typeof text === "string") return text;
  throw foreign();
}

/**
 * Return the error for a reply that no Peerpost server gives.
 *
 * @param {unknown} [cause]
 */
export function foreign(cause) {
  return new NetworkError("the reply is not from a Peerpost server", { cause });
}

/**
 * Return whether an error is the server's refusal with this sentence.
 *
 * @param {unknown} error
 * @param {string} sentence
 */
export function says(error, sentence) {
  return error instanceof RefusalError && error.message === sentence;
}
