//! What other nodes have to know of what one has committed.
//!
//! A batch leaves one row in the feed, in its own transaction: so whatever
//! becomes of the node that wrote it, and of the messages it sends to the
//! others, each of them can read here what happened.

use serde::{Deserialize, Serialize};

use super::{MarkedBy, RoomRead, Write, WriteResult, Written};
use parlor_domain::{RoomKey, Seq, UserKey};

/// One thing that happened. It says where to look; what is there is read from
/// the database, so that it does not matter how late it is heard, or how
/// often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Happened {
    /// A timeline, a room's or an inbox's, goes up to here.
    Head {
        room: i64,
        seq: i64,
    },
    /// A user has become a member.
    Joined {
        room: i64,
        user: i64,
        /// How many there are then, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        members: Option<i64>,
    },
    /// A user is no member any more.
    Left {
        room: i64,
        user: i64,
        why: Left,
        members: i64,
    },
    /// A member's role, mute or block has changed.
    Standing {
        room: i64,
        user: i64,
    },
    /// A user does not want to hear from another, or does again.
    Blocked {
        user: i64,
        other: i64,
        blocks: bool,
    },
    /// A room's title or the like has changed.
    RoomUpdated {
        room: i64,
    },
    RoomDeleted {
        room: i64,
    },
    /// A member's marks have moved up to here. It says all that is told of it,
    /// so that the other nodes need not each read it.
    Marked {
        room: i64,
        user: i64,
        id: String,
        read: Option<i64>,
        delivered: Option<i64>,
        /// Nobody but the user hears of it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        hidden: bool,
        /// Who does not hear of it: whom the user has blocked, at most
        /// [`BLOCKS_PER_USER`](parlor_domain::limits::BLOCKS_PER_USER).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        blocked: Vec<i64>,
    },
    /// Tokens of a user are good no more, or the user is banned, or no more.
    Barred {
        user: i64,
    },
    /// One token is good no more.
    Revoked {
        token: String,
        until: i64,
    },
    /// Keys of services were made or revoked.
    Keys,
    /// Another origin answers for a user from now on.
    Adopted {
        id: String,
    },
    /// A user was deleted.
    Erased {
        user: i64,
        id: String,
    },
    /// Something that is told and not kept.
    Told(Signal),
}

/// Why somebody is no member any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    Left,
    Removed,
    Banned,
    Deleted,
}

impl Left {
    /// As it is in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Removed => "removed",
            Self::Banned => "banned",
            Self::Deleted => "deleted",
        }
    }
}

/// What one node tells all others, and what none of them has to remember.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "s", rename_all = "snake_case")]
pub enum Signal {
    /// An event for all who are there.
    Everyone { frame: String },
    /// An event for those whose token names a context.
    RoleContext { context: String, frame: String },
    /// An event for those who follow a room.
    Room { room: i64, frame: String },
    /// Connections are to end.
    Disconnect { room: Option<i64>, user: Option<i64>, reason: String },
}

impl Happened {
    /// The timeline it is about, if it is about one.
    pub fn room(&self) -> Option<RoomKey> {
        match self {
            Self::Head { room, .. }
            | Self::Joined { room, .. }
            | Self::Left { room, .. }
            | Self::Standing { room, .. }
            | Self::RoomUpdated { room }
            | Self::RoomDeleted { room }
            | Self::Marked { room, .. }
            | Self::Told(Signal::Room { room, .. }) => Some(RoomKey(*room)),
            Self::Blocked { .. }
            | Self::Barred { .. }
            | Self::Revoked { .. }
            | Self::Keys
            | Self::Adopted { .. }
            | Self::Erased { .. }
            | Self::Told(
                Signal::Everyone { .. } | Signal::RoleContext { .. } | Signal::Disconnect { .. },
            ) => None,
        }
    }

    /// The user whose connections it is about, if it is about one's.
    pub fn user(&self) -> Option<UserKey> {
        match self {
            Self::Joined { user, .. }
            | Self::Left { user, .. }
            | Self::Standing { user, .. }
            | Self::Marked { user, .. } => Some(UserKey(*user)),
            // Of two users: all nodes hear it.
            Self::Blocked { .. } => None,
            Self::Head { .. }
            | Self::RoomUpdated { .. }
            | Self::RoomDeleted { .. }
            | Self::Barred { .. }
            | Self::Revoked { .. }
            | Self::Keys
            | Self::Adopted { .. }
            | Self::Erased { .. }
            | Self::Told(_) => None,
        }
    }
}

