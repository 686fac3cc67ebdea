/** End-to-end encryption: the server cannot read descriptions or candidates, and cannot act as a man in the middle. */
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
 * Return the error for a text that was changed, or that was not sealed with our key for this purpose.
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
/** Return a new key for one channel or one address, in base64url, as links contain it. */
export declare function createKey(): string;
