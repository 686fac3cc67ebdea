/** Packs several files into a tar archive, in POSIX format (pax). */
/**
 * @param {File[]} files At least one.
 * @returns {File} Its name is for a person, as that of `peerpost send` is.
 */
export declare function pack(files: File[]): File;
