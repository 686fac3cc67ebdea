/**
 * Creates and parses the links that people send to each other: `PAGE#CHANNEL_ID.KEY` and `PAGE#@ADDRESS_ID.KEY`.
 * Browsers never send the fragment to a server.
 */

/** @typedef {{ channelId: string, key?: string }} Meeting One guest can follow this link. */
/** @typedef {{ addressId: string, key: string }} Address Any number of guests can follow this link, again and again. */

/**
 * @param {string | URL | Location} page
 * @param {Meeting | Address} meeting
 */
export function createLink(page, meeting) {
  const link = new URL(String(page));
  const id = "addressId" in meeting ? `@${meeting.addressId}` : meeting.channelId;
  link.hash = meeting.key ? `${id}.${meeting.key}` : id;
  return link.href;
}

/**
 * Return what is in a link, or an empty object if it has no fragment, like the URL of a page that makes a link.
 * A link may be copied along with the angle brackets around it, or the full stop after it.
 *
 * @param {string | URL | Location} link
 * @returns {Partial<Meeting & Address>}
 */
export function parseLink(link) {
  const { hash } = new URL(String(link).replace(/[<>]/g, ""));
  if (!hash) return {};
  const [, at, id, key] = /^#(@?)([\da-f-]{36})(?:\.([\w-]{43})\.?)?$/.exec(hash) ?? [];
  // A link that was cut off must not make its reader wait in a new channel, nor connect without the key. The lengths of
  // its parts say whether it is complete. An address always has a key.
  if (!id || (at && !key)) throw new TypeError("the link is incomplete");
  if (at) return { addressId: id, key };
  return key ? { channelId: id, key } : { channelId: id };
}
