/** One data channel for files: sends and reads its messages, sends `alive`, and notices when the channel is closed. */
export type FileMessage = import("./file-message.js").FileMessage;
export type End = {
    /**
     * Handles a message. Returns false if this side does not expect it.
     */
    take: (message: FileMessage) => boolean;
    /**
     * Handles content. Returns false if this side does not
     * expect any.
     */
    takeBytes: (chunk: ArrayBuffer) => boolean;
    /**
     * Called once, when the channel is closed or the other peer breaks the
     * protocol.
     */
    stop: (problem: string) => void;
};
/** @typedef {import("./file-message.js").FileMessage} FileMessage */
/**
 * @typedef {object} End The user of the data channel on this side: a sender or a receiver of files.
 * @property {(message: FileMessage) => boolean} take Handles a message. Returns false if this side does not expect it.
 * @property {(chunk: ArrayBuffer) => boolean} takeBytes Handles content. Returns false if this side does not
 *   expect any.
 * @property {(problem: string) => void} stop Called once, when the channel is closed or the other peer breaks the
 *   protocol.
 */
export declare const LABEL = "peerpost-file";
export declare class FileChannel {
    #private;
    /**
     * @param {RTCDataChannel} channel
     * @param {End} end
     */
    constructor(channel: RTCDataChannel, end: End);
    /** @param {FileMessage} message */
    say(message: FileMessage): void;
}
