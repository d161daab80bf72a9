//! Every limit of the server, with its reason, in one place.
//!
//! Those a deployment may change are fields of [`Limits`] (set in `config`);
//! the others are constants.

use std::time::Duration;

/// The limits a deployment may change.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest WebSocket message from a client in bytes, fragmented or not.
    /// Beyond: 1009. At least [`command_bytes`], so that everything the other
    /// limits allow fits.
    pub frame_bytes: usize,
    /// Largest content of a chat message in bytes. Beyond: `too_large`.
    pub content_bytes: usize,
    /// Frames queued for one connection. Beyond: 4413.
    pub queued_frames: usize,
    /// Bytes queued for one connection. Beyond: 4413.
    pub queued_bytes: usize,
    /// Concurrent connections per user. Beyond: 4409, and the existing ones are
    /// pinged to find dead ones ([`PROBE_TIMEOUT`]).
    pub connections_per_user: usize,
    /// Rooms that a user created, joined and opened, and as many again that the
    /// application may add them to. A session is sent them in pages, so this
    /// bounds what it has to keep, not what it is sent at once. Beyond:
    /// `conflict`.
    pub rooms_per_user: usize,
    /// Rooms that a user was added to by other users. They are counted
    /// separately, so that others cannot use up the user's own. Beyond:
    /// `conflict` for whoever adds; the user can leave any of them, or join it
    /// to make it their own.
    pub placed_rooms_per_user: usize,
    /// Missed events that are replayed; a client further behind has to resync.
    pub replay_events: usize,
    /// Writes accepted but not yet committed. Beyond: `unavailable`. At 70,000
    /// commits/s this is a tenth of a second.
    pub writes_in_flight: usize,
    /// Size above which a room is big: it no longer reports who types, reads,
    /// is online, joins or leaves, because that grows with the square of the
    /// members; only their number is sent from time to time.
    pub big_room_members: usize,
    /// Application events kept in a user's inbox; the oldest are dropped.
    pub inbox_events: usize,
    /// Largest file in bytes. Beyond: `too_large`.
    pub attachment_bytes: u64,
    /// Bytes of files that a user may upload per day, and may have stored; 0:
    /// no limit. Beyond: `rate_limited`, `too_large`.
    pub attachment_bytes_per_day: u64,
    pub attachment_bytes_per_user: u64,
    /// HTTP connections per address, and concurrent requests per client of a
    /// trusted proxy; 0: no limit. WebSockets do not count once they have a
    /// token. An office of 2,000 behind one address that reconnects at once
    /// needs half of this.
    pub connections_per_address: usize,
}

const CONTENT_BYTES: usize = 16 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: command_bytes(CONTENT_BYTES),
            content_bytes: CONTENT_BYTES,
            queued_frames: 256,
            queued_bytes: 1024 * 1024,
            connections_per_user: 20,
            rooms_per_user: 1_000,
            placed_rooms_per_user: 1_000,
            replay_events: 1_000,
            writes_in_flight: 8_192,
            big_room_members: 250,
            inbox_events: 1_000,
            attachment_bytes: 25 * 1024 * 1024,
            attachment_bytes_per_day: 1024 * 1024 * 1024,
            attachment_bytes_per_user: 10 * 1024 * 1024 * 1024,
            connections_per_address: 2_048,
        }
    }
}

/// Rows per transaction. Larger batches gain little: 111 thousand rows a second
/// at 1,024 against 88 thousand at 256 (docs/PERFORMANCE.md).
pub const BATCH_WRITES: usize = 1_024;

/// Writes after which the write-ahead log is checkpointed, in parallel to the
/// writer.
pub const CHECKPOINT_WRITES: usize = 8_192;

/// Buckets that record how far deleted rooms had come. More buckets would keep
/// the numbers of other rooms lower, which nobody needs; these take some MiB.
pub const RETIRED_BUCKETS: i64 = 65_536;

/// Far more positions than a timeline can assign per millisecond: a whole
/// server stores some 30 messages in that time. After a restore, numbers
/// continue from the clock times this; they stay below 2^53, which JavaScript
/// represents exactly, for 4,000 years.
pub const POSITIONS_PER_MS: i64 = 64;

/// Minimum increase of the numbers after a restore, in case the clock is wrong:
/// more than a room has used since any backup.
pub const LIFE_GAP: i64 = 1 << 32;

/// Timelines whose last written position a server remembers, to detect a
/// PostgreSQL that lacks it.
pub const GUARDED_TIMELINES: usize = 8;

/// Default size of a history page.
pub const HISTORY_PAGE: i64 = 50;
/// Largest history page.
pub const HISTORY_PAGE_MAX: i64 = 200;
/// The part of a session's outgoing queue that a history page may fill.
pub const HISTORY_SHARE: usize = 2;
/// Largest page of members, receipts, rooms or connections.
pub const LIST_PAGE_MAX: i64 = 200;
/// Bytes per page of lists whose entries can be long: rooms, pins, events,
/// results. The same as for history, over REST too: what waits for a client has
/// one bound.
pub fn page_bytes(limits: &Limits) -> usize {
    limits.queued_bytes / HISTORY_SHARE
}

