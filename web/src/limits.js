/** Every limit and delay of the page, with its reason. */

// People write shorter messages than this. Longer text can be sent as a file.
export const MAX_MESSAGE_CHARACTERS = 4000;
// The oldest entries are removed, so that a peer that floods the conversation cannot fill the memory.
export const MAX_LOG_ITEMS = 500;

// A notice holds at most a word, a token and a number.
export const MAX_NOTICE_CHARACTERS = 200;
// A page sends no messages and no files before the host lets it in. If another program sends some earlier, the page keeps
// at most this many of them, and at most this many notices.
export const MAX_EARLY = 64;

// The round-trip time and the route are read this often.
export const ROUTE_MS = 1000;
// Two peers that can reach each other usually connect within this time. ICE gives up only after 15 seconds or more.
export const SLOW_MS = 4000;
// An interrupted connection has this long to come back, by an ICE restart, before the page gives up.
export const LOST_MS = 20_000;
// A browser reports an interruption only after the other browser has not replied for some seconds. So the messages that were
// sent up to this long before the report may be lost, too.
export const DOUBT_MS = 10_000;
// The other page needs at most this long to receive our goodbye, even if the message has to be sent again.
export const FAREWELL_MS = 2000;
// A page sends `hello` at once, and the host replies at once whether the guest may join. If nothing arrives within this
// time, the other side is another program. A slow round trip, or a lost packet that is sent again, takes less time.
export const HELLO_MS = 3000;
// A first attempt to connect, through one of the host's doors, can fail because the host is reloading its page at that
// moment. A second failure probably has another cause, so the guest's page gives up.
export const MAX_FAILED_DOORS = 2;

// The server keeps a channel for this long.
export const CHANNEL_TTL_SECONDS = 300;
// The page calculates when its link expires. The server may regard the link as expired a little earlier, because it counts
// whole seconds. The difference is less than this.
export const TIME_UP_MS = 3000;

// How often a request is sent again after the connection is lost. Two people should be connected again within five seconds
// after the network is back: at most this pause, plus the time that it takes to connect.
export const EAGER_MS = 3000;
