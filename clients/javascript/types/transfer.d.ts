/** One file that is being sent or received. */
export type TransferState = "waiting" | "moving" | "checking" | "done" | "failed";
export type Change = {
    state?: TransferState;
    bytes?: number;
    problem?: string;
    sha256?: string;
    content?: Blob;
};
/** @typedef {"waiting" | "moving" | "checking" | "done" | "failed"} TransferState */
/**
 * @typedef {object} Change
 * @property {TransferState} [state]
 * @property {number} [bytes]
 * @property {string} [problem]
 * @property {string} [sha256]
 * @property {Blob} [content]
 */
export declare class Transfer {
    #private;
    direction: "received" | "sent";
    name: string;
    size: number | null;
    isArchive: boolean;
    /** @type {TransferState} */
    state: TransferState;
    /** How many bytes have arrived at the receiver. */
    bytes: number;
    /** A sentence that says why the transfer has failed. Empty unless it has. */
    problem: string;
    /** The checksum, in the form that `sha256sum` prints. */
    sha256: string;
    /** @type {Blob | undefined} The received file, once its checksum is verified. */
    content: Blob | undefined;
    /** Called after each change, so that the transfer can be shown. */
    onChange: () => void;
    /** Ends the transfer, unless it is over. The sender or receiver of the file sets this. */
    cancel: () => void;
    /** @type {Promise<void>} Resolves when the transfer is over, whether it is done or has failed. */
    finished: Promise<void>;
    /**
     * @param {"sent" | "received"} direction
     * @param {string} name A safe name.
     * @param {number | null} size In bytes. Null if the sender does not know it.
     * @param {boolean} [isArchive] Whether the content is a tar archive that contains several files or a folder.
     */
    constructor(direction: "sent" | "received", name: string, size: number | null, isArchive?: boolean);
    get over(): boolean;
    /** @param {Change} change */
    update(change: Change): void;
    /** @param {string} problem */
    fail(problem: string): void;
}
