/** The client's errors: one class for each case in which a page may want to react differently. */

export class PeerpostError extends Error {
  name = "PeerpostError";
}

/** The server refused the request. The message is the server's. Asking again helps only if the message says "yet". */
export class RefusalError extends PeerpostError {
  name = "RefusalError";
}

/** The server requires an access key to open a channel or to return its ICE servers. Ours is missing or unknown. */
export class AccessError extends RefusalError {
  name = "AccessError";
}

/** The server, or a proxy in front of it, is out of order or out of capacity. */
export class ServerError extends PeerpostError {
  name = "ServerError";

  /**
   * @param {string} message
   * @param {number} status
   * @param {number} retryAfter Seconds after which the server asks to be called again. 0 if it does not say.
   */
  constructor(message, status, retryAfter) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** There was no reply, or it is not from a Peerpost server. A write may have succeeded. */
export class NetworkError extends PeerpostError {
  name = "NetworkError";
}

/** The channel does not exist: it has expired, it was erased, or it never existed. */
export class ExpiredError extends RefusalError {
  name = "ExpiredError";
}

/** A description or candidate was not sealed with our key, or was sealed for another purpose. */
export class TamperedError extends PeerpostError {
  name = "TamperedError";
}

/** Why there is no connection, in a short code and in a sentence. */
const REASONS = {
  closed: "the connection is closed",
  "host-away": "the host is away",
  "no-candidates": "no candidates of the other peer arrived",
  "no-relay": "the TURN server gave no address",
  "no-stun": "no STUN server answered",
  "strict-nats": "both peers are behind strict NATs, with no TURN server",
  unknown: "the peers could not reach each other",
};

/** @typedef {keyof typeof REASONS} Reason */

/** ICE or DTLS could not reach the other peer, the page closed the connection, or the host of an address is away. */
export class UnreachableError extends PeerpostError {
  name = "UnreachableError";

  /**
   * @param {Reason} reason
   * @param {ErrorOptions} [options]
   */
  constructor(reason, options) {
    super(REASONS[reason], options);
    this.reason = reason;
  }
}
