use std::sync::Arc;

use super::{Epoch, Message, RoomId, RoomKey, RoomRules, Seq, Timestamp, User, UserId};

/// Who may find and enter a room, and who speaks there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomKind {
    /// Anyone may see that it is there, and join.
    Public,
    /// Members only; they are added. To others it does not exist.
    Private,
    /// Two users, for good.
    Direct,
    /// Anyone may see it and join; only moderators write.
    Announcement,
}

impl RoomKind {
    pub const ALL: [Self; 4] = [Self::Public, Self::Private, Self::Direct, Self::Announcement];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Direct => "direct",
            Self::Announcement => "announcement",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether strangers see that it is there, and may come in.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Public | Self::Announcement)
    }
}

/// What a member may do; each may do what those below may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads, and says nothing.
    ReadOnly,
    Member,
    /// Keeps order: deletes what others wrote, adds, removes, mutes and bans,
    /// and says what the room is about.
    Moderator,
    /// Decides about roles, and whether the room is there at all.
    Owner,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::ReadOnly, Self::Member, Self::Moderator, Self::Owner];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Whether one with this role may remove, mute or ban one with another:
    /// an owner anyone, a moderator those below.
    pub fn manages(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Moderator => other < Self::Moderator,
            Self::Member | Self::ReadOnly => false,
        }
    }
}

/// A room as everyone sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    pub key: RoomKey,
    pub id: RoomId,
    pub kind: RoomKind,
    pub title: Arc<str>,
    pub topic: Arc<str>,
    /// A JSON object of the application's.
    pub custom: Option<Arc<str>>,
    pub rules: RoomRules,
    /// Nobody has to own it: it was made by rule.
    pub ownerless: bool,
    pub created_at: Timestamp,
}

impl Room {
    /// As much of a room as events need: what it is called, and nothing else.
    pub fn stub(key: RoomKey, id: RoomId) -> Self {
        Self {
            key,
            id,
            kind: RoomKind::Private,
            title: "".into(),
            topic: "".into(),
            custom: None,
            rules: RoomRules::default(),
            ownerless: false,
            created_at: Timestamp(0),
        }
    }

    /// A room for tests.
    #[cfg(any(test, feature = "samples"))]
    pub fn sample(key: i64, kind: RoomKind) -> Self {
        let id = RoomId::from_stored(format!("room-{key}"));
        Self { kind, ..Self::stub(RoomKey(key), id) }
    }
}

/// What a room's moderators may change about it; `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomChange {
    pub title: Option<Arc<str>>,
    pub topic: Option<Arc<str>>,
    /// Inner `None`: taken away.
    pub custom: Option<Option<Arc<str>>>,
}

/// How one member stands in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomState {
    pub standing: super::Standing,
    pub read_seq: Seq,
    pub delivered_seq: Seq,
    /// Messages that others wrote after the read mark, or from where on it was marked as
    /// unread.
    pub unread: i64,
    /// Those of them that mention this member.
    pub mentions: i64,
    /// From where on the member has marked it as unread.
    pub unread_from: Option<Seq>,
    pub preferences: super::Preferences,
}

impl RoomState {
    /// Whether there is anything to read, or the member says that there is.
    pub fn is_unread(&self) -> bool {
        self.unread > 0 || self.unread_from.is_some()
    }
}

/// A room with its head, as one user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomOverview {
    pub room: Arc<Room>,
    pub last_seq: Seq,
    /// Which life of the room's timeline `last_seq` belongs to.
    pub epoch: Epoch,
    pub member_count: i64,
    /// `None` for a user who is not a member.
    pub state: Option<RoomState>,
    /// The other user of a direct room.
    pub peer: Option<User>,
    /// Outer `None`: not asked for. Inner `None`: the room is empty.
    pub last_message: Option<Option<Message>>,
}

/// A member of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: User,
    pub role: Role,
    pub muted_until: Option<Timestamp>,
    pub joined_at: Timestamp,
}

/// Up to where a member has read, and what has reached their devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub user: UserId,
    pub read_seq: Seq,
    pub delivered_seq: Seq,
    /// `None` for one who has not read anything.
    pub read_at: Option<Timestamp>,
}

/// Someone who may not come into a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    pub user: User,
    /// `None`: for good.
    pub until: Option<Timestamp>,
    pub reason: Arc<str>,
    pub created_at: Timestamp,
}

/// How much of its history a room keeps; `None`: all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    pub age_ms: Option<i64>,
    pub messages: Option<i64>,
}

/// What changes about a member; `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberChange {
    pub role: Option<Role>,
    /// Inner `None`: not muted any more.
    pub muted_until: Option<Option<Timestamp>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_manages_anyone_and_a_moderator_those_below() {
        for other in Role::ALL {
            assert!(Role::Owner.manages(other));
            assert_eq!(Role::Moderator.manages(other), other < Role::Moderator, "{other:?}");
            assert!(!Role::Member.manages(other) && !Role::ReadOnly.manages(other));
        }
    }

    #[test]
    fn kinds_and_roles_are_known_by_their_names() {
        for kind in RoomKind::ALL {
            assert_eq!(RoomKind::parse(kind.as_str()), Some(kind));
        }
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
    }
}
