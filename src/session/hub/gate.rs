//! The ordering core of a subscription: the merge of replay and live.

use std::collections::VecDeque;

use parlor_domain::{
    Seq,
    limits::{REPLAY_HELD, REPLAY_HELD_BYTES},
};
use parlor_websocket::Frame;

/// Lets each event of one room through to one session once, in `seq` order.
///
/// Live events pass as they come. When some are missing (the session comes
/// back, or an event was overtaken), the gate holds the newest live events
/// and says from where to read; once what was read reaches what is held, the
/// rest follows from memory and the room is live. Whatever is held and does
/// not fit is dropped from memory: it is in the database.
///
/// It neither reads nor writes anything, so that its tests are plain values.
///
/// Invariant: every position up to `at` has been let through, none after it.
#[derive(Debug)]
pub(crate) enum Gate {
    Live { at: Seq },
    CatchingUp(Box<CatchingUp>),
}

#[derive(Debug)]
pub(crate) struct CatchingUp {
    at: Seq,
    /// The newest live events without a gap between them.
    held: VecDeque<(Seq, Frame)>,
    held_bytes: usize,
    /// The newest position known to be there.
    head: Seq,
}

/// What becomes of a live event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    Deliver,
    /// Already let through, or kept for later.
    Keep,
    /// Something before it is missing: it must be read from the database.
    Gap,
}

/// What becomes of events that were read for all readers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// Those after this position are let through.
    After(Seq),
    Nothing,
    /// Something before them is missing: it must be read from the database.
    Gap,
}

impl Gate {
    /// A gate for a session that has everything up to `since`, of a room
    /// whose newest position is `head`.
    pub fn new(since: Seq, head: Seq) -> Self {
        if since == head {
            return Self::Live { at: since };
        }
        Self::CatchingUp(Box::new(CatchingUp::new(since, head)))
    }

    /// The position up to which everything has been let through.
    pub fn at(&self) -> Seq {
        match self {
            Self::Live { at } => *at,
            Self::CatchingUp(state) => state.at,
        }
    }

    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }

    pub fn offer(&mut self, seq: Seq, frame: &Frame) -> Offer {
        match self {
            Self::Live { at } if seq == at.next() => {
                *at = seq;
                Offer::Deliver
            }
            Self::Live { at } if seq <= *at => Offer::Keep,
            Self::Live { at } => {
                let mut state = CatchingUp::new(*at, seq);
                state.hold(seq, frame);
                *self = Self::CatchingUp(Box::new(state));
                Offer::Gap
            }
            Self::CatchingUp(state) => {
                state.hold(seq, frame);
                Offer::Keep
            }
        }
    }

    /// Lets the events from `first` to `last` through together, if they are
    /// the next ones. If not, each is to be offered.
    pub fn pass(&mut self, first: Seq, last: Seq) -> bool {
        match self {
            Self::Live { at } if first == at.next() => {
                *at = last;
                true
            }
            _ => false,
        }
    }

    /// What lies between two positions has been read for all readers of the
    /// room. Gives the position after which this one needs it.
    pub fn pass_read(&mut self, after: Seq, upto: Seq) -> Passed {
        match self {
            Self::Live { at } if *at >= upto => Passed::Nothing,
            Self::Live { at } if *at >= after => Passed::After(std::mem::replace(at, upto)),
            Self::Live { at } => {
                *self = Self::CatchingUp(Box::new(CatchingUp::new(*at, upto)));
                Passed::Gap
            }
            // It reads for itself, up to there at least.
            Self::CatchingUp(state) => {
                state.head = state.head.max(upto);
                Passed::Nothing
            }
        }
    }

    /// What was let through after `at` has not reached the session: it is read
    /// from the database instead.
    pub fn rewind(&mut self, at: Seq) {
        *self = Self::new(at, self.at());
    }

    /// Everything up to `upto` has been let through from the database. Gives
    /// the held events that follow now; the gate is live if nothing is
    /// missing any more.
    pub fn replayed(&mut self, upto: Seq) -> Vec<Frame> {
        let Self::CatchingUp(state) = self else { return Vec::new() };
        state.at = state.at.max(upto);
        self.release()
    }

    /// The session starts anew at `head`, which may lie before what it had.
    pub fn restart(&mut self, head: Seq) -> Vec<Frame> {
        match self {
            Self::Live { at } => *at = head,
            Self::CatchingUp(state) => {
                // What is known to be there beyond `head`, and is not held, is
                // still to be read.
                state.at = head;
                state.head = state.head.max(head);
            }
        }
        self.release()
    }

    /// How many events are held, and their bytes.
    #[cfg(test)]
    pub fn held(&self) -> (usize, usize) {
        match self {
            Self::Live { .. } => (0, 0),
            Self::CatchingUp(state) => (state.held.len(), state.held_bytes),
        }
    }

    fn release(&mut self) -> Vec<Frame> {
        let Self::CatchingUp(state) = self else { return Vec::new() };
        let mut frames = Vec::new();
        while let Some((seq, _)) = state.held.front() {
            if *seq > state.at.next() {
                break;
            }
            if let Some((seq, frame)) = state.drop_oldest()
                && seq == state.at.next()
            {
                state.at = seq;
                frames.push(frame);
            }
        }
        if state.at >= state.head {
            *self = Self::Live { at: state.at };
        }
        frames
    }
}

