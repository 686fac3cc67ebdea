/** Shows a file transfer. */

import { create, find, keepAtEnd } from "./dom.js";

/** @typedef {import("peerpost/files").Transfer} Transfer */

/**
 * @param {Transfer} transfer
 * @param {(text: string) => void} announce
 * @returns {HTMLElement}
 */
export function viewTransfer(transfer, announce) {
  const bar = create("progress", { max: Math.max(1, transfer.size ?? 1), ariaLabel: `Progress of ${transfer.name}` });
  // The state changes many times a second, and screen readers read the log aloud.
  const state = create("p", { className: "file-state", ariaLive: "off" });
  const cancel = create("button", { type: "button", className: "small", textContent: "Cancel" });
  const view = create("div", { className: "file" }, create("p", { className: "file-name", textContent: transfer.name }), bar, state, cancel);
  cancel.ariaLabel = `Cancel ${transfer.name}`;
  cancel.addEventListener("click", () => transfer.cancel());
  const log = find("log", HTMLElement);
  let isAnnounced = false;
  transfer.onChange = () => {
    // Without a value, the bar shows that something moves, and not how much is left.
    if (transfer.size !== null) bar.value = transfer.size ? transfer.bytes : Number(transfer.over);
    view.dataset.state = transfer.state;
    state.textContent = describe(transfer);
    // The cancel button disappears. If it had the focus, move the focus to the conversation.
    if (transfer.over && document.activeElement === cancel) log.focus();
    bar.hidden = cancel.hidden = transfer.over;
    if (!transfer.over || isAnnounced) return;
    isAnnounced = true;
    announce(`${transfer.name}: ${state.textContent}`);
    keepAtEnd(log, () => {
      if (transfer.sha256) view.append(viewChecksum(transfer.sha256));
      if (transfer.content) view.append(viewSave(transfer.content, transfer.name));
    });
  };
  transfer.onChange();
  return view;
}

/** @param {Transfer} transfer */
function describe({ state, bytes, size, problem, direction, isArchive }) {
  switch (state) {
    case "waiting":
      return `${sizeOf(size ?? 0)}, waiting`;
    case "moving":
      return size === null ? `${sizeOf(bytes)} so far` : `${sizeOf(bytes)} of ${sizeOf(size)}`;
    case "checking":
      return `${sizeOf(size ?? bytes)}, checking`;
    case "done": {
      const packed = isArchive ? ". Several files, packed as a tar archive: unpack it after you have saved it" : "";
      return `${sizeOf(bytes)}, ${direction === "sent" ? "delivered" : "received"}, checksum matches${packed}`;
    }
    case "failed":
      return problem;
  }
}

/** @param {string} sha256 */
function viewChecksum(sha256) {
  return create("details", {}, create("summary", { textContent: "SHA-256" }), create("code", { textContent: sha256 }));
}

/**
 * @param {Blob} content
 * @param {string} name
 */
function viewSave(content, name) {
  return create("a", { className: "button", download: name, href: URL.createObjectURL(content), ariaLabel: `Save ${name}` }, "Save");
}

/** @param {number} bytes */
export function sizeOf(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** power).toLocaleString("en", { maximumFractionDigits: power ? 1 : 0 })} ${units[power]}`;
}
