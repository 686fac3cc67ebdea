"""Every number of the client, with its reason."""

# The server's limit: a channel lives this long from its creation, and no write prolongs it.
CHANNEL_TTL_SECONDS = 300

# The server's limit for one description, as it is sent.
MAX_DESCRIPTION_BYTES = 32_768

# The server's limit for one candidate, as it is sent.
MAX_CANDIDATE_BYTES = 425

# The server's limit for the candidates of both peers in one channel. Without it, a hostile server could return new
# candidates for ever.
MAX_CANDIDATES = 800

# Nobody can guess this many random bytes. The key of an address is as long.
OWNER_BYTES = 32
# As many bytes as a UUID: no two guests of a host choose the same id.
GUEST_ID_BYTES = 16

# An operator has a STUN and a TURN server, or two of each, with some URLs each. aiortc uses one of each kind.
MAX_ICE_SERVERS = 16

# RFC 8489: a user name has fewer than 509 bytes. URLs and credentials are shorter.
MAX_ICE_TEXT_BYTES = 508

# A port of TCP or UDP is a number of 16 bits.
MAX_PORT = 65_535

# A Lambda function URL never sends more. A full channel takes 2.3 MB if every character is escaped as \u00XX.
MAX_REPLY_BYTES = 6_291_456

# A request may take this long in addition to the time for which it is held: a cold start, and a round trip.
REQUEST_SECONDS = 15.0

# A second in which the server holds a reply costs the operator as much as a dozen polls. So this client asks the server
# to hold replies only while news is likely. It is likely at first, because a peer that is ready at the same moment
# answers within four round trips, most of which are shorter than 200 ms. It is also likely after news from the other
# peer, because its candidates follow within seconds.
HOLD_AT_FIRST_SECONDS = 0.9
HOLD_AFTER_NEWS_SECONDS = 5.0

# The time from one poll to the next. docs/benchmarks.md shows how these were chosen ("How often to ask").
# More than half of all guests come within the first half minute, and the host notices them a quarter of a second late
# on average. Later guests wait a little longer: polling often for so long would cost too much.
OFTEN_SECONDS = 0.55
OFTEN_FOR_SECONDS = 32.0
SOMETIMES_SECONDS = 1.75
# After ten minutes without news, only the host of an address still waits, and it may wait all day. A month of that
# costs less than $0.50, for a camera too (docs/benchmarks.md, "A host that waits all day").
RARELY_AFTER_SECONDS = 600.0
RARELY_SECONDS = 4.5
# If the server does not hold its first replies, the first poll comes after this pause, because two peers are often
# ready at the same time. Each later pause is this long plus half of the time since the last news, but never longer than
# the times above.
FIRST_POLL_SECONDS = 0.1
POLL_GROWTH = 0.5

# A host that was restarted is usually back within a minute. If it is not, it may stay away for hours.
BACK_SOON_SECONDS = 60.0
BACK_SOON_POLL_SECONDS = 1.0
MAX_ADDRESS_POLL_SECONDS = 5.0
# A host that is there opens the next door sooner than this.
AWAY_SECONDS = 5.0

# A link that somebody shares works for a day, if the operator allows it.
ADDRESS_TTL_SECONDS = 86_400

# How long the address points to the same door. A NAT forgets a host that sends nothing, and Chromium sends something
# only for the first 120 s (docs/benchmarks.md, "How long an offer can wait").
DOOR_SECONDS = 120.0
# After that, the host reads the door for this much longer: a guest that has just read the old pointer may still answer.
DOOR_OVERLAP_SECONDS = 10.0
# After this time, a host that waits at a door has read the guest's answer, and ICE is done. If there is no connection
# by then, the host may be waiting at another door.
DOOR_PATIENCE_SECONDS = 15.0
# A guest waits for its host as long as two people wait for each other in a channel.
ADDRESS_PATIENCE_SECONDS = 300.0
# Each guest that is connecting takes some of the host's sockets, for up to 30 s. Further guests wait until one is done.
MAX_DOORS = 16

# After each failure in a row, the pause doubles, from the first of these to the last.
FIRST_RETRY_SECONDS = 0.25
MAX_RETRY_SECONDS = 8.0
# A host that listens never gives up, and must not trouble a server that is down for an hour.
MAX_HOST_RETRY_SECONDS = 30.0