/// Rooms per page of the list that a session is sent: with their unread counts,
/// some milliseconds of a reading connection.
pub const ROOMS_PIECE: i64 = 200;
/// Bytes of such a page, and the share of a session's outgoing queue that it
/// may fill. The next one follows when the client has taken it.
pub const ROOMS_PIECE_BYTES: usize = 64 * 1024;
pub const ROOMS_SHARE: usize = 4;
/// The bytes that one page may have.
pub fn rooms_piece_bytes(limits: &Limits) -> usize {
    ROOMS_PIECE_BYTES.min(limits.queued_bytes / ROOMS_SHARE)
}
/// Rooms that one write marks as read: some milliseconds of the write lane.
/// Users in more rooms need several.
pub const READ_ALL_ROOMS: i64 = 200;
/// Maximum number of these steps: others may keep writing to the rooms.
pub const READ_ALL_STEPS: usize = 1_000;
/// Rooms that one `session.resume` may name; further ones follow in the next.
pub const RESUME_ROOMS: usize = 1_000;
/// Rooms looked up with one statement, if they are not in memory; each is a
/// parameter of it.
pub const LOOKED_UP_AT_ONCE: usize = 500;

/// Events read from the database at once during a replay, so that a page fits
/// into the outgoing queue.
pub const REPLAY_PAGE: usize = 100;
/// The share of a session's outgoing queue that a page of a replay may fill.
pub const REPLAY_SHARE: usize = 4;
/// Live events held per session and room during a replay. Older ones are
/// dropped from memory and read from the database instead.
pub const REPLAY_HELD: usize = 64;
/// Bytes of the held live events, so that they fit into the outgoing queue too.
pub const REPLAY_HELD_BYTES: usize = 64 * 1024;

/// The share of [`Limits::placed_rooms_per_user`] that one other user may use:
/// 200 is enough for all rooms of a team, and no single stranger uses up all
/// places.
pub const PLACED_SHARE: usize = 5;
/// Users blocked by one user. They are sent to every node with the user's
/// presence. Beyond: `conflict`.
pub const BLOCKS_PER_USER: i64 = 1_000;

/// Mentions per message; further ones are plain text.
pub const MENTIONS: usize = 50;
/// Bytes of a message's metadata, and of a room's custom data.
pub const METADATA_BYTES: usize = 4 * 1024;
/// Attachments of one message.
pub const ATTACHMENTS_PER_MESSAGE: usize = 10;
/// Unsent uploads per user.
pub const UPLOADS_PER_USER: i64 = 50;
/// Concurrent uploads per process; more are `unavailable`.
pub const UPLOADS_AT_ONCE: usize = 64;
/// Concurrent uploads per user, somewhat more than a browser makes to one host;
/// more are `rate_limited`.
pub const UPLOADS_AT_ONCE_EACH: usize = 8;
/// The time limit for an upload of `bytes_max`, where a body may stall for
/// `window`: the client's time, and the store's.
pub fn upload_time(bytes_max: u64, window: Duration) -> Duration {
    2 * (window + Duration::from_secs(bytes_max / PACE)) + STORE_TIMEOUT * 10
}
/// Parts of an upload in flight to the store, some 5 MiB each.
pub const STORE_PARTS: usize = 2;
/// How long the store may take to respond, and how often a call is retried.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(30);
pub const STORE_RETRIES: usize = 3;
/// Largest file that gets a thumbnail; it is in memory for that.
pub const IMAGE_BYTES: u64 = 10 * 1024 * 1024;
/// Largest side of an image in pixels.
pub const IMAGE_SIDE: u32 = 12_000;
/// Memory limit for making a thumbnail, including all buffers of the decoder
/// and the file. The need is computed from the image's header and the costs
/// below; an image that needs more has no thumbnail. The limit allows some 60
/// megapixels of a JPEG, 20 of a progressive one (30 with half as much colour),
/// 60 of a PNG, 24 with 16 bits and transparency, 38 of a GIF, 38 of a WebP, 23
/// of a lossless one, 13 with transparency.
pub const IMAGE_ALLOC: u64 = 192 * 1024 * 1024;

/// The most that decoding an image format takes: bytes per pixel, and per byte
/// of the file. Computed by adding up, in the sources of the decoders (image
/// 0.25.10, zune-jpeg 0.5.15, png 0.18.1, gif 0.14.2, image-webp 0.2.4), the
/// buffers that live at the same time. Those of JPEG, PNG and plain WebP were
/// verified against the peak memory of a server decoding such an image (bytes
/// per pixel: progressive JPEG 9.0, with four colours 11.1, lossless WebP 7.1,
/// lossy 4.7).
#[derive(Clone, Copy, Debug)]
pub struct DecodingCost {
    pub pixel: u64,
    pub byte: u64,
}

