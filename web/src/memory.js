/** Remembers the link and the access key when the page is reloaded, or returns after the browser has discarded it. */

/**
 * @typedef {object} Invitation A link for one guest that was sent and has not been used yet.
 * @property {string} channelId
 * @property {string} key
 * @property {number} expiry In Unix milliseconds.
 */

/**
 * @typedef {object} Address The host's link, which can be used again and again.
 * @property {string} addressId
 * @property {string} key
 * @property {string} owner The secret that makes this page the host.
 * @property {number} expiry In Unix milliseconds.
 */

/**
 * @typedef {object} Memory
 * @property {Invitation} [invitation]
 * @property {Address} [address]
 * @property {string} [guest] The id of this guest, which is the same for all of its connections.
 * @property {string} [token] A secret that a host shares with its latest guest.
 * @property {boolean} [wasConnected] Whether this page was connected.
 */

// Stored in this tab's history entry. No other page can read it. If the tab is duplicated, the new tab gets a copy.
// It is gone when the tab is closed for good.
/** @returns {Memory} */
export function recall() {
  return history.state?.peerpost ?? {};
}

/** @param {Memory} memory */
export function remember(memory) {
  history.replaceState({ peerpost: memory }, "");
}

/** @type {Map<string, string>} The access keys that the browser did not store. A reload loses them. */
const unstored = new Map();

/**
 * Return the access key for a server. Each key belongs to one server, because a link can name another server, which must
 * not receive it.
 *
 * @param {URL} server
 */
export function recallAccessKey(server) {
  try {
    return sessionStorage.getItem(entry(server)) ?? undefined;
  } catch {
    return unstored.get(entry(server)); // A browser that blocks storage throws.
  }
}

/**
 * Keep the access key in the tab's session storage, which is deleted when the tab is closed for good. The key never
 * becomes part of a URL, a link or the browser's history. If the browser blocks storage, keep the key until the next reload.
 *
 * @param {URL} server
 * @param {string} accessKey
 * @returns {boolean} Whether the key will still be there after a reload.
 */
export function rememberAccessKey(server, accessKey) {
  try {
    sessionStorage.setItem(entry(server), accessKey);
    return true;
  } catch {
    unstored.set(entry(server), accessKey);
    return false;
  }
}

/** @param {URL} server */
function entry({ href }) {
  return `peerpost access key ${href}`;
}

/** Forget the session, and the link that the page was opened with. The access key stays. */
export function forget() {
  const url = new URL(location.href);
  url.hash = "";
  history.replaceState(null, "", url.href.replace(/#$/, ""));
}
