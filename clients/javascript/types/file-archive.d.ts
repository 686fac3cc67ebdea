/** Packs several files into a tar archive, in POSIX format (pax). */
/**
 * @param {File[]} files At least one.
 * @returns {File} The archive. Its name is for display, such as "a.txt and 2 more", and does not end in ".tar".
 *   `peerpost send` names archives in the same way.
 */
export declare function pack(files: File[]): File;
