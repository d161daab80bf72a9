//! The ordering core of a room: the merge of what several lanes and nodes
//! have committed.

use std::collections::BTreeMap;

use parlor_domain::{
    Seq,
    limits::{TIMELINE_HELD, TIMELINE_HELD_BYTES},
};
use parlor_websocket::Frame;

/// Tells the events of one room once, in the order of their positions,
/// however they are heard of: from the own commits, from other nodes, out of
/// order, twice, or not at all.
///
/// An event that does not follow the last one waits for those before it. If
/// they do not come, they are read from the database. What is held and does
/// not fit is let go: it is in the database.
///
/// It neither reads nor tells anything, so that its tests are plain values.
///
/// Invariant: every position up to `last_sent` has been told, none after it.
#[derive(Debug)]
pub(crate) struct Timeline {
    last_sent: Seq,
    held: BTreeMap<Seq, Frame>,
    held_bytes: usize,
    /// The newest position known to be there.
    head: Seq,
}

impl Timeline {
    pub fn new(last_sent: Seq) -> Self {
        Self { last_sent, held: BTreeMap::new(), held_bytes: 0, head: last_sent }
    }

    /// The position of the newest event that has been told.
    pub fn last_sent(&self) -> Seq {
        self.last_sent
    }

    /// The newest position that is known of.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// Whether something is there that has not been told.
    pub fn is_lagging(&self) -> bool {
        self.last_sent < self.head
    }

    /// Somebody says that there is something up to here.
    pub fn note_head(&mut self, head: Seq) {
        self.head = self.head.max(head);
    }

    /// An event. Gives what is to be told now, in order.
    pub fn offer(&mut self, seq: Seq, frame: Frame) -> Vec<(Seq, Frame)> {
        self.note_head(seq);
        if seq <= self.last_sent {
            return Vec::new();
        }
        if seq == self.last_sent.next() {
            self.last_sent = seq;
            let mut due = vec![(seq, frame)];
            due.extend(self.follow());
            return due;
        }
        self.hold(seq, frame);
        Vec::new()
    }

    /// Everything up to `upto` has been told from the database. Gives what
    /// was held and follows.
    pub fn read(&mut self, upto: Seq) -> Vec<(Seq, Frame)> {
        self.note_head(upto);
        self.last_sent = self.last_sent.max(upto);
        self.follow()
    }

    /// How many events are held, and their bytes.
    #[cfg(test)]
    pub fn held(&self) -> (usize, usize) {
        (self.held.len(), self.held_bytes)
    }

    fn hold(&mut self, seq: Seq, frame: Frame) {
        self.held_bytes += frame.size();
        if let Some(same) = self.held.insert(seq, frame) {
            self.held_bytes -= same.size();
        }
        // The last ones are needed last.
        while self.held.len() > TIMELINE_HELD || self.held_bytes > TIMELINE_HELD_BYTES {
            let Some((_, frame)) = self.held.pop_last() else { break };
            self.held_bytes -= frame.size();
        }
    }

    fn follow(&mut self) -> Vec<(Seq, Frame)> {
        let mut due = Vec::new();
        while let Some(first) = self.held.first_entry() {
            if *first.key() > self.last_sent.next() {
                break;
            }
            let (seq, frame) = first.remove_entry();
            self.held_bytes -= frame.size();
            if seq == self.last_sent.next() {
                self.last_sent = seq;
                due.push((seq, frame));
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seq: i64) -> Frame {
        Frame::text(|payload| payload.extend_from_slice(seq.to_string().as_bytes()))
    }

    fn offer(timeline: &mut Timeline, seq: i64) -> Vec<i64> {
        let due = timeline.offer(Seq(seq), frame(seq));
        assert!(due.iter().all(|(seq, due)| *due == frame(seq.0)));
        due.iter().map(|(seq, _)| seq.0).collect()
    }

    #[test]
    fn what_comes_in_order_is_told_at_once_and_once() {
        let mut timeline = Timeline::new(Seq(4));
        assert_eq!(offer(&mut timeline, 5), [5]);
        assert!(offer(&mut timeline, 5).is_empty());
        assert!(offer(&mut timeline, 3).is_empty());
        assert!(!timeline.is_lagging());
    }

    #[test]
    fn what_comes_too_early_waits_for_what_is_before_it() {
        let mut timeline = Timeline::new(Seq(0));
        assert!(offer(&mut timeline, 3).is_empty());
        assert!(offer(&mut timeline, 2).is_empty());
        assert!(timeline.is_lagging());
        assert_eq!(offer(&mut timeline, 1), [1, 2, 3]);
        assert!(!timeline.is_lagging() && timeline.held_bytes == 0);
    }

    #[test]
    fn what_is_read_fills_a_gap_and_is_not_told_again() {
        let mut timeline = Timeline::new(Seq(0));
        offer(&mut timeline, 4);
        offer(&mut timeline, 6);
        let follows: Vec<i64> = timeline.read(Seq(3)).iter().map(|(seq, _)| seq.0).collect();
        assert_eq!(follows, [4]);
        assert!(timeline.is_lagging(), "5 is missing");
        assert!(offer(&mut timeline, 2).is_empty());
        let follows: Vec<i64> = timeline.read(Seq(5)).iter().map(|(seq, _)| seq.0).collect();
        assert_eq!(follows, [6]);
        assert!(!timeline.is_lagging());
    }

    #[test]
    fn a_head_that_is_only_heard_of_is_behind_until_it_is_read() {
        let mut timeline = Timeline::new(Seq(2));
        timeline.note_head(Seq(5));
        assert!(timeline.is_lagging());
        assert!(timeline.read(Seq(5)).is_empty());
        assert!(!timeline.is_lagging());
        assert_eq!(timeline.last_sent(), Seq(5));
    }

    #[test]
    fn what_does_not_fit_is_let_go_from_the_end() {
        let mut timeline = Timeline::new(Seq(0));
        for seq in 2..(TIMELINE_HELD as i64 + 10) {
            offer(&mut timeline, seq);
        }
        assert_eq!(timeline.held.len(), TIMELINE_HELD);
        let due = offer(&mut timeline, 1);
        assert_eq!(due.len(), TIMELINE_HELD + 1);
        assert!(timeline.is_lagging(), "the rest is read");
    }
}
