/** What can go wrong, one class for each way out. */

export class PeerpostError extends Error {
  name = "PeerpostError";
}

/** The server said no, and the message is its sentence. Sending the same again does not help, unless it says "yet". */
export class RefusalError extends PeerpostError {
  name = "RefusalError";
}

/** The server opens channels, or tells its ICE servers, to holders of an access key alone, and ours is none or unknown. */
export class AccessError extends RefusalError {
  name = "AccessError";
}

/** The server, or what stands in front of it, is out of order or out of capacity. */
export class ServerError extends PeerpostError {
  name = "ServerError";

  /**
   * @param {string} message
   * @param {number} status
   * @param {number} retryAfter Seconds after which the server wishes to be asked again; 0 when it does not say.
   */
  constructor(message, status, retryAfter) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** No reply: the request, or the reply to it, is lost. A write may have taken effect. */
export class NetworkError extends PeerpostError {
  name = "NetworkError";
}

/** The channel is no more: its time is up, or it was erased, or it has never been. */
export class ExpiredError extends RefusalError {
  name = "ExpiredError";
}

/** A description or candidate was not sealed with our key, for its place. */
export class TamperedError extends PeerpostError {
  name = "TamperedError";
}

/** The peers know each other, but ICE or DTLS found no way between them. */
export class UnreachableError extends PeerpostError {
  name = "UnreachableError";
}
