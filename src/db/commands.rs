//! The database's public face: what can be written and what comes of it.
//!
//! Everything that changes the database is one [`Write`], goes through the
//! [`Writer`](super::Writer), and is answered after its transaction has
//! committed. Reads are the methods of [`Reader`](super::Reader).

use std::sync::Arc;

use actix::Recipient;
use tokio::sync::oneshot;

use super::{Recorded, Signal};
use parlor_domain::{
    Adder, Adopted, AppEvent, Attachment, AttachmentId, ClientId, Denied, FileQuota, InboxEvent,
    Member, Mentioned, Message, MessageId, NewExtras, PublicationKey, QuotaReached, ReadTarget,
    Retention, Role, Room, RoomBounds, RoomChange, RoomId, RoomKey, RoomKind, Seq, SignIn,
    Timestamp, User, UserId, UserKey, UserOrigin,
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
pub struct Committed {
    pub results: Vec<(Ticket, WriteResult)>,
    /// What the other nodes have to know of it, where there are any.
    pub recorded: Vec<Recorded>,
}

pub type WriteResult = Result<Written, WriteError>;

/// One change. Ids and times are made by the caller, so that a batch that is
/// tried again writes the same.
#[derive(Clone, Debug)]
pub enum Write {
    Message(NewMessage),
    Change(NewChange),
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
    /// Raises what has reached a user's devices; never past the head.
    Delivered {
        room: RoomKey,
        user: UserKey,
        seq: Seq,
    },
    RoomCreate(NewRoom),
    /// Finds or makes the one room of two users.
    DirectOpen(NewDirect),
    RoomUpdate {
        room: RoomKey,
        change: RoomChange,
    },
    /// Takes a `seq`, and hides what is older than the room keeps.
    RoomTrim {
        room: RoomKey,
        upto: Seq,
    },
    RoomRetention {
        room: RoomKey,
        retention: Retention,
    },
    /// The room disappears at once; its rows go with [`Write::Purge`].
    RoomDelete {
        room: RoomKey,
    },
    /// The same, if a user made the room and it has no members; an open one
    /// only if that has been so since a time.
    RoomEnd {
        room: RoomKey,
        open_since: Timestamp,
    },
    /// Notes that a room has no members.
    RoomLeft {
        room: RoomKey,
        at: Timestamp,
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
        adder: Adder,
        bounds: RoomBounds,
        /// What was said before is read.
        mark_read: bool,
    },
    /// `by` is the role of who does it, if it decides: what an administrator
    /// does, or a user to themselves, is decided already.
    MemberRemove {
        room: RoomKey,
        user: UserKey,
        by: Option<Role>,
        /// The user leaves.
        is_self: bool,
    },
    MemberUpdate {
        room: RoomKey,
        user: UserKey,
        by: Option<Role>,
        change: MemberChange,
    },
    /// One owner makes another member the owner, and becomes a moderator.
    OwnerTransfer {
        room: RoomKey,
        /// `None`: an administrator does it, for all who own the room.
        from: Option<UserKey>,
        to: UserKey,
    },
    /// Removes a member, if it is one, and keeps the user out.
    Ban {
        room: RoomKey,
        user: UserKey,
        by: Option<Role>,
        until: Option<Timestamp>,
        reason: Arc<str>,
        at: Timestamp,
    },
    Unban {
        room: RoomKey,
        user: UserKey,
    },
    /// One user does not want to hear from another in their direct room, or
    /// does again.
    Block {
        user: UserKey,
        other: UserKey,
        blocks: bool,
        at: Timestamp,
    },
    /// An event of the application's into a room: takes a `seq`.
    PublishRoom {
        room: RoomKey,
        key: Option<PublicationKey>,
        event: AppEvent,
    },
    /// An event of the application's for one user; kept for when they come.
    PublishUser {
        user: UserKey,
        key: Option<PublicationKey>,
        event: AppEvent,
        keep: i64,
    },
    /// Something that is told and not kept: only its key is.
    PublishOnce {
        key: PublicationKey,
        at: Timestamp,
        /// For the other nodes, where there are any.
        signal: Option<Signal>,
    },
    /// Tells the other nodes something.
    Signal {
        signal: Signal,
    },
    /// The user's clients have what came up to here.
    InboxAck {
        user: UserKey,
        upto: Seq,
    },
    /// Deletes a bounded number of events and keys that are too old.
    Expire {
        inbox_before: Timestamp,
        keys_before: Timestamp,
        /// Deleted users of before are not known by their ids any more.
        ids_before: Timestamp,
    },
    /// A user has come or gone.
    Presence {
        user: UserKey,
        online: bool,
        at: Timestamp,
    },
    /// When users were last there, as the server stops.
    Seen(Vec<(UserKey, Timestamp)>),
    /// Takes away all that says who a user was, but for their messages.
    Erase {
        user: UserKey,
        at: Timestamp,
    },
    /// Makes tombstones of some of an erased user's messages.
    EraseMessages {
        user: UserKey,
        messages: Vec<MessageId>,
        /// There are no more.
        last: bool,
        at: Timestamp,
    },
    /// One token is good no more.
    TokenRevoke {
        id: Arc<str>,
        expires_at: Timestamp,
        at: Timestamp,
    },
    /// All tokens that a user has now are good no more.
    UserRevoke {
        user: UserKey,
        at: Timestamp,
    },
    UserBan {
        user: UserKey,
        banned: bool,
        until: Option<Timestamp>,
        reason: Arc<str>,
    },
    ApiKeyAdd(NewApiKey),
    ApiKeyRevoke {
        id: i64,
        at: Timestamp,
    },
    /// An upload begins.
    AttachmentBegin(NewUpload),
    AttachmentFinish(NewAttachment),
    /// Nobody wants an upload any more.
    AttachmentDrop {
        id: AttachmentId,
        uploader: UserKey,
        /// Bytes that were counted when it began, and never came.
        unused: i64,
    },
    /// Uploads that were never finished, or not sent in time.
    AttachmentsExpire {
        ids: Vec<AttachmentId>,
        unsent_before: Timestamp,
    },
    /// These are no longer in the store.
    AttachmentsGone {
        ids: Vec<AttachmentId>,
    },
    /// What came of telling others.
    OutboxSettle(Vec<(i64, OutboxResult)>),
    /// Tries again what was given up; `None`: all of it.
    OutboxReplay {
        id: Option<i64>,
        at: Timestamp,
    },
    OutboxDrop {
        id: i64,
    },
    Audit(AuditEntry),
    /// Finds or makes the row of a user whose token was good; a changed name
    /// is taken over.
    UserEnsure(SeenUser),
    UserRegister {
        id: UserId,
        name: Arc<str>,
        password_hash: String,
        at: Timestamp,
    },
    /// Begins a sign-in, if the password is still the one that was checked.
    RefreshStart {
        user: UserKey,
        password_hash: Arc<str>,
        token: NewRefreshToken,
    },
    /// Uses up `hash` and puts `next` in its place. One that was used before
    /// ends its whole sign-in; `until` is how long that has access tokens.
    RefreshRotate {
        hash: RefreshHash,
        next: NewRefreshToken,
        at: Timestamp,
        until: Timestamp,
    },
    /// Ends the sign-in of a refresh token, whose access tokens live `until`.
    RefreshRevoke {
        hash: RefreshHash,
        at: Timestamp,
        until: Timestamp,
    },
    /// Ends all sign-ins of the user but one, if the password is still the
    /// one that was checked.
    PasswordChange {
        user: UserKey,
        was: Arc<str>,
        password_hash: Arc<str>,
        keeps: SignIn,
        at: Timestamp,
    },
}

/// A user whose credentials were good.
#[derive(Clone, Debug)]
pub struct SeenUser {
    pub id: UserId,
    /// `None`: the name that is known stays.
    pub name: Option<Arc<str>>,
    /// Who answers for them.
    pub origin: UserOrigin,
    /// When the token was made, if it says so.
    pub issued_at: Option<Timestamp>,
    /// Whose users become this origin's.
    pub adopted: Adopted,
    pub at: Timestamp,
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
    /// By the right of an administrator, who need not be a member.
    pub by_admin: bool,
    pub client_id: Option<ClientId>,
    pub content: Arc<str>,
    pub created_at: Timestamp,
    /// `None` for most.
    pub extras: Option<Box<NewExtras>>,
}

/// A change of a stored message. Whether it is allowed is decided in the
/// transaction, where it is known whose message it is.
#[derive(Clone, Debug)]
pub struct NewChange {
    pub message: MessageId,
    pub actor: UserKey,
    pub is_admin: bool,
    pub change: Change,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Edit { content: Arc<str>, mentioned: Mentioned },
    Delete,
    React { emoji: Arc<str> },
    Unreact { emoji: Arc<str> },
    Pin,
    Unpin,
}

/// What changes about a member; `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberChange {
    pub role: Option<Role>,
    /// Inner `None`: not muted any more.
    pub muted_until: Option<Option<Timestamp>>,
}