/// What a batch has done, the newest head of each timeline last and once.
pub fn happened(writes: &[Write], results: &[WriteResult]) -> Vec<Happened> {
    let mut all = Vec::new();
    let mut heads = std::collections::BTreeMap::<i64, i64>::new();
    for (write, result) in writes.iter().zip(results) {
        let Ok(written) = result else { continue };
        let mut head = |room: RoomKey, seq: Seq| {
            let known = heads.entry(room.0).or_default();
            *known = seq.0.max(*known);
        };
        of_timeline(write, written, &mut head);
        of_members(write, written, &mut all);
        of_users(write, written, &mut all);
    }
    all.extend(heads.into_iter().map(|(room, seq)| Happened::Head { room, seq }));
    all
}

/// Tells each position that a write took.
pub(super) fn of_timeline(write: &Write, written: &Written, head: &mut impl FnMut(RoomKey, Seq)) {
    match (write, written) {
        (Write::Message(new), Written::Message(stored)) if !stored.duplicate => {
            head(new.room, stored.seq);
        }
        (_, Written::RichMessage { stored, message, root }) => {
            head(message.room_key, stored.seq);
            if let Some(root) = root {
                head(root.room_key, root.changed_seq);
            }
        }
        (_, Written::Changed { message, root, moved: true }) => {
            head(message.room_key, message.changed_seq);
            if let Some(root) = root {
                head(root.room_key, root.changed_seq);
            }
        }
        (_, Written::ErasedMessages { changed, .. }) => {
            for (message, root) in changed {
                head(message.room_key, message.changed_seq);
                if let Some(root) = root {
                    head(root.room_key, root.changed_seq);
                }
            }
        }
        (
            Write::RoomClear { room } | Write::RoomTrim { room, .. },
            Written::RoomCleared { seq, .. },
        )
        | (Write::PublishRoom { room, .. }, Written::PublishedToRoom { seq, duplicate: false }) => {
            head(*room, *seq)
        }
        (
            Write::PublishUser { user, .. },
            Written::PublishedToUser { event, duplicate: false, .. },
        ) => head(RoomKey::inbox_of(*user), event.inbox_seq),
        _ => {}
    }
}

fn of_members(write: &Write, written: &Written, all: &mut Vec<Happened>) {
    let joined = |room: RoomKey, user: UserKey, members| Happened::Joined {
        room: room.0,
        user: user.0,
        members,
    };
    let left = |room: &RoomKey, user: &UserKey, why, members| Happened::Left {
        room: room.0,
        user: user.0,
        why,
        members,
    };
    match (write, written) {
        (Write::RoomCreate(new), Written::Room { room, .. }) => {
            all.push(joined(room.key, new.owner, None))
        }
        (_, Written::Direct { room, members, is_new: true, .. }) => {
            all.extend(members.iter().map(|member| joined(room.key, member.user.key, None)));
        }
        (
            Write::MemberAdd { room, user, .. },
            Written::MemberAdded { is_new: true, member_count, .. },
        ) => all.push(joined(*room, *user, Some(*member_count))),
        (
            Write::MemberRemove { room, user, is_self, .. },
            Written::MemberRemoved { existed: true, member_count, heir },
        ) => {
            let why = if *is_self { Left::Left } else { Left::Removed };
            all.push(left(room, user, why, *member_count));
            all.extend(
                heir.as_ref()
                    .map(|heir| Happened::Standing { room: room.0, user: heir.user.key.0 }),
            );
        }
        (Write::Ban { room, user, .. }, Written::Banned { was_member: true, member_count }) => {
            all.push(left(room, user, Left::Banned, *member_count));
        }
        (Write::MemberUpdate { room, user, .. }, Written::MemberUpdated(_)) => {
            all.push(Happened::Standing { room: room.0, user: user.0 });
        }
        (Write::OwnerTransfer { room, .. }, Written::OwnerTransferred(members)) => {
            let standing = |user: UserKey| Happened::Standing { room: room.0, user: user.0 };
            all.extend(members.iter().map(|member| standing(member.user.key)));
        }
        (Write::Block { user, other, blocks, .. }, Written::Blocked { room, silent: _ }) => {
            all.push(Happened::Blocked { user: user.0, other: other.0, blocks: *blocks });
            for (room, member) in room.iter().flat_map(|room| [(room, user), (room, other)]) {
                all.push(Happened::Standing { room: room.0, user: member.0 });
            }
        }
        (_, Written::Erased { was, rooms, owners, alone }) => {
            for (room, _, members) in rooms {
                all.push(left(room, &was.key, Left::Deleted, *members));
            }
            for (room, member) in owners {
                all.push(Happened::Standing { room: room.0, user: member.user.key.0 });
            }
            let standing = |(room, user): &(RoomKey, UserKey)| Happened::Standing {
                room: room.0,
                user: user.0,
            };
            all.extend(alone.iter().map(standing));
            all.push(Happened::Erased { user: was.key.0, id: was.id.as_str().to_owned() });
        }
        (Write::RoomUpdate { room, .. }, Written::RoomUpdated(_)) => {
            all.push(Happened::RoomUpdated { room: room.0 });
        }
        (Write::RoomDelete { room } | Write::RoomEnd { room, .. }, Written::RoomDeleted(_)) => {
            all.push(Happened::RoomDeleted { room: room.0 });
        }
        _ => {}
    }
}

