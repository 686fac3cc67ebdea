/**
 * Makes sure that an address has only one host's tab and one guest's tab in this browser. If a tab is duplicated, the new
 * one takes over.
 */

/**
 * Take an address over from any other tab of this browser that has the same role there. Otherwise, two tabs with the same
 * memory would replace each other again and again. The host and the guest can be tabs of one browser: people try a link
 * by opening it themselves.
 *
 * @param {"host" | "guest"} role
 * @param {string} addressId
 * @param {AbortSignal} signal When it is aborted, this tab gives the address up.
 * @param {() => void} onTaken Called when another tab takes the address over from this one.
 */
export async function takeOver(role, addressId, signal, onTaken) {
  const untilTheEnd = () => new Promise((resolve) => signal.addEventListener("abort", resolve));
  try {
    await navigator.locks.request(`peerpost ${role} ${addressId}`, { steal: true }, untilTheEnd);
  } catch (error) {
    // A browser that blocks storage refuses to give out any locks. Then no tab can take over, and this one goes on.
    const isTaken = error instanceof DOMException && error.name === "AbortError";
    if (isTaken && !signal.aborted) onTaken();
  }
}
