/** Keeps one tab at an address. If a tab is duplicated, the new one goes on. */

/**
 * Take an address over from any other tab of this browser that is at it. Two tabs with the same memory would take turns
 * otherwise, without end.
 *
 * @param {string} addressId
 * @param {AbortSignal} signal Gives the address up.
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
