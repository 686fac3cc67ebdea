/** The SHA-256 checksum of a file, in the form that `sha256sum` prints. */

/** @param {Blob} blob */
export async function checksum(blob) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