impl DecodingCost {
    /// Bytes needed for an image with this many pixels in a file of this size.
    pub fn takes(self, pixels: u64, bytes: usize) -> u64 {
        self.pixel * pixels + self.byte * bytes as u64 + DECODING_BASE
    }
}

/// Besides them: a few lines of the picture, tables, the thumbnail itself.
pub const DECODING_BASE: u64 = 8 * 1024 * 1024;
/// RGB, also of grey ones. The file, what is kept of it, the decoder's copy.
pub const DECODING_JPEG: DecodingCost = DecodingCost { pixel: 3, byte: 3 };
/// Bytes of a coefficient; one with several scans has all of them in memory,
/// as many for each component as it has samples, besides the pixels.
pub const JPEG_COEFFICIENT: u64 = 2;
/// For each byte of a pixel as it is decoded, of which there are one to eight;
/// it is decoded into its place, also where it is interlaced.
pub const DECODING_PNG: DecodingCost = DecodingCost { pixel: 1, byte: 3 };
/// RGBA, and the places in the palette. Profiles are kept, in a vector that
/// doubles. What a first frame elsewhere than on the canvas takes, as much a
/// pixel, is told to the decoder as its limit.
pub const DECODING_GIF: DecodingCost = DecodingCost { pixel: 5, byte: 4 };
/// RGB, and three planes of which two have a quarter of the size: 4.5, and 30
/// bytes for each block of 256 pixels in a vector that doubles. The partitions
/// are read into a vector that doubles, and copied.
pub const DECODING_WEBP_LOSSY: DecodingCost = DecodingCost { pixel: 5, byte: 5 };
/// RGBA, from which RGB is copied: 7, and with blocks of 16 pixels the images
/// of transforms and codes.
pub const DECODING_WEBP_LOSSLESS: DecodingCost = DecodingCost { pixel: 8, byte: 5 };
/// The result, a canvas and the frame, each RGBA, or the planes and what the
/// transparency is decoded to, which is a lossless picture itself.
pub const DECODING_WEBP_LAYERS: DecodingCost = DecodingCost { pixel: 14, byte: 5 };
/// Bytes of decoding tables that each byte of a lossless picture can ask for:
/// as many codes as it likes, whatever its size in pixels. The costliest have
/// 2,048 symbols of 11 bits: 68 KiB for 140 bytes (400 a byte were resident),
/// and no mix of lengths comes to more than 520.
pub const WEBP_TREES: u64 = 560;

/// Thumbnails made concurrently, in all and per user.
pub const THUMBNAILS_AT_ONCE: usize = 2;
pub const THUMBNAILS_AT_ONCE_EACH: usize = 1;
/// How long an image waits for its turn; after that it has no thumbnail.
pub const THUMBNAIL_PATIENCE: Duration = Duration::from_secs(60);
/// Pixels of a thumbnail's longer side.
pub const THUMBNAIL_SIDE: u32 = 320;
/// Age at which an unsent upload is removed.
pub const LOOSE_UPLOAD_AGE: Duration = Duration::from_secs(24 * 3600);
/// How often partial files of uploads are looked for, and how long they must
/// not have been written to: many times what an upload may stall.
pub const SWEEP_PIECES: Duration = Duration::from_secs(3600);
/// How often files that no message refers to are looked for, and how many at
/// once.
pub const SWEEP_TICK: Duration = Duration::from_secs(10);
pub const SWEEP_ATTACHMENTS: i64 = 100;
/// Bytes of a reaction's emoji: the longest sequences of Unicode have some 35.
pub const EMOJI_BYTES: usize = 64;
/// Different reactions per message.
pub const EMOJIS_PER_MESSAGE: usize = 50;
/// Users listed with each reaction; REST lists all.
pub const REACTION_USERS: usize = 20;
/// Pinned messages of one room.
pub const PINS_PER_ROOM: i64 = 100;
/// Bytes of the data of an event that the application publishes.
pub const EVENT_BYTES: usize = 16 * 1024;
/// Characters of a reason that an administrator or moderator gives.
pub const REASON_CHARS: usize = 100;

/// What a room may be told to keep: so many days, and so many messages.
pub const AGE_DAYS_MAX: i64 = 36_500;
pub const KEPT_MESSAGES_MAX: i64 = 1_000_000_000;

/// Seconds of a mute or a ban. A century: more is no time but a mistake.
pub const SECONDS_MAX: i64 = 100 * 366 * 86_400;