impl CatchingUp {
    fn new(at: Seq, head: Seq) -> Self {
        Self { at, held: VecDeque::new(), held_bytes: 0, head }
    }

    fn drop_oldest(&mut self) -> Option<(Seq, Frame)> {
        let oldest = self.held.pop_front()?;
        self.held_bytes -= oldest.1.size();
        Some(oldest)
    }

    fn hold(&mut self, seq: Seq, frame: &Frame) {
        match self.held.back() {
            Some((newest, _)) if seq <= *newest => return,
            Some((newest, _)) if seq > newest.next() => {
                self.held.clear();
                self.held_bytes = 0;
            }
            Some(_) | None => {}
        }
        self.held_bytes += frame.size();
        while self.held.len() == REPLAY_HELD
            || (self.held_bytes > REPLAY_HELD_BYTES && !self.held.is_empty())
        {
            self.drop_oldest();
        }
        self.held.push_back((seq, frame.clone()));
        self.head = self.head.max(seq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seq: i64) -> Frame {
        Frame::text(|buffer| buffer.extend_from_slice(seq.to_string().as_bytes()))
    }

    fn offer(gate: &mut Gate, seq: i64) -> Offer {
        gate.offer(Seq(seq), &frame(seq))
    }

    #[test]
    fn what_is_known_to_be_beyond_a_new_start_is_still_read() {
        let mut gate = Gate::new(Seq(1), Seq(5));
        assert_eq!(gate.pass_read(Seq(5), Seq(9)), Passed::Nothing);
        assert!(gate.restart(Seq(6)).is_empty());
        assert_eq!((gate.is_live(), gate.at()), (false, Seq(6)));
        assert!(gate.replayed(Seq(9)).is_empty());
        assert_eq!((gate.is_live(), gate.at()), (true, Seq(9)));
    }

    #[test]
    fn what_found_no_room_is_read_again() {
        let mut gate = Gate::new(Seq(4), Seq(4));
        assert!(gate.pass(Seq(5), Seq(8)));
        gate.rewind(Seq(6));
        assert_eq!((gate.is_live(), gate.at()), (false, Seq(6)));
        assert_eq!(offer(&mut gate, 9), Offer::Keep);
        assert_eq!(gate.replayed(Seq(8)).len(), 1, "what came meanwhile follows");
        assert_eq!((gate.is_live(), gate.at()), (true, Seq(9)));
    }

    #[test]
    fn live_events_pass_once_in_order() {
        let mut gate = Gate::new(Seq(4), Seq(4));
        assert_eq!(offer(&mut gate, 5), Offer::Deliver);
        assert_eq!(offer(&mut gate, 5), Offer::Keep);
        assert_eq!(offer(&mut gate, 3), Offer::Keep);
        assert_eq!(offer(&mut gate, 6), Offer::Deliver);
        assert_eq!(gate.at(), Seq(6));
    }

    #[test]
    fn a_run_passes_only_as_the_next_one() {
        let mut gate = Gate::new(Seq(4), Seq(4));
        assert!(gate.pass(Seq(5), Seq(8)));
        assert_eq!(gate.at(), Seq(8));
        assert!(!gate.pass(Seq(8), Seq(9)), "8 has passed");
        assert!(!gate.pass(Seq(10), Seq(11)), "9 is missing");
        assert!(!Gate::new(Seq(2), Seq(4)).pass(Seq(3), Seq(5)), "4 is being read");
        assert_eq!(gate.at(), Seq(8));
    }

    #[test]
    fn live_events_wait_for_the_replay_and_follow_it_without_overlap() {
        let mut gate = Gate::new(Seq(2), Seq(4));
        for seq in 5..=7 {
            assert_eq!(offer(&mut gate, seq), Offer::Keep);
        }
        // The page was read after 5 had committed.
        assert_eq!(gate.replayed(Seq(5)), [frame(6), frame(7)]);
        assert!(gate.is_live());
        assert_eq!(offer(&mut gate, 8), Offer::Deliver);
    }

    #[test]
    fn a_page_that_does_not_reach_what_is_held_asks_for_more() {
        let mut gate = Gate::new(Seq(0), Seq(200));
        assert_eq!(offer(&mut gate, 201), Offer::Keep);
        assert!(gate.replayed(Seq(100)).is_empty());
        assert!(!gate.is_live());
        assert_eq!(gate.replayed(Seq(200)), [frame(201)]);
        assert!(gate.is_live());
    }

    #[test]
    fn a_missing_event_is_noticed_and_read() {
        let mut gate = Gate::new(Seq(1), Seq(1));
        assert_eq!(offer(&mut gate, 3), Offer::Gap);
        assert_eq!(gate.at(), Seq(1));
        assert_eq!(gate.replayed(Seq(2)), [frame(3)]);
        assert!(gate.is_live());
    }

    #[test]
    fn what_was_read_for_all_passes_where_it_is_missing() {
        let mut gate = Gate::new(Seq(4), Seq(4));
        assert_eq!(gate.pass_read(Seq(3), Seq(6)), Passed::After(Seq(4)));
        assert_eq!(gate.pass_read(Seq(3), Seq(6)), Passed::Nothing);
        assert_eq!(offer(&mut gate, 7), Offer::Deliver);
        assert_eq!(gate.pass_read(Seq(8), Seq(9)), Passed::Gap, "8 is missing");
        assert_eq!(gate.pass_read(Seq(9), Seq(12)), Passed::Nothing, "it reads for itself");
        assert!(gate.replayed(Seq(9)).is_empty() && !gate.is_live());
        assert!(gate.replayed(Seq(12)).is_empty() && gate.is_live());
    }

    #[test]
    fn what_is_held_is_bounded_and_what_was_dropped_is_read() {
        let mut gate = Gate::new(Seq(0), Seq(1));
        let last = REPLAY_HELD as i64 + 10;
        for seq in 2..=last {
            offer(&mut gate, seq);
        }
        assert!(gate.replayed(Seq(1)).is_empty(), "2 is no longer held");
        assert!(!gate.is_live());
        let follow = gate.replayed(Seq(last - 3));
        assert_eq!(follow, [frame(last - 2), frame(last - 1), frame(last)]);
        assert!(gate.is_live());
    }

    #[test]
    fn a_gap_between_held_events_keeps_only_the_newest_run() {
        let mut gate = Gate::new(Seq(0), Seq(1));
        for seq in [2, 3, 6, 7] {
            offer(&mut gate, seq);
        }
        assert!(gate.replayed(Seq(3)).is_empty());
        assert!(!gate.is_live(), "4 and 5 are missing");
        assert_eq!(gate.replayed(Seq(5)), [frame(6), frame(7)]);
        assert!(gate.is_live());
    }

    #[test]
    fn a_restart_goes_to_the_head_also_backwards() {
        let mut gate = Gate::new(Seq(900), Seq(3));
        assert!(!gate.is_live(), "the reader claims more than there is");
        offer(&mut gate, 4);
        assert_eq!(gate.restart(Seq(3)), [frame(4)]);
        assert!(gate.is_live());
        assert_eq!(gate.at(), Seq(4));
    }
}
