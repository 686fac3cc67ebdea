/** Bytes as text that is safe in a link (RFC 4648, section 5), without padding. */
/** @param {Iterable<number>} bytes */
export declare function toBase64url(bytes: Iterable<number>): string;
/**
 * Return random bytes as text.
 *
 * @param {number} count
 */
export declare function randomBase64url(count: number): string;
/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export declare function fromBase64url(text: string): Uint8Array<ArrayBuffer>;
