//! Every limit of the server, with its reason, in one place.
//!
//! Those a deployment may change are fields of [`Limits`] (set in `config`);
//! the others are constants.

use std::time::Duration;

/// The bounds a deployment may change.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one message from a client, also when fragmented. Beyond: 1009.
    /// At least [`command_bytes`], so that what the other limits allow fits.
    pub frame_bytes: usize,
    /// Bytes of a chat message's content. Beyond: `too_large`.
    pub content_bytes: usize,
    /// Frames that wait for one reader. Beyond: 4413.
    pub queued_frames: usize,
    /// Bytes that wait for one reader. Beyond: 4413.
    pub queued_bytes: usize,
    /// Connections of one user. Beyond: 4409, and those that are there are
    /// asked whether they still are ([`PROBE_TIMEOUT`]).
    pub connections_per_user: usize,
    /// Rooms that one user made, joined and opened, and as many that the
    /// application put them into. A session is told of them in pieces, so this
    /// bounds what it has to keep, not what it is told at once. Beyond:
    /// `conflict`.
    pub rooms_per_user: usize,
    /// Rooms that other users put one user into. They are counted apart, so
    /// that what others do takes no place of one's own. Beyond: `conflict` to
    /// who adds; the user can leave any of them, or join it to make it theirs.
    pub placed_rooms_per_user: usize,
    /// Missed events that are replayed; a reader further behind resyncs.
    pub replay_events: usize,
    /// Writes handed to the database and not yet committed. Beyond:
    /// `unavailable`. At 70,000 commits/s this is a tenth of a second.
    pub writes_in_flight: usize,
    /// Members from which on a room is big: nobody is told there who types,
    /// reads, is there, joins or leaves, because that grows with the square of
    /// them; how many there are is told once in a while.
    pub big_room_members: usize,
    /// Events that wait for a user who is away; the oldest goes.
    pub inbox_events: usize,
    /// Bytes of a file. Beyond: `too_large`.
    pub attachment_bytes: u64,
    /// Bytes of files that one user may upload within a day, and may have
    /// stored; 0: without a bound. Beyond: `rate_limited`, `too_large`.
    pub attachment_bytes_per_day: u64,
    pub attachment_bytes_per_user: u64,
    /// HTTP connections of one address, and requests under way of one client of
    /// a trusted proxy; 0: no bound. Sockets do not count once they have a
    /// token. An office of 2,000 behind one address that comes back at once
    /// has half of this.
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

/// Rows of one transaction. Larger batches win little: 111 thousand rows a
/// second at 1,024 against 88 thousand at 256 (docs/PERFORMANCE.md).
pub const BATCH_WRITES: usize = 1_024;

/// Writes after which the log is checkpointed beside the writer.
pub const CHECKPOINT_WRITES: usize = 8_192;

/// Buckets in which it is kept up to where deleted rooms came. More of them
/// keep others' numbers low, which nobody needs; this many are some MiB.
pub const RETIRED_BUCKETS: i64 = 65_536;

/// Positions that no timeline gives in a millisecond, by far: a whole server
/// stores some 30 messages in one. After a restore numbers go on from here
/// times the clock; they stay below 2^53, which JavaScript counts to, for 4,000
/// years.
pub const POSITIONS_PER_MS: i64 = 64;

/// By how much numbers are raised at least after a restore, where the clock
/// is wrong: more than a room has told since any backup.
pub const LIFE_GAP: i64 = 1 << 32;

/// Timelines of which a server remembers up to where it has written them, so
/// that a PostgreSQL that lacks it is noticed.
pub const GUARDED_TIMELINES: usize = 8;

/// Messages of a history page when the client names no number.
pub const HISTORY_PAGE: i64 = 50;
/// Messages of a history page at most.
pub const HISTORY_PAGE_MAX: i64 = 200;
/// The part of a session's outgoing queue that a history page may fill.
pub const HISTORY_SHARE: usize = 2;
/// Members, receipts, rooms or connections of a page at most.
pub const LIST_PAGE_MAX: i64 = 200;
/// Bytes of a page of what can be long: rooms, pins, events, results. The same
/// as of history, over REST too: what waits for a reader has one bound.
pub fn page_bytes(limits: &Limits) -> usize {
    limits.queued_bytes / HISTORY_SHARE
}

