//! Webhooks and their dead letters.

use std::time::Duration;

/// Concurrent webhooks per receiver, of which there are at most
/// [`WEBHOOK_URLS`]: one that hangs does not slow down the others.
pub const WEBHOOKS_AT_ONCE: usize = 16;
/// How much longer than reading what waits for a receiver the pause after it is,
/// so that a long backlog takes at most a fifth of a connection.
pub const WEBHOOK_LOOK_PAUSE: u32 = 4;
/// Rooms and users that one statement checks for waiting webhooks.
pub const WEBHOOK_LANES: i64 = 500;
/// The first delay after a webhook or a note to a device has failed, and the longest.
pub const BACKOFF: Duration = Duration::from_secs(1);
pub const BACKOFF_MAX: Duration = Duration::from_secs(600);
/// How often the outbox is checked without a notification.
pub const WEBHOOK_POLL: Duration = Duration::from_secs(5);
/// Messages that one look at what is unread goes through at a time, members of a room whom
/// one statement looks at, and users whom one write tells: some milliseconds each.
pub const UNREAD_LOOK: i64 = 2_000;
pub const UNREAD_MEMBERS: i64 = 500;
pub const UNREAD_TOLD: i64 = 200;
/// How long nobody may have looked for what is unread, and it is still told. Longer: the
/// setting was made anew, or the server was away for so long that it is no news.
pub const UNREAD_MISSED: Duration = Duration::from_secs(24 * 3600);
/// Letters whose numbers are counted at the same time: a whole wave of them is to leave the
/// reading connections to people.
pub const UNREAD_COUNTED_AT_ONCE: usize = 2;
/// The least time after which somebody may be told: what several nodes write is committed
/// in another order than its ids have, by less.
pub const UNREAD_AFTER_MIN: Duration = Duration::from_secs(2);
/// How often it is looked for: a quarter of the time after which somebody is told, within
/// these.
pub const UNREAD_LOOK_MIN: Duration = Duration::from_millis(250);
pub const UNREAD_LOOK_MAX: Duration = Duration::from_secs(30);
/// Rooms of a user that such a webhook shows, the newest first.
pub const UNREAD_ROOMS_TOLD: usize = 10;
/// Maximum number of receivers.
pub const WEBHOOK_URLS: usize = 8;
/// Dead letters kept per receiver; the oldest are dropped.
pub const DEAD_LETTERS: i64 = 100_000;
/// Webhooks waiting per receiver, some 300 bytes each: three hours of a hundred
/// messages a second. Beyond, the oldest become dead letters, so that a
/// receiver that stays away does not fill the disk.
pub const WEBHOOKS_WAITING: i64 = 1_000_000;
/// Webhooks that are recorded with one statement.
pub const OUTBOX_ROWS: usize = 1_000;
/// How often they are counted, how many are given up before they are counted
/// again, and how many with one write: some ten milliseconds of the lane.
pub const WEBHOOKS_COUNTED: Duration = Duration::from_secs(60);
pub const WEBHOOKS_GIVEN_UP: i64 = 10_000;
pub const WEBHOOKS_SETTLED: usize = 500;
