//! The database of Parlor: the truth.
//!
//! Everything that changes it is a [`Write`] and goes through the [`Writer`],
//! which commits all that waits in one transaction (group commit); the work
//! is done by `DbWorker`s on threads of their own with blocking diesel and
//! r2d2. Everything that only reads is a method of [`Reader`], on
//! diesel-async. It knows no actor but its
//! own, no wire and no session. What an operation of the server does to the
//! database is in its own file there, made of what is public here.

mod backup;
mod compact;
mod copy;
mod database;
mod export;
mod feed;
pub mod functions;
mod importer;
mod life;
mod nodes;
mod open;
mod outbox_targets;
pub mod postgres;
mod reader;
pub mod rows;
mod said;
pub mod schema;
mod search;
mod select;
pub mod sqlite;
mod submit;
mod url;
mod words;
pub mod write;
mod writer;
mod writers;

#[cfg(any(test, feature = "samples"))]
pub mod samples;
#[cfg(test)]
mod tests;

pub use backup::{BackupError, backup};
pub use compact::{Compacted, compact};
pub use copy::{Checksum, Copied, CopiedRows, CopyError, Verdict, check_migrated, copy};
pub use database::Database;
pub use export::{ExportError, export};
pub use feed::{
    FeedPage, FeedPosition, FeedRow, Happened, Left, OpenRow, OwnRows, Recorded, Signal,
};
pub use importer::Importer;
pub use nodes::{Lease, LiveNode, Nodes, Refused, Submission};
pub use open::{OpenError, migrate, renew_life};
pub use outbox_targets::OutboxTargets;
pub use postgres::PostgresUrl;
pub use reader::{
    Arrival, Audited, Backlog, DatabaseSize, DueMessage, DuePush, FollowedThreads, InboxHead,
    InboxPage, InboxSince, KnownUser, LeftRoom, Letter, Missed, Needs, OwnRooms, PushNews, Reacted,
    ReadError, Reader, Replay, ReportFilter, RoomFilter, RoomPlace, RoomSort, SubmissionBacklog,
    Trim, UnreadSummary,
};
pub use said::SaidIn;
pub use search::{Hit, SearchIndex, SearchQuery, Sort, Wanted};
pub use submit::{Committed, Reply, SetCommitted, Submit, Ticket};
pub use url::DatabaseUrl;
pub use write::import::{
    GrownRoom, ImportChunk, ImportInto, ImportLive, ImportMode, Imported, ImportedFile,
    ImportedLive, LeftOut, Problem, Tally,
};
pub use write::{
    AnyWrite, Concern, Conn, Effects, Failure, Outcome, Queued, RefreshHash, WebhookEvent, Write,
    WriteError, WriteResult, Written,
    attachment::*,
    bars::*,
    blocklist::ChangeBlocklist,
    bulk::*,
    by_rule::*,
    clearing::*,
    direct::*,
    erase::*,
    expire::*,
    follow::{Follow, Followed, FollowedBy, TrimFollows},
    identity::*,
    member::*,
    message::*,
    outbox::*,
    profile::*,
    push::*,
    receipt::*,
    refresh::*,
    report::*,
    room::*,
    saved::*,
    scheduled::*,
    unread::*,
    user::*,
};
pub use writer::{Idle, Writer, goes_through, submit};
