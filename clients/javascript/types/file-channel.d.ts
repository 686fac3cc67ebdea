/** One data channel for files: its messages, its signs of life, and its end. */
export type FileMessage = import("./file-message.js").FileMessage;
export type End = {
    /**
     * Takes a message, and returns whether it was one for this end.
     */
    take: (message: FileMessage) => boolean;
    /**
     * Takes content, and returns whether this end expects any.
     */
    takeBytes: (chunk: ArrayBuffer) => boolean;
    /**
     * Called at the end of the channel.
     */
    stop: (problem: string) => void;
};
/** @typedef {import("./file-message.js").FileMessage} FileMessage */
/**
 * @typedef {object} End One of the two ends of a data channel: a sender or a receiver of files.
 * @property {(message: FileMessage) => boolean} take Takes a message, and returns whether it was one for this end.
 * @property {(chunk: ArrayBuffer) => boolean} takeBytes Takes content, and returns whether this end expects any.
 * @property {(problem: string) => void} stop Called at the end of the channel.
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
