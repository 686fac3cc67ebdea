/** Every number of the client, with its reason. */

// These five are the server's own limits: how long a channel lives, how large a description and a candidate may be, how
// many candidates a channel holds, and how many fit into one request.
export const CHANNEL_TTL_SECONDS = 300;
export const MAX_DESCRIPTION_BYTES = 32_768;
export const MAX_CANDIDATE_BYTES = 425;
export const MAX_CANDIDATES = 800;
export const MAX_BATCH = 64;

// A held second costs the operator as much as a dozen polls, so reads are held only while news is likely: at first, since
// a peer that is ready at the same moment answers within four round trips, and most are shorter than 200 ms; and after
// news of the other peer, since its candidates follow within seconds.
export const HOLD_AT_FIRST_MS = 1000;
export const HOLD_AFTER_NEWS_MS = 5000;

// A server that has never replied is more likely a typing error than an outage: give up after 2 s.
export const MAX_TRIES_AT_FIRST = 4;
// A server that has replied may be restarting: give up after some ten seconds.
export const MAX_TRIES = 8;
// A server with too many requests, or one that says when to come back, may serve us when others are done: give up after
// two minutes.
export const MAX_TRIES_BUSY = 20;

// A browser has its first candidate after 4 ms, and those of other interfaces right after it, so stop waiting after
// QUIET_MS without another one. A peer that has no candidate after GATHERING_MS relies on STUN and TURN servers, which
// reply later or never. Never wait for the end of gathering.
export const QUIET_MS = 7;
export const GATHERING_MS = 200;
// STUN and TURN servers reply one after another. Their candidates are sent together.
export const BATCH_MS = 20;
// With ICE servers there are late candidates, and a peer that is not connected by now needs them.
export const LATE_MS = 50;
// Without ICE servers there are usually no late candidates, and peers that are about to connect need not read any.
export const UNLIKELY_MS = 2000;
// Our own candidates would end a read that is held already, so write them first if they come within this time.
export const OWN_MS = 250;
// Try new candidates before asking for more: a connectivity check and DTLS take a round trip each.
export const SETTLE_MS = 300;
// Two peers that have each other's description and no candidate of the other after this time will not get any.
export const IDLE_MS = 60_000;
// Closing an RTCPeerConnection fires no event, so check this often. In a background page, the browser allows only one
// check a second.
export const CLOSED_MS = 250;

// A request may take this long in addition to the time for which it is held: a cold start, and a round trip.
export const PATIENCE_SECONDS = 15;
// A function URL never sends more. A longer reply is an attack, and is not read to its end.
export const MAX_REPLY_BYTES = 6_291_456;
// A refusal is one sentence. A proxy may reply with a whole page, and an error shows no more of it than this.
export const MAX_SENTENCE = 200;

// AES-256-GCM.
export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
// The name of a guest is random, so that no other guest has the same name by chance, or can guess it.
export const GUEST_BYTES = 16;

// The time from one poll to the next. docs/benchmarks.md has the curve from which these are chosen ("How often to ask").
// More than half of all guests come within the first half minute, and the host notices them a quarter of a second late on
// average. A later guest waits a little longer, because the host has to poll for that much longer.
export const OFTEN_MS = 550;
export const OFTEN_FOR_MS = 32_000;
export const SOMETIMES_MS = 1750;
// After ten minutes without news, only the host of an address still waits, and it may wait all day. A month of that costs
// less than $0.50, for a camera too (docs/benchmarks.md, "A host that waits all day").
export const RARELY_AFTER_MS = 600_000;
export const RARELY_MS = 4500;
// If the server does not hold the first reads, the first poll comes after this pause, because two peers are often ready at
// once. Each next pause is half as long as the time since the last news, until the times above are reached.
export const FIRST_POLL_MS = 100;
export const POLL_GROWTH = 0.5;
// A restart takes seconds, and the longest pause keeps an outage cheap.
export const RETRY_MS = /** @type {const} */ ([250, 8000]);

// At an address, the host opens the next door as soon as it has read an answer. If a guest still finds a door that it has
// tried, after this time, the host is away.
export const AWAY_MS = 5000;
// A guest that is not connected by then looks whether the host has opened another door. ICE takes about as long to fail.
export const DOOR_PATIENCE_MS = 15_000;
// A page that does not say for how long it waits for a host waits for as long as for anyone else.
export const GUEST_PATIENCE_MS = CHANNEL_TTL_SECONDS * 1000;
// A host that reloads its page is back within a minute, for which guests ask at least once a second. After that it may be
// away for hours.
export const SOON_MS = 60_000;
export const SOON_POLL_MS = 1000;
export const GUEST_POLL_MS = /** @type {const} */ ([150, 5000]);

// How long a door stays the one that the address points to. A NAT forgets a host that sends nothing. Chromium reminds it
// for the first 120 s (docs/benchmarks.md, "How long an offer can wait").
export const DOOR_MS = 120_000;
// After that, the host reads the door for this much longer: a guest that has just read the old pointer still answers.
export const DOOR_OVERLAP_MS = 10_000;
// A host that cannot open a door tries again for as long as it listens.
export const REOPEN_MS = /** @type {const} */ ([250, 30_000]);
// A guest that has lost its host dials again: first pause and longest one. A host may close each connection at once, so
// the pauses grow until a connection has lasted for this long.
export const DIAL_MS = /** @type {const} */ ([250, 30_000]);
export const STABLE_MS = 30_000;
// As long as no server can be reached, because the network is gone, trying often costs nobody anything.
export const OFFLINE_DIAL_MS = /** @type {const} */ ([250, 3000]);
// A day: long enough for a device that is restarted every night.
export const ADDRESS_TTL_SECONDS = 86_400;

// 512 MB. Both peers hold the whole file in memory to hash it, because WebCrypto cannot hash a stream.
export const MAX_FILE_BYTES = 536_870_912;
// 2 GB. One connection may put this many bytes into the receiver's memory.
export const MAX_RECEIVED_BYTES = 2_147_483_648;
// Most file systems reject longer names.
export const MAX_FILE_NAME_BYTES = 255;
// With its dot. Programs do not use longer extensions to recognise a file.
export const MAX_EXTENSION_BYTES = 32;
// A control message holds at most a name, two numbers and a checksum. JSON may write each byte of a name as \u00XX.
export const MAX_FILE_MESSAGE_BYTES = 4096;
// Every browser accepts messages of 64 KiB, and so does aiortc.
export const CHUNK_BYTES = 65_536;
// One disk read fills sixteen chunks.
export const READ_BYTES = 1_048_576;
// What arrives is collected in blocks of this size: few enough of them for a file of any size.
export const BLOCK_BYTES = 1_048_576;
// This keeps a fast network busy while the page does other work. Browsers close a channel at 16 MiB.
export const BUFFER_HIGH_BYTES = 4_194_304;
export const BUFFER_LOW_BYTES = 1_048_576;
// The receiver confirms each time it has this much more, and the sender is never more than AHEAD_BYTES ahead. So the
// receiver may write to a slow disk or pipe, and needs no more memory than this.
export const RECEIPT_BYTES = 262_144;
export const AHEAD_BYTES = 8_388_608;
// The command line counts a peer as lost that is silent for 15 seconds. In a background page, the browser allows only one
// timer a second.
export const ALIVE_MS = 1000;