#[derive(Clone, Debug)]
pub struct NewDirect {
    /// For a room that is not there yet.
    pub id: RoomId,
    /// Who opens it, and with whom.
    pub users: [UserKey; 2],
    /// The application opens it for the two.
    pub by_backend: bool,
    pub made_by: Option<Maker>,
    pub created_at: Timestamp,
    pub bounds: RoomBounds,
}

/// What came of telling somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxResult {
    Done,
    Again { at: Timestamp, error: String },
    Dead { error: String },
}

/// An upload that begins.
#[derive(Clone, Copy, Debug)]
pub struct NewUpload {
    pub id: AttachmentId,
    pub uploader: UserKey,
    /// As many as it may have; they count as stored from now on.
    pub bytes: i64,
    pub quota: FileQuota,
    pub at: Timestamp,
}

/// An attachment that is in the store.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    pub attachment: Attachment,
    pub uploader: UserKey,
    /// The bytes that were counted when it began.
    pub announced: i64,
    pub sha256: [u8; 32],
}

/// What makes a user's good tokens bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Tokens issued up to then are void.
    pub tokens_after: Timestamp,
    pub banned: bool,
    /// `None`: for good.
    pub banned_until: Option<Timestamp>,
    pub reason: Arc<str>,
    /// The login whose tokens are good whenever they were issued.
    pub keeps: Option<SignIn>,
}

