use std::sync::Arc;

use super::{Message, RoomId, RoomKey, Seq, Timestamp, User, UserId};

/// Who may find and enter a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomKind {
    /// Anyone may see that it is there, and join.
    Public,
    /// Members only; an owner adds them. To others it does not exist.
    Private,
}

impl RoomKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "public" => Some(Self::Public),
            "private" => Some(Self::Private),
            _ => None,
        }
    }
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Owner,
    Member,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "owner" => Some(Self::Owner),
            "member" => Some(Self::Member),
            _ => None,
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
    pub created_at: Timestamp,
}

/// How one member stands in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomState {
    pub role: Role,
    pub read_seq: Seq,
    pub unread: i64,
}

/// A room with its head, as one user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomOverview {
    pub room: Room,
    pub last_seq: Seq,
    /// `None` for a user who is not a member.
    pub state: Option<RoomState>,
    /// `None` where it was not asked for.
    pub member_count: Option<i64>,
    /// Outer `None`: not asked for. Inner `None`: the room is empty.
    pub last_message: Option<Option<Message>>,
}

/// A member of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: User,
    pub role: Role,
    pub joined_at: Timestamp,
}

/// Up to where a member has read, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub user: UserId,
    pub read_seq: Seq,
    pub read_at: Timestamp,
}
