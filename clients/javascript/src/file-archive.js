/** Packs several files into a tar archive, in POSIX format (pax). */

import { safeFileName } from "./file-name.js";

const BLOCK = 512;
const FILE = "0";
const EXTENSION = "x";

/**
 * @param {File[]} files At least one.
 * @returns {File} The archive. Its name is for display, such as "a.txt and 2 more", and does not end in ".tar".
 *   `peerpost send` names archives in the same way.
 */
export function pack(files) {
  const names = distinct(files.map(({ name }) => safeFileName(name)));
  const entries = files.flatMap((file, index) => {
    const name = /** @type {string} */ (names[index]);
    return [...extensionOf(name), header(FILE, name, file.size, file.lastModified), file, padding(file.size)];
  });
  const more = files.length > 1 ? ` and ${files.length - 1} more` : "";
  return new File([...entries, new Uint8Array(2 * BLOCK)], `${names[0]}${more}`);
}

/**
 * Add a number to each name that occurred before, because a folder cannot have two files with the same name.
 *
 * @param {string[]} names
 */
function distinct(names) {
  const taken = new Set();
  return names.map((name) => {
    let free = name;
    // Some file systems do not distinguish upper and lower case.
    for (let number = 2; taken.has(free.toLowerCase()); number++) free = name.replace(/(?=\.[^.]*$|$)/, ` (${number})`);
    taken.add(free.toLowerCase());
    return free;
  });
}

/**
 * Return the header block of an entry, in the ustar format of POSIX.1.
 *
 * @param {string} type
 * @param {string} name Cut after 100 bytes.
 * @param {number} size
 * @param {number} modified In Unix milliseconds.
 */
function header(type, name, size, modified) {
  const block = new Uint8Array(BLOCK);
  const write = (/** @type {number} */ at, /** @type {string} */ text) => block.set(new TextEncoder().encode(text).subarray(0, 100), at);
  write(0, name);
  write(100, "0000644\0");
  write(108, "0000000\0");
  write(116, "0000000\0");
  write(124, `${octal(size, 11)}\0`);
  write(136, `${octal(modified / 1000, 11)}\0`);
  write(148, " ".repeat(8)); // The checksum is computed as if its own field held spaces.
  write(156, type);
  write(257, "ustar\x0000");
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  write(148, `${octal(checksum, 6)}\0 `);
  return block;
}

/**
 * Return an extended header, which contains the name of the next entry. That name may have more than 100 bytes, and
 * letters of any script.
 *
 * @param {string} name
 */
function extensionOf(name) {
  const record = ` path=${name}\n`;
  const bytes = new TextEncoder().encode(record).length;
  // The record begins with its length, which includes the digits of the length itself.
  let length = bytes;
  while (bytes + String(length).length !== length) length = bytes + String(length).length;
  return [header(EXTENSION, "extension", length, 0), new TextEncoder().encode(`${length}${record}`), padding(length)];
}

/** @param {number} size */
function padding(size) {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}

/**
 * @param {number} number
 * @param {number} digits
 */
function octal(number, digits) {
  return Math.max(0, Math.floor(number)).toString(8).padStart(digits, "0");
}
