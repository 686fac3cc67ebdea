/** Sends and receives files over one data channel. */

import { parseFileMessage } from "./file-message.js";
import { FileReceiver } from "./file-receiver.js";
import { FileSender } from "./file-sender.js";

/** @typedef {import("./transfer.js").Transfer} Transfer */

export class Files {
  #sender;
  #onTransfer;

  /**
   * @param {RTCDataChannel} channel
   * @param {(transfer: Transfer) => void} onTransfer
   */
  constructor(channel, onTransfer) {
    const sender = (this.#sender = new FileSender(channel));
    const receiver = new FileReceiver(channel, onTransfer);
    this.#onTransfer = onTransfer;
    channel.binaryType = "arraybuffer";
    channel.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") {
        receiver.takeBytes(data);
        return;
      }
      const message = parseFileMessage(data);
      if (!message) return;
      sender.take(message);
      receiver.take(message);
    });
  }

  /** @param {Iterable<File>} files */
  send(files) {
    for (const file of files) this.#onTransfer(this.#sender.add(file));
  }
}
