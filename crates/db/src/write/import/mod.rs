//! Stores some lines of an import, all in one transaction.
//!
//! What is there already stays as it is, so a chunk that is imported again changes
//! nothing. Lines of one type go in together, users first and marks last; what a line
//! names comes before it in the file, so it is there by then. A line that cannot be
//! stored is told, and the others are.

mod files;
mod fresh;
mod known;
mod live;
mod marks;
mod messages;
mod people;
mod reactions;
mod rooms;

use std::collections::BTreeMap;

use parlor_domain::{
    Attachment, RoomKey, Seq, Timestamp, UserKey,
    archive::{Line, MessageIdsOf},
};
use parlor_macros::each_backend;
use rustc_hash::FxHashMap;

pub use live::{GrownRoom, ImportLive, ImportedLive};
use marks::Moved;

/// How an import is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    /// What cannot be stored is left out.
    Lenient,
    /// A chunk of which anything is left out is not stored at all.
    Strict,
    /// All is done, and at the end undone.
    Dry,
}

/// Some lines of an import, with their numbers.
#[derive(Clone, Debug)]
pub struct ImportChunk {
    pub lines: Vec<(u64, Line)>,
    pub message_ids: MessageIdsOf,
    /// The time of the import.
    pub at: Timestamp,
    pub into: ImportInto,
}

/// What a chunk is imported into, and where the attachments of its messages are.
#[derive(Clone, Debug)]
pub enum ImportInto {
    /// A database that no server runs on: the import has put the files into the store, for
    /// the messages of these lines.
    Unused { files: FxHashMap<u64, Vec<ImportedFile>> },
    /// One that servers run on: this user has uploaded the files, and the lines say which
    /// they are.
    Running { by: UserKey },
}

/// How far ahead of the clock here the one may be that gave a message its id.
const AHEAD_MS: i64 = 24 * 3_600_000;

impl ImportChunk {
    /// The time of the latest message that it may have.
    fn latest(&self) -> Timestamp {
        let ahead = match self.into {
            ImportInto::Unused { .. } => AHEAD_MS,
            // Servers give ids to messages meanwhile: those of the future are theirs.
            ImportInto::Running { .. } => -1,
        };
        Timestamp(self.at.0.saturating_add(ahead))
    }
}

/// A file that an import has put into the store.
#[derive(Clone, Debug)]
pub struct ImportedFile {
    pub attachment: Attachment,
    pub sha256: [u8; 32],
}

/// What came of lines of one type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub imported: u64,
    /// There already.
    pub present: u64,
    pub left_out: u64,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.imported += other.imported;
        self.present += other.present;
        self.left_out += other.left_out;
    }
}

/// What came of a chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// By the type of line.
    pub tallies: BTreeMap<&'static str, Tally>,
    /// In the order of the lines.
    pub problems: Vec<Problem>,
    /// What a server that runs has in memory.
    touched: Touched,
}

/// What a chunk has changed that somebody may have in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Touched {
    /// The rooms that it names, and where they were before.
    rooms: Vec<(RoomKey, Seq)>,
    joined: Vec<(RoomKey, UserKey)>,
    marked: Vec<Moved>,
    /// Users who were made and may not come.
    barred: Vec<UserKey>,
}

/// Something that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub line: u64,
    /// The type of the line.
    pub kind: &'static str,
    pub field: &'static str,
    pub why: LeftOut,
}

/// Why a line, or a field of it, was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeftOut {
    #[error("names a user that is not there")]
    UnknownUser,
    #[error("names a room that is not there")]
    UnknownRoom,
    #[error("names a message that is not in this room; the message was imported without it")]
    UnknownReference,
    #[error("names a message that is not in this room")]
    UnknownMessage,
    #[error("names a user who is not a member of the room")]
    NotAMember,
    #[error("is the id of a message in another room")]
    IdTaken,
    #[error("is no id of Parlor's, or one of the future")]
    NotAnId,
    #[error("lies in the future")]
    InFuture,
    #[error("name two users who have a direct room already")]
    DirectRoomExists,
    #[error("names a user who is none of the two of this direct room")]
    Direct,
    #[error("names a user who is banned from this room")]
    UserBanned,
    #[error("is that of another message of the sender's; the message was imported without it")]
    ClientIdTaken,
    #[error("would be one more than a room may have; the message was imported without it")]
    TooManyPins,
    #[error("would be one more than a message may have")]
    TooManyEmojis,
    #[error("names a message that was deleted")]
    Deleted,
    #[error(
        "must be uploaded first (POST /attachments) and named by upload; the message was \
         imported without what was not"
    )]
    NotUploaded,
    #[error(
        "names an upload that is not there, not yours or part of a message; the message was \
         imported without its attachments"
    )]
    UnknownUpload,
    #[error("is missing, and there is no attachment either")]
    NoContent,
}

