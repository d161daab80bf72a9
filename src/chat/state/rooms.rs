//! The rooms that someone is connected to.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rustc_hash::{FxHashMap, FxHashSet};

use super::timeline::Timeline;
use crate::chat::WorkerId;
use parlor_domain::{Epoch, Room, RoomId, RoomKey, RoomOverview, Seq};
use parlor_websocket::Frame;

/// A room in memory.
pub struct RoomEntry {
    pub room: Arc<Room>,
    /// How many members it has.
    pub members: i64,
    /// What has been told.
    pub timeline: Timeline,
    /// What is missing is being read.
    pub is_reading: bool,
    /// How many sessions of each worker are subscribed.
    subscribers: Vec<u32>,
    /// Sessions that were told where the room stands, and are still to say
    /// what they have: until then it stays, or they would miss what comes.
    awaited: u32,
    used_at: Instant,
}

impl RoomEntry {
    pub fn has_subscribers_on(&self, worker: WorkerId) -> bool {
        self.subscribers.get(worker.0).is_some_and(|count| *count > 0)
    }

    pub fn subscriber_added(&mut self, worker: WorkerId) {
        if self.subscribers.len() <= worker.0 {
            self.subscribers.resize(worker.0 + 1, 0);
        }
        self.subscribers[worker.0] += 1;
    }

    pub fn subscriber_removed(&mut self, worker: WorkerId) {
        if let Some(count) = self.subscribers.get_mut(worker.0) {
            *count = count.saturating_sub(1);
        }
    }

    /// How many sessions are subscribed.
    pub fn subscriber_count(&self) -> u32 {
        self.subscribers.iter().sum()
    }

    pub fn awaited_by_one_more(&mut self) {
        self.awaited += 1;
    }

    pub fn awaited_by_one_less(&mut self) {
        self.awaited = self.awaited.saturating_sub(1);
    }

    /// The room as it is known here, for one who needs no more of it.
    pub fn overview(&self, epoch: Epoch) -> RoomOverview {
        RoomOverview {
            room: self.room.clone(),
            last_seq: self.timeline.last_sent(),
            epoch,
            member_count: self.members,
            state: None,
            peer: None,
            last_message: None,
        }
    }

    fn is_empty(&self) -> bool {
        self.awaited == 0 && self.subscribers.iter().all(|count| *count == 0)
    }
}

/// What the database says of a room.
pub struct RoomSeen<'a> {
    pub room: &'a Arc<Room>,
    pub head: Seq,
    pub members: i64,
}

impl<'a> From<&'a RoomOverview> for RoomSeen<'a> {
    fn from(overview: &'a RoomOverview) -> Self {
        let RoomOverview { room, last_seq, member_count, .. } = overview;
        Self { room, head: *last_seq, members: *member_count }
    }
}

/// Rooms of which it is still to be read up to where they go.
#[derive(Default)]
pub struct UnseenHeads {
    pub rooms: FxHashSet<RoomKey>,
    pub is_reading: bool,
}

impl UnseenHeads {
    /// Takes some of them out.
    pub fn take(&mut self, most: usize) -> Vec<RoomKey> {
        let some: Vec<RoomKey> = self.rooms.iter().copied().take(most).collect();
        some.iter().for_each(|room| {
            self.rooms.remove(room);
        });
        some
    }
}

/// The rooms in memory, by key and by public id.
///
/// A room stays until it has had no subscriber and no event for a while. The
/// while is longer than any database read may take ([`READ_TIMEOUT`]): a
/// session that is being connected compares the head it read with the one
/// kept here, and so cannot miss what was told in between.
///
/// [`READ_TIMEOUT`]: parlor_domain::limits::READ_TIMEOUT
#[derive(Default)]
pub struct Rooms {
    // Boxed: half of a map's places are empty after it has grown.
    entries: FxHashMap<RoomKey, Box<RoomEntry>>,
    keys: FxHashMap<RoomId, RoomKey>,
    /// Rooms that have come into memory and gone, since somebody asked.
    changes: Option<Vec<(RoomKey, bool)>>,
    /// Rooms that were updated since the last sweep, and since the one before:
    /// whoever began to read one earlier has read what is no longer so.
    updates: Updates,
}

type Updates = [FxHashMap<RoomKey, Arc<Room>>; 2];

fn newest<'a>(updates: &'a Updates, read: &'a Arc<Room>) -> &'a Arc<Room> {
    updates.iter().find_map(|updates| updates.get(&read.key)).unwrap_or(read)
}

impl Rooms {
    /// Remembers from now on which rooms come and go.
    pub fn track(&mut self) {
        self.changes = Some(Vec::new());
    }

