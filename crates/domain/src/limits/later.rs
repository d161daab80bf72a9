//! What is done at a time that a user has named.

use std::time::Duration;

/// How often it is looked for: a user names a time to the second.
pub const LATER_LOOK: Duration = Duration::from_millis(250);

/// Users reminded with one look, which is followed by a rest of as long as it has taken: some
/// 10 ms of the write lane.
pub const REMINDERS_AT_ONCE: i64 = 100;
/// Messages that a user has saved, with notes some 2 MiB at most. Beyond: `conflict`.
pub const SAVED_PER_USER: i64 = 1_000;
/// Characters of what a user notes with a message that they save.
pub const NOTE_CHARS: usize = 500;

/// Messages of a user that are to be sent later; with their contents some MiB at most. Beyond:
/// `conflict`.
pub const SCHEDULED_PER_USER: i64 = 100;
/// How far ahead a message is scheduled, in seconds. Nearer it is to be sent at once, by a
/// clock that is a little wrong; later than a year it is a mistake.
pub const SCHEDULED_SECONDS_MIN: i64 = 2;
pub const SCHEDULED_SECONDS_MAX: i64 = 366 * 86_400;
/// Messages that one look begins to send: a thousand for the same minute are sent within some
/// seconds, and leave the write lane to those who write themselves.
pub const SCHEDULED_PER_LOOK: usize = 100;
/// Messages that are being sent, where the application or the database takes its time: more
/// than one user has.
pub const SCHEDULED_AT_ONCE: i64 = 400;
/// Time limit for sending one; then it is found out whether it was.
pub const SCHEDULED_TIME: Duration = Duration::from_secs(30);
/// Delay before one that the server could not take is tried again.
pub const SCHEDULED_AGAIN: Duration = Duration::from_secs(5);
