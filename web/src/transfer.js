/** One file that is being sent or received. */

/** @typedef {"waiting" | "moving" | "checking" | "done" | "failed"} TransferState */
/** @typedef {{ state?: TransferState, bytes?: number, problem?: string, sha256?: string, content?: Blob }} Change */

export class Transfer {
  /** @type {TransferState} */
  state = "waiting";
  bytes = 0;
  problem = "";
  sha256 = "";
  /** @type {Blob | undefined} The received file, once its checksum is verified. */
  content;
  /** Called after each change. Set by the view. */
  onChange = () => {};
  /** Set by the sender or receiver of the file. */
  cancel = () => {};

  /**
   * @param {"sent" | "received"} direction
   * @param {string} name
   * @param {number} size
   */
  constructor(direction, name, size) {
    this.direction = direction;
    this.name = name;
    this.size = size;
  }

  get over() {
    return this.state === "done" || this.state === "failed";
  }

  /** @param {Change} change */
  update(change) {
    if (this.over) return;
    Object.assign(this, change);
    this.onChange();
  }

  /** @param {string} problem */
  fail(problem) {
    this.update({ state: "failed", problem });
  }
}
