//! Keeps track of which items of the feed have been handed on.
//!
//! (`db/feed` writes the rows, `nodes/follower` reads them.)

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::db::{FeedRow, Happened};
use parlor_domain::limits::FEED_REMEMBERED;

/// Hands on each item of the feed once, whether it comes as a hint or is read.
///
/// Each row is read once, after it was committed; its hint may come before that or
/// after. So what came as a hint is remembered until it has been read, and what was
/// read for a while after.
///
/// It neither reads nor waits, so that its tests are plain values.
#[derive(Debug, Default)]
pub(crate) struct FeedCursor {
    rows: BTreeMap<i64, Row>,
    /// Rows up to here are not remembered: they are not taken as hints any more.
    forgotten: i64,
    /// How often reading the feed has begun.
    reads: u64,
}

/// What is known of a row.
#[derive(Debug)]
struct Row {
    /// The items that came as hints; `None`: all there are were dealt with.
    items: Option<FxHashSet<u32>>,
    /// The read that has it, or one before had; [`READ`] where that is known.
    read_by: u64,
}

const READ: u64 = 0;

impl FeedCursor {
    /// Begins behind what was committed; `newest` is the highest number that any row
    /// had by then.
    pub fn new(newest: i64) -> Self {
        Self { forgotten: newest, ..Self::default() }
    }

    /// This node wrote the row itself.
    pub fn own(&mut self, row: i64) {
        if let Some(known) = self.row(row) {
            known.items = None;
        }
    }

    /// One item of a row came as a hint. Says whether it is to be handed on now.
    pub fn hint(&mut self, row: i64, item: u32) -> bool {
        let Some(known) = self.row(row) else { return false };
        known.items.as_mut().is_some_and(|items| items.insert(item))
    }

    /// `None` for one that is left to reading.
    fn row(&mut self, row: i64) -> Option<&mut Row> {
        let is_full = self.rows.len() >= FEED_REMEMBERED && !self.rows.contains_key(&row);
        if row <= self.forgotten || is_full {
            return None;
        }
        // One that has begun may have looked before this row was there.
        let read_by = self.reads + 1;
        let new = || Row { items: Some(FxHashSet::default()), read_by };
        Some(self.rows.entry(row).or_insert_with(new))
    }

    /// All that is new is read from now on, in pages.
    pub fn begin_read(&mut self) {
        self.reads += 1;
    }

    /// Rows were read. Gives what is new.
    pub fn read(&mut self, rows: Vec<FeedRow>) -> Vec<Happened> {
        let mut new = Vec::new();
        for FeedRow { id, again, happened } in rows {
            let known = self.rows.insert(id, Row { items: None, read_by: READ });
            let known = match known {
                Some(Row { items, .. }) => items,
                None if again && id <= self.forgotten => None,
                None => Some(FxHashSet::default()),
            };
            let Some(known) = known else { continue };
            let items = (0..).zip(happened);
            new.extend(items.filter(|(item, _)| !known.contains(item)).map(|(_, one)| one));
        }
        self.forget(READ);
        new
    }

    /// That was all.
    pub fn end_read(&mut self) {
        self.forget(self.reads);
    }

    /// For hints that are late, the newest half is enough. What is still to be read
    /// stays, and keeps nothing else.
    fn forget(&mut self, read_by: u64) {
        let excess = self.rows.len().saturating_sub(FEED_REMEMBERED / 2);
        if excess == 0 {
            return;
        }
        let read = self.rows.iter().filter(|(_, row)| row.read_by <= read_by);
        let gone: Vec<i64> = read.map(|(row, _)| *row).take(excess).collect();
        for row in gone {
            self.rows.remove(&row);
            self.forgotten = self.forgotten.max(row);
        }
    }

    /// How many rows are remembered because they are still to be read.
    #[cfg(test)]
    pub fn unread(&self) -> usize {
        self.rows.values().filter(|row| row.read_by > self.reads).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, rooms: &[i64]) -> FeedRow {
        let happened = rooms.iter().map(|room| Happened::RoomUpdated { room: *room }).collect();
        FeedRow { id, again: false, happened }
    }

