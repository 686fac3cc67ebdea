/** Sends files one after another on one data channel, no faster than the receiver can take them. */

import { checksum } from "./checksum.js";
import { FileChannel } from "./file-channel.js";
import { safeFileName } from "./file-name.js";
import { AHEAD_BYTES, BUFFER_HIGH_BYTES, CHUNK_BYTES, READ_BYTES } from "./limits.js";
import { Transfer } from "./transfer.js";

/** @typedef {import("./file-message.js").FileMessage} FileMessage */

/**
 * @typedef {object} Outgoing
 * @property {number} id
 * @property {Transfer} transfer
 * @property {number} sent
 * @property {string} sha256 Empty until everything was sent.
 */

export class FileSender {
  #dataChannel;
  #channel;
  #options;
  #nextId = 0;
  #problem = "";
  /** @type {Outgoing | undefined} */
  #current;
  /** @type {Set<Transfer>} */
  #open = new Set();
  /** @type {Promise<void>} */
  #last = Promise.resolve();
  #wake = () => {};

  /**
   * @param {RTCDataChannel} dataChannel
   * @param {object} options
   * @param {number} options.maxFileBytes
   * @param {(news: import("./files.js").News) => void} options.onNews
   */
  constructor(dataChannel, options) {
    this.#dataChannel = dataChannel;
    this.#options = options;
    this.#channel = new FileChannel(dataChannel, this);
    for (const type of ["open", "bufferedamountlow"]) dataChannel.addEventListener(type, () => this.#wake());
  }

  /**
   * @param {File} file
   * @param {boolean} [isArchive]
   * @returns {Transfer}
   */
  add(file, isArchive = false) {
    const { maxFileBytes } = this.#options;
    const transfer = new Transfer("sent", safeFileName(file.name), file.size, isArchive);
    if (file.size > maxFileBytes) transfer.fail(`This file is too large: the limit is ${maxFileBytes / 1024 ** 2} MB.`);
    if (this.#problem) transfer.fail(this.#problem);
    if (transfer.over) return transfer;
    transfer.cancel = () => this.#cancel(transfer, "the sender cancelled it", "Cancelled.");
    this.#open.add(transfer);
    this.#last = this.#last.then(() => this.#send(file, transfer));
    return transfer;
  }

  /** @param {FileMessage} message */
  take(message) {
    switch (message.type) {
      case "alive":
        this.#options.onNews({ receives: true, ...(message.once && { once: true }) });
        return true;
      case "received":
        return this.#confirm(message);
      case "done":
        return this.#complete(message);
      case "error":
        if (this.#isCurrent(message)) this.#giveUp(`Not delivered: ${message.message.slice(0, 200)}.`);
        return true;
      default:
        return false;
    }
  }

  /** A receiver sends no content. */
  takeBytes() {
    return false;
  }

  /** @param {string} problem */
  stop(problem) {
    this.#problem = problem;
    this.#open.forEach((transfer) => transfer.fail(problem));
    this.#wake();
  }

  /**
   * @param {File} file
   * @param {Transfer} transfer
   */
  async #send(file, transfer) {
    if (!transfer.over) {
      const current = { id: this.#nextId++, transfer, sent: 0, sha256: "" };
      this.#current = current;
      await this.#sendAll(file, current).catch((error) => this.#cancel(transfer, "it cannot be read", problemOf(error)));
      await transfer.finished;
      this.#current = undefined;
    }
    this.#open.delete(transfer);
  }

  /**
   * @param {File} file
   * @param {Outgoing} current
   */
  async #sendAll(file, current) {
    const { id, transfer } = current;
    // The browser cannot read a folder, or a file that was changed after it was chosen. Find out before sending
    // anything.
    const digest = checksum(file);
    digest.catch(() => {});
    await file.slice(0, 1).arrayBuffer();
    await this.#until(transfer, () => this.#dataChannel.readyState !== "connecting");
    if (transfer.over) return;
    transfer.update({ state: "moving" });
    this.#channel.say({ type: transfer.isArchive ? "files" : "file", id, name: transfer.name, size: file.size });
    for (let start = 0; start < file.size; start += READ_BYTES) {
      const block = await file.slice(start, start + READ_BYTES).arrayBuffer();
      for (let at = 0; at < block.byteLength; at += CHUNK_BYTES) {
        await this.#until(transfer, () => this.#hasRoom(current));
        // A channel that is closing accepts no more data, although its "close" event comes later.
        if (transfer.over || this.#dataChannel.readyState !== "open") return;
        const chunk = new Uint8Array(block, at, Math.min(CHUNK_BYTES, block.byteLength - at));
        this.#dataChannel.send(chunk);
        current.sent += chunk.length;
      }
    }
    const sha256 = await digest;
    if (transfer.over) return;
    current.sha256 = sha256;
    transfer.update({ state: "checking", sha256 });
    this.#channel.say({ type: "end", id, sha256 });
  }

  /**
   * Whether the buffer has room, and the receiver is not too far behind.
   *
   * @param {Outgoing} current
   */
  #hasRoom({ transfer, sent }) {
    return this.#dataChannel.bufferedAmount <= BUFFER_HIGH_BYTES && sent - transfer.bytes <= AHEAD_BYTES;
  }

  /**
   * Return once the sender can go on, or once the transfer is over.
   *
   * @param {Transfer} transfer
   * @param {() => boolean} isReady Called again each time something happens on the data channel.
   */
  async #until(transfer, isReady) {
    while (!transfer.over && !isReady()) await new Promise((resolve) => (this.#wake = () => resolve(undefined)));
  }

  /** @param {import("./file-message.js").Receipt} receipt */
  #confirm(receipt) {
    if (!this.#current || !this.#isCurrent(receipt)) return true;
    const { transfer, sent } = this.#current;
    if (receipt.bytes < transfer.bytes || receipt.bytes > sent) return false;
    transfer.update({ bytes: receipt.bytes });
    this.#wake();
    return true;
  }

  /** @param {import("./file-message.js").Done} done */
  #complete(done) {
    if (!this.#current || !this.#isCurrent(done)) return true;
    const { id, transfer, sha256, sent } = this.#current;
    if (!sha256) return false;
    if (done.sha256 === sha256) {
      transfer.update({ state: "done", bytes: sent });
      this.#options.onNews({ outcome: "done" });
    } else {
      this.#channel.say({ type: "error", id, message: "the checksum differs" });
      this.#giveUp("The other side received different data: its checksum differs.");
    }
    return true;
  }

  /**
   * End the current transfer, because the sender or the receiver has given up.
   *
   * @param {string} problem
   */
  #giveUp(problem) {
    this.#current?.transfer.fail(problem);
    this.#options.onNews({ outcome: "failed" });
    this.#wake();
  }

  /**
   * @param {Transfer} transfer
   * @param {string} message For the receiver.
   * @param {string} problem For the sender.
   */
  #cancel(transfer, message, problem) {
    if (transfer.over) return;
    if (this.#current?.transfer === transfer && transfer.state !== "waiting") {
      this.#channel.say({ type: "error", id: this.#current.id, message });
      this.#giveUp(problem);
    } else {
      transfer.fail(problem);
      this.#wake();
    }
  }

  /** @param {{ id?: number }} message */
  #isCurrent({ id }) {
    return this.#current !== undefined && (id === undefined || id === this.#current.id);
  }
}

/** @param {unknown} error */
function problemOf(error) {
  const isUnreadable = error instanceof DOMException && error.name === "NotReadableError";
  return isUnreadable ? "The browser cannot read this file." : String(error);
}
