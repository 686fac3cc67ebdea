/** Every number of the client, with its reason. */

// These five are the server's own limits: how long a channel lives, how large a description and a candidate may be, how
// many candidates a channel holds, and how many fit into one request.
export const CHANNEL_TTL_SECONDS = 300;
export const MAX_DESCRIPTION_BYTES = 32_768;
export const MAX_CANDIDATE_BYTES = 425;
export const MAX_CANDIDATES = 800;
export const MAX_BATCH = 64;

// Holding a read for one second costs the operator as much as a dozen polls, so reads are held only while news is
// likely. News is likely at first: a peer that is ready at the same moment answers within four round trips, and most
// round trips are shorter than 200 ms. It is also likely after earlier news, because the other peer's candidates follow
// within seconds.
export const HOLD_AT_FIRST_MS = 900;
export const HOLD_AFTER_NEWS_MS = 5000;

// If a server has never replied, its URL is probably mistyped: give up after four tries, in 1 to 2 s if each fails
// at once.
export const MAX_TRIES_AT_FIRST = 4;
// A server that has replied may be restarting: give up after about ten seconds.
export const MAX_TRIES = 8;
// A server that has too many requests, says when to come back, or has stopped replying may serve us when other clients
// are done: give up after about two minutes.
export const MAX_TRIES_BUSY = 20;

// A browser finds its first candidate after 4 ms, and those of other network interfaces right after it. So stop waiting
// if QUIET_MS pass without another candidate. A peer that has no candidate after GATHERING_MS relies on STUN and TURN
// servers, which reply later or never. Never wait for the end of gathering.
export const QUIET_MS = 7;
export const GATHERING_MS = 200;
// STUN and TURN servers reply one after another. Their candidates are sent together.
export const BATCH_MS = 20;
// With ICE servers there are late candidates, and a peer that is not connected after this time needs them.
export const LATE_MS = 50;
// Without ICE servers there are usually no late candidates, so a peer reads them only if it is not connected after this
// time.
export const UNLIKELY_MS = 2000;
// Writing our candidates would end a read of ours that the server already holds, so write them first if they are found
// within this time.
export const OWN_MS = 250;
// Try new candidates before asking for more: a connectivity check and the DTLS handshake take a few round trips.
export const SETTLE_MS = 300;
// If a peer has had the other peer's description for this long, and none of its candidates, none will arrive.
export const IDLE_MS = 60_000;
// Closing an RTCPeerConnection fires no event, so check this often. In a background page, the browser allows only one
// check a second.
export const CLOSED_MS = 250;

// A request may take this long in addition to the time for which it is held. A cold start and a round trip fit in.
export const PATIENCE_SECONDS = 15;
// An AWS Lambda function URL never sends more. A longer reply is a fault or an attack, and is not read to its end.
export const MAX_REPLY_BYTES = 6_291_456;
// A refusal is one sentence, but a proxy may reply with a long text. An error's message contains at most this many
// characters of it.
export const MAX_SENTENCE = 200;

// AES-256-GCM.
export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
// A guest id is random, so that no other guest has the same id by chance, or can guess it.
export const GUEST_BYTES = 16;

// The time from one poll to the next. docs/benchmarks.md has the curve from which these are chosen ("How often to
// ask"). More than half of all guests come within the first half minute, and the host notices them a quarter of a
// second late on average. A later guest waits a little longer: by then the host polls less often, because it may have
// to poll for long.
export const OFTEN_MS = 550;
export const OFTEN_FOR_MS = 32_000;
export const SOMETIMES_MS = 1750;
// After ten minutes without news, only the host of an address still waits, and it may wait all day. A month of that costs
// less than $0.50, even if the offer has audio and video (docs/benchmarks.md, "A host that waits all day").
export const RARELY_AFTER_MS = 600_000;
export const RARELY_MS = 4500;
// If the server does not hold the first reads, the first poll comes after FIRST_POLL_MS, because two peers are often
// ready at once. Each later pause is FIRST_POLL_MS plus half of the time since the last news, up to the times above.
export const FIRST_POLL_MS = 100;
export const POLL_GROWTH = 0.5;
// The first and the longest pause before a failed request is repeated. A server that restarts is back within seconds.
// In a longer outage, long pauses cost little.
export const RETRY_MS = /** @type {const} */ ([250, 8000]);

