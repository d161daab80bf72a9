//! The limits that a deployment may change. A field is all there is of one: its
//! option and variable, its default, the sentence that `--help`, `.env.example`
//! and the descriptions of the interfaces show, and whether `session.ready` has it.

use clap::{Args, FromArgMatches, builder::Resettable};
use schemars::JsonSchema;
use serde::Serialize;

use super::{HISTORY_SHARE, ROOMS_PIECE_BYTES, ROOMS_SHARE, command_bytes};
use crate::FileQuota;

const CONTENT_BYTES: usize = 16 * 1024;

#[derive(Args, Clone, Debug, Serialize, JsonSchema)]
pub struct Limits {
    // An option of `config::limits`, because its default depends on the next.
    // At least `command_bytes`, so that everything the other limits allow fits.
    /// Largest WebSocket message from a client, in bytes, fragmented or not
    #[arg(skip = command_bytes(CONTENT_BYTES))]
    pub frame_bytes: usize,
    /// Largest content of a chat message, in bytes (too_large beyond)
    #[arg(long, env = "PARLOR_CONTENT_BYTES", default_value_t = CONTENT_BYTES, value_parser = positive)]
    pub content_bytes: usize,
    /// Frames queued for one connection (beyond, events are read from the database
    /// when the client has taken these; anything else closes it with 4413)
    #[arg(long, env = "PARLOR_QUEUED_FRAMES", default_value_t = 256, value_parser = positive)]
    pub queued_frames: usize,
    /// Bytes queued for one connection, to the same effect
    #[arg(long, env = "PARLOR_QUEUED_BYTES", default_value_t = 1024 * 1024, value_parser = positive)]
    pub queued_bytes: usize,
    // Beyond, the existing ones are pinged to find dead ones (`PROBE_TIMEOUT`).
    /// Concurrent connections per user (4409 beyond)
    #[arg(long, env = "PARLOR_CONNECTIONS_PER_USER", default_value_t = 20, value_parser = positive)]
    pub connections_per_user: usize,
    // A session is sent its rooms in pages, so this bounds what it has to keep,
    // not what it is sent at once.
    /// Rooms that a user may create, join and open, and as many again that the
    /// application may add them to (conflict beyond)
    #[arg(long, env = "PARLOR_ROOMS_PER_USER", default_value_t = 1_000, value_parser = positive)]
    pub rooms_per_user: usize,
    // Counted separately, so that others cannot use up the user's own. The user
    // can leave any of them, or join it to make it their own.
    /// Rooms that a user may be added to by other users, at most a fifth by any one
    /// of them (conflict beyond)
    #[arg(long, env = "PARLOR_PLACED_ROOMS_PER_USER", default_value_t = 1_000, value_parser = positive)]
    #[serde(skip)]
    pub placed_rooms_per_user: usize,
    /// Missed events that are replayed to a client; one further behind has to resync
    #[arg(long, env = "PARLOR_REPLAY_EVENTS", default_value_t = 1_000, value_parser = positive)]
    pub replay_events: usize,
    // At 70,000 commits/s this is a tenth of a second.
    /// Writes accepted but not yet committed (unavailable beyond)
    #[arg(long, env = "PARLOR_WRITES_IN_FLIGHT", default_value_t = 8_192, value_parser = positive)]
    #[serde(skip)]
    pub writes_in_flight: usize,
    // The number of such events grows with the square of the members.
    /// Size above which a room no longer reports who joins, leaves, types, reads or
    /// is online
    #[arg(long, env = "PARLOR_BIG_ROOM_MEMBERS", default_value_t = 250, value_parser = positive)]
    pub big_room_members: usize,
    /// Application events kept in a user's inbox; the oldest are dropped
    #[arg(long, env = "PARLOR_INBOX_EVENTS", default_value_t = 1_000, value_parser = positive)]
    pub inbox_events: usize,
    /// Largest allowed file, in bytes (too_large beyond)
    #[arg(long, env = "PARLOR_ATTACHMENT_BYTES", default_value_t = 25 * 1024 * 1024, value_parser = bytes)]
    pub attachment_bytes: u64,
    /// Bytes of files that a user may upload per day (rate_limited beyond); 0: no
    /// limit
    #[arg(long, env = "PARLOR_ATTACHMENT_BYTES_PER_DAY", default_value_t = 1024 * 1024 * 1024, value_parser = bytes)]
    pub attachment_bytes_per_day: u64,
    /// Bytes of files that a user may have stored (too_large beyond; deleting files
    /// frees space); 0: no limit
    #[arg(long, env = "PARLOR_ATTACHMENT_BYTES_PER_USER", default_value_t = 10 * 1024 * 1024 * 1024, value_parser = bytes)]
    pub attachment_bytes_per_user: u64,
    // An office of 2,000 behind one address that reconnects at once needs half of
    // this.
    /// Concurrent HTTP connections per address (closed at once beyond; WebSockets
    /// with a token do not count), and concurrent requests per client of a trusted
    /// proxy (rate_limited beyond); 0: no limit
    #[arg(long, env = "PARLOR_CONNECTIONS_PER_ADDRESS", default_value_t = 2_048)]
    #[serde(skip)]
    pub connections_per_address: usize,
}

impl Default for Limits {
    /// What applies where nothing is set, whatever the environment says.
    fn default() -> Self {
        let command = Self::augment_args(clap::Command::new("parlor"))
            .mut_args(|arg| arg.env(Resettable::Reset));
        let matches = command.try_get_matches_from([""; 0]).expect("nothing is set");
        Self::from_arg_matches(&matches).expect("every limit has a default")
    }
}

impl Limits {
    /// Bytes per page of lists whose entries can be long: rooms, pins, events,
    /// results. The same as for history, over REST too: what waits for a client
    /// has one bound.
    pub fn page_bytes(&self) -> usize {
        self.queued_bytes / HISTORY_SHARE
    }

    /// Bytes per page of the list of rooms that a session is sent.
    pub fn rooms_piece_bytes(&self) -> usize {
        ROOMS_PIECE_BYTES.min(self.queued_bytes / ROOMS_SHARE)
    }

    /// Rooms created by one user that may exist at a time, whoever is in them now:
    /// twice as many as a user may be in, so that nobody fills the disk by creating
    /// rooms and leaving them.
    pub fn rooms_made(&self) -> i64 {
        i64::try_from(self.rooms_per_user.saturating_mul(2)).unwrap_or(i64::MAX)
    }

    pub fn file_quota(&self) -> FileQuota {
        let limit = |bytes: u64| (bytes > 0).then(|| i64::try_from(bytes).unwrap_or(i64::MAX));
        FileQuota {
            daily: limit(self.attachment_bytes_per_day),
            stored: limit(self.attachment_bytes_per_user),
        }
    }
}

/// An option's value: a whole number above 0.
///
/// # Errors
/// What it must be.
pub fn positive(text: &str) -> Result<usize, &'static str> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or("it must be a whole number above 0")
}

/// A number of bytes. Units mean 1,000 to some and 1,024 to others.
fn bytes(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(
        |_| "it must be a whole number of bytes without a unit, such as 26214400 for 25 MiB",
    )
}