/// Characters of a room's title.
pub const TITLE_CHARS: usize = 200;
/// Characters of a room's topic.
pub const TOPIC_CHARS: usize = 1_000;
/// Characters of a display name.
pub const NAME_CHARS: usize = 100;
/// Length of a password in bytes: the minimum is NIST SP 800-63B's, the maximum
/// keeps hashing from being an attack.
pub const PASSWORD_BYTES: std::ops::RangeInclusive<usize> = 8..=256;
/// Bytes of a request's `id`.
pub const REQUEST_ID_BYTES: usize = 64;
/// Size of the largest possible command: its content and metadata, and space
/// for ids and names.
pub const fn command_bytes(content_bytes: usize) -> usize {
    as_json(content_bytes + METADATA_BYTES) + 4 * 1024
}

/// What a text can take in JSON, which may escape each byte as six (`\u0000`).
const fn as_json(bytes: usize) -> usize {
    6 * bytes
}

/// Largest body of a REST request: a message, an application event, or a room
/// with all its fields.
pub fn body_bytes(limits: &Limits) -> usize {
    let room = as_json(METADATA_BYTES + 4 * (TITLE_CHARS + TOPIC_CHARS)) + 4 * 1024;
    let event = as_json(EVENT_BYTES) + 4 * 1024;
    command_bytes(limits.content_bytes).max(room).max(event)
}

/// Size of the largest possible event: a message with everything it may have.
/// It has to fit into a connection's queue.
pub const fn event_bytes(content_bytes: usize) -> usize {
    // With quotes, comma and names.
    const ID: usize = 64 + 3;
    const REACTIONS: usize = EMOJIS_PER_MESSAGE * (EMOJI_BYTES + REACTION_USERS * ID + 64);
    const FILES: usize = ATTACHMENTS_PER_MESSAGE * (as_json(255) + 256);
    const QUOTES: usize = 2 * (as_json(4 * 140 + 4 * NAME_CHARS) + 512);
    as_json(content_bytes) + METADATA_BYTES + REACTIONS + MENTIONS * ID + FILES + QUOTES + 4 * 1024
}
/// Bytes of a token; longer ones are refused unread.
pub const TOKEN_BYTES: usize = 8 * 1024;
/// How old a token can be. For so long it is known which ids were deleted:
/// a token from before must not open the account of who has the id next. More
/// than a year, so that one of a year is good; programs have keys instead.
pub const TOKEN_AGE_MAX: Duration = Duration::from_secs(400 * 24 * 3600);
/// Bytes of a token's `iss`, which is stored with each of its users.
pub const ISSUER_BYTES: usize = 255;
/// Lines a second that say why a token was refused. Whoever tries tokens must
/// not fill the log; beyond, they are counted.
pub const REFUSALS_TOLD: u32 = 20;
/// Bits of an issuer's RSA key at least (RFC 7518 section 3.3).
pub const RSA_BITS_MIN: usize = 2_048;

/// Passwords hashed at once. Each takes 19 MiB and a core for some 20 ms.
pub const HASHES_AT_ONCE: usize = 2;
/// Logins that may wait for a hash. Beyond: `unavailable`.
pub const HASHES_WAITING: usize = 64;

/// Bytes a second that who speaks HTTP has to bring or take while it is waited
/// for, uploads too: a twentieth of what the slowest mobile networks carry.
pub const PACE: u64 = 1024;
/// How long a connection is kept without a request. Short: a browser keeps six
/// of them, and all of an office count for one address.
pub const HTTP_IDLE: Duration = Duration::from_secs(5);
/// The same for a trusted proxy. Longer than proxies keep theirs (Caddy 2
/// minutes, Traefik 90 s, nginx 60 s): it must not be we who close one just as
/// a request comes, which a proxy then answers with 502.
pub const HTTP_IDLE_PROXY: Duration = Duration::from_secs(150);
/// The kernel's send buffer of a connection that speaks HTTP: some 1.5 MB/s to
/// a client 100 ms away. Left alone it grows to 4 MB for who does not read.
pub const HTTP_SEND_BUFFER: usize = 128 * 1024;
/// The part of the files the system allows that one address may have open as
/// connections, and one client of a trusted proxy as requests under way.
pub const FILES_SHARE: u64 = 4;
/// Bytes of requests that are read at once where no body is: what of them is
/// behind a head waits until that request is answered, and the rest waits in
/// the kernel. Each request that actix-http has parsed takes 5 KiB, and could
/// be sent with 18 bytes. Most heads fit; 8 MiB for all connections of an
/// address.
pub const REQUEST_PIECE: usize = 4 * 1024;
/// Bytes of an answer that actix-http gets at once; it keeps two such pieces.
pub const ANSWER_PIECE: usize = 16 * 1024;
/// Bytes up to which an answer does not count for the bounds below: as many of
/// them wait as an address may have connections, for each has one request at a
/// time, so 128 MiB at the most.
pub const ANSWER_SMALL: usize = 64 * 1024;
/// Bytes of larger answers that wait for one user who does not read them: some
/// 60 of the largest pages of history.
pub const ANSWER_BYTES_PER_USER: usize = 32 * 1024 * 1024;
/// The same of one address.
pub const ANSWER_BYTES_PER_ADDRESS: usize = 64 * 1024 * 1024;
/// The same of all; beyond: `unavailable`.
pub const ANSWER_BYTES: usize = 512 * 1024 * 1024;
/// Where more than half of these is taken, a user and an address have at most
/// such a part of what is left, and so has a user of what is left to the
/// address: a few who do not read never take the places of all. A user who
/// has nothing waiting gets one answer, if there is room for the address.
pub const ANSWER_SHARE_USER: usize = 16;
pub const ANSWER_SHARE_ADDRESS: usize = 8;
/// Sockets without a token from one address: they have `auth_timeout` to bring
/// one, and most clients bring it with the upgrade.
pub const GUESTS_PER_ADDRESS: usize = 512;

