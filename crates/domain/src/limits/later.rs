//! What is done at a time that a user has named.

use std::time::Duration;

/// How often it is looked for: a user names a time to the second.
pub const LATER_LOOK: Duration = Duration::from_millis(500);
/// Users reminded with one look, which is followed by a rest of as long as it has taken: some
/// 10 ms of the write lane.
pub const REMINDERS_AT_ONCE: i64 = 100;
/// Messages that a user has saved, with notes some 2 MiB at most. Beyond: `conflict`.
pub const SAVED_PER_USER: i64 = 1_000;
/// Characters of what a user notes with a message that they save.
pub const NOTE_CHARS: usize = 500;
