/** Finds out why two peers could not reach each other. Looks at the types of candidates, but never at an address. */
import { UnreachableError } from "./errors.js";
/** @param {RTCPeerConnection} peerConnection A connection that has failed, or that is not connected in time. */
export declare function whyUnreachable(peerConnection: RTCPeerConnection): Promise<UnreachableError>;
