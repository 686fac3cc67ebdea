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
 * Return what is in a link; nothing when it has no fragment, as for the peer that makes one.
 *
 * @param {string | URL | Location} link
 * @returns {Partial<Meeting>}
 */
export function parseLink(link) {
  const { hash } = new URL(String(link));
  if (!hash) return {};
  const match = /^#([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(?:\.([\w-]{43}))?$/.exec(hash);
  // A link that was cut off must not make its reader wait in a new channel, nor connect without the key.
  if (!match) throw new TypeError("the link is not complete");
  return match[2] ? { channelId: match[1], key: match[2] } : { channelId: match[1] };
}
