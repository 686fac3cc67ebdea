/** Why two peers could not reach each other. This looks at the types of their candidates only, never at an address. */
import { UnreachableError } from "./errors.js";
/** @param {RTCPeerConnection} peerConnection One that has failed. */
export declare function whyUnreachable(peerConnection: RTCPeerConnection): Promise<UnreachableError>;