/// Rooms in one piece of what a session is told of them: with their unread
/// counts some milliseconds of a reading connection.
pub const ROOMS_PIECE: i64 = 200;
/// Bytes of such a piece, and the part of a session's outgoing queue that it
/// may fill at most. The next one follows when the reader has taken it.
pub const ROOMS_PIECE_BYTES: usize = 64 * 1024;
pub const ROOMS_SHARE: usize = 4;
/// The bytes that one piece may have.
pub fn rooms_piece_bytes(limits: &Limits) -> usize {
    ROOMS_PIECE_BYTES.min(limits.queued_bytes / ROOMS_SHARE)
}
/// Rooms of which one write marks all as read: some milliseconds of the write
/// lane. Who is in more has it done in several.
pub const READ_ALL_ROOMS: i64 = 200;
/// Of these so many at most: others may go on writing into them.
pub const READ_ALL_STEPS: usize = 1_000;
/// Rooms that one `session.resume` may name: more follow in the next one.
pub const RESUME_ROOMS: usize = 1_000;
/// Of these so many are looked up with one statement, where they are not in
/// memory; each is a parameter of it.
pub const LOOKED_UP_AT_ONCE: usize = 500;

/// Events read from the database at once during a replay, so that a page fits
/// the outgoing queue of frames.
pub const REPLAY_PAGE: usize = 100;
/// The part of a session's outgoing queue that a page of a replay may fill.
pub const REPLAY_SHARE: usize = 4;
/// Live events held for one room of one session while it is replayed. Older
/// ones are dropped from memory and read from the database instead.
pub const REPLAY_HELD: usize = 64;
/// Bytes of the live events held, so that they fit the outgoing queue too.
pub const REPLAY_HELD_BYTES: usize = 64 * 1024;

/// The part of the rooms that others may put a user into which is for one and
/// the same of them: 200 are all rooms of a team, and one stranger never takes
/// the places of all.
pub const PLACED_SHARE: usize = 5;
/// Users whom one user does not want to hear from. They are told to every node
/// with the user's presence; beyond: `conflict`.
pub const BLOCKS_PER_USER: i64 = 1_000;

/// Mentions of one message; more are text.
pub const MENTIONS: usize = 50;
/// Bytes of a message's metadata and of a room's custom data.
pub const METADATA_BYTES: usize = 4 * 1024;
/// Attachments of one message.
pub const ATTACHMENTS_PER_MESSAGE: usize = 10;
/// Files that one user has uploaded and not sent yet.
pub const UPLOADS_PER_USER: i64 = 50;
/// Uploads of one worker process under way at once; more are `unavailable`.
pub const UPLOADS_AT_ONCE: usize = 64;
/// Of which one user has so many at most, some more than a browser sends at
/// once to one host; more are `rate_limited`.
pub const UPLOADS_AT_ONCE_EACH: usize = 8;
/// What an upload of so many bytes may take in all, where a body may stand
/// still for `window`: besides the client's own time, the store's.
pub fn upload_time(bytes_max: u64, window: Duration) -> Duration {
    2 * (window + Duration::from_secs(bytes_max / PACE)) + STORE_TIMEOUT * 10
}
/// Parts of an upload on their way to the store at once, some 5 MiB each.
pub const STORE_PARTS: usize = 2;
/// How long the store may keep silent, and how long one call is tried again.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(30);
pub const STORE_RETRIES: usize = 3;
/// Bytes of a picture that gets a thumbnail; it is in memory for that.
pub const IMAGE_BYTES: u64 = 10 * 1024 * 1024;
/// Pixels of a picture's side.
pub const IMAGE_SIDE: u32 = 12_000;
/// Bytes that making one thumbnail may take, all buffers of the decoder and
/// the file included. What it will take follows from the picture's header and
/// the costs below; a picture that takes more has no thumbnail. As much are
/// some 60 megapixels of a JPEG, 20 of a progressive one (30 with half as much
/// colour), 60 of a PNG, 24 of one with 16 bits and transparency, 38 of a GIF,
/// 38 of a WebP, 23 of a lossless one, 13 of one with transparency.
pub const IMAGE_ALLOC: u64 = 192 * 1024 * 1024;

/// What decoding a kind of picture takes at most: bytes for each pixel, and
/// for each byte of the file. Found by adding up, in the sources of the
/// decoders (image 0.25.10, zune-jpeg 0.5.15, png 0.18.1, gif 0.14.2,
/// image-webp 0.2.4), the buffers that live at the same time. Those of JPEG, PNG
/// and plain WebP were held against the high water of a server that decodes a
/// picture of the kind (bytes a pixel: progressive JPEG 9.0, with four colours
/// 11.1, lossless WebP 7.1, lossy 4.7).
#[derive(Clone, Copy, Debug)]
pub struct DecodingCost {
    pub pixel: u64,
    pub byte: u64,
}

