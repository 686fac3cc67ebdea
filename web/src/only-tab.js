/** Makes sure that only one tab uses an address. If a tab is duplicated, the new one takes over. */

/**
 * Take an address over from any other tab of this browser that uses it. Otherwise, two tabs with the same memory would
 * replace each other again and again.
 *
 * @param {string} addressId
 * @param {AbortSignal} signal When it is aborted, this tab gives the address up.
 * @param {() => void} onTaken Called when another tab takes the address over from this one.
 */
export async function takeOver(addressId, signal, onTaken) {
  const untilTheEnd = () => new Promise((resolve) => signal.addEventListener("abort", resolve));
  try {
    await navigator.locks.request(`peerpost ${addressId}`, { steal: true }, untilTheEnd);
  } catch {
    if (!signal.aborted) onTaken();
  }
}
