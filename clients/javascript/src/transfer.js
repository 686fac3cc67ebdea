/** One file that is being sent or received. */

/** @typedef {"waiting" | "moving" | "checking" | "done" | "failed"} TransferState */

/**
 * @typedef {object} Change
 * @property {TransferState} [state]
 * @property {number} [bytes]
 * @property {string} [problem]
 * @property {string} [sha256]
 * @property {Blob} [content]
 */

export class Transfer {
  /** @type {TransferState} */
  state = "waiting";
  /** How many bytes have arrived at the receiver. */
  bytes = 0;
  /** A sentence that says why the transfer has failed. Empty unless it has. */
  problem = "";
  /** The checksum, in the form that `sha256sum` prints. */
  sha256 = "";
  /** @type {Blob | undefined} The received file, once its checksum is verified. */
  content;
  /** Called after each change, so that the transfer can be shown. */
  onChange = () => {};
  /** Ends the transfer, unless it is over. The sender or receiver of the file sets this. */
  cancel = () => {};
  /** @type {() => void} */
  #settle = () => {};
  /** @type {Promise<void>} Resolves when the transfer is over, whether it is done or has failed. */
  finished = new Promise((resolve) => (this.#settle = resolve));

  /**
   * @param {"sent" | "received"} direction
   * @param {string} name A safe name.
   * @param {number | null} size In bytes. Null if the sender does not know it.
   * @param {boolean} [isArchive] Whether the content is a tar archive that contains several files or a folder.
   */
  constructor(direction, name, size, isArchive = false) {
    this.direction = direction;
    this.name = name;
    this.size = size;
    this.isArchive = isArchive;
  }

  get over() {
    return this.state === "done" || this.state === "failed";
  }

  /** @param {Change} change */
  update(change) {
    if (this.over) return;
    Object.assign(this, change);
    this.onChange();
    if (this.over) this.#settle();
  }

  /** @param {string} problem */
  fail(problem) {
    this.update({ state: "failed", problem });
  }
}
