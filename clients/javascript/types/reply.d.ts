/** Checks the server's replies, and recognises its refusals. */
import { NetworkError } from "./errors.js";
/**
 * @param {unknown} text
 * @returns {string}
 */
export declare function textual(text: unknown): string;
/**
 * Return the error for a reply that no Peerpost server gives.
 *
 * @param {unknown} [cause]
 */
export declare function foreign(cause?: unknown): NetworkError;
/**
 * Return whether an error is the server's refusal with this sentence.
 *
 * @param {unknown} error
 * @param {string} sentence
 */
export declare function says(error: unknown, sentence: string): boolean;
