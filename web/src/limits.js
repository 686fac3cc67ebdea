/** Every limit and delay of the page, with its reason. */

// People write shorter messages than this. Longer text can be sent as a file.
export const MAX_MESSAGE_CHARACTERS = 4000;
// The oldest entries are removed, so that a peer that floods the conversation cannot fill the memory.
export const MAX_LOG_ITEMS = 500;

// A notice holds at most a word, a token and a number.
export const MAX_NOTICE_CHARACTERS = 200;
// A page sends nothing before it is let in. So it takes no more than this from somebody that it has not let in yet.
export const MAX_EARLY = 64;

// The round-trip time and the route are read this often.
export const ROUTE_MS = 1000;
// Two peers that can reach each other usually connect within this time. ICE gives up only after 15 seconds or more.
export const SLOW_MS = 4000;
// An interrupted connection has this long to come back, by an ICE restart, before the page gives up.
export const LOST_MS = 20_000;
// The other page needs this long, at most, to hear that we leave, even if the message has to be sent again.
export const FAREWELL_MS = 2000;
// A page says hello at once, and the host says at once whether it may join. Who has said nothing by then is another
// program. Half of a slow round trip, or a lost packet that is sent again, is not that long.
export const HELLO_MS = 3000;
// A guest who opens the link may fail to get through because the host is just reloading its page. Twice is no accident.
export const MAX_FAILED_DOORS = 2;

// The server keeps a channel for this long.
export const CHANNEL_TTL_SECONDS = 300;
// The server counts whole seconds, and starts when it receives the request.
export const TIME_UP_MS = 3000;

// Two people are connected again within five seconds after the return of a network: this pause, and then the time that it
// takes to connect.
export const EAGER_MS = 3000;