fn of_users(write: &Write, written: &Written, all: &mut Vec<Happened>) {
    let marked = |(room, user): (&RoomKey, &UserKey), by: &MarkedBy, read, delivered| {
        let as_stored = |seq: Option<Seq>| seq.map(|seq| seq.0);
        Happened::Marked {
            room: room.0,
            user: user.0,
            id: by.id.as_str().to_owned(),
            read: as_stored(read),
            delivered: as_stored(delivered),
            hidden: by.is_hidden,
            blocked: by.blocked.iter().map(|user| user.0).collect(),
        }
    };
    match (write, written) {
        (Write::Read { room, user, .. }, Written::Read { read_seq, moved: Some(by) }) => {
            all.push(marked((room, user), by, Some(*read_seq), None));
        }
        (Write::Delivered { room, user, .. }, Written::Delivered { seq, moved: Some(by) }) => {
            all.push(marked((room, user), by, None, Some(*seq)));
        }
        (Write::ReadAll { user, .. }, Written::ReadAll(moved)) => {
            let one = |read: &RoomRead| marked((&read.key, user), &read.by, Some(read.seq), None);
            all.extend(moved.iter().map(one));
        }
        (
            Write::MemberAdd { room, user, .. },
            Written::MemberAdded { marked: Some(by), last_seq, .. },
        ) => {
            all.push(marked((room, user), by, Some(*last_seq), None));
        }
        (_, Written::UserBarred { user, .. }) => all.push(Happened::Barred { user: user.key.0 }),
        (_, Written::UserSeen { user, bar, adopted }) => {
            if bar.is_some() {
                all.push(Happened::Barred { user: user.key.0 });
            }
            if *adopted {
                all.push(Happened::Adopted { id: user.id.as_str().to_owned() });
            }
        }
        (
            Write::RefreshRevoke { until, .. } | Write::RefreshRotate { until, .. },
            Written::SignInEnded(Some(sign_in)),
        ) => {
            let token = sign_in.revocation_id().to_string();
            all.push(Happened::Revoked { token, until: until.0 });
        }
        (Write::TokenRevoke { id, expires_at, .. }, _) => {
            all.push(Happened::Revoked { token: id.to_string(), until: expires_at.0 });
        }
        (_, Written::ApiKey(_) | Written::ApiKeyRevoked(_)) => all.push(Happened::Keys),
        (Write::Signal { signal, .. }, Written::Done) => all.push(Happened::Told(signal.clone())),
        (
            Write::PublishOnce { signal: Some(signal), .. },
            Written::PublishedOnce { is_new: true },
        ) => {
            all.push(Happened::Told(signal.clone()));
        }
        _ => {}
    }
}

/// A row of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedRow {
    pub id: i64,
    /// How long ago, in milliseconds of the database's clock.
    pub age_ms: i64,
    pub happened: Vec<Happened>,
}

/// One batch's row, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub id: i64,
    pub happened: Vec<Happened>,
}