// At an address, the host opens the next door as soon as it has read an answer. If a guest still finds no other door
// after this time, the host is away.
export const AWAY_MS = 5000;
// A guest that is not connected after this time checks whether the host has opened another door. ICE takes about as
// long to fail.
export const DOOR_PATIENCE_MS = 15_000;
// If a page passes no `signal`, a guest waits for its host for as long as two peers wait for each other in a channel.
export const GUEST_PATIENCE_MS = CHANNEL_TTL_SECONDS * 1000;
// A host that reloads its page is back within a minute. During that minute, guests ask at least once a second. After
// that, the host may be away for hours.
export const SOON_MS = 60_000;
export const SOON_POLL_MS = 1000;
export const GUEST_POLL_MS = /** @type {const} */ ([150, 5000]);

// The address points to the same door for this long. A NAT closes its binding if the host sends nothing. Chromium keeps
// the binding open for the first 120 s (docs/benchmarks.md, "How long an offer can wait").
export const DOOR_MS = 120_000;
// After that, the host reads the door for this much longer: a guest that has just read the old pointer still answers.
export const DOOR_OVERLAP_MS = 10_000;
// A host that cannot open a door tries again for as long as it listens.
export const REOPEN_MS = /** @type {const} */ ([250, 30_000]);
// A host, and a guest that dials again, come back when `Retry-After` says, but at the latest after an hour. An honest
// server asks for seconds. With much more, `setTimeout` would overflow, and the pause would end at once.
export const MAX_RETRY_AFTER_SECONDS = 3600;
// The first and the longest pause before a guest that has lost its host connects again. A host may close each
// connection at once, so the pauses grow until a connection has lasted for STABLE_MS.
export const DIAL_MS = /** @type {const} */ ([250, 30_000]);
export const STABLE_MS = 30_000;
// As long as the network is gone and no server can be reached, frequent tries cost nothing.
export const OFFLINE_DIAL_MS = /** @type {const} */ ([250, 3000]);
// A day: long enough for a device that is restarted every night.
export const ADDRESS_TTL_SECONDS = 86_400;

// 512 MB. Both peers hold the whole file in memory to hash it, because WebCrypto cannot hash a stream.
export const MAX_FILE_BYTES = 536_870_912;
// 2 GB. One connection may put this many bytes into the receiver's memory.
export const MAX_RECEIVED_BYTES = 2_147_483_648;
// Most file systems reject longer names.
export const MAX_FILE_NAME_BYTES = 255;
// This includes the dot. No program recognises its files by a longer extension.
export const MAX_EXTENSION_BYTES = 32;
// A control message holds at most a name, two numbers and a checksum. JSON may write each byte of a name as \u00XX.
export const MAX_FILE_MESSAGE_BYTES = 4096;
// Every browser accepts messages of 64 KiB, and so does aiortc.
export const CHUNK_BYTES = 65_536;
// One disk read fills sixteen chunks.
export const READ_BYTES = 1_048_576;
// Received chunks are collected in blocks of this size, so that even a large file consists of few blocks.
export const BLOCK_BYTES = 1_048_576;
// This keeps a fast network busy while the page does other work. Browsers close a channel that has 16 MiB in
// its buffer.
export const BUFFER_HIGH_BYTES = 4_194_304;
export const BUFFER_LOW_BYTES = 1_048_576;
// The receiver confirms each time it has RECEIPT_BYTES more. The sender sends no chunk while more than AHEAD_BYTES are
// unconfirmed, so at most AHEAD_BYTES plus one chunk are unconfirmed. A receiver that writes to a slow disk or pipe
// needs no more memory than that.
export const RECEIPT_BYTES = 262_144;
export const AHEAD_BYTES = 8_388_608;
// The command line treats a peer as lost if it is silent for 15 seconds. In a background page, the browser runs a timer
// at most once a second.
export const ALIVE_MS = 1000;
