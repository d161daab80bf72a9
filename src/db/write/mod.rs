//! What each write does, inside the transaction of its batch.
//!
//! Plain functions over the parent's `Conn`, in the portable part of diesel's
//! language. The parent is `sqlite` or `postgres`: each mounts these files
//! under its own types, so that every query is type-checked against both
//! databases and none is written twice.

mod attachment;
mod audit;
mod ban;
mod batch;
mod contact;
mod direct;
mod erase;
mod file_usage;
mod former;
mod identity;
pub(in crate::db) mod life;
mod member;
mod message;
mod outbox;
mod publish;
mod receipt;
mod refresh;
mod room;
mod user;

use super::{Conn, SHARES_ROOMS, advance_heads, record, standings, transaction};
use crate::db::{
    ApiKey, AuditEntry, Bar, Executed, Maker, MarkedBy, MemberChange, NewApiKey, NewAttachment,
    NewDirect, NewMessage, NewRefreshToken, NewRoom, NewUpload, OutboxResult, OutboxTargets,
    RefreshHash, RoomRead, SeenUser, StoredMessage, Write, WriteError, WriteResult, Written,
    functions, rows, schema,
};

pub(in crate::db) use batch::execute;
#[allow(unused_imports, reason = "PostgreSQL moves many heads at once")]
pub(in crate::db) use message::advance_head;
pub(in crate::db) use message::unify_reactions;
