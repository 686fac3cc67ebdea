/**
 * Makes the name of a file from the other peer safe to show and to save.
 *
 * Names in every script are kept, with their marks, joiners, symbols and emoji. Only dangerous parts are removed.
 * The command line follows the same rules: `clients/file-names.json` lists names and the safe names they become.
 */

import { MAX_EXTENSION_BYTES, MAX_FILE_NAME_BYTES } from "./limits.js";

const NOTHING_LEFT = "file";

// Control characters, line and paragraph separators, and the bidirectional controls: with those, "gpj.exe" can be
// displayed as "exe.jpg".
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const FORBIDDEN_BY_WINDOWS = /[<>:"|?*]/g;
// A leading dot hides the file, and Windows drops dots and spaces at the end.
const LEADING = /^[.\p{Zs}]+/u;
const TRAILING = /[.\p{Zs}]+$/u;
// Windows opens a device under such a name, in any folder and with any extension.
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\p{Zs}*(\.|$)/iu;

/** @param {string} offered */
export function safeFileName(offered) {
  const lastPart = /** @type {string} */ (offered.split(/[/\\]/).pop());
  // Normalise after removing invisible characters, because one may have stood between a letter and its mark. Normalise
  // before replacing what Windows forbids, because "<" with a mark may become one character that Windows allows.
  const name = lastPart
    .toWellFormed()
    .replace(INVISIBLE, "")
    .normalize("NFC")
    .replace(FORBIDDEN_BY_WINDOWS, "_")
    .replace(LEADING, "")
    .replace(TRAILING, "");
  if (!name) return NOTHING_LEFT;
  // Avoid devices before shortening, because the underscore adds to the length, and again after it, because a shortened
  // name may be a device.
  return avoidDevice(shorten(avoidDevice(name)));
}

/** @param {string} name */
function avoidDevice(name) {
  return DEVICE.test(name) ? `_${name}` : name;
}

/**
 * Shorten a name that is too long: cut the end of its stem, and keep its extension.
 *
 * @param {string} name
 */
function shorten(name) {
  if (sizeOf(name) <= MAX_FILE_NAME_BYTES) return name;
  const extension = extensionOf(name);
  const stem = name.slice(0, name.length - extension.length);
  const start = wholeCharacters(stem, MAX_FILE_NAME_BYTES - sizeOf(extension));
  return (start.replace(TRAILING, "") || NOTHING_LEFT) + extension;
}

/** @param {string} name */
function extensionOf(name) {
  const [extension] = /\.[^.]*$/.exec(name) ?? [""];
  return sizeOf(extension) <= MAX_EXTENSION_BYTES ? extension : "";
}

/**
 * Return the longest start of a text that fits into a number of bytes. A letter keeps its marks, and no emoji is split.
 *
 * @param {string} text
 * @param {number} room Bytes.
 */
function wholeCharacters(text, room) {
  let start = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    room -= sizeOf(segment);
    if (room < 0) break;
    start += segment;
  }
  return start;
}

/** @param {string} text */
function sizeOf(text) {
  return new TextEncoder().encode(text).length;
}
