/** What the page remembers when it is reloaded, or comes back after the browser has put it away. */

/**
 * @typedef {object} Invitation A link that was given away, and is not used yet.
 * @property {string} channelId
 * @property {string} key
 * @property {number} expiry In Unix milliseconds.
 */

/** @typedef {{ invitation?: Invitation, wasConnected?: boolean }} Memory */

// In the entry of the tab's history: no other page and no other tab reads it, and it ends with the tab.
/** @returns {Memory} */
export function recall() {
  return history.state?.peerpost ?? {};
}

/** @param {Memory} memory */
export function remember(memory) {
  history.replaceState({ peerpost: memory }, "");
}

/**
 * The access key for a server. Not for every server: a link can name another one, which is not to get it.
 *
 * @param {URL} server
 */
export function recallAccessKey(server) {
  try {
    return sessionStorage.getItem(entry(server)) ?? undefined;
  } catch {
    return undefined; // Where the browser stores nothing, it throws.
  }
}

/**
 * In the tab's own storage, which ends with the tab: in no address, no link and no history.
 *
 * @param {URL} server
 * @param {string} accessKey
 */
export function rememberAccessKey(server, accessKey) {
  sessionStorage.setItem(entry(server), accessKey);
}

/** @param {URL} server */
function entry({ href }) {
  return `peerpost access key ${href}`;
}

/** Forget all, and whose link the page was opened with. */
export function forget() {
  const url = new URL(location.href);
  url.hash = "";
  history.replaceState(null, "", url.href.replace(/#$/, ""));
}
