/** The ways in which a person hands files to the page: dropping, choosing, pasting. */

import { find } from "./dom.js";

/**
 * @param {(files: File[]) => void} onFiles
 * @param {AbortSignal} signal
 */
export function takeFiles(onFiles, signal) {
  const veil = find("drop", HTMLElement);
  const input = find("attach", HTMLInputElement);
  /** @param {DataTransfer | null} data */
  const hasFiles = (data) => Boolean(data?.types.includes("Files"));
  const ending = { signal };

  // Without the first two the browser would open the file in place of the page.
  addEventListener("dragover", (event) => hasFiles(event.dataTransfer) && event.preventDefault(), ending);
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
      input.value = ""; // The same file may be chosen again.
    },
    ending,
  );
  signal.addEventListener("abort", () => (veil.hidden = true));
}