    /// Which have come and gone since the last time.
    pub fn take_changes(&mut self) -> Vec<(RoomKey, bool)> {
        self.changes.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Takes a room into memory, as the database says of it.
    ///
    /// What is there already stays: what was told counts. Another node may
    /// have committed what is only now heard of.
    pub fn activate(&mut self, seen: &RoomSeen, now: Instant) -> &mut RoomEntry {
        let RoomSeen { room, head, members } = *seen;
        self.keys.insert(room.id.clone(), room.key);
        if let (Some(changes), false) = (&mut self.changes, self.entries.contains_key(&room.key)) {
            changes.push((room.key, true));
        }
        let entry = self.entries.entry(room.key).or_insert_with(|| {
            Box::new(RoomEntry {
                room: newest(&self.updates, room).clone(),
                members,
                timeline: Timeline::new(head),
                is_reading: false,
                subscribers: Vec::new(),
                awaited: 0,
                used_at: now,
            })
        });
        entry.timeline.note_head(head);
        entry.used_at = now;
        entry
    }

    pub fn count(&self) -> usize {
        self.entries.len()
    }

    pub fn get(&self, key: RoomKey) -> Option<&RoomEntry> {
        self.entries.get(&key).map(Box::as_ref)
    }

    pub fn get_mut(&mut self, key: RoomKey) -> Option<&mut RoomEntry> {
        self.entries.get_mut(&key).map(Box::as_mut)
    }

    pub fn by_id(&self, id: &RoomId) -> Option<&RoomEntry> {
        self.entries.get(self.keys.get(id)?).map(Box::as_ref)
    }

    /// A room that was read, as it is by now.
    pub fn newest(&self, read: &Arc<Room>) -> Arc<Room> {
        let known = self.entries.get(&read.key).map(|entry| &entry.room);
        known.unwrap_or_else(|| newest(&self.updates, read)).clone()
    }

    /// The room's title, its rules or the like have changed.
    pub fn updated(&mut self, room: &Arc<Room>) {
        self.updates[0].insert(room.key, room.clone());
        if let Some(entry) = self.entries.get_mut(&room.key) {
            entry.room = room.clone();
        }
    }

    /// Members have come or gone.
    pub fn members_are(&mut self, key: RoomKey, members: i64) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.members = members;
        }
    }

    /// An event. Gives what is to be told now; nobody is there to be told of
    /// a room that is not in memory.
    pub fn offer(
        &mut self,
        key: RoomKey,
        seq: Seq,
        frame: Frame,
        now: Instant,
    ) -> Vec<(Seq, Frame)> {
        let Some(entry) = self.entries.get_mut(&key) else { return Vec::new() };
        entry.used_at = now;
        entry.timeline.offer(seq, frame)
    }

    pub fn remove(&mut self, key: RoomKey) -> Option<Box<RoomEntry>> {
        let entry = self.entries.remove(&key)?;
        if let Some(changes) = &mut self.changes {
            changes.push((key, false));
        }
        self.keys.remove(&entry.room.id);
        Some(entry)
    }

    /// Lets go of the rooms that nobody has used for `idle`.
    pub fn sweep(&mut self, now: Instant, idle: Duration) {
        let Self { entries, keys, changes, updates } = self;
        updates[1] = std::mem::take(&mut updates[0]);
        entries.retain(|key, entry| {
            let keep = !entry.is_empty() || now.duration_since(entry.used_at) < idle;
            if !keep {
                keys.remove(&entry.room.id);
                if let Some(changes) = changes {
                    changes.push((*key, false));
                }
            }
            keep
        });
        if entries.capacity() > 4 * entries.len() + 64 {
            entries.shrink_to_fit();
            keys.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlor_domain::RoomKind;

    const IDLE: Duration = Duration::from_secs(60);

    fn room(key: i64) -> Arc<Room> {
        Arc::new(Room::sample(key, RoomKind::Public))
    }

    fn seen(room: &Arc<Room>, head: i64) -> RoomSeen<'_> {
        RoomSeen { room, head: Seq(head), members: 1 }
    }

    fn offer(rooms: &mut Rooms, seq: i64, now: Instant) {
        let frame = Frame::text(|payload| payload.push(b'x'));
        rooms.offer(RoomKey(1), Seq(seq), frame, now);
    }

    #[test]
    fn a_room_leaves_memory_when_empty_for_long_enough() {
        let (mut rooms, start) = (Rooms::default(), Instant::now());
        rooms.activate(&seen(&room(1), 5), start).subscriber_added(WorkerId(1));
        rooms.sweep(start + 2 * IDLE, IDLE);
        assert!(rooms.by_id(&room(1).id).is_some(), "it has a subscriber");

        let entry = rooms.get_mut(RoomKey(1)).expect("in memory");
        entry.subscriber_removed(WorkerId(1));
        offer(&mut rooms, 6, start + IDLE);
        rooms.sweep(start + IDLE + IDLE / 2, IDLE);
        assert!(rooms.get(RoomKey(1)).is_some(), "it was used lately");

        rooms.sweep(start + 2 * IDLE, IDLE);
        assert!(rooms.get(RoomKey(1)).is_none());
        assert!(rooms.by_id(&room(1).id).is_none());
    }

    #[test]
    fn a_room_that_somebody_is_to_resume_stays_in_memory() {
        let (mut rooms, start) = (Rooms::default(), Instant::now());
        rooms.activate(&seen(&room(1), 5), start).awaited_by_one_more();
        rooms.sweep(start + 2 * IDLE, IDLE);
        let entry = rooms.get_mut(RoomKey(1)).expect("in memory");
        entry.awaited_by_one_less();
        rooms.sweep(start + 2 * IDLE, IDLE);
        assert!(rooms.get(RoomKey(1)).is_none());
    }

    #[test]
    fn a_head_never_goes_back() {
        let (mut rooms, now) = (Rooms::default(), Instant::now());
        rooms.activate(&seen(&room(1), 5), now);
        offer(&mut rooms, 6, now);
        assert_eq!(rooms.activate(&seen(&room(1), 5), now).timeline.last_sent(), Seq(6));
    }

    #[test]
    fn a_room_comes_into_memory_as_it_was_told_last_and_not_as_it_was_read_before() {
        let (mut rooms, start) = (Rooms::default(), Instant::now());
        let read = room(1);
        let told = Arc::new(Room { title: "told".into(), ..(*read).clone() });
        rooms.updated(&told);
        rooms.sweep(start, IDLE);
        assert_eq!(rooms.activate(&seen(&read, 5), start).room.title, told.title);
        assert_eq!(rooms.newest(&read).title, told.title, "it is in memory");
        rooms.sweep(start + 2 * IDLE, IDLE);
        rooms.sweep(start + 2 * IDLE, IDLE);
        assert_eq!(rooms.newest(&read).title, read.title, "no read is that old");
    }
}
