/** The control messages of a file transfer, which docs/files.md describes. */
export type Announcement = {
    type: "file" | "files";
    id?: number;
    name: string;
    /**
     * In bytes. Null for a stream whose end the sender does not know.
     */
    size: number | null;
    /**
     * Whether the sender leaves after this transfer.
     */
    once?: boolean;
};
export type End = {
    type: "end";
    id?: number;
    sha256: string;
};
export type Receipt = {
    type: "received";
    id?: number;
    bytes: number;
};
export type Done = {
    type: "done";
    id?: number;
    sha256: string;
};
export type Refusal = {
    type: "error";
    id?: number;
    message: string;
};
export type Alive = {
    type: "alive";
    once?: boolean;
};
export type FileMessage = Announcement | End | Receipt | Done | Refusal | Alive;
/**
 * Return the control message in a text from the other peer, or undefined if the text is not one. Only known fields are
 * kept.
 *
 * @param {string} text
 * @returns {FileMessage | undefined}
 */
export declare function readFileMessage(text: string): FileMessage | undefined;
