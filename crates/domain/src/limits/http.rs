//! HTTP clients, and accepting connections.

use std::time::Duration;

/// Minimum pace of an HTTP client in bytes per second, in both directions and for
/// uploads too: a twentieth of what the slowest mobile networks carry.
pub const PACE: u64 = 1024;
/// How long a connection is kept without a request. Short: a browser keeps six
/// of them, and all of an office count for one address.
pub const HTTP_IDLE: Duration = Duration::from_secs(5);
/// The same for a trusted proxy. Longer than proxies keep theirs (Caddy 2
/// minutes, Traefik 90 s, nginx 60 s): if the server closed one just as a request
/// came, the proxy would answer 502.
pub const HTTP_IDLE_PROXY: Duration = Duration::from_secs(150);
/// The kernel's send buffer of an HTTP connection: some 1.5 MB/s to a client
/// 100 ms away. By default it grows to 4 MB for a client that does not read.
pub const HTTP_SEND_BUFFER: usize = 128 * 1024;
/// The part of the files the system allows that one address may have open as
/// connections, and one client of a trusted proxy as requests under way.
pub const FILES_SHARE: u64 = 4;
/// Bytes of requests without a body that are read at once: what follows the first
/// head waits until that request is answered, and the rest waits in the kernel. Each request that actix-http has parsed takes 5 KiB, and could
/// be sent with 18 bytes. Most heads fit; 8 MiB for all connections of an
/// address.
pub const REQUEST_PIECE: usize = 4 * 1024;
/// Bytes of a response handed to actix-http at once; it keeps two such pieces.
pub const ANSWER_PIECE: usize = 16 * 1024;
/// Size up to which a response does not count towards the limits below. Each
/// connection has one request at a time, so those of an address are 128 MiB at
/// most.
pub const ANSWER_SMALL: usize = 64 * 1024;
/// Bytes of unread larger responses per user: some 60 of the largest pages of
/// history.
pub const ANSWER_BYTES_PER_USER: usize = 32 * 1024 * 1024;
/// The same per address.
pub const ANSWER_BYTES_PER_ADDRESS: usize = 64 * 1024 * 1024;
/// The same in all. Beyond: `unavailable`.
pub const ANSWER_BYTES: usize = 512 * 1024 * 1024;
/// Once more than half of these is taken, a user and an address may have at most
/// this share of what is left, and so may a user of what is left to their address:
/// a few who do not read never use up everything. A user with nothing waiting
/// gets one response if there is room for the address.
pub const ANSWER_SHARE_USER: usize = 16;
pub const ANSWER_SHARE_ADDRESS: usize = 8;
/// WebSockets per address that have not sent a token yet: they have `auth_timeout`
/// for it, and most clients send it with the upgrade.
pub const GUESTS_PER_ADDRESS: usize = 512;

/// How long a REST handler waits for the ChatServer.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of a path or a method in the log; clients can make them arbitrarily
/// long.
pub const LOGGED_BYTES: usize = 512;
/// Interval between two log lines of a kind that would be written again and
/// again: anybody on the network can cause it, or a database that is away.
pub const LOG_THROTTLE: Duration = Duration::from_secs(60);
/// Lines of one kind that are told apart by their text; all others count as
/// one more. A database that fails has few reasons at a time.
pub const LOG_THROTTLE_TEXTS: usize = 16;
/// Stop signals within this time of the first count as one: a supervisor may
/// signal a process and then its group.
pub const SIGNALS_APART: Duration = Duration::from_secs(1);

/// How often rate-limit state that is no longer needed is freed.
pub const LIMITER_TICK: Duration = Duration::from_secs(30);

/// The retry delay that clients are given.
pub const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Concurrent TLS handshakes per worker thread; more wait. Some 30 KiB each,
/// and more than an address may have connections: nobody can make others wait.
pub const TLS_HANDSHAKES: usize = 8_192;

/// How long a connection goes on reading what the client still sends after its
/// response, such as the rest of a file that is too large: if it were closed at
/// once, the client would see a reset instead of the response (RFC 9112 section
/// 9.6).
pub const LINGER: Duration = Duration::from_secs(5);
/// HTTP connections of one worker thread; more wait in the kernel.
pub const CONNECTIONS_PER_WORKER: usize = 25_000;
/// WebSocket connections of the process, some 5 KiB each. Beyond: the upgrade
/// is `unavailable`.
pub const CONNECTIONS_MAX: usize = 250_000;
/// Connections that the kernel holds until they are accepted.
pub const LISTEN_BACKLOG: u32 = 4_096;
/// How long an idle connection of the server's own requests is kept: less than the
/// 5 s of Node.js, the shortest in wide use, so that none is closed from there just
/// as it is used again.
pub const OUTBOUND_IDLE: Duration = Duration::from_secs(4);
/// The same for services that want connections to be kept: Apple takes many new ones for an
/// attack.
pub const OUTBOUND_KEPT: Duration = Duration::from_secs(3600);
/// How long the other end of a connection over HTTP/2 may say nothing until it is asked
/// whether it is there, and how long it has for its answer.
pub const OUTBOUND_PING: Duration = Duration::from_secs(15);
pub const OUTBOUND_PONG: Duration = Duration::from_secs(5);
