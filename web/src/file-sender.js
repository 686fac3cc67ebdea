/** Sends files one after another, no faster than the network can carry them. */

import { checksum } from "./checksum.js";
import { safeFileName } from "./file-name.js";
import { BUFFER_HIGH_BYTES, BUFFER_LOW_BYTES, CHUNK_BYTES, MAX_FILE_BYTES, READ_BYTES } from "./limits.js";
import { Transfer } from "./transfer.js";

/** @typedef {import("./file-message.js").FileMessage} FileMessage */

export class FileSender {
  #channel;
  #nextId = 0;
  /** @type {Map<number, Transfer>} */
  #open = new Map();
  /** @type {Promise<void>} */
  #last = Promise.resolve();

  /** @param {RTCDataChannel} channel */
  constructor(channel) {
    this.#channel = channel;
    channel.bufferedAmountLowThreshold = BUFFER_LOW_BYTES;
    channel.addEventListener("close", () => {
      this.#open.forEach((transfer) => transfer.fail("The connection ended."));
      this.#open.clear();
    });
  }

  /**
   * @param {File} file
   * @returns {Transfer}
   */
  add(file) {
    const id = this.#nextId++;
    const transfer = new Transfer("sent", safeFileName(file.name), file.size);
    if (file.size > MAX_FILE_BYTES) {
      transfer.fail(`This file is too large: the limit is ${MAX_FILE_BYTES / 1024 / 1024} MB.`);
      return transfer;
    }
    transfer.cancel = () => this.#cancel(id, transfer);
    this.#open.set(id, transfer);
    this.#last = this.#last.then(() => this.#send(id, file, transfer));
    return transfer;
  }

  /** @param {FileMessage} message */
  take(message) {
    const transfer = this.#open.get(message.id);
    if (message.type === "received") transfer?.update({ state: "done" });
    else if (message.type === "refused") transfer?.fail(`Not delivered: ${message.reason.slice(0, 100)}.`);
    else return;
    this.#open.delete(message.id);
  }

  /**
   * @param {number} id
   * @param {File} file
   * @param {Transfer} transfer
   */
  async #send(id, file, transfer) {
    if (transfer.over) return;
    try {
      // A folder cannot be read, nor a file that was changed after it was chosen. Find out before sending anything.
      const digest = checksum(file);
      digest.catch(() => {});
      await file.slice(0, 1).arrayBuffer();
      this.#say({ type: "file", id, name: transfer.name, size: file.size });
      transfer.update({ state: "moving" });
      await this.#sendBytes(file, transfer);
      if (transfer.over) return;
      const sha256 = await digest;
      transfer.update({ state: "checking", bytes: file.size, sha256 });
      this.#say({ type: "end", id, sha256 });
    } catch (error) {
      transfer.fail(error instanceof DOMException && error.name === "NotReadableError" ? "The browser cannot read this file." : String(error));
      this.#cancel(id, transfer);
    }
  }

  /**
   * @param {File} file
   * @param {Transfer} transfer
   */
  async #sendBytes(file, transfer) {
    for (let start = 0; start < file.size; start += READ_BYTES) {
      const block = await file.slice(start, start + READ_BYTES).arrayBuffer();
      for (let at = 0; at < block.byteLength; at += CHUNK_BYTES) {
        await this.#room();
        if (transfer.over) return;
        this.#channel.send(new Uint8Array(block, at, Math.min(CHUNK_BYTES, block.byteLength - at)));
      }
      transfer.update({ bytes: Math.max(0, start + block.byteLength - this.#channel.bufferedAmount) });
    }
  }

  /** Return once the send buffer has room. */
  async #room() {
    if (this.#channel.bufferedAmount <= BUFFER_HIGH_BYTES) return;
    await new Promise((resolve) => {
      const end = new AbortController();
      for (const type of ["bufferedamountlow", "close"]) {
        this.#channel.addEventListener(type, () => (end.abort(), resolve(undefined)), { signal: end.signal });
      }
    });
  }

  /**
   * @param {number} id
   * @param {Transfer} transfer
   */
  #cancel(id, transfer) {
    const wasMoving = transfer.state !== "waiting";
    transfer.fail("Cancelled.");
    if (wasMoving && this.#open.delete(id)) this.#say({ type: "cancel", id });
  }

  /** @param {FileMessage} message */
  #say(message) {
    if (this.#channel.readyState === "open") this.#channel.send(JSON.stringify(message));
  }
}