# A server that has never replied is more likely a typing error than an outage: give up after four tries, in 2 s.
MAX_FAILURES_AT_FIRST = 4
# A server that reports a fault may be restarting: give up after eight tries, in half a minute.
MAX_FAILURES = 8
# A server that has too many requests, says when to come back, or has stopped replying may serve us once others are
# done: give up after twenty tries, in two minutes.
MAX_FAILURES_BUSY = 20

# Every pause is multiplied by a random number between these, so that peers that failed together do not return together.
JITTER = (0.75, 1.25)

# Once both descriptions are known, ICE and DTLS either succeed within seconds or never.
CONNECT_SECONDS = 30.0

# RFC 8445, section 11: a peer must send something every 15 seconds to stay reachable behind its NAT.
KEEPALIVE_SECONDS = 15.0

# For this long, ICE only tries the candidates that came with a description. Then this peer reads late candidates.
# They are likely if a peer has an IP address from a STUN or TURN server, and peers behind NAT need them.
LATE_SECONDS = 0.1
# Otherwise there are usually no late candidates, and peers that are about to connect need not read any.
UNLIKELY_SECONDS = 2.0
# After each read, ICE gets this long to try the candidates. aioice repeats a lost check after the same time.
SETTLE_SECONDS = 0.5

# This client waits at most this long until it has said goodbye, deleted a channel or closed a connection.
HANG_UP_SECONDS = 3.0

# The size of one message with bytes of a file. Every browser accepts it.
CHUNK_BYTES = 16_384
# The sender stops reading the file when its buffer contains more bytes than the first number, and continues when it
# contains at most the second. This is enough for a fast network, and takes little memory.
HIGH_WATER_BYTES = 1_048_576
LOW_WATER_BYTES = 262_144

# The receiver confirms each time that it has written this many bytes more.
RECEIPT_BYTES = 262_144
# The sender sends no chunk while more than this many bytes are unconfirmed. So at most this many bytes plus one chunk
# are unconfirmed, and a receiver that writes to a slow pipe needs no more memory than that. It is enough for a fast
# network with a slow round trip.
AHEAD_BYTES = 8_388_608

# Files and standard input are read in pieces of this size. Larger pieces would block the event loop for longer, and
# smaller ones would need more of its turns.
PIECE_BYTES = 262_144

# At most this many chunks wait for the thread that writes them. This is enough to keep it busy while others arrive.
FEED_CHUNKS = 64

# At most this many received messages wait to be read. If more arrive, the data channel is closed. A peer that follows
# the protocol never sends so far ahead.
MAX_BACKLOG_MESSAGES = 1_024

# The largest whole number that JavaScript can write exactly. The size of a file comes from the other peer.
MAX_FILE_BYTES = 2**53 - 1

# A control message holds at most a name, two numbers and a checksum. JSON may write each byte of a name as \u00XX.
MAX_FILE_MESSAGE_BYTES = 4_096
# A longer error message of the other peer is cut off, so that it fits into one line.
MAX_REASON_CHARACTERS = 200

# `peerpost send` announces its file at once. If nothing has been announced after this time, the sender is a person at a
# page, who still has to choose a file.
CHOOSING_SECONDS = 2.0

# After a failure, a receiver connects to an address again: soon at first, because a lost connection often comes back,
# and then less and less often, because a sender may be away for hours.
FIRST_AGAIN_SECONDS = 1.0
MAX_AGAIN_SECONDS = 30.0

# Each peer sends alive messages, so that the other notices when it is gone. ICE itself takes 30 s to notice.
ALIVE_SECONDS = 1.0
PATIENCE_SECONDS = 15.0

# Most file systems allow names of at most 255 bytes.
MAX_NAME_BYTES = 255

# This includes the dot. Programs do not use longer extensions.
MAX_EXTENSION_BYTES = 32

# Each file of a folder takes about a kilobyte of memory on both sides until the folder is complete. More files can be
# packed first: `tar c FOLDER | peerpost send -`.
MAX_FOLDER_FILES = 100_000

# How deep folders may be nested. To delete them, Python needs a stack frame for each level, and allows a thousand.
MAX_FOLDER_DEPTH = 200

# In a tar archive, the header of a file may have an extension, for example for a long name. No system allows paths of
# this length.
MAX_TAR_HEADER_BYTES = 65_536
