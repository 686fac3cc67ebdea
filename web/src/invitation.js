/** Shows the link, for the host to copy or share, and for the guest to scan. */

import { create, find } from "./dom.js";
import { drawQrCode } from "./qr-code.js";

/**
 * @param {string} link
 * @param {number} expiry In Unix milliseconds.
 * @param {boolean} isOnce Whether the link works only once.
 * @param {(text: string) => void} announce
 */
export function showInvitation(link, expiry, isOnce, announce) {
  const field = find("link", HTMLInputElement);
  const copy = find("copy", HTMLButtonElement);
  const share = find("share", HTMLButtonElement);
  find("life", HTMLElement).replaceChildren(...describeLife(expiry, isOnce));
  find("renew", HTMLElement).hidden = isOnce;
  field.value = link;
  field.onfocus = () => field.select();

  copy.textContent = "Copy the link";
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(link);
      copy.textContent = "Copied";
      announce("Link copied.");
    } catch {
      field.focus();
      announce("The link is selected. Copy it with your browser.");
    }
  };
  share.hidden = !navigator.share;
  share.onclick = () => navigator.share({ title: "Peerpost", url: link }).catch(() => {});
  showQrCode(link);
}

/**
 * Show the command that opens the link without a browser.
 *
 * @param {string} link
 * @param {string} server It is part of the command, unless the link names it.
 */
export function showCommand(link, server) {
  const isNamed = new URL(link).searchParams.has("server");
  find("command", HTMLElement).textContent = `peerpost receive '${link}'${isNamed ? "" : ` --server ${server}`}`;
}

/**
 * @param {number} expiry
 * @param {boolean} isOnce
 */
function describeLife(expiry, isOnce) {
  const time = create("time", { id: "expiry", textContent: isOnce ? clock(expiry) : dayAndClock(expiry) });
  if (isOnce) return ["It works once, and expires at ", time, ". Keep this page open."];
  return ["It works until ", time, ", whenever this page is open."];
}

/** @param {number} time In Unix milliseconds. */
function clock(time) {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/**
 * Name the day as well. "Tomorrow" would be wrong after midnight.
 *
 * @param {number} time In Unix milliseconds.
 */
export function dayAndClock(time) {
  return `${new Date(time).toLocaleDateString("en", { weekday: "long" })} at ${clock(time)}`;
}

/** @param {string} link */
async function showQrCode(link) {
  const code = await drawQrCode(link);
  const figure = find("qr", HTMLElement);
  figure.hidden = !code;
  find("qr-code", HTMLElement).replaceChildren(code ?? create("span"));
}