impl Default for Bar {
    fn default() -> Self {
        let tokens_after = Timestamp(0);
        Self { tokens_after, banned: false, banned_until: None, reason: "".into(), keeps: None }
    }
}

impl Bar {
    /// Whether the user may not come at all now.
    pub fn bans(&self, now: Timestamp) -> bool {
        self.banned && self.banned_until.is_none_or(|until| now < until)
    }
}

/// All that makes good tokens bad.
#[derive(Clone, Debug, Default)]
pub struct Bars {
    /// Revoked tokens by `jti`, and when each would have expired.
    pub tokens: Vec<(Arc<str>, Timestamp)>,
    pub users: Vec<(UserId, Bar)>,
}

/// SHA-256 of a service's key; the key itself is never stored.
pub type KeyHash = [u8; 32];

#[derive(Clone, Debug)]
pub struct NewApiKey {
    pub name: Arc<str>,
    pub hash: KeyHash,
    /// Separated by blanks.
    pub roles: Arc<str>,
    /// Whom the key stands for.
    pub user: UserId,
    pub at: Timestamp,
}

/// A key of a service.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: i64,
    pub name: Arc<str>,
    pub hash: KeyHash,
    pub roles: Arc<str>,
    pub user: User,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// Something an administrator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    pub at: Timestamp,
    pub actor: Arc<str>,
    pub action: Arc<str>,
    pub target: Arc<str>,
    /// A JSON object.
    pub detail: Arc<str>,
}

#[derive(Clone, Debug)]
pub struct NewRoom {
    pub id: RoomId,
    pub kind: RoomKind,
    pub title: Arc<str>,
    pub topic: Arc<str>,
    pub custom: Option<Arc<str>>,
    pub owner: UserKey,
    /// Who is to answer for it; nobody for the application's rooms.
    pub made_by: Option<Maker>,
    pub created_at: Timestamp,
    pub bounds: RoomBounds,
}

/// A user who makes a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maker {
    pub user: UserKey,
    /// Rooms made by them that there may be.
    pub rooms_max: i64,
}

/// Whose mark has moved, and who does not hear of it: as it is in the
/// transaction that moves it, so that nobody has to look it up to tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedBy {
    pub id: UserId,
    /// In a direct room of which one has blocked the other.
    pub is_hidden: bool,
    /// Whom the user has blocked.
    pub blocked: Arc<[UserKey]>,
}

/// A room that was read to its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRead {
    pub key: RoomKey,
    pub room: RoomId,
    pub seq: Seq,
    pub by: MarkedBy,
}