/// How long a REST handler waits for the ChatServer.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// Users kept in memory, so that a token costs no read.
pub const KNOWN_USERS: usize = 100_000;

/// Time limit for fetching an issuer's keys.
pub const JWKS_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest size of an issuer's key document.
pub const JWKS_BYTES: usize = 256 * 1024;
/// How long the issuer's keys are cached.
pub const JWKS_AGE: Duration = Duration::from_secs(600);
/// Minimum interval between fetches, however many unknown keys are named.
pub const JWKS_RETRY: Duration = Duration::from_secs(5);
/// Active API keys.
pub const API_KEYS: i64 = 1_000;
/// Bytes of a token's `jti`.
pub const ID_BYTES: usize = 128;
/// How long a revoked token is remembered if its expiry is not given.
pub const REVOKED_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a used refresh token may be used once more, in case the response
/// was lost. A thief could do the same, and is detected at the next use (RFC
/// 9700 section 4.14.2).
pub const REFRESH_GRACE: Duration = Duration::from_secs(10);

/// Concurrent webhooks per receiver, of which there are at most
/// [`WEBHOOK_URLS`]: one that hangs does not slow down the others.
pub const WEBHOOKS_AT_ONCE: usize = 16;
/// How much longer than a look at what waits for a receiver the pause behind
/// it is, so that a long backlog takes a fifth of a connection at the most.
pub const WEBHOOK_LOOK_PAUSE: u32 = 4;
/// Rooms and users that one statement looks at for what waits.
pub const WEBHOOK_LANES: i64 = 500;
/// The first delay after a failure, and the longest.
pub const WEBHOOK_BACKOFF: Duration = Duration::from_secs(1);
pub const WEBHOOK_BACKOFF_MAX: Duration = Duration::from_secs(600);
/// How often the outbox is checked without a notification.
pub const WEBHOOK_POLL: Duration = Duration::from_secs(5);
/// Maximum number of receivers.
pub const WEBHOOK_URLS: usize = 8;
/// Dead letters kept per receiver; the oldest are dropped.
pub const DEAD_LETTERS: i64 = 100_000;
/// Webhooks waiting per receiver, some 300 bytes each: three hours of a hundred
/// messages a second. Beyond, the oldest become dead letters, so that a
/// receiver that stays away does not fill the disk.
pub const WEBHOOKS_WAITING: i64 = 1_000_000;
/// How often they are counted, and how many are given up before they are
/// counted again; so many with one write, some ten milliseconds of the lane.
pub const WEBHOOKS_COUNTED: Duration = Duration::from_secs(60);
pub const WEBHOOKS_GIVEN_UP: i64 = 10_000;
pub const WEBHOOKS_SETTLED: usize = 500;

/// Page cache of the connection that writes the index, in KiB.
pub const SEARCH_CACHE_KIB: i64 = 2 * 1024;
/// Bytes and terms of a search query.
pub const SEARCH_BYTES: usize = 256;
pub const SEARCH_TERMS: usize = 16;
/// Default and largest page of search results, and how far one may page.
pub const SEARCH_PAGE: i64 = 20;
pub const SEARCH_PAGE_MAX: i64 = 100;
pub const SEARCH_OFFSET_MAX: i64 = 1_000;
/// Concurrent searches, in all and per user: half, so that one user's searches
/// never keep all others waiting.
pub const SEARCH_CONNECTIONS: u32 = 4;
pub const SEARCHES_EACH: usize = 2;
/// Waiting searches, in all and per user, and for how long. Beyond, the user's
/// own are `rate_limited` and others' `unavailable`.
pub const SEARCHES_WAITING: usize = 64;
pub const SEARCHES_WAITING_EACH: usize = 4;
pub const SEARCH_PATIENCE: Duration = Duration::from_secs(5);
/// Messages of a room that are read at once for indexing.
pub const SEARCH_BATCH: i64 = 500;
/// Messages indexed in one transaction, at the least where there are so many:
/// each writes out what it has found of every word, so that 100 messages cost
/// twice as much as 4,000 of them do.
pub const SEARCH_ROUND: i64 = 2_000;
/// How often it is looked whether something was committed.
pub const SEARCH_IDLE: Duration = Duration::from_millis(100);
/// Rooms that the text index itself tells apart in one search; of more, what
/// was found is looked at one by one.
pub const SEARCH_PLACES: usize = 250;
/// Beside SQLite: how often the rooms are looked at for what changed in them,
/// but for no more than this part of the time.
pub const SEARCH_LOOK: Duration = Duration::from_secs(1);
pub const SEARCH_LOOK_SHARE: u32 = 30;
/// The words of what was taken out are taken out of the file, too, when
/// nothing else is to be done. For that it is written anew: after this time,
/// and for no more than this part of the time.
pub const SEARCH_MERGE: Duration = Duration::from_secs(1);
pub const SEARCH_MERGE_SHARE: u32 = 100;
/// When an index that failed is opened, or made, again.
pub const SEARCH_AGAIN: Duration = Duration::from_secs(1);
/// On PostgreSQL: how often all rooms are looked at for what is not in the
/// index, since the feed says what is new; and for what should not be.
pub const SEARCH_SCAN: Duration = Duration::from_secs(300);
pub const SEARCH_FORGET: Duration = Duration::from_secs(10);

