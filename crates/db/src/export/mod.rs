//! Reads a whole deployment, or some of its rooms, as the lines of an export: from one
//! snapshot, a page at a time.

mod messages;
mod people;
mod rooms;

use std::io;

use diesel::connection::SimpleConnection;
use parlor_domain::{
    AttachmentId, RoomId,
    archive::{Header, Line},
};
use parlor_macros::each_backend;
use rustc_hash::FxHashSet;

use crate::{
    CopyError, DatabaseUrl,
    copy::{Side, SideConn},
};

/// Why an export ended early. Its text is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Database(#[from] CopyError),
    #[error("there is no room {0}")]
    NoSuchRoom(RoomId),
    #[error("cannot write the export: {0}")]
    Output(#[from] io::Error),
}

/// Why reading ended early; whoever calls knows the database's name.
enum Ended {
    Database(diesel::result::Error),
    Output(io::Error),
    NoSuchRoom(RoomId),
}

impl From<diesel::result::Error> for Ended {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Where the lines go, with the ids of the files that they name.
type Out<'a> = &'a mut dyn FnMut(Line, &[AttachmentId]) -> io::Result<()>;

/// What is exported of the users.
enum Users {
    All,
    /// By their keys.
    Some(FxHashSet<i64>),
}

impl Users {
    fn has(&self, user: i64) -> bool {
        match self {
            Self::All => true,
            Self::Some(keys) => keys.contains(&user),
        }
    }
}

/// Gives all lines of an export to `out`, each with the ids of the files that it names. `rooms` are those that are wanted, with the
/// users in them; none: all rooms and users.
///
/// Servers may run on the database meanwhile. Blocking: not from within a runtime.
///
/// # Errors
/// A database that cannot be read or is not of this version, a room that is not there,
/// and what `out` says.
pub fn export(
    database: &DatabaseUrl,
    rooms: &[RoomId],
    mut out: impl FnMut(Line, &[AttachmentId]) -> io::Result<()>,
) -> Result<(), ExportError> {
    let mut side = Side::open(database)?;
    side.check_migrated()?;
    let read = match &mut side.conn {
        SideConn::Sqlite(conn) => {
            let only = conn.batch_execute("PRAGMA query_only = ON");
            only.map_err(Ended::from).and_then(|()| sqlite::all(conn, "", rooms, &mut out))
        }
        SideConn::Postgres(conn) => {
            let snapshot = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
            postgres::all(conn, snapshot, rooms, &mut out)
        }
    };
    read.map_err(|ended| match ended {
        Ended::Database(error) => CopyError::Failed { database: side.name.clone(), error }.into(),
        Ended::Output(error) => error.into(),
        Ended::NoSuchRoom(room) => ExportError::NoSuchRoom(room),
    })
}

#[each_backend]
mod backend {
    use diesel::{Connection, connection::SimpleConnection};

    use super::{Ended, Header, Line, Out, RoomId};
    use crate::{
        backend::Conn,
        export::{
            messages::backend as messages, people::backend as people, rooms::backend as rooms,
        },
    };

    pub(super) fn all(
        conn: &mut Conn,
        snapshot: &str,
        wanted: &[RoomId],
        out: Out<'_>,
    ) -> Result<(), Ended> {
        conn.transaction(|conn| {
            conn.batch_execute(snapshot)?;
            let users = people::of(conn, wanted)?;
            out(Line::Parlor(Header::OF_PARLOR), &[])?;
            people::all(conn, &users, out)?;
            let mut after = 0;
            loop {
                let page = rooms::page(conn, wanted, after, &users)?;
                let Some(last) = page.last() else { return Ok(()) };
                after = last.key;
                for room in page {
                    out(Line::Room(room.line.clone()), &[])?;
                    rooms::members(conn, &room, out)?;
                    messages::all(conn, &room, out)?;
                    rooms::marks(conn, &room, out)?;
                }
            }
        })
    }
}
