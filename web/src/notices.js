/** The pages' own messages to each other: who may join, and who leaves. They have a data channel of their own. */

import { MAX_NOTICE_CHARACTERS } from "./limits.js";

/**
 * A guest says `hello` first. A guest that comes back shows the token from its last `welcome`: only the two pages know it.
 * The guest id would prove nothing, because everyone who has the link can read it.
 * The host sends `welcome` to the guest that it talks to, with the number of seconds for which the link still works. It
 * sends `busy` to any other guest. Both pages send `goodbye` when their user leaves for good, but not when the page is
 * reloaded.
 *
 * @typedef {{ type: "hello", token?: string } | { type: "welcome", token: string, seconds: number } | { type: "busy" }
 *   | { type: "goodbye" }} Notice
 */

/** @type {Record<string, (fields: any) => boolean>} */
const IS_VALID = {
  hello: ({ token = "" }) => typeof token === "string",
  welcome: ({ token, seconds }) => typeof token === "string" && Number.isSafeInteger(seconds),
  busy: () => true,
  goodbye: () => true,
};

/**
 * Return the notice in a message from the other page, or undefined if it is not a valid one.
 *
 * @param {unknown} data
 * @returns {Notice | undefined}
 */
export function parseNotice(data) {
  if (typeof data !== "string" || data.length > MAX_NOTICE_CHARACTERS) return undefined;
  try {
    const notice = JSON.parse(data);
    return Object.hasOwn(IS_VALID, notice.type) && IS_VALID[notice.type]?.(notice) ? notice : undefined;
  } catch {
    return undefined;
  }
}
