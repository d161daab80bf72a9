//! Rooms, their lists, pages and timelines; presence.

use std::time::Duration;

use super::CONNECTIONS_MAX;

/// Default size of a history page.
pub const HISTORY_PAGE: i64 = 50;
/// Largest history page.
pub const HISTORY_PAGE_MAX: i64 = 200;
/// Largest page of members, receipts, rooms or connections.
pub const LIST_PAGE_MAX: i64 = 200;
/// Rooms per page of the list that a session is sent: with their unread counts,
/// some milliseconds of a reading connection.
pub const ROOMS_PIECE: i64 = 200;
/// Bytes of such a page, and the share of a session's outgoing queue that it
/// may fill. The next one follows when the client has taken it.
pub const ROOMS_PIECE_BYTES: usize = 64 * 1024;
pub const ROOMS_SHARE: usize = 4;
/// Rooms that one write marks as read: some milliseconds of the write lane.
/// Users in more rooms need several.
pub const READ_ALL_ROOMS: i64 = 200;
/// Maximum number of such writes: others may keep writing to the rooms.
pub const READ_ALL_STEPS: usize = 1_000;
/// Rooms that one `session.resume` may name; further ones follow in the next.
pub const RESUME_ROOMS: usize = 1_000;
/// The share of [`super::Limits::placed_rooms_per_user`] that one other user may use:
/// 200 is enough for all rooms of a team, and no single stranger uses up all
/// places.
pub const PLACED_SHARE: usize = 5;
/// Members that one request adds, removes or changes. A thousand are some 30 ms of
/// the write lane.
pub const MEMBERS_AT_ONCE: usize = 1_000;
/// Bytes of one of them in a request, with its names, an id and a role.
pub const MEMBER_BYTES: usize = 128;
/// Members that may come and go at once and be told one by one: beyond, a room is
/// told how many it has, as a big one. Well below what a connection has queued
/// ([`super::Limits::queued_frames`]).
pub const MEMBERS_TOLD: usize = 100;
/// Requests for many members that wait for the one that is carried out, of one user
/// and of all. Beyond: `unavailable`.
pub const BULK_WAITING_EACH: usize = 4;
pub const BULK_WAITING: usize = 64;
/// Rules by which rooms are made. They are gone through for a room that is not
/// there.
pub const CREATION_RULES_MAX: usize = 100;
/// Rooms that one page of the list of all rooms looks at, however few of them are
/// wanted: some 20 ms of a reading connection.
pub const ROOMS_EXAMINED: i64 = 10_000;
/// The same of one's own rooms, where the list is sorted or filtered by more than an index
/// gives: some 10 ms for 2,000 rooms, as many as most may be in. Those made later are left out.
pub const ROOMS_SORTED: i64 = 10_000;
/// Drafts kept of one user; beyond, the oldest goes.
pub const DRAFTS_PER_USER: i64 = 500;
/// Threads of which it is kept for one user whether they follow them, by their own doing;
/// beyond, the one that they have touched longest ago goes.
pub const THREADS_FOLLOWED: i64 = 1_000;
/// The same of those that others have made them follow, by mentioning or answering them: so
/// nobody can take away what a user follows by their own doing.
pub const THREADS_BY_OTHERS: i64 = 500;
/// Threads that are marked as read at once, with everything else.
pub const READ_ALL_THREADS: i64 = 200;
/// A member's own order of rooms is within this, as JavaScript's whole numbers are.
pub const RANK_MAX: i64 = (1 << 53) - 1;
/// Bytes of the custom data that a list of rooms is filtered by.
pub const CUSTOM_FILTER_BYTES: usize = 1024;
/// Users blocked by one user. They are sent to every node with the user's
/// presence. Beyond: `conflict`.
pub const BLOCKS_PER_USER: i64 = 1_000;

/// Events read from the database at once during a replay, so that a page fits
/// into the outgoing queue.
pub const REPLAY_PAGE: usize = 100;
/// Events per room that arrived too early and wait for those before them;
/// beyond, the rest is read from the database.
pub const TIMELINE_HELD: usize = 1_024;
pub const TIMELINE_HELD_BYTES: usize = 1024 * 1024;
/// How long missing events of a room are waited for before they are read: two
/// nodes that write to one room overtake each other by less.
pub const TIMELINE_GAP_WAIT: Duration = Duration::from_millis(20);
/// Delay before the read is retried after a failure.
pub const TIMELINE_AGAIN: Duration = Duration::from_millis(500);
/// Events of a room per read.
pub const TIMELINE_PAGE: i64 = 200;

/// How long a room without subscribers or events stays in memory. Longer
/// than [`super::READ_TIMEOUT`], see `chat::room`.
pub const ROOM_IDLE: Duration = Duration::from_secs(60);
/// How often rooms that are no longer used are looked for.
pub const ROOM_SWEEP: Duration = Duration::from_secs(10);
/// How often a read is repeated if a change of what it reads overtook it.
pub const READ_AGAIN: usize = 5;

/// Counts of unread messages that are kept, of users and rooms, some 100 bytes
/// each.
pub const UNREAD_KNOWN: usize = 100_000;
/// Positions above which a count is worth keeping, and above which it is brought
/// up to date by itself rather than counted anew with those of other rooms.
pub const UNREAD_WORTH: i64 = 16;
pub const UNREAD_FEW: i64 = 256;
/// Positions, back from a room's last message, that a member may mark as unread: to count them is
/// below what has to wait for its turn.
pub const UNREAD_BACK: i64 = 10_000;
/// Positions above which counting has to wait for its turn: some 2 ms of a core.
/// A user has one turn at a time, and all users together [`COUNTS_AT_ONCE`], so
/// that reading connections stay free for others.
pub const UNREAD_COSTLY: i64 = 20_000;
pub const COUNTS_AT_ONCE: usize = 2;
/// Positions that one statement counts in, unless a single room has more: some
/// 100 ms, far below what a read may take.
pub const UNREAD_AT_ONCE: i64 = 1_000_000;

/// How long a user is shown as typing without an update.
pub const TYPING_TTL: Duration = Duration::from_secs(6);
/// How often clients are notified that a user is still typing.
pub const TYPING_REPEAT: Duration = Duration::from_secs(3);
/// Users shown as typing at the same time on a node. Beyond: not sent.
pub const TYPING_MAX: usize = 100_000;
/// Minimum interval between two `room.members` events of a big room.
pub const MEMBERS_INTERVAL: Duration = Duration::from_secs(1);
/// Minimum interval between presence changes of a user that are sent to others,
/// and the burst: everyone who shares a room is notified.
pub const PRESENCE_PACE: Duration = Duration::from_secs(1);
pub const PRESENCE_BURST: u32 = 4;
/// How often expired typing and presence is looked for.
pub const PRESENCE_TICK: Duration = Duration::from_millis(500);
/// Users whose arrival or departure is stored in one such step: all at once would
/// take the places of messages ([`super::Limits::writes_in_flight`]).
pub const PRESENCE_WRITES: usize = 1_024;
/// Users for whom that is still to be stored. Beyond: the oldest is dropped.
pub const ARRIVALS_WAITING: usize = 2 * CONNECTIONS_MAX;
/// Deleted users who are remembered until their last requests have arrived.
pub const ERASED_KEPT: usize = 10_000;

/// The longest retention of a room, in days and in messages.
pub const AGE_DAYS_MAX: i64 = 36_500;
pub const KEPT_MESSAGES_MAX: i64 = 1_000_000_000;

/// Seconds of a mute or a ban. A century: anything longer is a mistake.
pub const SECONDS_MAX: i64 = 100 * 366 * 86_400;
