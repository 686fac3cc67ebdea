/** The SHA-256 checksum of a file, in the form that `sha256sum` prints. */
/** @param {Blob} blob */
export declare function checksum(blob: Blob): Promise<string>;
