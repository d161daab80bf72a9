//! Which rooms' submissions are being carried out, and when is looked for more.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use crate::db::Submission;
use parlor_domain::{
    RoomId,
    limits::{SUBMISSION_BUSY, SUBMISSION_ROOMS, SUBMISSION_TICK},
};

/// Each room is a lane: what waits in it is carried out one after the other, so that
/// it keeps its order whatever becomes of one of them. The lanes go beside each other, in
/// turn, so that none holds up the rest. Pure.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    busy: BTreeSet<RoomId>,
    /// The room at which the last look ended; `None`: at the end of all.
    last: Option<RoomId>,
}

impl Lanes {
    pub fn has_places(&self) -> bool {
        self.busy.len() < SUBMISSION_ROOMS
    }

    /// Where the next look begins, and what it leaves out.
    pub fn next(&self) -> (&str, Vec<&str>) {
        let after = self.last.as_ref().map_or("", RoomId::as_str);
        (after, self.busy.iter().map(RoomId::as_str).collect())
    }

    /// Takes what a look has found, by room and number: a lane for each room, as far as
    /// there are places.
    pub fn take(&mut self, found: Vec<Submission>) -> Vec<Vec<Submission>> {
        self.last = None;
        let mut lanes: Vec<Vec<Submission>> = Vec::new();
        for one in found {
            match lanes.last_mut() {
                Some(lane) if lane.last().is_some_and(|last| last.room == one.room) => {
                    lane.push(one);
                }
                _ if !self.has_places() || !self.busy.insert(one.room.clone()) => break,
                _ => lanes.push(vec![one]),
            }
        }
        if !self.has_places() {
            // There may be more behind it.
            self.last = lanes.last().and_then(|lane| lane.last()).map(|last| last.room.clone());
        }
        lanes
    }

    /// What was taken in a room is carried out, or is to be read again.
    pub fn ended(&mut self, room: &RoomId) {
        self.busy.remove(room);
    }
}

/// How often is looked: often while applications submit something. Pure.
#[derive(Debug)]
pub(super) struct Pace {
    /// While they do not.
    every: Duration,
    found_at: Option<Instant>,
}

impl Pace {
    pub fn new(every: Duration) -> Self {
        Self { every, found_at: None }
    }

    pub fn found(&mut self, now: Instant) {
        self.found_at = Some(now);
    }

    /// How long until the next look.
    pub fn pause(&self, now: Instant) -> Duration {
        let is_busy = |at| now.saturating_duration_since(at) < SUBMISSION_BUSY;
        match self.found_at.is_some_and(is_busy) {
            true => self.every.min(SUBMISSION_TICK),
            false => self.every,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rooms: impl IntoIterator<Item = String>) -> Vec<Submission> {
        let one = |(id, room): (i64, String)| {
            let room = RoomId::from_stored(room);
            Submission { id, room, sender: None, request: "{}".to_owned() }
        };
        (1..).zip(rooms).map(one).collect()
    }

    fn ids(lanes: &[Vec<Submission>]) -> Vec<Vec<i64>> {
        lanes.iter().map(|lane| lane.iter().map(|one| one.id).collect()).collect()
    }

    #[test]
    fn each_room_has_a_lane_and_is_left_out_until_that_has_ended() {
        let mut lanes = Lanes::default();
        let taken = lanes.take(found(["a", "a", "b"].map(str::to_owned)));
        assert_eq!(ids(&taken), [vec![1, 2], vec![3]]);
        assert_eq!(lanes.next(), ("", vec!["a", "b"]));
        lanes.ended(&RoomId::from_stored("a"));
        assert_eq!(lanes.next(), ("", vec!["b"]));
    }

    #[test]
    fn there_are_so_many_lanes_and_the_next_look_goes_on_behind_the_last() {
        let mut lanes = Lanes::default();
        let room = |n: usize| format!("{n:03}");
        let taken = lanes.take(found((0..SUBMISSION_ROOMS + 2).map(room)));
        assert_eq!((taken.len(), lanes.has_places()), (SUBMISSION_ROOMS, false));
        // The last ones hang: the others take turns beside them.
        for n in 0..SUBMISSION_ROOMS - 1 {
            lanes.ended(&RoomId::from_stored(room(n)));
        }
        assert_eq!(lanes.next(), ("063", vec!["063"]));
        let taken = lanes.take(found([room(64), room(65)]));
        assert_eq!((taken.len(), lanes.next().0), (2, ""), "then from the first on");
    }

    #[test]
    fn one_looks_often_while_something_is_found() {
        let second = Duration::from_secs(1);
        let (mut pace, now) = (Pace::new(second), Instant::now());
        assert_eq!(pace.pause(now), second);
        pace.found(now);
        assert_eq!(pace.pause(now + second), SUBMISSION_TICK);
        assert_eq!(pace.pause(now + SUBMISSION_BUSY), second);
        pace.every = SUBMISSION_TICK / 5;
        assert_eq!(pace.pause(now), SUBMISSION_TICK / 5);
    }
}
