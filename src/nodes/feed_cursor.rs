//! Keeps track of which rows of the feed have been handled.
//!
//! (`db/feed` writes the rows, `nodes/follower` reads them.)

use std::{collections::BTreeMap, time::Duration};

use rustc_hash::FxHashSet;

use crate::db::{FeedRow, Happened};
use parlor_domain::limits::FEED_SETTLED;

/// Hands on each item of the feed once, whether it comes as a hint or is read.
///
/// Rows are numbered before they are committed, so a row may appear behind
/// one with a higher number. A number that has not appeared for as long as no
/// transaction lives will not any more.
///
/// It neither reads nor waits, so that its tests are plain values.
#[derive(Debug, Default)]
pub(crate) struct FeedCursor {
    /// All rows up to here have been dealt with.
    upto: i64,
    /// Rows after that of which all has been dealt with.
    done: FxHashSet<i64>,
    /// Rows of which some items came as hints.
    partly: BTreeMap<i64, FxHashSet<u32>>,
}

impl FeedCursor {
    /// Begins behind the rows that are `settled`. Those that have been `seen`
    /// are not new either: what they tell is read from the tables. A row that
    /// appears later between them is.
    pub fn new(settled: i64, seen: Vec<i64>) -> Self {
        let done = seen.into_iter().filter(|row| *row > settled).collect();
        Self { upto: settled, done, ..Self::default() }
    }

    /// From where it is to be read.
    pub fn upto(&self) -> i64 {
        self.upto
    }

    /// This node wrote the row itself.
    pub fn own(&mut self, row: i64) {
        if row > self.upto {
            self.partly.remove(&row);
            self.done.insert(row);
        }
    }

    /// One item of a row came as a hint. Says whether it is new.
    pub fn hint(&mut self, row: i64, item: u32) -> bool {
        if row <= self.upto || self.done.contains(&row) {
            return false;
        }
        self.partly.entry(row).or_default().insert(item)
    }

    /// Rows were read, all there are after [`upto`](Self::upto) or the first
    /// of them. Gives what is new, in order.
    pub fn read(&mut self, rows: Vec<FeedRow>) -> Vec<Happened> {
        let mut new = Vec::new();
        let mut is_settled = true;
        for FeedRow { id, age_ms, happened } in rows {
            let age = Duration::from_millis(u64::try_from(age_ms).unwrap_or(0));
            // Those before it that are not there may still come.
            is_settled &= id == self.upto + 1 || age >= FEED_SETTLED;
            if id > self.upto && !self.done.contains(&id) {
                let known = self.partly.remove(&id).unwrap_or_default();
                let items = (0..).zip(happened);
                new.extend(items.filter(|(item, _)| !known.contains(item)).map(|(_, one)| one));
                self.done.insert(id);
            }
            if is_settled {
                self.upto = self.upto.max(id);
            }
        }
        let upto = self.upto;
        self.done.retain(|row| *row > upto);
        self.partly.retain(|row, _| *row > upto);
        new
    }

    /// How much is remembered.
    #[cfg(test)]
    pub fn size(&self) -> usize {
        self.done.len() + self.partly.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, age_ms: i64, rooms: &[i64]) -> FeedRow {
        let happened = rooms.iter().map(|room| Happened::RoomUpdated { room: *room }).collect();
        FeedRow { id, age_ms, happened }
    }

    fn read(feed: &mut FeedCursor, rows: &[(i64, i64)]) -> Vec<i64> {
        let rows = rows.iter().map(|(id, age)| row(*id, *age, &[*id])).collect();
        let room = |one: &Happened| one.room().expect("of a room").0;
        feed.read(rows).iter().map(room).collect()
    }

    #[test]
    fn what_is_read_is_new_once() {
        let mut feed = FeedCursor::new(10, Vec::new());
        assert_eq!(read(&mut feed, &[(11, 0), (12, 0)]), [11, 12]);
        assert_eq!((feed.upto(), feed.size()), (12, 0));
        assert_eq!(read(&mut feed, &[(13, 0)]), [13]);
    }

    #[test]
    fn a_row_that_commits_behind_a_later_one_is_not_missed() {
        let mut feed = FeedCursor::new(0, Vec::new());
        assert_eq!(read(&mut feed, &[(2, 0), (3, 0)]), [2, 3]);
        assert_eq!(feed.upto(), 0, "1 may still come");
        assert_eq!(read(&mut feed, &[(1, 500), (2, 500), (3, 500)]), [1]);
        assert_eq!((feed.upto(), feed.size()), (3, 0));
    }

    #[test]
    fn a_row_that_commits_behind_what_was_there_at_the_start_is_not_missed() {
        let mut feed = FeedCursor::new(4, vec![6, 7]);
        assert!(!feed.hint(6, 0), "it is in the tables");
        assert_eq!(read(&mut feed, &[(5, 900), (6, 950), (7, 900), (8, 0)]), [5, 8]);
        assert_eq!((feed.upto(), feed.size()), (8, 0));
    }

    #[test]
    fn a_number_that_never_came_is_given_up() {
        let mut feed = FeedCursor::new(0, Vec::new());
        assert_eq!(read(&mut feed, &[(2, 0)]), [2]);
        let settled = i64::try_from(FEED_SETTLED.as_millis()).expect("small");
        assert_eq!(read(&mut feed, &[(2, settled), (3, 0)]), [3]);
        assert_eq!(feed.upto(), 3);
    }

    #[test]
    fn hints_and_rows_are_the_same_thing() {
        let mut feed = FeedCursor::new(0, Vec::new());
        assert!(feed.hint(1, 0));
        assert!(!feed.hint(1, 0), "it came twice");
        let new = feed.read(vec![row(1, 0, &[7, 8])]);
        assert_eq!(new, [Happened::RoomUpdated { room: 8 }]);
        assert!(!feed.hint(1, 1), "it has been read");
    }

    #[test]
    fn what_one_wrote_oneself_is_not_new() {
        let mut feed = FeedCursor::new(0, Vec::new());
        feed.own(1);
        assert!(!feed.hint(1, 0));
        assert_eq!(read(&mut feed, &[(1, 0), (2, 0)]), [2]);
    }
}
