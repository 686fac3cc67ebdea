/** End-to-end encryption: the server sees neither addresses nor fingerprints, and cannot put itself in between. */
export type Key = CryptoKey | Uint8Array<ArrayBuffer> | string;
export type Purpose = "offer" | "answer" | "candidate offerer" | "candidate answerer";
export type Envelope = Pick<Sealer, "seal" | "open">;
export declare class Sealer {
    #private;
    /** @param {CryptoKey} key For AES-GCM. */
    constructor(key: CryptoKey);
    /**
     * Return base64url of nonce, ciphertext and tag.
     *
     * @param {string} text
     * @param {Purpose} purpose
     */
    seal(text: string, purpose: Purpose): Promise<string>;
    /**
     * Return the text of a sealed one; throw TamperedError unless this key sealed it, for this purpose.
     *
     * @param {string} sealed
     * @param {Purpose} purpose
     */
    open(sealed: string, purpose: Purpose): Promise<string>;
}
/**
 * @param {Key} [key]
 * @returns {Promise<Envelope>}
 */
export declare function sealerOf(key?: Key): Promise<Envelope>;
/** Return a new key, for one channel, as it stands in a link. */
export declare function createKey(): string;
