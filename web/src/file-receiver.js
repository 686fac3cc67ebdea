/** Receives files, limits their size, and verifies their checksums. */

import { checksum } from "./checksum.js";
import { safeFileName } from "./file-name.js";
import { MAX_FILE_BYTES, MAX_RECEIVED_BYTES } from "./limits.js";
import { Transfer } from "./transfer.js";

/** @typedef {import("./file-message.js").FileMessage} FileMessage */
/** @typedef {{ id: number, transfer: Transfer, chunks: ArrayBuffer[] }} Incoming */

const LIMIT_REACHED = `this connection has reached its limit of ${MAX_RECEIVED_BYTES / 1024 ** 3} GB; connect again with a new link`;

export class FileReceiver {
  #channel;
  #onTransfer;
  #received = 0;
  /** @type {Incoming | undefined} The channel keeps the order, so bytes belong to the file that was announced last. */
  #current;

  /**
   * @param {RTCDataChannel} channel
   * @param {(transfer: Transfer) => void} onTransfer
   */
  constructor(channel, onTransfer) {
    this.#channel = channel;
    this.#onTransfer = onTransfer;
    channel.addEventListener("close", () => this.#stop("The connection ended."));
  }

  /** @param {FileMessage} message */
  take(message) {
    if (message.type === "file") this.#begin(message.id, message.name, message.size);
    else if (message.id !== this.#current?.id) return;
    else if (message.type === "end") this.#check(message.sha256);
    else if (message.type === "cancel") this.#stop("The other person cancelled it.");
  }

  /** @param {ArrayBuffer} chunk */
  takeBytes(chunk) {
    if (!this.#current) return; // the rest of a refused file
    const { transfer, chunks } = this.#current;
    if (transfer.bytes + chunk.byteLength > transfer.size) {
      this.#refuse("it is larger than announced");
      return;
    }
    chunks.push(chunk);
    this.#received += chunk.byteLength;
    transfer.update({ bytes: transfer.bytes + chunk.byteLength });
  }

  /**
   * @param {number} id
   * @param {string} name
   * @param {number} size
   */
  #begin(id, name, size) {
    this.#stop("The other person started another file before this one was complete.");
    const transfer = new Transfer("received", safeFileName(name), size);
    this.#current = { id, transfer, chunks: [] };
    transfer.cancel = () => this.#current?.id === id && this.#refuse("the other person cancelled it", "Cancelled.");
    transfer.update({ state: "moving" });
    this.#onTransfer(transfer);
    if (size > MAX_FILE_BYTES) this.#refuse("it is too large");
    else if (this.#received + size > MAX_RECEIVED_BYTES) this.#refuse(LIMIT_REACHED);
  }

  /** @param {string} sha256 */
  async #check(sha256) {
    const { id, transfer, chunks } = /** @type {Incoming} */ (this.#current);
    if (transfer.bytes !== transfer.size) {
      this.#refuse("a part is missing");
      return;
    }
    this.#current = undefined;
    transfer.update({ state: "checking" });
    // Ignore the sender's media type, so that the browser saves the file and never displays it.
    const content = new Blob(chunks, { type: "application/octet-stream" });
    if ((await checksum(content)) === sha256) {
      transfer.update({ state: "done", content, sha256 });
      this.#say({ type: "received", id });
    } else {
      transfer.fail("The file was damaged on the way: its checksum differs.");
      this.#say({ type: "refused", id, reason: "the checksum differs" });
    }
  }

  /**
   * @param {string} reason For the sender.
   * @param {string} [problem] For the receiver.
   */
  #refuse(reason, problem = `Not received: ${reason}.`) {
    if (!this.#current) return;
    this.#say({ type: "refused", id: this.#current.id, reason });
    this.#stop(problem);
  }

  /** @param {string} problem */
  #stop(problem) {
    this.#current?.transfer.fail(problem);
    this.#current = undefined;
  }

  /** @param {FileMessage} message */
  #say(message) {
    if (this.#channel.readyState === "open") this.#channel.send(JSON.stringify(message));
  }
}
