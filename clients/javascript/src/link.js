/** What one person sends to another: `PAGE#CHANNEL_ID.KEY`. No browser sends the fragment to a server. */

/** @typedef {{ channelId: string, key?: string }} Meeting */

/**
 * @param {string | URL | Location} page
 * @param {Meeting} meeting
 */
export function createLink(page, { channelId, key }) {
  const link = new URL(String(page));
  link.hash = key ? `${channelId}.${key}` : channelId;
  return link.href;
}

/**
 * Return what is in a link. Return an empty object if it has no fragment, as for the peer that makes a link. A link may
 * be copied along with the angle brackets around it, or the full stop after it.
 *
 * @param {string | URL | Location} link
 * @returns {Partial<Meeting>}
 */
export function parseLink(link) {
  const { hash } = new URL(String(link).replace(/[<>]/g, ""));
  if (!hash) return {};
  const match = /^#([\da-f-]{36})(?:\.([\w-]{43})\.?)?$/.exec(hash);
  // A link that was cut off must not make its reader wait in a new channel, nor connect without the key. The lengths of
  // its parts say whether it is complete.
  if (!match) throw new TypeError("the link is not complete");
  const [, channelId, key] = match;
  return key ? { channelId, key } : { channelId };
}
