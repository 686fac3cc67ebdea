"""Every number of the service, with its unit in its name and its reason above it.

A full channel fits DynamoDB's limit of 409,600 bytes for an item: 2 descriptions of 32,768 bytes,
800 candidates of 425 bytes and one more byte each for their places in the list, and 150 bytes for
everything else make 406,486 bytes. The 150 bytes are the names of the attributes, the id, two
numbers, and an owner's digest of 32 bytes.
"""

# Two people open a link and connect within minutes. After that, a channel is litter.
CHANNEL_TTL_SECONDS = 300

# The longest life that a client can ask for, unless the operator sets another one. A host that is
# always reachable, such as a camera, can open a new channel each day. After a day, nobody can read
# through the server what is stored in a channel, people's IP addresses included. DynamoDB's TTL
# deletes it later, usually within days.
MAX_TTL_SECONDS = 86_400

# A deleted channel says that it expired this long ago, so that even a request that carries the time
# of a wrong clock, or a late copy with an old time, sees it as expired. 30 days are longer than any
# such difference. After five years, DynamoDB's TTL would no longer delete the item.
DELETED_CHANNEL_EXPIRED_SECONDS_AGO = 2_592_000

# An owner's secret. 16 random bytes cannot be guessed. 64 bytes are enough for 48 random bytes in
# base64. A longer secret would be no safer: its SHA-256 digest has 32 bytes.
MIN_OWNER_BYTES = 16
MAX_OWNER_BYTES = 64

# An offer or an answer. One for a data channel takes 1 KB, one for audio and video 6 KB, and each
# further video track about 4 KB.
MAX_DESCRIPTION_BYTES = 32_768

# A candidate in JSON takes 165 to 210 bytes, and a relayed one with IPv6 takes 270. If it is
# encrypted and in base64, it takes a third more, plus 40 bytes: 400. The rest is headroom.
MAX_CANDIDATE_BYTES = 425

# The candidates in one channel, from all peers together. A browser gathers 2 to 20, and a host with
# many interfaces and TURN servers about 60. 800 is what fits in an item beside two full
# descriptions (see above).
MAX_CANDIDATES = 800

# Candidates in one request: all those that a host with many interfaces gathers. A condition names
# each of them in 34 bytes, 2.2 KB together. DynamoDB takes an expression of up to 4 KB.
MAX_BATCH = 64

# The limit of `channel_id` and `method`. A channel id is a UUID in text form (RFC 9562, section 4),
# and no method has a longer name.
MAX_ID_BYTES = 36

# A full description takes 196,608 bytes if each of its bytes is escaped as \u00XX, and 64 full
# candidates without escapes take 27,200 more. The rest is headroom. No client escapes every byte of
# both. A function URL accepts 6 MB.
MAX_BODY_BYTES = 262_144

# The outermost object counts, so a request with a list of candidates is two deep. The rest is
# headroom for fields of later versions, which this one ignores.
MAX_DEPTH = 8

# DynamoDB replies within 10 ms. After a hundred times that, a new connection is the quicker way.
DYNAMODB_CONNECT_TIMEOUT_SECONDS = 1
DYNAMODB_READ_TIMEOUT_SECONDS = 1

# All attempts end within 9 s: three of 2 s each, and botocore's pauses, which after throttling take
# up to 1 s and 2 s. Two things can take longer: a reply that arrives byte by byte, since each byte
# restarts the read timeout, and a reply with the header `x-amz-retry-after`, for which botocore
# may make each pause up to 5 s longer. Then the deadline of the request ends it: see http_app.
DYNAMODB_ATTEMPTS = 3

# The time that a request has in addition to the longest wait: enough for all attempts of one
# DynamoDB request, such as the last read, which begins when the wait is over. By default, the
# longest wait of 5 s and these 9 s end one second before Lambda ends the function, after 15 s
# (timeout_seconds in infra/).
REQUEST_SECONDS = 9

# SSM replies within 50 ms. All attempts end within 5 s: two of 2 s each, and a pause of up to 1 s.
SSM_CONNECT_TIMEOUT_SECONDS = 1
SSM_READ_TIMEOUT_SECONDS = 1
SSM_ATTEMPTS = 2

# How long the start of the function may take to open its connection to DynamoDB, and then to read
# its parameters. Together they stay below the 10 s that Lambda allows, and leave 2 s for imports.
INIT_TABLE_SECONDS = 2
INIT_PARAMETERS_SECONDS = 6

# For how long a key that was removed may still open channels, as long as SSM can be read. Shorter
# means more reads: each instance of the function reads once in that time.
PARAMETER_MAX_AGE_SECONDS = 60

# For how long a TURN server accepts the credentials. A call needs them again when it moves to
# another network, for example. An allocation that it already has continues after they expire, since
# coturn checks the time only when a session begins.
TURN_TTL_SECONDS = 3600

# For how long the server holds a reply, at most, while there is no news for it, unless the operator
# sets another time. docs/operations.md has the costs.
MAX_WAIT_SECONDS = 5.0

# While a reply is held, the pause between two looks at the channel. With the look itself, which
# takes up to 10 ms, this makes a look about every 30 ms, so news is found 15 ms late on average.
# Longer pauses, or pauses that grow, would make a connection slower and would save little, because
# most of what waiting costs is the function's time. To save money, a client can poll.
LOOK_AGAIN_SECONDS = 0.02

# An instance counts quick polls for an offer or answer that is not there yet. It writes a line when
# it has counted MAX_QUIET_POLLS, or if the first of them was QUIET_SECONDS ago. So the log lines of
# polls cost a hundredth of what they would cost otherwise, and the metrics are at most a minute
# late as long as requests come. If the instance ends before it has written the line, the log misses
# at most MAX_QUIET_POLLS polls.
MAX_QUIET_POLLS = 100
QUIET_SECONDS = 60

# A poll takes 10 to 30 ms. One that takes longer than this is worth a line: something is slow.
SLOW_POLL_SECONDS = 0.1

# DynamoDB's limits count per second, so throttling ends within a second or two after a burst.
RETRY_AFTER_SECONDS = 1