    /// Reads rows that each say their number.
    fn read(feed: &mut FeedCursor, rows: impl IntoIterator<Item = i64>, again: bool) -> Vec<i64> {
        feed.begin_read();
        let rows = rows.into_iter().map(|id| FeedRow { again, ..row(id, &[id]) }).collect();
        let new = feed.read(rows);
        feed.end_read();
        new.iter().map(|one| one.room().expect("of a room").0).collect()
    }

    #[test]
    fn rows_are_new_in_whatever_order_they_come() {
        let mut feed = FeedCursor::default();
        assert_eq!(read(&mut feed, [3, 7], false), [3, 7]);
        assert_eq!(read(&mut feed, [2, 8], false), [2, 8], "it was committed later");
    }

    #[test]
    fn a_hint_and_its_row_are_the_same_thing() {
        let mut feed = FeedCursor::default();
        assert!(feed.hint(1, 0));
        assert!(!feed.hint(1, 0), "it came twice");
        assert_eq!(feed.unread(), 1);
        feed.begin_read();
        let new = feed.read(vec![row(1, &[7, 8])]);
        assert_eq!(new, [Happened::RoomUpdated { room: 8 }]);
        feed.end_read();
        assert!(!feed.hint(1, 1), "it has been read");
        assert_eq!(feed.unread(), 0);
    }

    #[test]
    fn what_one_wrote_oneself_is_not_new() {
        let mut feed = FeedCursor::default();
        feed.own(1);
        assert!(!feed.hint(1, 0));
        assert_eq!(read(&mut feed, [1, 2], false), [2]);
        feed.own(2);
        assert!(!feed.hint(2, 0));
    }

    #[test]
    fn what_comes_again_is_not_new_but_for_what_never_came() {
        let mut feed = FeedCursor::default();
        assert_eq!(read(&mut feed, [5, 7], false), [5, 7]);
        assert_eq!(read(&mut feed, [5, 6, 7, 8], true), [6, 8]);
        feed.forgotten = 4;
        assert_eq!(read(&mut feed, [3, 9], true), [9]);
        assert_eq!(read(&mut feed, [2], false), [2], "committed only now");
    }

    #[test]
    fn a_hint_that_came_while_the_feed_was_read_is_remembered_until_the_next_time() {
        let mut feed = FeedCursor::default();
        feed.begin_read();
        assert!(feed.hint(1, 0));
        feed.end_read();
        assert_eq!(feed.unread(), 1);
        assert!(read(&mut feed, [1], false).is_empty());
        assert_eq!(feed.unread(), 0);
    }

    #[test]
    fn a_hint_that_is_read_late_keeps_nothing_else_in_memory() {
        let most = i64::try_from(FEED_REMEMBERED).expect("small");
        let mut feed = FeedCursor::default();
        feed.begin_read();
        assert!(feed.hint(1, 0));
        for first in (2..2 * most).step_by(1_000) {
            let page: Vec<_> = (first..first + 1_000).map(|id| row(id, &[id])).collect();
            assert_eq!(feed.read(page).len(), 1_000);
            assert!(feed.rows.len() <= FEED_REMEMBERED / 2);
        }
        assert!(!feed.hint(1, 1), "it is left to reading");
        assert_eq!(feed.read(vec![row(1, &[7, 8])]), [Happened::RoomUpdated { room: 8 }]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let most = i64::try_from(FEED_REMEMBERED).expect("small");
        let mut feed = FeedCursor::default();
        assert!((1..=most).all(|row| feed.hint(row, 0)));
        assert!(!feed.hint(most + 1, 0), "it will be read");
        assert_eq!(read(&mut feed, 1..=most + 1, false), [most + 1]);
        assert_eq!(feed.rows.len(), FEED_REMEMBERED / 2);
        assert!(!feed.hint(1, 0), "it was read");
        assert!(feed.hint(most + 2, 0));
    }
}
