//! The database as the ordering core sees it: timelines, the feed, and
//! transactions that take their time.

use std::collections::{BTreeMap, BTreeSet};

use super::RoomNo;
use crate::db::{FeedRow, Happened, Left, Signal};

/// What takes a position in a room. A message is named by the position at
/// which it was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Created,
    Changed(i64),
    Event,
    /// What came up to there is gone.
    Cleared(i64),
}

/// What a reader who applied all events has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Messages, with their latest change.
    pub messages: BTreeMap<i64, i64>,
    pub events: BTreeSet<i64>,
}

impl State {
    pub fn apply(&mut self, seq: i64, what: What) {
        match what {
            What::Created => drop(self.messages.insert(seq, seq)),
            What::Changed(message) => drop(self.messages.insert(message, seq)),
            What::Event => drop(self.events.insert(seq)),
            What::Cleared(upto) => {
                self.messages.retain(|message, _| *message > upto);
                self.events.retain(|event| *event > upto);
            }
        }
    }
}

#[derive(Default)]
pub(super) struct RoomRows {
    log: Vec<What>,
    now: State,
    pub floor: i64,
    pub cleared: i64,
    pub is_locked: bool,
}

impl RoomRows {
    pub fn head(&self) -> i64 {
        self.log.len() as i64
    }

    fn append(&mut self, what: What) -> (i64, What) {
        let seq = self.head() + 1;
        // Decided under the lock, as the real ones are.
        let what = match what {
            What::Changed(wish) => match self.nth_message(wish) {
                Some(message) => What::Changed(message),
                None => What::Created,
            },
            What::Cleared(back) => What::Cleared((seq - back).max(0)),
            other => other,
        };
        if let What::Cleared(upto) = what
            && upto > self.floor
        {
            (self.floor, self.cleared) = (upto, seq);
        }
        self.log.push(what);
        self.now.apply(seq, what);
        (seq, what)
    }

    fn nth_message(&self, wish: i64) -> Option<i64> {
        let messages = &self.now.messages;
        let nth = usize::try_from(wish).ok()?.checked_rem(messages.len())?;
        messages.keys().nth(nth).copied()
    }

    /// What a fresh reader gets who reads when the room goes up to `head`.
    pub fn snapshot(&self, head: i64) -> State {
        let mut state = State::default();
        (1..).zip(&self.log).take_while(|(seq, _)| *seq <= head).for_each(|(seq, what)| {
            state.apply(seq, *what);
        });
        state
    }

    /// Whether a replay need not tell this event: a later one says more.
    pub fn is_subsumed(&self, seq: i64) -> bool {
        let Some(what) = self.log.get(seq as usize - 1) else { return false };
        let is_newer = |message| self.now.messages.get(&message).is_none_or(|at| *at > seq);
        match *what {
            What::Created => is_newer(seq),
            What::Changed(message) => is_newer(message),
            What::Event => seq <= self.floor,
            // A later one says more, or it had nothing to clear.
            What::Cleared(_) => self.cleared != seq,
        }
    }

    /// As `Reader::replay`: `bounds` were read first, the rows are as they
    /// are now.
    pub fn replay(&self, since: i64, bounds: Bounds, limit: usize) -> Page {
        let within = |seq: &i64| *seq > since && *seq <= bounds.head;
        let mut rows: Vec<(i64, i64)> =
            self.now.messages.iter().map(|(message, at)| (*at, *message)).collect();
        rows.retain(|(at, _)| within(at));
        rows.sort_unstable();
        rows.truncate(limit);
        let events: Vec<i64> = self.now.events.iter().copied().filter(within).take(limit).collect();
        let is_full = rows.len() + events.len() >= limit;
        let mut missed: Vec<(i64, What)> = rows
            .into_iter()
            .map(|(at, message)| (at, What::Changed(message)))
            .chain(events.into_iter().map(|seq| (seq, What::Event)))
            .collect();
        if bounds.cleared > since && bounds.cleared <= bounds.head {
            missed.push((bounds.cleared, What::Cleared(bounds.floor)));
        }
        missed.sort_unstable_by_key(|(seq, _)| *seq);
        missed.truncate(limit);
        let upto = match missed.last() {
            Some((seq, _)) if is_full => *seq,
            _ => bounds.head,
        };
        Page { missed, upto, bounds }
    }

