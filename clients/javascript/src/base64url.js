/** Bytes as text that is safe in a link (RFC 4648, section 5), without padding. */

/** @param {Iterable<number>} bytes */
export function toBase64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * Return random bytes as text.
 *
 * @param {number} count
 */
export function randomBase64url(count) {
  return toBase64url(crypto.getRandomValues(new Uint8Array(count)));
}

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function fromBase64url(text) {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
  // atob ignores padding, spaces and spare bits. A changed text must not be taken for the one that was sent.
  if (toBase64url(bytes) !== text) throw new TypeError("not base64url");
  return bytes;
}
