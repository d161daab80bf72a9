//! Gives what is free in a file back to the disk, a few pages at a time.
//!
//! A deleted row leaves room for others, and the file as large as it was. One
//! that is made for it (`auto_vacuum = INCREMENTAL`) can move its last pages
//! into what is free, and end earlier
//! (<https://sqlite.org/pragma.html#pragma_incremental_vacuum>).

use std::time::{Duration, Instant};

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_types::BigInt,
};
use parlor_domain::limits::{
    RECLAIM_FROM_BYTES, RECLAIM_KEEP_BYTES, RECLAIM_PAGES, RECLAIM_PAGES_RANGE, RECLAIM_REST,
    RECLAIM_SHARE, RECLAIM_STEP,
};

use super::Conn;

/// `auto_vacuum = INCREMENTAL`.
const INCREMENTAL: i64 = 2;

/// Before anything is written into a file, and before [`super::pragmas`]: whether
/// it can become smaller is decided when its first page is written, or by a
/// `VACUUM`.
pub(crate) const SHRINKS: &str = "PRAGMA auto_vacuum = INCREMENTAL;";

/// How large a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub(crate) struct Size {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = BigInt)]
    free_bytes: i64,
    #[diesel(sql_type = BigInt)]
    auto_vacuum: i64,
}

impl Size {
    pub fn of(conn: &mut Conn) -> QueryResult<Self> {
        let query = "SELECT page_count * page_size AS bytes,
                 freelist_count * page_size AS free_bytes, auto_vacuum
             FROM pragma_page_count, pragma_page_size, pragma_freelist_count, pragma_auto_vacuum";
        diesel::sql_query(query).get_result(conn)
    }

    /// Whether the file can become smaller.
    pub fn shrinks(self) -> bool {
        self.auto_vacuum == INCREMENTAL
    }

    /// Whether there is anything in it.
    pub fn is_empty(self) -> bool {
        self.bytes == 0
    }

    /// Whether a step is worth while; once begun, it goes on for longer.
    fn is_worth_a_step(self, is_begun: bool) -> bool {
        let Self { bytes, free_bytes, .. } = self;
        let from = RECLAIM_FROM_BYTES.max(bytes / RECLAIM_SHARE);
        let from = if is_begun { RECLAIM_KEEP_BYTES } else { from };
        self.shrinks() && free_bytes > from
    }
}

/// How it goes on.
#[derive(Debug)]
pub(crate) struct Reclaimer {
    is_begun: bool,
    /// Of the next step.
    pages: u32,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// There was nothing to do.
    Idle,
    /// The file is at most so many pages smaller once the log is copied into it; the
    /// next step is due after this rest.
    Freed { pages: u32, rest: Duration },
}

impl Default for Reclaimer {
    fn default() -> Self {
        Self { is_begun: false, pages: RECLAIM_PAGES }
    }
}

impl Reclaimer {
    /// One step, a transaction of its own; the file ends earlier after a checkpoint.
    pub fn step(&mut self, conn: &mut Conn) -> QueryResult<Step> {
        self.is_begun = Size::of(conn)?.is_worth_a_step(self.is_begun);
        if !self.is_begun {
            return Ok(Step::Idle);
        }
        let (began, pages) = (Instant::now(), self.pages);
        conn.batch_execute(&format!("PRAGMA incremental_vacuum({pages})"))?;
        let took = began.elapsed();
        self.took(took);
        Ok(Step::Freed { pages, rest: took * RECLAIM_REST })
    }

    fn took(&mut self, took: Duration) {
        let pages = match took {
            took if took > RECLAIM_STEP => self.pages / 2,
            took if took < RECLAIM_STEP / 4 => self.pages * 2,
            _ => self.pages,
        };
        let (few, many) = (*RECLAIM_PAGES_RANGE.start(), *RECLAIM_PAGES_RANGE.end());
        self.pages = pages.clamp(few, many);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_takes_long_is_followed_by_a_smaller_one() {
        let mut reclaimer = Reclaimer::default();
        let mut after = |took| {
            reclaimer.took(took);
            reclaimer.pages
        };
        assert_eq!(after(RECLAIM_STEP), RECLAIM_PAGES);
        assert_eq!(after(RECLAIM_STEP * 2), RECLAIM_PAGES / 2);
        for _ in 0..9 {
            after(RECLAIM_STEP * 2);
        }
        assert_eq!(after(RECLAIM_STEP * 2), *RECLAIM_PAGES_RANGE.start());
        for _ in 0..9 {
            after(Duration::ZERO);
        }
        assert_eq!(after(Duration::ZERO), *RECLAIM_PAGES_RANGE.end());
    }

    #[test]
    fn only_much_that_is_free_is_given_back_and_then_nearly_all() {
        let size = |bytes, free_bytes| Size { bytes, free_bytes, auto_vacuum: INCREMENTAL };
        let (large, from) = (RECLAIM_FROM_BYTES * 100, RECLAIM_FROM_BYTES);
        for (size, begins, goes_on) in [
            (size(from * 2, from), false, true),
            (size(from * 2, from + 1), true, true),
            (size(large, from + 1), false, true),
            (size(large, large / RECLAIM_SHARE + 1), true, true),
            (size(large, RECLAIM_KEEP_BYTES), false, false),
            (Size { auto_vacuum: 0, ..size(large, large) }, false, false),
        ] {
            assert_eq!(size.is_worth_a_step(false), begins, "{size:?}");
            assert_eq!(size.is_worth_a_step(true), goes_on, "{size:?}");
        }
    }

    #[test]
    fn a_file_becomes_smaller_while_it_is_open_and_stays_sound() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("test.db");
        let mut conn = crate::sqlite::connect::establish(&path).expect("connected");
        let rows = "CREATE TABLE t (x BLOB);
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000)
            INSERT INTO t SELECT randomblob(2000) FROM n;
            DELETE FROM t WHERE rowid % 8 <> 0; PRAGMA wal_checkpoint(TRUNCATE)";
        conn.batch_execute(rows).expect("written");
        let bytes = || std::fs::metadata(&path).expect("it is there").len();
        let (before, mut reclaimer) = (bytes(), Reclaimer::default());
        while reclaimer.step(&mut conn).expect("a step") != Step::Idle {}
        conn.batch_execute("PRAGMA wal_checkpoint(PASSIVE)").expect("copied");
        assert!(bytes() < before / 3, "{before}, {}", bytes());
        let size = Size::of(&mut conn).expect("asked");
        assert!(size.free_bytes <= RECLAIM_KEEP_BYTES, "{size:?}");
        #[derive(QueryableByName)]
        struct Check {
            #[diesel(sql_type = diesel::sql_types::Text)]
            integrity_check: String,
        }
        let check: Check =
            diesel::sql_query("PRAGMA integrity_check").get_result(&mut conn).expect("checked");
        assert_eq!(check.integrity_check, "ok");
    }
}
