//! Rows of the feed that this process writes itself.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{FeedRow, Happened, Recorded};
use parlor_domain::limits::FEED_REMEMBERED;

/// Which rows this process has written, known before anybody can read them. What such
/// a row says is told here by whoever wrote it, unless nobody learned of its commit: then
/// it is heard of as the other nodes hear of it, by reading. Clones share them.
///
/// Only rows that say more than how far timelines go, which may be heard as often as
/// one likes.
#[derive(Clone, Debug, Default)]
pub struct OwnRows(Arc<Mutex<BTreeMap<i64, Stage>>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Its transaction runs; it may be committed, and read, before that is known here.
    Open,
    Committed,
}

/// A row whose transaction runs. Dropped, it is nobody's: it was rolled back, or its
/// commit was not answered.
#[must_use]
#[derive(Debug)]
pub struct OpenRow {
    own: OwnRows,
    row: i64,
}

impl OwnRows {
    /// A row was written; its transaction is committed next. `None` for one that
    /// need not be known.
    pub fn opened(&self, Recorded { id, happened }: &Recorded) -> Option<OpenRow> {
        let is_head = |one: &Happened| matches!(one, Happened::Head { .. });
        if happened.iter().all(is_head) {
            return None;
        }
        let mut rows = self.lock();
        rows.insert(*id, Stage::Open);
        // The oldest: the feed has not been read for minutes.
        if rows.len() > FEED_REMEMBERED {
            rows.pop_first();
        }
        Some(OpenRow { own: self.clone(), row: *id })
    }

    /// Rows were read, after some that were put aside. Gives them, without what is told
    /// here anyway; those of which that is not known yet are put aside.
    pub fn sift(&self, aside: &mut Vec<FeedRow>, rows: Vec<FeedRow>) -> Vec<FeedRow> {
        let mut known = self.lock();
        let mut read = Vec::with_capacity(rows.len());
        for mut row in std::mem::take(aside).into_iter().chain(rows) {
            match known.get(&row.id) {
                Some(Stage::Open) => aside.push(row),
                Some(Stage::Committed) => {
                    known.remove(&row.id);
                    row.happened.clear();
                    read.push(row);
                }
                None => read.push(row),
            }
        }
        read
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, Stage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenRow {
    /// What it says is told by whoever wrote it.
    pub fn committed(self) {
        self.own.lock().entry(self.row).and_modify(|stage| *stage = Stage::Committed);
    }
}

impl Drop for OpenRow {
    fn drop(&mut self) {
        let mut rows = self.own.lock();
        if rows.get(&self.row) == Some(&Stage::Open) {
            rows.remove(&self.row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(id: i64) -> FeedRow {
        FeedRow { id, again: false, happened: vec![Happened::Keys] }
    }

    fn opened(own: &OwnRows, id: i64) -> OpenRow {
        let recorded = Recorded { id, happened: vec![Happened::Keys] };
        own.opened(&recorded).expect("it has to be known")
    }

    /// The rows that say something.
    fn read(own: &OwnRows, aside: &mut Vec<FeedRow>, rows: &[i64]) -> Vec<i64> {
        let rows = own.sift(aside, rows.iter().copied().map(keys).collect());
        rows.iter().filter(|row| !row.happened.is_empty()).map(|row| row.id).collect()
    }

    #[test]
    fn a_row_is_its_writers_as_soon_as_it_can_be_read() {
        let (own, mut aside) = (OwnRows::default(), Vec::new());
        let (first, second) = (opened(&own, 1), opened(&own, 2));
        first.committed();
        assert_eq!(read(&own, &mut aside, &[1, 2, 3]), [3]);
        assert_eq!(aside, [keys(2)]);
        assert_eq!(read(&own, &mut aside, &[4]), [4]);
        second.committed();
        assert_eq!(read(&own, &mut aside, &[5]), [5]);
        assert_eq!(aside, []);
        assert!(own.lock().is_empty());
    }

    #[test]
    fn a_row_whose_commit_was_not_answered_is_read_like_any_other() {
        let (own, mut aside) = (OwnRows::default(), Vec::new());
        let (first, second) = (opened(&own, 1), opened(&own, 2));
        assert_eq!(read(&own, &mut aside, &[1]), [0; 0]);
        drop((first, second));
        assert_eq!(read(&own, &mut aside, &[2, 3]), [1, 2, 3]);
    }

    #[test]
    fn rows_that_may_be_heard_again_are_not_remembered_and_of_others_so_many() {
        let own = OwnRows::default();
        let head = Happened::Head { room: 1, seq: 1 };
        assert!(own.opened(&Recorded { id: 1, happened: vec![head] }).is_none());
        let most = i64::try_from(FEED_REMEMBERED).expect("small");
        (0..=most).for_each(|id| opened(&own, id).committed());
        assert_eq!(own.lock().len(), FEED_REMEMBERED);
        assert_eq!(read(&own, &mut Vec::new(), &[0, 1, most]), [0]);
    }
}
