/** The server's sentences that a client acts on. They are part of the protocol, and do not change. */

export const NO_SUCH_CHANNEL = "no such channel";
export const NO_OFFER_YET = "no offer yet";
export const NO_ANSWER_YET = "no answer yet";
export const ANSWER_EXISTS = "answer already exists";
/** A server of an older version says this about a list of candidates, which it does not know. */
export const NO_CANDIDATE = "candidate is missing";

/** Our own sentence: the channel has an answer already, from another peer or from an aborted try of this page. */
export const LINK_IS_USED = "an answer has used up this link";
