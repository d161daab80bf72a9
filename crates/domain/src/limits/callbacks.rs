//! Questions to the application over HTTP.

use std::time::Duration;

/// Questions under way per URL: what an application with 64 workers answers at
/// once, so that one that hangs holds no more of this process.
pub const CALLBACKS_AT_ONCE: usize = 64;
/// Of these, one user's: with others there are always places left.
pub const CALLBACKS_EACH: usize = 4;
/// Questions waiting for a place, in all and of one user.
pub const CALLBACKS_WAITING: usize = 1_024;
pub const CALLBACKS_WAITING_EACH: usize = 32;
/// How long one waits for a place. With the longest time limit for the answer it
/// is still less than a REST call waits (`ANSWER_TIMEOUT`).
pub const CALLBACK_QUEUE_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest time limit for an answer that can be set.
pub const CALLBACK_TIMEOUT_MAX: Duration = Duration::from_secs(10);
/// Failures in a row after which the application is not asked for a while: as many
/// as Envoy takes to eject a host by default.
pub const CALLBACK_FAILURES: u32 = 5;
/// How long it is not asked then; one question after that decides how it goes on.
pub const CALLBACK_PAUSE: Duration = Duration::from_secs(5);
/// Messages of one user that wait to be decided, with their repeats, and those of
/// all (unavailable beyond).
pub const UNDECIDED_EACH: usize = 64;
pub const UNDECIDED: usize = 8_192;
/// Characters of the reason with which the application refuses; more are cut.
pub const CALLBACK_REASON_CHARS: usize = 200;

/// Answers to who may come into a room that are kept, some 200 bytes each.
pub const ACCESS_KEPT: usize = 100_000;
/// How long one counts that names no time: long enough that who opens a room again
/// asks nothing, and short enough that nobody stays for long who may not.
pub const ACCESS_GRANTED_FOR: Duration = Duration::from_secs(60);
pub const ACCESS_REFUSED_FOR: Duration = Duration::from_secs(10);
/// Seconds that an answer may count at most: a day.
pub const ACCESS_SECONDS_MAX: i64 = 86_400;
/// Rooms that one user watches at a time, on one node, without being a member.
/// Beyond: `conflict`.
pub const WATCHED_EACH: usize = 200;
/// How often it is looked for permissions to watch that are to be renewed. Each is,
/// from three quarters of its time on, and in each such step until there is an answer.
pub const WATCH_TICK: Duration = Duration::from_secs(1);
/// How many in one such step; the others in the next ones.
pub const WATCH_RENEWALS: usize = 256;
/// How long at least until one is asked about again that was not answered.
pub const WATCH_AGAIN: Duration = Duration::from_secs(2);
/// How long after the end of its time an answer may still come.
pub const WATCH_GRACE: Duration = Duration::from_secs(2);
