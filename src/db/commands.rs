//! The database's public face: what can be written and what comes of it.
//!
//! Everything that changes the database is one [`Write`], goes through the
//! [`Writer`](super::Writer), and is answered after its transaction has
//! committed. Reads are the methods of [`Reader`](super::Reader).

use std::sync::Arc;

use actix::Recipient;
use tokio::sync::oneshot;

use crate::domain::{
    ClientId, Member, MessageId, ReadTarget, Role, Room, RoomId, RoomKey, RoomKind, Seq, Timestamp,
    User, UserId, UserKey,
};

/// The submitter's own name for a write, handed back with its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

/// Hands one write to the [`Writer`](super::Writer).
///
/// It never blocks: past the bound of writes in flight the answer is
/// [`WriteError::Overloaded`], at once.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Submit {
    pub write: Write,
    pub reply: Reply,
}

/// Where the result of a write goes.
#[derive(Debug)]
pub enum Reply {
    /// To the one recipient named with [`SetCommitted`], in commit order.
    InOrder(Ticket),
    /// To whoever waits for it.
    Once(oneshot::Sender<WriteResult>),
}

/// Names who gets the results of writes submitted with [`Reply::InOrder`].
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct SetCommitted(pub Recipient<Committed>);

/// The results of one group commit, in the order the writes were submitted.
/// The transaction is durable.
#[derive(actix::Message, Debug)]
#[rtype(result = "()")]
pub struct Committed(pub Vec<(Ticket, WriteResult)>);

pub type WriteResult = Result<Written, WriteError>;

/// One change. Ids and times are made by the caller, so that a batch that is
/// tried again writes the same.
#[derive(Clone, Debug)]
pub enum Write {
    Message(NewMessage),
    /// Raises one read mark; never past the head, never back.
    Read {
        room: RoomKey,
        user: UserKey,
        target: ReadTarget,
        at: Timestamp,
    },
    /// Raises all of a user's read marks to the heads.
    ReadAll {
        user: UserKey,
        at: Timestamp,
    },
    RoomCreate(NewRoom),
    /// The room disappears at once; its rows go with [`Write::Purge`].
    RoomDelete {
        room: RoomKey,
    },
    /// Takes a `seq`, and hides every message up to it; the rows go with
    /// [`Write::Purge`].
    RoomClear {
        room: RoomKey,
    },
    /// Deletes a bounded number of rows that nobody can see any more.
    Purge {
        room: RoomKey,
    },
    MemberAdd {
        room: RoomKey,
        user: UserKey,
        role: Role,
        at: Timestamp,
        rooms_max: i64,
    },
    MemberRemove {
        room: RoomKey,
        user: UserKey,
    },
    /// Finds or makes the row of a user whose token was good; a changed name
    /// is taken over.
    UserEnsure {
        id: UserId,
        name: Option<Arc<str>>,
        at: Timestamp,
    },
    UserRegister {
        id: UserId,
        name: Arc<str>,
        password_hash: String,
        at: Timestamp,
    },
    RefreshStart {
        user: UserKey,
        token: NewRefreshToken,
    },
    /// Uses up `hash` and puts `next` in its place. One that was used before
    /// revokes its whole family.
    RefreshRotate {
        hash: RefreshHash,
        next: NewRefreshToken,
        at: Timestamp,
    },
    /// Revokes the family of a refresh token.
    RefreshRevoke {
        hash: RefreshHash,
        at: Timestamp,
    },
}

/// SHA-256 of a refresh token; the token itself is never stored.
pub type RefreshHash = [u8; 32];

#[derive(Clone, Debug)]
pub struct NewRefreshToken {
    pub hash: RefreshHash,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct NewMessage {
    pub id: MessageId,
    pub room: RoomKey,
    pub sender: UserKey,
    pub client_id: Option<ClientId>,
    pub content: Arc<str>,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct NewRoom {
    pub id: RoomId,
    pub kind: RoomKind,
    pub title: Arc<str>,
    pub owner: UserKey,
    pub created_at: Timestamp,
    /// How many rooms the owner may be a member of.
    pub rooms_max: i64,
}

/// What a write did.
#[derive(Clone, Debug)]
pub enum Written {
    Message(StoredMessage),
    Read {
        read_seq: Seq,
        moved: bool,
    },
    /// The rooms whose mark moved.
    ReadAll(Vec<(RoomKey, RoomId, Seq)>),
    Room(Room),
    RoomDeleted,
    RoomCleared {
        seq: Seq,
    },
    Purged {
        more: bool,
    },
    MemberAdded {
        member: Member,
        room: Room,
        last_seq: Seq,
        is_new: bool,
    },
    /// `false` if the user was no member.
    MemberRemoved {
        existed: bool,
    },
    User(User),
    RefreshStarted,
    /// The user the family belongs to.
    RefreshRotated(User),
    RefreshRevoked,
}

/// Where a message went, or where the first of its `client_id` went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    pub id: MessageId,
    pub seq: Seq,
    pub created_at: Timestamp,
    pub duplicate: bool,
}

/// Why a write did nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    #[error("the room does not exist")]
    NoSuchRoom,
    #[error("the user does not exist")]
    NoSuchUser,
    #[error("the message does not exist in this room")]
    NoSuchMessage,
    #[error("the id is taken")]
    IdTaken,
    #[error("the client_id was used in another room")]
    ClientIdElsewhere,
    #[error("the user is in as many rooms as allowed")]
    TooManyRooms,
    #[error("an owner cannot leave a room that has other members")]
    OwnerOfOthers,
    #[error("the refresh token is unknown, expired, used or revoked")]
    RefreshRefused,
    #[error("too many writes are waiting")]
    Overloaded,
    /// Logged where it happened; the text is not for users.
    #[error("the database failed")]
    Database,
}