impl DecodingCost {
    /// Bytes for a picture of so many pixels in a file of so many bytes.
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

/// Thumbnails made at once, and of one user's pictures.
pub const THUMBNAILS_AT_ONCE: usize = 2;
pub const THUMBNAILS_AT_ONCE_EACH: usize = 1;
/// How long a picture waits for its turn; then it goes without.
pub const THUMBNAIL_PATIENCE: Duration = Duration::from_secs(60);
/// Pixels of a thumbnail's longer side.
pub const THUMBNAIL_SIDE: u32 = 320;
/// After this time an upload that was never sent is removed.
pub const LOOSE_UPLOAD_AGE: Duration = Duration::from_secs(24 * 3600);
/// How often pieces of uploads are looked for that no server writes to any
/// more, and how long they have not been written to: many times what an upload
/// may stand still.
pub const SWEEP_PIECES: Duration = Duration::from_secs(3600);
/// How often files that nobody can see are looked for, and how many at once.
pub const SWEEP_TICK: Duration = Duration::from_secs(10);
pub const SWEEP_ATTACHMENTS: i64 = 100;
/// Bytes of a reaction's emoji: the longest sequences of Unicode have some 35.
pub const EMOJI_BYTES: usize = 64;
/// Different emojis under one message.
pub const EMOJIS_PER_MESSAGE: usize = 50;
/// Users told with each emoji; all are asked for with REST.
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
/// Bytes of a password: the lower bound is NIST SP 800-63B's, the upper one
/// keeps hashing from being an attack.
pub const PASSWORD_BYTES: std::ops::RangeInclusive<usize> = 8..=256;
/// Bytes of a request's `id`.
pub const REQUEST_ID_BYTES: usize = 64;
/// Bytes of the longest command there may be: its content and metadata, and
/// room for the ids and names around them.
pub const fn command_bytes(content_bytes: usize) -> usize {
    as_json(content_bytes + METADATA_BYTES) + 4 * 1024
}

/// What a text may take in JSON, which may write each byte as six (`\u0000`).
const fn as_json(bytes: usize) -> usize {
    6 * bytes
}

/// Bytes of a REST request's body: a message, an event of the application, or
/// a room with all that may be said of it.
pub fn body_bytes(limits: &Limits) -> usize {
    let room = as_json(METADATA_BYTES + 4 * (TITLE_CHARS + TOPIC_CHARS)) + 4 * 1024;
    let event = as_json(EVENT_BYTES) + 4 * 1024;
    command_bytes(limits.content_bytes).max(room).max(event)
}

/// Bytes of the longest event there may be: a message with all that may be
/// with it. It has to fit the queue of a reader.
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

/// How long an issuer has to give its keys.
pub const JWKS_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of the document in which it gives them.
pub const JWKS_BYTES: usize = 256 * 1024;
/// How long its keys are good without asking again.
pub const JWKS_AGE: Duration = Duration::from_secs(600);
/// How often it is asked at most, however many unknown keys are named.
pub const JWKS_RETRY: Duration = Duration::from_secs(5);
/// Keys of services that are good at a time.
pub const API_KEYS: i64 = 1_000;
/// Bytes of a token's `jti`.
pub const ID_BYTES: usize = 128;
/// How long a revoked token of which nobody says when it expires is known.
pub const REVOKED_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a refresh token that was used may be used once more, by who never
/// got the answer. Who stole it could do so as well, and is found out at the
/// next use (RFC 9700 section 4.14.2).
pub const REFRESH_GRACE: Duration = Duration::from_secs(10);

/// Webhooks on their way at once to each receiver, of which there are
/// [`WEBHOOK_URLS`] at most: one that hangs takes places from no other.
pub const WEBHOOKS_AT_ONCE: usize = 16;
/// How much longer than a look at what waits for a receiver the pause behind
/// it is, so that a long backlog takes a fifth of a connection at the most.
pub const WEBHOOK_LOOK_PAUSE: u32 = 4;
/// Rooms and users that one statement looks at for what waits.
pub const WEBHOOK_LANES: i64 = 500;
/// The first wait after a failure, and the longest.
pub const WEBHOOK_BACKOFF: Duration = Duration::from_secs(1);
pub const WEBHOOK_BACKOFF_MAX: Duration = Duration::from_secs(600);
/// How often it is looked whether a webhook waits, if nothing says so.
pub const WEBHOOK_POLL: Duration = Duration::from_secs(5);
/// Receivers at most.
pub const WEBHOOK_URLS: usize = 8;
/// Webhooks of one receiver that were given up and are kept; the oldest goes.
pub const DEAD_LETTERS: i64 = 100_000;
/// Webhooks that wait for one receiver, some 300 bytes each: three hours of a
/// hundred messages a second. Beyond, the oldest are given up, so that one that
/// stays away does not fill the disk.
pub const WEBHOOKS_WAITING: i64 = 1_000_000;
/// How often they are counted, and how many are given up before they are
/// counted again; so many with one write, some ten milliseconds of the lane.
pub const WEBHOOKS_COUNTED: Duration = Duration::from_secs(60);
pub const WEBHOOKS_GIVEN_UP: i64 = 10_000;
pub const WEBHOOKS_SETTLED: usize = 500;

/// Page cache of the connection that writes the index, in KiB.
pub const SEARCH_CACHE_KIB: i64 = 2 * 1024;
/// Bytes and words of a search.
pub const SEARCH_BYTES: usize = 256;
pub const SEARCH_TERMS: usize = 16;
/// Messages of a page of what was found, and how far one may page.
pub const SEARCH_PAGE: i64 = 20;
pub const SEARCH_PAGE_MAX: i64 = 100;
pub const SEARCH_OFFSET_MAX: i64 = 1_000;
/// Searches at once, and those of one user: half, so that one user's never
/// keep the others waiting.
pub const SEARCH_CONNECTIONS: u32 = 4;
pub const SEARCHES_EACH: usize = 2;
/// Searches that wait for their turn, in all and of one user, and for how
/// long. Beyond, one's own are `rate_limited` and others' `unavailable`.
pub const SEARCHES_WAITING: usize = 64;
pub const SEARCHES_WAITING_EACH: usize = 4;
pub const SEARCH_PATIENCE: Duration = Duration::from_secs(5);
/// Messages of a room that are read at once to be indexed.
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

/// Bytes of a path or a method in the log; whoever asks makes them up.
pub const LOGGED_BYTES: usize = 512;
/// How long a line of the log that strangers can cause is not written again.
pub const SELDOM: Duration = Duration::from_secs(60);
/// Signals to stop that come within this time of the first are one: a
/// supervisor may signal a process and then its group.
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

/// How often the rate limits of those who have left are freed.
pub const LIMITER_TICK: Duration = Duration::from_secs(30);

/// What clients are told to wait before they send again.
pub const RETRY_AFTER: Duration = Duration::from_millis(500);

/// How long a node has its number, unless it goes on with it; then others take
/// its users for gone.
pub const NODE_LEASE: Duration = Duration::from_secs(10);
/// How long a number is nobody's after that: two nodes never make ids with the
/// same one.
pub const NODE_NUMBER_REST: Duration = Duration::from_secs(60);
/// As many nodes as ids of messages tell apart.
pub const NODE_NUMBERS: u32 = 256;
/// How long the feed is kept. A node that was away for longer closes its
/// connections: they come back and read.
pub const FEED_KEPT: Duration = Duration::from_secs(600);
/// Rows of the feed that one read brings.
pub const FEED_PAGE: i64 = 1_000;
/// A number of the feed that is not there after this time never will be: a
/// transaction is ended before (`POSTGRES_IDLE_IN_TRANSACTION`).
pub const FEED_SETTLED: Duration = Duration::from_secs(15);
/// How often the rooms and users that a node wants to hear of are told to
/// Redis.
pub const INTEREST_TICK: Duration = Duration::from_millis(20);
/// Events of one room that came too early and wait for those before them;
/// beyond, the rest is read from the database.
pub const TIMELINE_HELD: usize = 1_024;
pub const TIMELINE_HELD_BYTES: usize = 1024 * 1024;
/// How long what is missing in a room may still come by itself before it is
/// read: two nodes that write to one room overtake each other by less.
pub const TIMELINE_PATIENCE: Duration = Duration::from_millis(20);
/// How long until it is read again where the database could not be.
pub const TIMELINE_AGAIN: Duration = Duration::from_millis(500);
/// Events of a room that one read brings.
pub const TIMELINE_PAGE: i64 = 200;

/// What a connection to PostgreSQL may take to be made.
pub const POSTGRES_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What one statement may take, also waiting for a lock; then PostgreSQL ends
/// it.
pub const POSTGRES_STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// A PostgreSQL that says nothing for longer than a statement may take is not
/// reached.
pub const POSTGRES_PATIENCE: Duration = Duration::from_secs(7);
/// A transaction in which nothing happens is ended by PostgreSQL: a node that
/// was frozen within one must not hold others up for longer.
pub const POSTGRES_IDLE_IN_TRANSACTION: Duration = Duration::from_secs(2);
/// How often a batch that met with a deadlock is tried again.
pub const POSTGRES_RETRIES: u32 = 3;

/// Rows that `parlor copy` holds and stores at once. More are no faster, and
/// a batch has to be through within `POSTGRES_STATEMENT_TIMEOUT`.
pub const COPY_ROWS: i64 = 1_000;
/// How often `parlor copy` looks whether the leases of servers that have ended
/// are over.
pub const COPY_LEASE_POLL: Duration = Duration::from_millis(200);

/// How long SQLite waits for another process that holds the write lock.
pub const DATABASE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a read may wait for a connection of the pool.
pub const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// How long `/metrics` waits for what is counted in the database: Prometheus
/// gives up after ten seconds, and the rest is wanted then most.
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

/// Batches that a worker thread may not yet have handed to its sessions.
/// Beyond: new requests are `unavailable`.
pub const FANOUT_BACKLOG: usize = 1_024;
/// Requests of one session that are not answered yet. Beyond: its socket is
/// not read until some are, so that TCP slows the sender down.
pub const REQUESTS_IN_FLIGHT: u32 = 256;
/// Bytes taken from a socket at once.
pub const READ_CHUNK: usize = 16 * 1024;
/// Pieces that are written with one system call (`writev`).
pub const PIECES_PER_WRITE: usize = 64;
/// Events of one room that become one piece for its readers, as far as they
/// come together.
pub const RUN_FRAMES: usize = 64;
/// Bytes of such a piece.
pub const RUN_BYTES: usize = 32 * 1024;
/// The part of a session's outgoing queue that such a piece may fill at most,
/// so that a reader who keeps up is never taken for slow.
pub const RUN_SHARE: usize = 4;

/// The part of a session's outgoing queue beyond which ephemeral events are
/// not told: typing, presence, receipts.
pub const EPHEMERAL_SHARE: usize = 2;
/// The part of it that live events may fill, so that answers find room
/// whatever others say: a page of history has [`HISTORY_SHARE`].
pub const EVENT_SHARE: usize = 2;

/// Bytes from which on a message is compressed for those who agreed to it. A
/// chat message is shorter, and compressing it costs more than the 10 µs win
/// (docs/PERFORMANCE.md, "Compression").
pub const COMPRESSION_MIN_BYTES: usize = 1024;
/// TLS handshakes of one worker thread under way at once; more wait. Some 30 KiB
/// each, and more than one address has connections: nobody makes others wait.
pub const TLS_HANDSHAKES: usize = 8_192;

/// How long a room without subscribers or events stays in memory. Longer
/// than [`READ_TIMEOUT`], see `chat::room`.
pub const ROOM_IDLE: Duration = Duration::from_secs(60);
/// How often rooms that are no longer used are looked for.
pub const ROOM_SWEEP: Duration = Duration::from_secs(10);
/// How often a read is done again that a change of membership overtook.
pub const READ_AGAIN: usize = 5;

/// How long one is shown as typing who says nothing more.
pub const TYPING_TTL: Duration = Duration::from_secs(6);
/// How often one who goes on typing is told again.
pub const TYPING_REPEAT: Duration = Duration::from_secs(3);
/// Users shown as typing at once, on the whole node. Beyond: not told.
pub const TYPING_MAX: usize = 100_000;
/// How often it is told at most how many members a big room has.
pub const MEMBERS_TOLD: Duration = Duration::from_secs(1);
/// How often others are told at most that a user is there or away, who may
/// change their mind so many times at once: all who share a room are told.
pub const PRESENCE_PACE: Duration = Duration::from_secs(1);
pub const PRESENCE_BURST: u32 = 4;
/// How often it is looked who has stopped typing, and who is gone.
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
/// When a step that could not be done is tried again.
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