/// Bytes of a path or a method in the log; clients can make them arbitrarily
/// long.
pub const LOGGED_BYTES: usize = 512;
/// Interval between two log lines of a kind that anybody on the network can
/// cause.
pub const SELDOM: Duration = Duration::from_secs(60);
/// Stop signals within this time of the first count as one: a supervisor may
/// signal a process and then its group.
pub const SIGNALS_APART: Duration = Duration::from_secs(1);

/// Counts of unread messages that are kept, of users and rooms, some 100 bytes
/// each.
pub const UNREAD_KNOWN: usize = 100_000;
/// Positions from which on a count is worth to be kept, and from which on it is
/// brought forward rather than counted anew with those of other rooms.
pub const UNREAD_WORTH: i64 = 16;
pub const UNREAD_FEW: i64 = 256;
/// Positions from which on counting waits for a place: some 2 ms of a core. A
/// user has one place at a time, and all together [`COUNTS_AT_ONCE`], so that
/// the connections that read are there for others.
pub const UNREAD_COSTLY: i64 = 20_000;
pub const COUNTS_AT_ONCE: usize = 2;
/// Positions that one statement counts in, unless a single room has more: some
/// 100 ms, far below what a read may take.
pub const UNREAD_AT_ONCE: i64 = 1_000_000;

/// Rooms made by one user that there may be at a time, whoever is in them now:
/// as many again as one may be in, so that nobody fills the disk by making
/// rooms and leaving them.
pub fn rooms_made(limits: &Limits) -> i64 {
    i64::try_from(limits.rooms_per_user.saturating_mul(2)).unwrap_or(i64::MAX)
}

/// How often rate-limit state that is no longer needed is freed.
pub const LIMITER_TICK: Duration = Duration::from_secs(30);

/// The retry delay that clients are given.
pub const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Lease time of a node; when it expires, the others consider its users gone.
pub const NODE_LEASE: Duration = Duration::from_secs(10);
/// How long the number of an expired lease stays unused: two nodes never make
/// ids with the same one.
pub const NODE_NUMBER_REST: Duration = Duration::from_secs(60);
/// Number of nodes that message ids can distinguish.
pub const NODE_NUMBERS: u32 = 256;
/// How long rows stay in the feed. A node that was away for longer closes its
/// connections, so that clients resume from the database.
pub const FEED_KEPT: Duration = Duration::from_secs(600);
/// Rows of the feed per read.
pub const FEED_PAGE: i64 = 1_000;
/// A row number of the feed that has not appeared after this time never will:
/// its transaction would have been ended before
/// (`POSTGRES_IDLE_IN_TRANSACTION`).
pub const FEED_SETTLED: Duration = Duration::from_secs(15);
/// How often a node updates its subscriptions in Redis.
pub const INTEREST_TICK: Duration = Duration::from_millis(20);
/// Events per room that arrived too early and wait for those before them;
/// beyond, the rest is read from the database.
pub const TIMELINE_HELD: usize = 1_024;
pub const TIMELINE_HELD_BYTES: usize = 1024 * 1024;
/// How long missing events of a room are waited for before they are read: two
/// nodes that write to one room overtake each other by less.
pub const TIMELINE_PATIENCE: Duration = Duration::from_millis(20);
/// Delay before the read is retried after a failure.
pub const TIMELINE_AGAIN: Duration = Duration::from_millis(500);
/// Events of a room per read.
pub const TIMELINE_PAGE: i64 = 200;

