/** Receives files on one data channel, limits their size, and verifies their checksums. */

import { checksum } from "./checksum.js";
import { FileChannel } from "./file-channel.js";
import { FileContent } from "./file-content.js";
import { safeFileName } from "./file-name.js";
import { RECEIPT_BYTES } from "./limits.js";
import { Transfer } from "./transfer.js";

/** @typedef {import("./file-message.js").Announcement} Announcement */
/** @typedef {import("./file-message.js").FileMessage} FileMessage */

/**
 * @typedef {object} Incoming
 * @property {number} [id]
 * @property {Transfer} transfer
 * @property {FileContent} content
 * @property {number} confirmed
 */

export class FileReceiver {
  #channel;
  #options;
  #received = 0;
  /** @type {Incoming | undefined} The channel keeps the order, so bytes belong to the file that was announced last. */
  #current;

  /**
   * @param {RTCDataChannel} channel
   * @param {object} options
   * @param {number} options.maxFileBytes
   * @param {number} options.maxReceivedBytes
   * @param {(transfer: Transfer) => void} options.onTransfer
   * @param {(news: import("./files.js").News) => void} options.onNews
   */
  constructor(channel, options) {
    this.#options = options;
    this.#channel = new FileChannel(channel, this);
    options.onNews({ sends: true });
  }

  /** @param {FileMessage} message */
  take(message) {
    switch (message.type) {
      case "alive":
        return true;
      case "file":
      case "files":
        return this.#begin(message);
      case "end":
        if (this.#isCurrent(message)) this.#check(message.sha256);
        return true;
      case "error":
        if (this.#isCurrent(message)) this.#giveUp(`Not received: ${message.message.slice(0, 200)}.`);
        return true;
      default:
        return false;
    }
  }

  /** @param {ArrayBuffer} chunk */
  takeBytes(chunk) {
    const { byteLength } = chunk;
    if (!byteLength) return false;
    if (!this.#current) return true; // the rest of a refused file
    const { id, transfer, content } = this.#current;
    const { maxFileBytes, maxReceivedBytes } = this.#options;
    if (content.size + byteLength > (transfer.size ?? Infinity)) return this.#refuse("it is larger than announced");
    if (content.size + byteLength > maxFileBytes) return this.#refuse(tooLarge(maxFileBytes));
    if (this.#received + byteLength > maxReceivedBytes) return this.#refuse(limitReached(maxReceivedBytes));
    content.add(chunk);
    this.#received += byteLength;
    if (content.size - this.#current.confirmed >= RECEIPT_BYTES) {
      this.#current.confirmed = content.size;
      this.#channel.say({ type: "received", id, bytes: content.size });
    }
    transfer.update({ bytes: content.size });
    return true;
  }

  /** @param {string} problem */
  stop(problem) {
    const { transfer } = this.#current ?? {};
    this.#current = undefined;
    transfer?.fail(problem);
  }

  /** @param {Announcement} announcement */
  #begin({ type, id, name, size, once }) {
    if (this.#current) return false;
    const isArchive = type === "files";
    const transfer = new Transfer("received", safeFileName(isArchive ? `${name}.tar` : name), size, isArchive);
    const incoming = { id, transfer, content: new FileContent(), confirmed: 0 };
    this.#current = incoming;
    transfer.cancel = () => this.#current === incoming && this.#refuse("the receiver cancelled it", "Cancelled.");
    transfer.update({ state: "moving" });
    if (once) this.#options.onNews({ once });
    this.#options.onTransfer(transfer);
    const { maxFileBytes, maxReceivedBytes } = this.#options;
    if (transfer.over) return true; // It was cancelled at once.
    if (Number(size) > maxFileBytes) this.#refuse(tooLarge(maxFileBytes));
    else if (this.#received + Number(size) > maxReceivedBytes) this.#refuse(limitReached(maxReceivedBytes));
    return true;
  }

  /** @param {string} sha256 */
  async #check(sha256) {
    const { id, transfer, content } = /** @type {Incoming} */ (this.#current);
    if (transfer.size !== null && content.size !== transfer.size) {
      this.#refuse("a part is missing");
      return;
    }
    this.#current = undefined;
    transfer.update({ state: "checking" });
    const blob = content.blob();
    // The browser may lack the memory to hold the whole file once more.
    const ours = await checksum(blob).catch(() => undefined);
    if (transfer.over) return;
    /**
     * @param {string} message For the sender.
     * @param {string} problem For the receiver.
     */
    const fail = (message, problem) => {
      this.#channel.say({ type: "error", id, message });
      transfer.fail(problem);
      this.#options.onNews({ outcome: "failed" });
    };
    if (!ours) fail("the receiver cannot check it", "The browser cannot check this file.");
    else if (ours !== sha256) fail("the checksum differs", "The file was damaged on the way: its checksum differs.");
    else {
      this.#channel.say({ type: "done", id, sha256 });
      transfer.update({ state: "done", content: blob, sha256 });
      this.#options.onNews({ outcome: "done" });
    }
  }

  /**
   * Refuse the current file. Return true, so that the channel stays open for the next one.
   *
   * @param {string} message For the sender.
   * @param {string} [problem] For the receiver.
   */
  #refuse(message, problem = `Not received: ${message}.`) {
    this.#channel.say({ type: "error", id: this.#current?.id, message });
    this.#giveUp(problem);
    return true;
  }

  /**
   * End the current transfer, because the sender or the receiver has given up.
   *
   * @param {string} problem
   */
  #giveUp(problem) {
    this.stop(problem);
    this.#options.onNews({ outcome: "failed" });
  }

  /** @param {{ id?: number }} message */
  #isCurrent({ id }) {
    return this.#current !== undefined && (id === undefined || id === this.#current.id);
  }
}

/** @param {number} bytes */
function tooLarge(bytes) {
  return `it is too large: the limit is ${bytes / 1024 ** 2} MB`;
}

/** @param {number} bytes */
function limitReached(bytes) {
  return `this connection has reached its limit of ${bytes / 1024 ** 3} GB; connect again`;
}
