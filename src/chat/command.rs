//! What can be asked of the ChatServer, and what comes of it.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use super::SessionId;
use crate::{db::StoredMessage, protocol::Draft};
use parlor_domain::{
    AppEvent, ClientId, HistoryCursor, HistoryPage, Position, PublicationKey, RoomId, RoomKey, Seq,
    Status, Timestamp, UserId, UserKey,
};

/// What can be asked for.
#[derive(Debug)]
pub enum Command {
    Send {
        room: RoomId,
        client_id: Option<ClientId>,
        draft: Draft,
    },
    MarkAllRead,
    History {
        room: RoomId,
        cursor: HistoryCursor,
        limit: i64,
    },
    /// An event of the application's; for services.
    Publish {
        target: Target,
        key: Option<PublicationKey>,
        event: AppEvent,
        /// It takes a place in the room's timeline.
        keeps: bool,
    },
    /// Whether users can be reached.
    StatusOf {
        users: Vec<UserKey>,
    },
    /// Open connections, by number; for administrators.
    Connections {
        of: Connected,
        after: SessionId,
        limit: usize,
    },
    /// How many connections hear a room; for its members.
    ConnectionsOf {
        room: RoomId,
    },
    CountConnections {
        of: Connected,
    },
    Disconnect {
        of: Connected,
        reason: Arc<str>,
    },
    EraseUser {
        user: UserId,
    },
    /// Connections whose token is good no more end at once.
    End(Ended),
    Subscribe {
        room: RoomId,
        since: Option<Position>,
    },
    Unsubscribe {
        room: RoomId,
    },
    Resume {
        rooms: BTreeMap<RoomId, Position>,
        inbox: Option<Position>,
        /// Another one follows: rooms that are not named wait for it.
        more: bool,
    },
}

/// Who is told of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Room(RoomId),
    User(UserId),
    /// Everyone whose token names this context.
    RoleContext(Arc<str>),
    Everyone,
}

/// What is good no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A token, by its `jti`, or all of a sign-in, by its revocation id.
    Token(Arc<str>),
    /// All tokens of a user.
    User(UserId),
    /// Those of a user that were issued up to a time, but for one sign-in's,
    /// by its revocation id. Who has come back since goes on.
    Before { user: UserId, upto: Timestamp, keeps: Option<Arc<str>> },
    /// The user may not come back.
    Banned(UserId),
}

/// Which connections are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connected {
    All,
    /// Those that hear a room.
    Room(RoomKey),
    User(UserKey),
}

/// What came of a request.
#[derive(Debug)]
pub enum Answer {
    Sent(StoredMessage),
    /// The rooms whose mark moved.
    ReadAll(Vec<(RoomId, Seq)>),
    History(HistoryPage),
    Published(Published),
    Statuses(Vec<(UserKey, Status)>),
    Connections {
        connections: Vec<Connection>,
        has_more: bool,
    },
    Count(usize),
    Done,
}

/// Where an event went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// In the room's timeline.
    pub seq: Option<Seq>,
    /// In the user's inbox.
    pub inbox_seq: Option<Seq>,
    pub duplicate: bool,
}

/// An open connection, as administration sees it.
#[derive(Clone, Debug)]
pub struct Connection {
    pub id: SessionId,
    pub user: UserId,
    pub device_id: Option<Arc<str>>,
    pub address: Option<IpAddr>,
    pub connected_at: Timestamp,
    pub status: Status,
    /// How many rooms it hears.
    pub rooms: usize,
}

impl Command {
    /// The room whose rules decide, if one does.
    pub(super) fn room(&self) -> Option<&RoomId> {
        match self {
            Self::Send { room, .. }
            | Self::History { room, .. }
            | Self::ConnectionsOf { room }
            | Self::Publish { target: Target::Room(room), .. }
            | Self::Subscribe { room, .. }
            | Self::Unsubscribe { room } => Some(room),
            Self::MarkAllRead
            | Self::Publish { .. }
            | Self::StatusOf { .. }
            | Self::Connections { .. }
            | Self::CountConnections { .. }
            | Self::Disconnect { .. }
            | Self::EraseUser { .. }
            | Self::End(_)
            | Self::Resume { .. } => None,
        }
    }
}
