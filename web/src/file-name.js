/** The name of a file from the other peer, made safe to show and to save. */

import { MAX_FILE_NAME_BYTES } from "./limits.js";

/** @param {string} text */
export function safeFileName(text) {
  const name = text
    .normalize("NFC")
    .toWellFormed()
    // Controls, and marks that turn the reading direction: "exe.jpg" may be "gpj.exe".
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
    // What is special to some file system.
    .replace(/[/\\:*?"<>|]/g, "_")
    // Hidden files, and `..`; Windows drops dots and spaces at the end.
    .replace(/^[.\s]+|[.\s]+$/g, "");
  return shorten(name) || "file";
}

/**
 * Cut the middle out of what is too long, and keep the extension.
 *
 * @param {string} name
 */
function shorten(name) {
  if (size(name) <= MAX_FILE_NAME_BYTES) return name;
  const extension = /\.\w{1,10}$/.exec(name)?.[0] ?? "";
  const stem = [...name.slice(0, name.length - extension.length)].slice(0, MAX_FILE_NAME_BYTES);
  while (size(stem.join("")) > MAX_FILE_NAME_BYTES - size(extension)) stem.pop();
  return stem.join("").trimEnd() + extension;
}

/** @param {string} text */
function size(text) {
  return new TextEncoder().encode(text).length;
}
