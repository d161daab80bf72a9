//! Messages that are written while others read them.

use std::time::Duration;

/// Messages that one user writes at a time like this, where it is not for the
/// application. Beyond: `conflict`.
pub const STREAMS_PER_USER: usize = 8;
/// The same for a room, so that what its readers are told of them stays a small part of
/// what their connections take.
pub const STREAMS_PER_ROOM: usize = 8;
/// The same for a server: with their texts some 32 MiB. Beyond: `unavailable`.
pub const STREAMS: usize = 1_000;
/// How often readers are told more of a text: faster than anybody reads, and so seldom
/// that a model's 50 words a second are 20 frames.
pub const STREAM_TICK: Duration = Duration::from_millis(50);
/// How often a text is stored while it grows. This much of it may be lost with its server.
pub const STREAM_STORED: Duration = Duration::from_secs(1);
/// How often it is stored that a writer is there who says nothing.
pub const STREAM_HEARD: Duration = Duration::from_secs(5);
/// How long a writer may say nothing: models think for a minute, and more.
pub const STREAM_SILENCE: Duration = Duration::from_secs(120);
/// How long a writer whose connection is gone has to come back.
pub const STREAM_ABSENCE: Duration = Duration::from_secs(15);
/// From when on a message counts as left by its server: several times [`STREAM_HEARD`],
/// so that a slow database ends none.
pub const STREAM_LEFT: Duration = Duration::from_secs(20);
/// How often such messages are looked for.
pub const STREAM_SWEEP: Duration = Duration::from_secs(5);
/// How many of them are ended at a time: all that a server may have left.
pub const STREAMS_ENDED: i64 = STREAMS as i64;
/// Appends of one user a second, and at once: several streams of a fast model.
pub const STREAM_APPENDS: u32 = 250;
pub const STREAM_APPENDS_BURST: u32 = 500;
