/** End-to-end encryption: the server sees neither addresses nor fingerprints, and cannot put itself in between. */

import { fromBase64url, toBase64url } from "./base64url.js";
import { PeerpostError, TamperedError } from "./errors.js";

/** @typedef {CryptoKey | Uint8Array<ArrayBuffer> | string} Key 32 bytes, or these in base64url. */
/** @typedef {"offer" | "answer" | "candidate offerer" | "candidate answerer"} Purpose */

/** @typedef {Pick<Sealer, "seal" | "open">} Envelope */

const KEY_BYTES = 32;
const NONCE_BYTES = 12;

export class Sealer {
  #key;

  /** @param {CryptoKey} key For AES-GCM. */
  constructor(key) {
    this.#key = key;
  }

  /**
   * Return base64url of nonce, ciphertext and tag.
   *
   * @param {string} text
   * @param {Purpose} purpose
   */
  async seal(text, purpose) {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const ciphertext = await crypto.subtle.encrypt(parameters(nonce, purpose), this.#key, encode(text));
    return toBase64url(new Uint8Array([...nonce, ...new Uint8Array(ciphertext)]));
  }

  /**
   * Return the text of a sealed one; throw TamperedError unless this key sealed it, for this purpose.
   *
   * @param {string} sealed
   * @param {Purpose} purpose
   */
  async open(sealed, purpose) {
    try {
      const bytes = fromBase64url(sealed);
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const text = await crypto.subtle.decrypt(parameters(nonce, purpose), this.#key, bytes.subarray(NONCE_BYTES));
      return new TextDecoder().decode(text);
    } catch (cause) {
      throw new TamperedError(`the ${purpose} was tampered with, or sealed with another key`, { cause });
    }
  }
}

/** @type {Envelope} What stands in for a sealer where there is no key. */
const open = {
  seal: async (text) => text,
  open: async (text) => text,
};

/**
 * @param {Key} [key]
 * @returns {Promise<Envelope>}
 */
export async function sealerOf(key) {
  if (key === undefined) return open;
  if (!crypto.subtle) throw new PeerpostError("sealing needs a page on https, or on localhost");
  if (key instanceof CryptoKey) return new Sealer(key);
  const bytes = typeof key === "string" ? fromBase64url(key) : key;
  // WebCrypto would take shorter ones.
  if (bytes.length !== KEY_BYTES) throw new TypeError(`a key has ${KEY_BYTES} bytes`);
  return new Sealer(await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]));
}

/** Return a new key, for one channel, as it stands in a link. */
export function createKey() {
  return toBase64url(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
}

/**
 * The additional data binds a text to its place: an offer cannot pass for an answer, nor our candidate for theirs.
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