/// Time limit for connecting to PostgreSQL.
pub const POSTGRES_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time limit for a statement, including waiting for locks; PostgreSQL then
/// cancels it.
pub const POSTGRES_STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// A PostgreSQL that does not respond for longer than a statement may take is
/// considered unreachable.
pub const POSTGRES_PATIENCE: Duration = Duration::from_secs(7);
/// Time after which PostgreSQL ends an idle transaction: a node frozen within
/// one must not block others for longer.
pub const POSTGRES_IDLE_IN_TRANSACTION: Duration = Duration::from_secs(2);
/// How often a batch is retried after a deadlock.
pub const POSTGRES_RETRIES: u32 = 3;

/// Rows that `parlor copy` holds and stores at once. More are no faster, and
/// a batch has to be through within `POSTGRES_STATEMENT_TIMEOUT`.
pub const COPY_ROWS: i64 = 1_000;
/// How often `parlor copy` looks whether the leases of servers that have ended
/// are over.
pub const COPY_LEASE_POLL: Duration = Duration::from_millis(200);

/// How long SQLite waits for another process that holds the write lock.
pub const DATABASE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a read may wait for a connection from the pool.
pub const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// How long `/metrics` waits for the values counted in the database: Prometheus
/// gives up after ten seconds, and the other metrics are needed most at such a
/// time.
pub const METRICS_PATIENCE: Duration = Duration::from_secs(1);
/// Connections of the read pool.
pub const READ_CONNECTIONS: usize = 8;

/// Page cache of the connection that writes, in KiB. The system caches the file
/// as well, and what is written by chance (the keys of messages) fits in neither;
/// 16 MiB took hours to fill, and looked like a leak meanwhile.
pub const WRITE_CACHE_KIB: i64 = 4 * 1024;
/// Page cache of each connection that reads, in KiB. The system caches the
/// file as well; at 2 MiB each, 5,000 idle sessions had 1.4 KiB each of this.
pub const READ_CACHE_KIB: i64 = 256;

/// Rows deleted by one `Purge`, so that the write lane is held for some ten
/// milliseconds at the most (measured: 35 for 2,000 rows).
pub const PURGE_ROWS: i64 = 500;

/// Batches that a worker thread has not yet delivered to its sessions. Beyond:
/// new requests are `unavailable`.
pub const FANOUT_BACKLOG: usize = 1_024;
/// Unanswered requests per session. Beyond: its socket is not read until some
/// are answered, so that TCP slows the sender down.
pub const REQUESTS_IN_FLIGHT: u32 = 256;
/// Bytes taken from a socket at once.
pub const READ_CHUNK: usize = 16 * 1024;
/// Buffers written with one system call (`writev`).
pub const PIECES_PER_WRITE: usize = 64;
/// Events of one room that are joined into one buffer for its readers, if they
/// arrive together.
pub const RUN_FRAMES: usize = 64;
/// Bytes of such a buffer.
pub const RUN_BYTES: usize = 32 * 1024;
/// The share of a session's outgoing queue that such a buffer may fill, so that
/// a client that keeps up is never taken for slow.
pub const RUN_SHARE: usize = 4;

/// The fill level of a session's outgoing queue beyond which ephemeral events
/// (typing, presence, receipts) are not sent.
pub const EPHEMERAL_SHARE: usize = 2;
/// The share of it that live events may fill, so that answers find room
/// whatever others send: a page of history has [`HISTORY_SHARE`].
pub const EVENT_SHARE: usize = 2;

/// Size from which a message is compressed for clients that negotiated it. Chat
/// messages are shorter, and compressing them costs more than the 10 µs that it
/// saves (docs/PERFORMANCE.md, "Compression").
pub const COMPRESSION_MIN_BYTES: usize = 1024;
/// Concurrent TLS handshakes per worker thread; more wait. Some 30 KiB each,
/// and more than an address may have connections: nobody can make others wait.
pub const TLS_HANDSHAKES: usize = 8_192;

/// How long a room without subscribers or events stays in memory. Longer
/// than [`READ_TIMEOUT`], see `chat::room`.
pub const ROOM_IDLE: Duration = Duration::from_secs(60);
/// How often rooms that are no longer used are looked for.
pub const ROOM_SWEEP: Duration = Duration::from_secs(10);
/// How often a read is repeated if a membership change overtook it.
pub const READ_AGAIN: usize = 5;

