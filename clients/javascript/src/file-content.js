/** The content of a file while it arrives. */

import { BLOCK_BYTES } from "./limits.js";

export class FileContent {
  size = 0;
  /** @type {Uint8Array<ArrayBuffer>[]} The last one may not be full yet. */
  #blocks = [];
  #room = 0;

  /**
   * Add the next chunk. Chunks are copied into larger blocks, because a million small chunks would need much more
   * memory than their content.
   *
   * @param {ArrayBuffer} chunk
   */
  add(chunk) {
    let rest = new Uint8Array(chunk);
    this.size += rest.length;
    while (rest.length) {
      if (!this.#room) {
        this.#blocks.push(new Uint8Array(BLOCK_BYTES));
        this.#room = BLOCK_BYTES;
      }
      const part = rest.subarray(0, this.#room);
      this.#blocks.at(-1)?.set(part, BLOCK_BYTES - this.#room);
      this.#room -= part.length;
      rest = rest.subarray(part.length);
    }
  }

  /** Return everything that was added. */
  blob() {
    const last = this.#blocks.pop();
    const blocks = last ? [...this.#blocks, last.subarray(0, BLOCK_BYTES - this.#room)] : [];
    // The protocol has no media types. With this one, a browser saves the file and never displays it.
    return new Blob(blocks, { type: "application/octet-stream" });
  }
}
