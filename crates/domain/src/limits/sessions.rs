//! A WebSocket: its queue, its buffers, its requests in flight.

use std::time::Duration;

/// The part of a session's outgoing queue that a history page may fill.
pub const HISTORY_SHARE: usize = 2;
/// The share of a session's outgoing queue that a page of a replay may fill.
pub const REPLAY_SHARE: usize = 4;
/// Live events held per session and room during a replay. Older ones are
/// dropped from memory and read from the database instead.
pub const REPLAY_HELD: usize = 64;
/// Bytes of the held live events, so that they fit into the outgoing queue too.
pub const REPLAY_HELD_BYTES: usize = 64 * 1024;

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
/// The kernel's send buffer of one socket. By default it grows to 4 MB for a
/// reader that has stopped, and would count towards no limit.
pub const SOCKET_SEND_BUFFER: usize = 256 * 1024;
/// How long a connection may take to answer a ping that is sent because its user
/// opens another and has no place left: longer than a phone takes to wake its
/// radio.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a close frame may wait for a reader that does not read.
pub const CLOSE_GRACE: Duration = Duration::from_secs(1);
