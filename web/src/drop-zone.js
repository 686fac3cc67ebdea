/** Takes the files that the user drops, chooses or pastes. */

import { find } from "./dom.js";

/** @param {DataTransfer | null} data */
const hasFiles = (data) => Boolean(data?.types.includes("Files"));

/**
 * Refuse dropped files. By default, the browser would open a dropped file in place of the page, and so end the
 * connection.
 */
export function refuseFiles() {
  addEventListener("dragover", (event) => answer(event, "none"));
}

/**
 * @param {DragEvent} event
 * @param {"copy" | "none"} effect
 */
function answer(event, effect) {
  if (!event.dataTransfer || !hasFiles(event.dataTransfer)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = effect;
}

/**
 * @param {(files: File[]) => void} onFiles
 * @param {AbortSignal} signal
 */
export function takeFiles(onFiles, signal) {
  const veil = find("drop", HTMLElement);
  const input = find("attach", HTMLInputElement);
  const ending = { signal };

  addEventListener("dragover", (event) => answer(event, "copy"), ending);
  addEventListener(
    "drop",
    (event) => {
      if (!hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      veil.hidden = true;
      onFiles([...(event.dataTransfer?.files ?? [])]);
    },
    ending,
  );
  addEventListener("dragenter", (event) => (veil.hidden &&= !hasFiles(event.dataTransfer)), ending);
  addEventListener("dragleave", (event) => (veil.hidden ||= event.relatedTarget === null), ending);
  addEventListener("paste", (event) => onFiles([...(event.clipboardData?.files ?? [])]), ending);
  input.addEventListener(
    "change",
    () => {
      onFiles([...(input.files ?? [])]);
      input.value = ""; // Otherwise, choosing the same file again would not be a change.
    },
    ending,
  );
  signal.addEventListener("abort", () => (veil.hidden = true));
}