/// How long a user is shown as typing without an update.
pub const TYPING_TTL: Duration = Duration::from_secs(6);
/// How often clients are sent that a user is still typing.
pub const TYPING_REPEAT: Duration = Duration::from_secs(3);
/// Users shown as typing at the same time on a node. Beyond: not sent.
pub const TYPING_MAX: usize = 100_000;
/// Minimum interval between two `room.members` events of a big room.
pub const MEMBERS_TOLD: Duration = Duration::from_secs(1);
/// Minimum interval between presence changes of a user that are sent to others,
/// and the burst: everyone who shares a room is notified.
pub const PRESENCE_PACE: Duration = Duration::from_secs(1);
pub const PRESENCE_BURST: u32 = 4;
/// How often expired typing and presence is looked for.
pub const PRESENCE_TICK: Duration = Duration::from_millis(500);
/// Users of whom one such look writes down that they came or went: at once
/// they would take the places of messages ([`Limits::writes_in_flight`]).
pub const PRESENCE_WRITES: usize = 1_024;
/// Users of whom that is still to be written down. Beyond: the oldest is not.
pub const ARRIVALS_WAITING: usize = 2 * CONNECTIONS_MAX;
/// Deleted users who are remembered until what they asked before has arrived.
pub const ERASED_KEPT: usize = 10_000;
/// How long a key of a publication is remembered.
pub const PUBLICATION_TTL: Duration = Duration::from_secs(24 * 3600);
/// Rooms looked at in one step of that.
pub const RETENTION_ROOMS: i64 = 200;
/// Messages that one step of a user's erasure makes tombstones of.
pub const ERASE_MESSAGES: usize = 100;
/// Delay before a failed step is retried.
pub const ERASE_RETRY: Duration = Duration::from_secs(1);
/// Messages looked through at once for those of a user: some 5 ms of a
/// reading connection.
pub const WRITTEN_BY_WINDOW: i64 = 20_000;
/// Messages or inbox events of a piece of an export: at the most some 2 MiB
/// of contents.
pub const EXPORT_PIECE: usize = 100;
/// Connections of a page at most.
pub const CONNECTIONS_PAGE: usize = 200;

/// The kernel's send buffer of one socket. Left alone it grows to 4 MB for a
/// reader that has stopped, and those count towards no limit of ours.
pub const SOCKET_SEND_BUFFER: usize = 256 * 1024;
/// How long a connection may be silent that is asked whether it is there,
/// because its user wants another and has no place left: longer than a phone
/// takes to wake its radio.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a close frame may wait for a reader that does not read.
pub const CLOSE_GRACE: Duration = Duration::from_secs(1);
/// How long a connection goes on taking in what nobody reads after its answer
/// was sent, such as the rest of a file that is too large: closed at once, the
/// system would tell the client of a reset instead of the answer (RFC 9112
/// section 9.6).
pub const LINGER: Duration = Duration::from_secs(5);
/// HTTP connections of one worker thread; more wait in the kernel.
pub const CONNECTIONS_PER_WORKER: usize = 25_000;
/// WebSocket connections of the process, some 5 KiB each. Beyond: the upgrade
/// is `unavailable`.
pub const CONNECTIONS_MAX: usize = 250_000;
/// Connections the kernel holds until we accept them.
pub const LISTEN_BACKLOG: u32 = 4_096;

/// What a connection to Redis may take to be made, and a command to be
/// answered; then it counts as away.
pub const REDIS_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
pub const REDIS_RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How often Redis is asked whether it is there, when nothing else is said.
pub const REDIS_PING: Duration = Duration::from_secs(1);
/// Batches that wait to be published; beyond, the hints are dropped, and the
/// others read the feed.
pub const BUS_BATCHES: usize = 4_096;
/// Batches that are published together.
pub const BUS_PIPELINE: usize = 64;
/// Rooms up to which it is published in each of them who comes and goes, with
/// the list of all. Beyond, it is published once for all nodes: in each it
/// would grow with the square of them.
pub const EPHEMERAL_CHANNELS: usize = 32;
/// What nodes tell on several channels and remember to tell once.
pub const EPHEMERAL_KNOWN: usize = 8_192;
/// What giving the lease back may take at the end.
pub const LEASE_RELEASE: Duration = Duration::from_secs(1);
/// How often a node goes on with its lease.
pub const NODE_RENEWAL: Duration = Duration::from_secs(2);
/// Users of a node that is gone, looked at in one step.
pub const BURIAL_STEP: usize = 200;

/// How often nodes tell each other what was used of limits.
pub const SPENT_TICK: Duration = Duration::from_millis(100);
/// Users and addresses whose use is remembered between two times, told at
/// once, and how much of one's is believed: limits are in the hundreds.
pub const SPENDERS_KEPT: usize = 100_000;
pub const SPENDERS_TOLD: usize = 5_000;
pub const SPENT_MOST: u32 = 1_000;

/// Events of a service's stream that are taken at once.
pub const SERVICE_BATCH: usize = 100;
/// How long it is waited for an event of a service: less than
/// `REDIS_RESPONSE_TIMEOUT`.
pub const SERVICE_WAIT: Duration = Duration::from_secs(1);
/// How long until what the server could not take is tried again.
pub const SERVICE_PAUSE: Duration = Duration::from_millis(500);
/// What a node took and did not finish is another's after this time.
pub const SERVICE_IDLE: Duration = Duration::from_secs(10);
/// Events that could not be published and are kept; the oldest goes.
pub const SERVICE_DEAD: usize = 10_000;