impl LeftOut {
    /// By which programs know it.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown_user",
            Self::UnknownRoom => "unknown_room",
            Self::UnknownReference => "unknown_reference",
            Self::UnknownMessage => "unknown_message",
            Self::NotAMember => "not_a_member",
            Self::IdTaken => "id_taken",
            Self::NotAnId => "not_an_id",
            Self::InFuture => "in_future",
            Self::DirectRoomExists => "direct_room_exists",
            Self::Direct => "not_of_direct_room",
            Self::UserBanned => "user_banned",
            Self::ClientIdTaken => "client_id_taken",
            Self::TooManyPins => "too_many_pins",
            Self::TooManyEmojis => "too_many_emojis",
            Self::Deleted => "deleted",
            Self::NotUploaded => "not_uploaded",
            Self::UnknownUpload => "unknown_upload",
            Self::NoContent => "no_content",
        }
    }
}

impl Imported {
    fn count(&mut self, kind: &'static str, imported: usize, present: usize) {
        let (imported, present) = (imported as u64, present as u64);
        self.tallies.entry(kind).or_default().add(Tally { imported, present, left_out: 0 });
    }

    /// A line that is left out.
    fn leave_out(&mut self, line: u64, kind: &'static str, field: &'static str, why: LeftOut) {
        self.tallies.entry(kind).or_default().left_out += 1;
        self.problems.push(Problem { line, kind, field, why });
    }

    /// A field that is left out of a message.
    fn without(&mut self, line: u64, field: &'static str, why: LeftOut) {
        self.problems.push(Problem { line, kind: "message", field, why });
    }
}

/// The lines of one type, with their numbers.
macro_rules! lines_of {
    ($chunk:expr, $kind:ident) => {
        $chunk
            .lines
            .iter()
            .filter_map(|(line, of)| match of {
                parlor_domain::archive::Line::$kind(of) => Some((*line, of)),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
}

#[each_backend]
pub mod backend {
    use diesel::QueryResult;

    use super::*;
    use crate::{
        backend::Conn,
        write::import::{
            known::backend as known, marks::backend as marks, messages::backend as messages,
            people::backend as people, reactions::backend as reactions, rooms::backend as rooms,
        },
    };

    pub use super::files::backend::{reserve, wanted};

    /// Stores a chunk, in a transaction of the caller's.
    pub fn import(conn: &mut Conn, chunk: &ImportChunk) -> QueryResult<Imported> {
        let mut done = Imported::default();
        let mut known = known::of(conn, chunk)?;
        people::import(conn, &lines_of!(chunk, User), chunk.at, &mut known, &mut done)?;
        rooms::import(conn, &lines_of!(chunk, Room), chunk.at, &mut known, &mut done)?;
        let members = lines_of!(chunk, Member);
        rooms::import_members(conn, &members, chunk.at, &known, &mut done)?;
        let sent = lines_of!(chunk, Message);
        messages::import(conn, &sent, chunk, &known, &mut done)?;
        let (given, read) = (lines_of!(chunk, Reaction), lines_of!(chunk, Read));
        let named = known::named(conn, chunk, &known)?;
        reactions::import(conn, &given, (&known, &named), chunk.at, &mut done)?;
        marks::import(conn, &read, (&known, &named), &mut done)?;
        done.problems.sort_by_key(|problem| problem.line);
        done.touched.rooms = known.rooms.values().map(|room| (room.key, room.head)).collect();
        Ok(done)
    }
}
