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

/** Forget all, and whose link the page was opened with. */
export function forget() {
  const url = new URL(location.href);
  url.hash = "";
  history.replaceState(null, "", url.href.replace(/#$/, ""));
}
