//! Imports into a database while no server runs on it.

use std::collections::BTreeSet;

use diesel::{QueryResult, connection::TransactionManager};
use parlor_domain::{AttachmentId, Timestamp};
use parlor_macros::each_backend;

use crate::{
    CopyError, DatabaseUrl, OpenError,
    copy::{Side, SideConn},
    open::{self, migrate},
    write::import::{self as lines, ImportChunk, ImportMode, Imported},
};

/// A database that is imported into.
pub struct Importer {
    side: Side,
    mode: ImportMode,
}

impl Importer {
    /// Brings the database up to date, or makes it; refuses one that a server runs on.
    ///
    /// Blocking: not from within a runtime.
    pub fn open(database: &DatabaseUrl, mode: ImportMode) -> Result<Self, CopyError> {
        migrate(database)?;
        let mut side = Side::target(database)?;
        side.check_unused()?;
        if side.has_progress()? {
            return Err(OpenError::Unfinished { database: side.name }.into());
        }
        open::complete(database)?;
        let mut importer = Self { side, mode };
        if mode == ImportMode::Dry {
            importer.ask(|conn| match conn {
                SideConn::Sqlite(conn) => sqlite::begin(conn),
                SideConn::Postgres(conn) => postgres::begin(conn),
            })?;
        }
        Ok(importer)
    }

    /// The lines of a chunk whose files are to be stored.
    pub fn wanted(&mut self, chunk: &ImportChunk) -> Result<BTreeSet<u64>, CopyError> {
        self.ask(|conn| match conn {
            SideConn::Sqlite(conn) => lines::sqlite::wanted(conn, chunk),
            SideConn::Postgres(conn) => lines::postgres::wanted(conn, chunk),
        })
    }

    /// Says that files with these ids are about to be stored: those of which no message
    /// comes are taken out again by a server.
    pub fn reserve(&mut self, ids: &[AttachmentId], at: Timestamp) -> Result<(), CopyError> {
        self.ask(|conn| match conn {
            SideConn::Sqlite(conn) => lines::sqlite::reserve(conn, ids, at),
            SideConn::Postgres(conn) => lines::postgres::reserve(conn, ids, at),
        })
    }

    /// Stores a chunk, and says what came of it.
    pub fn import(&mut self, chunk: &ImportChunk) -> Result<Imported, CopyError> {
        let is_strict = self.mode == ImportMode::Strict;
        self.ask(|conn| match conn {
            SideConn::Sqlite(conn) => sqlite::import(conn, chunk, is_strict),
            SideConn::Postgres(conn) => postgres::import(conn, chunk, is_strict),
        })
    }

    /// Undoes what was done only to see what would come of it.
    pub fn finish(mut self) -> Result<(), CopyError> {
        match self.mode {
            ImportMode::Lenient | ImportMode::Strict => Ok(()),
            ImportMode::Dry => self.ask(|conn| match conn {
                SideConn::Sqlite(conn) => sqlite::undo(conn),
                SideConn::Postgres(conn) => postgres::undo(conn),
            }),
        }
    }

    /// An error with the database's name.
    fn ask<T>(
        &mut self,
        query: impl FnOnce(&mut SideConn) -> QueryResult<T>,
    ) -> Result<T, CopyError> {
        let answer = query(&mut self.side.conn);
        answer.map_err(|error| CopyError::Failed { database: self.side.name.clone(), error })
    }
}

#[each_backend]
mod backend {
    use diesel::{Connection, result::Error};

    use super::{ImportChunk, Imported, QueryResult, TransactionManager};
    use crate::{backend::Conn, write::import::backend as lines};

    type Manager = <Conn as Connection>::TransactionManager;

    pub(super) fn begin(conn: &mut Conn) -> QueryResult<()> {
        Manager::begin_transaction(conn)
    }

    pub(super) fn undo(conn: &mut Conn) -> QueryResult<()> {
        Manager::rollback_transaction(conn)
    }

    pub(super) fn import(
        conn: &mut Conn,
        chunk: &ImportChunk,
        is_strict: bool,
    ) -> QueryResult<Imported> {
        let mut refused = None;
        let done = conn.transaction(|conn| {
            let done = lines::import(conn, chunk)?;
            if is_strict && !done.problems.is_empty() {
                refused = Some(done);
                return Err(Error::RollbackTransaction);
            }
            Ok(done)
        });
        match (done, refused) {
            (Err(Error::RollbackTransaction), Some(refused)) => Ok(refused),
            (done, _) => done,
        }
    }
}
