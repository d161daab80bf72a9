//! What can be asked of the ChatServer, and what comes of it.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use super::{ReadMark, SessionId};
use crate::{
    db::{Change, StoredMessage},
    protocol::Draft,
};
use parlor_domain::{
    AppEvent, ClientId, HistoryCursor, HistoryPage, MessageId, Position, PublicationKey,
    ReadTarget, Retention, Room, RoomChange, RoomId, RoomKey, RoomKind, RoomOverview, Seq, Status,
    Timestamp, UserId, UserKey,
};

/// What can be asked for.
#[derive(Debug)]
pub enum Command {
    Send {
        room: RoomId,
        client_id: Option<ClientId>,
        draft: Draft,
    },
    /// Edit, delete, react, pin.
    Change {
        message: MessageId,
        change: Change,
    },
    MarkRead {
        room: RoomId,
        target: ReadTarget,
    },
    MarkDelivered {
        room: RoomId,
        seq: Seq,
    },
    MarkAllRead,
    History {
        room: RoomId,
        cursor: HistoryCursor,
        limit: i64,
    },
    CreateRoom {
        id: RoomId,
        kind: RoomKind,
        title: Arc<str>,
        topic: Arc<str>,
        custom: Option<Arc<str>>,
    },
    UpdateRoom {
        room: RoomId,
        change: RoomChange,
    },
    /// What the room keeps of its history; for administrators.
    SetRetention {
        room: RoomId,
        retention: Retention,
    },
    DeleteRoom {
        room: RoomId,
    },
    ClearRoom {
        room: RoomId,
    },
    /// The one room of two users, made on first use; `id` is for a new one.
    OpenDirect {
        user: UserId,
        id: RoomId,
    },
    Block {
        user: UserId,
        blocks: bool,
    },
    Typing {
        room: RoomId,
        is_typing: bool,
    },
    /// An event of the application's; for services.
    Publish {
        target: Target,
        key: Option<PublicationKey>,
        event: AppEvent,
        /// It takes a place in the room's timeline.
        keeps: bool,
    },
    InboxAck {
        upto: Seq,
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
    /// This and the next ones are for sessions only.
    Presence {
        status: Status,
    },
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

impl Command {
    /// A message is to say something else.
    pub fn edit(message: MessageId, draft: Draft) -> Self {
        let mentioned = draft.extras.map(|extras| extras.mentioned).unwrap_or_default();
        Self::Change { message, change: Change::Edit { content: draft.content, mentioned } }
    }
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
    /// The position of the change, or of the latest one if there was nothing
    /// to change.
    Changed {
        message: MessageId,
        seq: Seq,
    },
    Read(ReadMark),
    Delivered {
        room: RoomId,
        delivered_seq: Seq,
    },
    /// The rooms whose mark moved.
    ReadAll(Vec<(RoomId, Seq)>),
    History(HistoryPage),
    Room(Box<RoomOverview>),
    RoomUpdated(Arc<Room>),
    /// `is_new`: nobody had opened it before.
    Direct {
        room: Box<RoomOverview>,
        is_new: bool,
    },
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
            | Self::MarkRead { room, .. }
            | Self::MarkDelivered { room, .. }
            | Self::History { room, .. }
            | Self::UpdateRoom { room, .. }
            | Self::SetRetention { room, .. }
            | Self::DeleteRoom { room }
            | Self::ClearRoom { room }
            | Self::Typing { room, .. }
            | Self::ConnectionsOf { room }
            | Self::Publish { target: Target::Room(room), .. }
            | Self::Subscribe { room, .. }
            | Self::Unsubscribe { room } => Some(room),
            Self::Change { .. }
            | Self::MarkAllRead
            | Self::CreateRoom { .. }
            | Self::OpenDirect { .. }
            | Self::Block { .. }
            | Self::Publish { .. }
            | Self::InboxAck { .. }
            | Self::StatusOf { .. }
            | Self::Connections { .. }
            | Self::CountConnections { .. }
            | Self::Disconnect { .. }
            | Self::EraseUser { .. }
            | Self::End(_)
            | Self::Presence { .. }
            | Self::Resume { .. } => None,
        }
    }
}
