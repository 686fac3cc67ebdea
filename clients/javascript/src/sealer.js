/** End-to-end encryption: the server cannot read descriptions or candidates, and cannot act as a man in the middle. */

import { fromBase64url, randomBase64url, toBase64url } from "./base64url.js";
import { PeerpostError, TamperedError } from "./errors.js";
import { KEY_BYTES, NONCE_BYTES } from "./limits.js";

/** @typedef {CryptoKey | Uint8Array | string} Key A key for AES-GCM, 32 bytes, or 32 bytes in base64url. */
/** @typedef {"offer" | "answer" | "candidate offerer" | "candidate answerer" | "address" | "guest"} Purpose */

/**
 * @typedef {object} Envelope
 * @property {(text: string, purpose: Purpose) => Promise<string>} seal Returns base64url of nonce, ciphertext and tag.
 * @property {(sealed: string, purpose: Purpose) => Promise<string>} open Returns the text. Throws TamperedError unless
 *   it was sealed with the same key, for the same purpose.
 */

/**
 * @param {CryptoKey} key For AES-GCM.
 * @returns {Envelope}
 */
function sealerWith(key) {
  return {
    async seal(text, purpose) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const ciphertext = await crypto.subtle.encrypt(parameters(nonce, purpose), key, encode(text));
      return toBase64url([...nonce, ...new Uint8Array(ciphertext)]);
    },
    async open(sealed, purpose) {
      try {
        const bytes = fromBase64url(sealed);
        const nonce = bytes.subarray(0, NONCE_BYTES);
        const text = await crypto.subtle.decrypt(parameters(nonce, purpose), key, bytes.subarray(NONCE_BYTES));
        return new TextDecoder().decode(text);
      } catch (cause) {
        throw tampered(purpose, cause);
      }
    },
  };
}

/**
 * Return the error for a text that was changed, or that was not sealed with our key for this purpose.
 *
 * @param {Purpose} purpose
 * @param {unknown} cause
 */
export function tampered(purpose, cause) {
  const what = purpose === "guest" ? "answer" : purpose.split(" ")[0];
  return new TamperedError(`the ${what} was tampered with, or sealed with another key`, { cause });
}

/** @param {string} text */
const asItIs = async (text) => text;

/**
 * @param {Key} [key]
 * @returns {Promise<Envelope>}
 */
export async function sealerOf(key) {
  if (key === undefined) return { seal: asItIs, open: asItIs };
  if (!crypto.subtle) throw new PeerpostError("sealing works only on https pages and on localhost");
  if (key instanceof CryptoKey) return sealerWith(key);
  // The cast is here, and not in the type `Key`, because our types must also work with TypeScript before 5.7. In
  // those versions, `Uint8Array` has no type parameter.
  const bytes = typeof key === "string" ? fromBase64url(key) : /** @type {Uint8Array<ArrayBuffer>} */ (key);
  // WebCrypto would accept shorter keys.
  if (bytes.length !== KEY_BYTES) throw new TypeError(`a key must have ${KEY_BYTES} bytes`);
  return sealerWith(await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]));
}

/** Return a new key for one channel or one address, in base64url, as links contain it. */
export function createKey() {
  return randomBase64url(KEY_BYTES);
}

/**
 * The additional data binds a text to its purpose: an offer cannot be used as an answer, nor our candidate as theirs.
 *
 * @param {Uint8Array<ArrayBuffer>} iv
 * @param {Purpose} purpose
 */
function parameters(iv, purpose) {
  return { name: "AES-GCM", iv, additionalData: encode(`peerpost/1 ${purpose}`) };
}

/** @param {string} text */
function encode(text) {
  return new TextEncoder().encode(text);
}
