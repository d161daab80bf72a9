//! Big rooms, in which not every member is told who comes and goes.

use std::time::Instant;

use rustc_hash::FxHashMap;

use parlor_domain::{RoomKey, limits::MEMBERS_INTERVAL};

/// Who joins a room of n is told to n members, so n joins are n² events.
/// Where members are many they are told how many, once in a while.
///
/// Bounded by the rooms that changed within that while.
#[derive(Default)]
pub struct Crowds {
    /// When each was told of last, and whether it has changed since.
    sent: FxHashMap<RoomKey, (Instant, bool)>,
    /// When very many came or went at once.
    bursts: FxHashMap<RoomKey, Instant>,
}

impl Crowds {
    /// So many members come or go at once that the room is told how many it has, for
    /// a while, as a big one.
    pub fn burst(&mut self, room: RoomKey, now: Instant) {
        self.bursts.insert(room, now);
    }

    pub fn has_burst(&self, room: RoomKey, now: Instant) -> bool {
        self.bursts.get(&room).is_some_and(|at| now.duration_since(*at) < MEMBERS_INTERVAL)
    }

    /// Members of a big room have come or gone; says whether that is to be told
    /// now.
    pub fn changed(&mut self, room: RoomKey, now: Instant) -> bool {
        if let Some((at, changed)) = self.sent.get_mut(&room)
            && now.duration_since(*at) < MEMBERS_INTERVAL
        {
            *changed = true;
            return false;
        }
        self.sent.insert(room, (now, false));
        true
    }

    /// Takes out the rooms that are to be told of now.
    pub fn due(&mut self, now: Instant) -> Vec<RoomKey> {
        let mut due = Vec::new();
        self.bursts.retain(|_, at| now.duration_since(*at) < MEMBERS_INTERVAL);
        self.sent.retain(|room, (at, changed)| {
            if now.duration_since(*at) < MEMBERS_INTERVAL {
                return true;
            }
            if *changed {
                due.push(*room);
                (*at, *changed) = (now, false);
                return true;
            }
            false
        });
        if self.sent.is_empty() {
            self.sent.shrink_to_fit();
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_told_at_once_and_then_at_most_once_in_a_while() {
        let (mut crowds, start, room) = (Crowds::default(), Instant::now(), RoomKey(1));
        assert!(crowds.changed(room, start));
        for _ in 0..1_000 {
            assert!(!crowds.changed(room, start + MEMBERS_INTERVAL / 2));
        }
        assert!(crowds.changed(RoomKey(2), start + MEMBERS_INTERVAL / 2));
        assert!(crowds.due(start + MEMBERS_INTERVAL / 2).is_empty());
        assert_eq!(crowds.due(start + MEMBERS_INTERVAL), [room], "the last number is told");
        assert!(!crowds.changed(room, start + MEMBERS_INTERVAL));
        assert_eq!(crowds.due(start + 2 * MEMBERS_INTERVAL), [room]);
        assert!(crowds.due(start + 3 * MEMBERS_INTERVAL).is_empty());
        assert!(crowds.sent.is_empty(), "nothing is left of rooms at rest");
    }
}
