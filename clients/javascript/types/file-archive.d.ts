/** Packs several files into a tar archive, in POSIX format (pax). */
/**
 * @param {File[]} files At least one.
 * @returns {File} The archive. Its name is meant for people, like the name that `peerpost send` gives an archive.
 */
export declare function pack(files: File[]): File;