    pub fn bounds(&self) -> Bounds {
        Bounds { head: self.head(), floor: self.floor, cleared: self.cleared }
    }
}

/// The first row of a replay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub head: i64,
    pub floor: i64,
    pub cleared: i64,
}

#[derive(Clone, Debug)]
pub(super) struct Page {
    pub missed: Vec<(i64, What)>,
    pub upto: i64,
    pub bounds: Bounds,
}

/// A batch that one node commits.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub writes: Vec<(RoomNo, What)>,
    /// Its number in the feed, once it has one.
    pub row: i64,
}

impl Batch {
    pub fn new(writes: Vec<(RoomNo, What)>) -> Self {
        Self { writes, row: 0 }
    }

    fn rooms(&self) -> BTreeSet<RoomNo> {
        self.writes.iter().map(|(room, _)| *room).collect()
    }
}

/// What a batch has become.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub row: i64,
    pub events: Vec<(RoomNo, i64, What)>,
    pub happened: Vec<Happened>,
}

#[derive(Default)]
pub(super) struct Database {
    pub rooms: Vec<RoomRows>,
    /// Rows in the order of their commits.
    feed: Vec<(i64, Vec<Happened>)>,
    last_row: i64,
}

impl Database {
    pub fn new(rooms: usize) -> Self {
        let rooms = std::iter::repeat_with(RoomRows::default).take(rooms).collect();
        Self { rooms, ..Self::default() }
    }

    /// Takes the rooms' locks, or none.
    pub fn lock(&mut self, batch: &Batch) -> bool {
        let rooms = batch.rooms();
        if rooms.iter().any(|room| self.rooms[*room].is_locked) {
            return false;
        }
        rooms.iter().for_each(|room| self.rooms[*room].is_locked = true);
        true
    }

    /// The row of the feed is written, and nobody sees it yet.
    pub fn record(&mut self, batch: &mut Batch) {
        self.last_row += 1;
        batch.row = self.last_row;
    }

    pub fn roll_back(&mut self, batch: &Batch) {
        batch.rooms().iter().for_each(|room| self.rooms[*room].is_locked = false);
    }

    pub fn commit(&mut self, batch: &Batch) -> Done {
        let append = |(room, what): &(RoomNo, What)| {
            let (seq, what) = self.rooms[*room].append(*what);
            (*room, seq, what)
        };
        let events: Vec<_> = batch.writes.iter().map(append).collect();
        let head = |room: RoomNo| Happened::Head { room: key(room), seq: self.rooms[room].head() };
        let mut happened: Vec<Happened> = batch.rooms().into_iter().map(head).collect();
        // Something that is told and not kept goes with some of them.
        if batch.row % 3 == 0 {
            let frame = batch.row.to_string();
            happened.insert(0, Happened::Signal(Signal::Everyone { frame }));
            let (room, user, why) = (key(events[0].0), batch.row, Left::Left);
            happened.insert(0, Happened::Left { room, user, why, members: 1 });
        }
        self.feed.push((batch.row, happened.clone()));
        self.roll_back(batch);
        Done { row: batch.row, events, happened }
    }

    /// As `Nodes::feed`, of what was committed behind a position; whether that is all.
    /// The first page has `again` rows from before it.
    pub fn feed_after(
        &self,
        position: usize,
        again: usize,
        limit: usize,
    ) -> (Vec<FeedRow>, usize, bool) {
        let row = |(at, (id, happened)): (usize, &(i64, Vec<Happened>))| FeedRow {
            id: *id,
            again: at < position,
            happened: happened.clone(),
        };
        let since = position.saturating_sub(again);
        let next = (position + limit).min(self.feed.len());
        let rows = self.feed.iter().enumerate().take(next).skip(since);
        (rows.map(row).collect(), next, next == self.feed.len())
    }

    /// As `Nodes::look`; with all rows that are there.
    pub fn look(&self) -> (usize, Vec<i64>) {
        (self.feed.len(), self.feed.iter().map(|(row, _)| *row).collect())
    }

    /// The visible rows, with how many items each has.
    pub fn feed_rows(&self) -> impl Iterator<Item = (i64, u32)> {
        self.feed.iter().map(|(row, happened)| (*row, happened.len() as u32))
    }
}

/// The real key of a room.
pub(super) fn key(room: RoomNo) -> i64 {
    room as i64 + 1
}
