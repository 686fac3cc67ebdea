/** One data channel for files: sends and reads its messages, sends `alive`, and notices when the channel is closed. */

import { readFileMessage } from "./file-message.js";
import { ALIVE_MS, BUFFER_LOW_BYTES } from "./limits.js";

/** @typedef {import("./file-message.js").FileMessage} FileMessage */

/**
 * @typedef {object} End The user of the data channel on this side: a sender or a receiver of files.
 * @property {(message: FileMessage) => boolean} take Handles a message. Returns false if this side does not expect it.
 * @property {(chunk: ArrayBuffer) => boolean} takeBytes Handles content. Returns false if this side does not
 *   expect any.
 * @property {(problem: string) => void} stop Called once, when the channel is closed or the other peer breaks the
 *   protocol.
 */

// The peer that sends files opens the data channel, and the other one replies on it.
export const LABEL = "peerpost-file";

export class FileChannel {
  #channel;
  #end;
  #timer;
  #isOver = false;

  /**
   * @param {RTCDataChannel} channel
   * @param {End} end
   */
  constructor(channel, end) {
    this.#channel = channel;
    this.#end = end;
    channel.binaryType = "arraybuffer";
    channel.bufferedAmountLowThreshold = BUFFER_LOW_BYTES;
    channel.addEventListener("open", () => this.#sayAlive());
    channel.addEventListener("close", () => this.#stop("The connection ended."));
    channel.addEventListener("message", ({ data }) => this.#take(data));
    this.#timer = setInterval(() => this.#sayAlive(), ALIVE_MS);
    if (channel.readyState === "open") this.#sayAlive();
  }

  /** @param {FileMessage} message */
  say(message) {
    if (this.#channel.readyState !== "open") return;
    try {
      this.#channel.send(JSON.stringify(message));
    } catch {
      // The buffer is full: the other peer asks for replies and does not read them.
      this.#channel.close();
    }
  }

  /** @param {string | ArrayBuffer} data */
  #take(data) {
    if (this.#isOver) return;
    if (typeof data !== "string") {
      if (!this.#end.takeBytes(data)) this.#refuse();
      return;
    }
    const message = readFileMessage(data);
    if (!message || !this.#end.take(message)) this.#refuse();
  }

  /** End the channel, because the other peer does not follow the protocol. */
  #refuse() {
    this.say({ type: "error", message: "this is against the protocol of file transfers" });
    this.#stop("The other side does not follow the protocol of file transfers.");
    this.#channel.close();
  }

  #sayAlive() {
    // If this side closes the RTCPeerConnection, the data channel fires no event.
    if (this.#channel.readyState === "closed") this.#stop("The connection ended.");
    // Behind a full buffer, an alive message would be late. The content in the buffer shows that this peer is alive.
    else if (this.#channel.bufferedAmount < BUFFER_LOW_BYTES) this.say({ type: "alive" });
  }

  /** @param {string} problem */
  #stop(problem) {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#end.stop(problem);
  }
}
