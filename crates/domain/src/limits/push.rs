//! What devices are told while their users are away.

use std::time::Duration;

/// Devices of a user: phones, tablets and the browsers of some computers. Beyond, the one goes
/// that was not registered for longest.
pub const DEVICES_PER_USER: i64 = 10;
/// Minutes that a clock may be away from UTC: those of all countries are from -12 to +14 hours.
pub const UTC_OFFSET_MINUTES: i64 = 14 * 60;

/// How often is looked for what devices are to be told.
pub const PUSH_LOOK: Duration = Duration::from_secs(1);
/// The least time after which a message is told: what several nodes write is committed in
/// another order than its ids have, by less.
pub const PUSH_AFTER_MIN: Duration = Duration::from_secs(2);
/// Rooms and threads of which a device is told or shows something: more than anybody looks
/// through. Beyond, what it has shown for longest is followed no more.
pub const PUSH_NOTES_PER_DEVICE: i64 = 100;
/// Notes that one look at what is due reads: those of one user may come first, who is told one
/// at a time.
pub const PUSH_DUE: i64 = 200;
/// Users who are told at the same time, and those of them over one service or one host of
/// browsers: what hangs takes a part of the places, and one user one.
pub const PUSH_USERS_AT_ONCE: usize = 256;
pub const PUSH_USERS_PER_LANE: usize = 64;
/// How soon is looked for more when somebody was told.
pub const PUSH_NEXT: Duration = Duration::from_millis(50);
/// The longest time for which a service may ask not to be asked again.
pub const PUSH_AGAIN_MAX: Duration = Duration::from_secs(3600);
/// Users whose unread messages are counted at the same time: a whole morning of them is to
/// leave the reading connections to people.
pub const PUSH_COUNTED_AT_ONCE: usize = 2;
/// Attempts to tell a device; with the delays between them some half an hour. A later note
/// begins anew.
pub const PUSH_ATTEMPTS: i64 = 12;
/// What devices show that is looked at with one statement, for whether it was read elsewhere;
/// and how much longer than all of it has taken nothing is looked at then.
pub const PUSH_SHOWN: i64 = 1_000;
pub const PUSH_SHOWN_PAUSE: u32 = 8;
/// How long what a device shows is followed: who does not come for two weeks clears it away
/// when they do.
pub const PUSH_SHOWN_FOR: Duration = Duration::from_secs(14 * 86_400);
/// Characters of a message that a device shows: as many as fit on a screen that is locked.
pub const PUSH_TEXT_CHARS: usize = 300;
