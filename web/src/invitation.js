/** Shows the link, for the host to copy or share, and for the guest to scan. */

import { create, find } from "./dom.js";
import { drawQrCode } from "./qr-code.js";

/**
 * @param {string} link
 * @param {number} expiry In Unix milliseconds.
 * @param {(text: string) => void} announce
 * @param {AbortSignal} signal
 */
export function showInvitation(link, expiry, announce, signal) {
  const field = find("link", HTMLInputElement);
  const copy = find("copy", HTMLButtonElement);
  const share = find("share", HTMLButtonElement);
  find("expiry", HTMLTimeElement).textContent = new Date(expiry).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  field.value = link;
  field.addEventListener("focus", () => field.select(), { signal });

  copy.textContent = "Copy the link";
  const copyLink = async () => {
    try {
      await navigator.clipboard.writeText(link);
      copy.textContent = "Copied";
      announce("Link copied.");
    } catch {
      field.focus();
      announce("The link is selected. Copy it with your browser.");
    }
  };
  copy.addEventListener("click", copyLink, { signal });
  share.hidden = !navigator.share;
  share.addEventListener("click", () => navigator.share({ title: "Peerpost", url: link }).catch(() => {}), { signal });
  showQrCode(link);
}

/** @param {string} link */
async function showQrCode(link) {
  const code = await drawQrCode(link);
  const figure = find("qr", HTMLElement);
  figure.hidden = !code;
  find("qr-code", HTMLElement).replaceChildren(code ?? create("span"));
}
