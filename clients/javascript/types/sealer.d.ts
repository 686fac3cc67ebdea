/** End-to-end encryption: the server sees neither IP addresses nor fingerprints, and cannot act as a man in the middle. */
import { TamperedError } from "./errors.js";
export type Key = CryptoKey | Uint8Array | string;
export type Purpose = "offer" | "answer" | "candidate offerer" | "candidate answerer" | "address" | "guest";
export type Envelope = {
    /**
     * Returns base64url of nonce, ciphertext and tag.
     */
    seal: (text: string, purpose: Purpose) => Promise<string>;
    /**
     * Returns the text. Throws TamperedError unless
     * it was sealed with the same key, for the same purpose.
     */
    open: (sealed: string, purpose: Purpose) => Promise<string>;
};
/**
 * Return the error for a text that is not what the other peer has sealed for this purpose.
 *
 * @param {Purpose} purpose
 * @param {unknown} cause
 */
export declare function tampered(purpose: Purpose, cause: unknown): TamperedError;
/**
 * @param {Key} [key]
 * @returns {Promise<Envelope>}
 */
export declare function sealerOf(key?: Key): Promise<Envelope>;
/** Return a new key for one channel, as base64url for a link. */
export declare function createKey(): string;