/// What a write did.
#[derive(Clone, Debug)]
pub enum Written {
    Message(StoredMessage),
    /// A message with more than a content, and the root of its thread.
    RichMessage {
        stored: StoredMessage,
        message: Box<Message>,
        root: Option<Box<Message>>,
    },
    /// The message as it is now; `moved` if that is a change.
    Changed {
        message: Box<Message>,
        root: Option<Box<Message>>,
        moved: bool,
    },
    Delivered {
        seq: Seq,
        moved: Option<MarkedBy>,
    },
    Read {
        read_seq: Seq,
        moved: Option<MarkedBy>,
    },
    /// The marks that moved.
    ReadAll(Vec<RoomRead>),
    /// A room that was made, and where its timeline begins.
    Room {
        room: Room,
        last_seq: Seq,
    },
    Direct {
        room: Room,
        members: [Member; 2],
        /// The first of them does not want to hear from the second.
        blocks: bool,
        last_seq: Seq,
        is_new: bool,
    },
    RoomUpdated(Room),
    /// With the id that it had.
    RoomDeleted(RoomId),
    /// What came up to `upto` is gone.
    RoomCleared {
        seq: Seq,
        upto: Seq,
    },
    Purged {
        more: bool,
    },
    MemberAdded {
        member: Member,
        room: Room,
        last_seq: Seq,
        member_count: i64,
        is_new: bool,
        /// If the read mark moved to the head.
        marked: Option<MarkedBy>,
    },
    /// `false` if the user was no member.
    MemberRemoved {
        existed: bool,
        member_count: i64,
        /// Who owns the room now, if that has changed.
        heir: Option<Member>,
    },
    MemberUpdated(Member),
    /// Who owned the room, and who owns it now.
    OwnerTransferred(Vec<Member>),
    Banned {
        was_member: bool,
        member_count: i64,
    },
    Unbanned {
        existed: bool,
    },
    /// The direct room of the two, if there is one, and whether one of them has
    /// blocked the other now.
    Blocked {
        room: Option<RoomKey>,
        silent: bool,
    },
    PublishedToRoom {
        seq: Seq,
        duplicate: bool,
    },
    PublishedToUser {
        event: InboxEvent,
        /// Where the inbox began; nothing is told of one that was published
        /// before.
        start: Seq,
        duplicate: bool,
    },
    /// `false` if it was published under this key before.
    PublishedOnce {
        is_new: bool,
    },
    InboxAcked,
    Expired {
        more: bool,
    },
    /// The rooms that the user was a member of, with the numbers of members
    /// left, and those who own them now; and who is left alone in a direct
    /// room.
    Erased {
        was: User,
        rooms: Vec<(RoomKey, RoomId, i64)>,
        owners: Vec<(RoomKey, Member)>,
        alone: Vec<(RoomKey, UserKey)>,
    },
    /// The messages that changed, each with the root of its thread; `more` if
    /// there are others.
    ErasedMessages {
        changed: Vec<(Message, Option<Box<Message>>)>,
        more: bool,
    },
    UserBarred {
        user: User,
        bar: Bar,
    },
    ApiKey(Box<ApiKey>),
    ApiKeyRevoked(KeyHash),
    /// How many rows it was.
    Counted(usize),
    /// Nothing to tell but that it is durable.
    Done,
    /// A user who was found or made. `bar` is what those who had the id before
    /// have left; `adopted`: another origin had the user.
    UserSeen {
        user: User,
        bar: Option<Bar>,
        adopted: bool,
    },
    /// The time is when the access token is issued.
    RefreshStarted {
        sign_in: SignIn,
        at: Timestamp,
    },
    RefreshRotated {
        user: User,
        sign_in: SignIn,
        at: Timestamp,
    },
    /// `None` if it was not known, or had ended long ago.
    SignInEnded(Option<SignIn>),
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
    #[error("the user was put into as many rooms as allowed; they may still join by themselves")]
    TooManyPlacedRooms,
    #[error("there are as many blocked users as allowed")]
    TooManyBlocks,
    #[error("the last owner of a room must first make another member its owner")]
    OwnerOfOthers,
    #[error("{0}")]
    Denied(Denied),
    #[error("the user is not a member of this room")]
    NoSuchMember,
    #[error("the user is banned from this room")]
    UserBanned,
    #[error("the attachment does not exist, or is not yours to use")]
    NoSuchAttachment,
    #[error("there are as many files that were not sent as allowed")]
    TooManyUploads,
    #[error("the user has stored as many bytes of files as allowed")]
    QuotaReached(QuotaReached),
    #[error("there are as many keys as allowed")]
    TooManyKeys,
    #[error("the key does not exist, or is revoked already")]
    NoSuchKey,
    #[error("the room has as many pinned messages as allowed")]
    TooManyPins,
    #[error("the message has as many different reactions as allowed")]
    TooManyEmojis,
    #[error("the refresh token is unknown, expired, used or revoked")]
    RefreshRefused,
    #[error("the password was changed, or the user is gone")]
    PasswordChanged,
    #[error("the user has another origin")]
    OtherOrigin,
    #[error("the token is of somebody who had the id before")]
    TokenTooOld,
    #[error("too many writes are waiting")]
    Overloaded,
    /// Logged where it happened; the text is not for users.
    #[error("the database failed")]
    Database,
}
