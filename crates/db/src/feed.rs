//! What other nodes have to know of what one has committed.
//!
//! A batch leaves one row in the feed, in its own transaction: so whatever
//! becomes of the node that wrote it, and of the messages it sends to the
//! others, each of them can read here what happened.

mod own;
mod position;

use serde::{Deserialize, Serialize};

pub use own::{OpenRow, OwnRows};
pub use position::{FeedPage, FeedPosition};
pub(crate) use position::{LookRow, PageRow};

use parlor_domain::{RoomKey, Saved, Scheduled, ScheduledEnd, UserId, UserKey};

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
    /// A member counts the room as unread from another place, which only their own
    /// clients show.
    Unread {
        room: i64,
        user: i64,
    },
    /// A user has written something in a room that is not sent yet, or has taken it away.
    Draft {
        room: i64,
        user: i64,
        thread: Option<i64>,
        at: i64,
    },
    /// A user follows a thread, does not any more, or has read it up to elsewhere.
    Thread {
        room: i64,
        user: i64,
        thread: i64,
    },
    /// A user has saved a message or changed what they have saved of it, or has it saved
    /// no more.
    Saved {
        user: i64,
        message: i64,
        /// The id of its room.
        room: String,
        at: i64,
    },
    /// What a user has scheduled is otherwise, or has ended.
    Scheduled {
        user: i64,
        id: i64,
        /// The id of its room.
        room: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended: Option<ScheduledEnd>,
    },
    /// A member wants to have the room otherwise, which only their own clients show.
    Preferences {
        room: i64,
        user: i64,
    },
    /// Tokens of a user are no longer valid, or a user was banned, or unbanned.
    Barred {
        user: i64,
    },
    /// One token is no longer valid.
    Revoked {
        token: String,
        until: i64,
    },
    /// Keys of services were made or revoked.
    Keys,
    /// The deployment's lists of words are otherwise.
    Blocklists,
    /// Another origin answers for a user from now on, or they are called or look
    /// otherwise. Nodes of earlier versions know it by this name.
    #[serde(rename = "adopted")]
    UserChanged {
        id: String,
        /// Whoever sees the user is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<i64>,
    },
    /// A user was deleted.
    Erased {
        user: i64,
        id: String,
    },
    /// Something that is sent and not kept. Nodes of earlier versions know it
    /// by this name.
    #[serde(rename = "told")]
    Signal(Signal),
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
    /// Somebody asks who writes a message to stop.
    Stop { message: i64, writers: Vec<i64>, by: String },
}

impl Happened {
    /// Another origin answers for a user.
    pub fn adopted(id: &UserId) -> Self {
        Self::UserChanged { id: id.as_str().to_owned(), user: None }
    }

    /// A user is called or looks otherwise.
    pub fn user_changed(user: UserKey, id: &UserId) -> Self {
        Self::UserChanged { id: id.as_str().to_owned(), user: Some(user.0) }
    }

    /// What a user has saved is otherwise.
    pub fn saved(user: UserKey, saved: &Saved) -> Self {
        let (message, room) = (saved.message.0, saved.room.as_str().to_owned());
        Self::Saved { user: user.0, message, room, at: saved.updated_at.0 }
    }

    /// What a user has scheduled is otherwise, or has ended.
    pub fn scheduled(user: UserKey, scheduled: &Scheduled, ended: Option<ScheduledEnd>) -> Self {
        let room = scheduled.room.as_str().to_owned();
        Self::Scheduled { user: user.0, id: scheduled.id.0, room, ended }
    }

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
            | Self::Unread { room, .. }
            | Self::Preferences { room, .. }
            | Self::Draft { room, .. }
            | Self::Thread { room, .. }
            | Self::Signal(Signal::Room { room, .. }) => Some(RoomKey(*room)),
            Self::Blocked { .. }
            | Self::Saved { .. }
            | Self::Scheduled { .. }
            | Self::Barred { .. }
            | Self::Revoked { .. }
            | Self::Keys
            | Self::Blocklists
            | Self::UserChanged { .. }
            | Self::Erased { .. }
            | Self::Signal(
                Signal::Everyone { .. }
                | Signal::RoleContext { .. }
                | Signal::Disconnect { .. }
                | Signal::Stop { .. },
            ) => None,
        }
    }

    /// The user whose connections it is about, if it is about one's.
    pub fn user(&self) -> Option<UserKey> {
        match self {
            Self::Joined { user, .. }
            | Self::Left { user, .. }
            | Self::Standing { user, .. }
            | Self::Marked { user, .. }
            | Self::Unread { user, .. }
            | Self::Preferences { user, .. }
            | Self::Draft { user, .. }
            | Self::Thread { user, .. }
            | Self::Saved { user, .. }
            | Self::Scheduled { user, .. } => Some(UserKey(*user)),
            // Of two users: all nodes hear it.
            Self::Blocked { .. } => None,
            Self::Head { .. }
            | Self::RoomUpdated { .. }
            | Self::RoomDeleted { .. }
            | Self::Barred { .. }
            | Self::Revoked { .. }
            | Self::Keys
            | Self::Blocklists
            | Self::UserChanged { .. }
            | Self::Erased { .. }
            | Self::Signal(_) => None,
        }
    }
}

/// A row of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedRow {
    /// Names it in hints. Given before its transaction is committed: it says nothing
    /// of the order.
    pub id: i64,
    /// It may have been read before.
    pub again: bool,
    pub happened: Vec<Happened>,
}

/// One batch's row, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub id: i64,
    pub happened: Vec<Happened>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_of_other_versions_understand_a_signal() {
        let adopted = Happened::adopted(&UserId::from_stored("ann"));
        let json = serde_json::to_string(&adopted).expect("JSON");
        assert_eq!(json, r#"{"t":"adopted","id":"ann"}"#);
        let signal = Signal::Room { room: 7, frame: "{}".into() };
        let happened = Happened::Signal(signal);
        let json = r#"{"t":"told","s":"room","room":7,"frame":"{}"}"#;
        assert_eq!(serde_json::to_string(&happened).expect("JSON"), json);
        assert_eq!(serde_json::from_str::<Happened>(json).expect("a signal"), happened);
    }
}
