//! A node: its follower and its ChatServer, as far as they order events.
//!
//! What is decided is decided by the real [`FeedCursor`], [`Timeline`] and [`Hub`];
//! what is around them is kept as in `nodes::follower` and `chat::handlers`.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    At, ClientNo, RoomNo,
    client::frame,
    database::{Done, Page, What, key},
    hub::Socket,
    world::{Act, Place, World},
};
use crate::{
    chat::{Item, Timeline},
    db::{FeedRow, Happened, OwnRows},
    nodes::FeedCursor,
    session::Hub,
};
use parlor_domain::{
    RoomKey, Seq,
    limits::{TIMELINE_AGAIN, TIMELINE_GAP_WAIT},
};
use parlor_websocket::Frame;

/// How long an unused room stays, and how often one looks: as the real ones
/// longer than a read takes, and shorter than them.
const ROOM_IDLE: At = 6_000;
const ROOM_SWEEP: At = 1_000;

pub(super) struct RoomEntry {
    pub timeline: Timeline,
    pub is_reading: bool,
    pub used_at: At,
}

#[derive(Default)]
pub(super) struct Node {
    pub life: u32,
    pub is_up: bool,
    /// It knows where the feed stands, and takes connections.
    pub is_ready: bool,
    pub is_frozen: bool,
    /// What came while it was frozen.
    pub late: Vec<Act>,
    /// It does not reach Redis.
    pub is_cut: bool,
    pub feed: FeedCursor,
    position: usize,
    is_paging: bool,
    pub own_rows: OwnRows,
    aside: Vec<FeedRow>,
    /// Rows that were there when it began.
    pub seen: BTreeSet<i64>,
    reading: bool,
    pub rooms: BTreeMap<RoomNo, RoomEntry>,
    /// Rooms that it is subscribed to in Redis.
    pub hears: BTreeSet<RoomNo>,
    lagging: BTreeSet<RoomNo>,
    /// Items of the feed that were handed on, and rows of its own.
    handed: BTreeSet<(i64, u32)>,
    own: BTreeSet<i64>,
    pub sessions: BTreeMap<ClientNo, u64>,
    pub hub: Hub<Socket>,
    pub hub_until: At,
    pub is_flushing: bool,
}

impl Node {
    pub fn new(life: u32, is_up: bool) -> Self {
        Self { life, is_up, ..Self::default() }
    }

    pub fn knows(&self, (row, item): (i64, u32)) -> bool {
        self.seen.contains(&row) || self.own.contains(&row) || self.handed.contains(&(row, item))
    }
}

/// What one channel carries of one batch.
#[derive(Clone, Debug)]
pub(super) struct Hint {
    /// `None`: every node hears it.
    pub room: Option<RoomNo>,
    row: i64,
    happened: Vec<(u32, Happened)>,
    events: Vec<(RoomNo, i64, What)>,
}

impl Hint {
    pub fn of(done: &Done) -> Vec<Self> {
        let mut all = BTreeMap::<Option<RoomNo>, Self>::new();
        let empty = |room| Self { room, row: done.row, happened: Vec::new(), events: Vec::new() };
        for (item, what) in (0..).zip(&done.happened) {
            let room = what.room().map(|room| room.0 as RoomNo - 1);
            all.entry(room).or_insert_with(|| empty(room)).happened.push((item, what.clone()));
        }
        for event in &done.events {
            let room = Some(event.0);
            all.entry(room).or_insert_with(|| empty(room)).events.push(*event);
        }
        all.into_values().collect()
    }
}

impl World {
    pub fn read_feed_start(&mut self, place: Place) {
        let read = |world: &mut Self| world.database.look();
        self.ask(place, read, move |world, at| world.feed_starts(place, at));
    }

    fn feed_starts(&mut self, place: Place, at: Option<(usize, Vec<i64>)>) {
        let Some((position, seen)) = at else { return self.read_feed_start(place) };
        let node = &mut self.nodes[place.node];
        node.feed = FeedCursor::new(seen.iter().copied().max().unwrap_or(0));
        node.seen = seen.into_iter().collect();
        (node.position, node.is_ready) = (position, true);
        self.at(place, 0, move |world| world.poll(place));
        self.at(place, ROOM_SWEEP, move |world| world.sweep(place));
    }

    fn poll(&mut self, place: Place) {
        self.read_feed(place);
        self.at(place, self.setup.poll, move |world| world.poll(place));
    }

    /// Its own batch: told here, then said to the others.
    pub fn committed(&mut self, place: Place, done: &Done) {
        for (room, seq, what) in &done.events {
            self.receive_event(place, *room, *seq, frame(*seq, *what, None));
        }
        let node = &mut self.nodes[place.node];
        node.feed.own(done.row);
        node.own.insert(done.row);
        let told = (0..).zip(&done.happened).find(|(item, what)| {
            !matches!(what, Happened::Head { .. }) && node.handed.contains(&(done.row, *item))
        });
        if let Some((item, what)) = told {
            let why = format!("n{} told its own row twice: {item}: {what:?}", place.node);
            self.break_with(why);
        }
        self.publish(place, done);
    }

    pub fn hinted(&mut self, place: Place, hint: Hint) {
        if !self.nodes[place.node].is_ready {
            return;
        }
        let feed = &mut self.nodes[place.node].feed;
        let mut new = hint.happened;
        new.retain(|(item, _)| feed.hint(hint.row, *item));
        for (item, what) in new {
            self.hand_on(place, Some((hint.row, item)), &what);
        }
        for (room, seq, what) in hint.events {
            self.receive_event(place, room, seq, frame(seq, what, None));
        }
    }

    fn read_feed(&mut self, place: Place) {
        // After a crash of the database some of what was read comes again.
        let again = if self.random.happens(10) { 20 } else { 0 };
        let node = &mut self.nodes[place.node];
        if !std::mem::replace(&mut node.reading, true) {
            if !node.is_paging {
                node.feed.begin_read();
            }
            let position = node.position;
            let read = move |world: &mut Self| {
                world.database.feed_after(position, again, world.setup.page)
            };
            self.ask(place, read, move |world, page| world.feed_read(place, page));
        }
    }

    fn feed_read(&mut self, place: Place, page: Option<(Vec<FeedRow>, usize, bool)>) {
        let node = &mut self.nodes[place.node];
        node.reading = false;
        let Some((rows, next, is_last)) = page else { return };
        (node.position, node.is_paging) = (next, !is_last);
        let rows = node.own_rows.sift(&mut node.aside, rows);
        // The feed gives no numbers: each item of these rows is known by its
        // content.
        let mut places: Vec<((i64, u32), Happened)> = rows
            .iter()
            .flat_map(|row| {
                (0..).zip(&row.happened).map(|(item, what)| ((row.id, item), what.clone()))
            })
            .collect();
        let new = node.feed.read(rows);
        for what in new {
            let found = places.iter().position(|((row, item), same)| {
                *same == what && !self.nodes[place.node].handed.contains(&(*row, *item))
            });
            let known = found.map(|found| places.remove(found).0);
            self.hand_on(place, known, &what);
        }
        match is_last {
            true => self.nodes[place.node].feed.end_read(),
            false => self.read_feed(place),
        }
    }

    fn hand_on(&mut self, place: Place, one: Option<(i64, u32)>, what: &Happened) {
        let node = &mut self.nodes[place.node];
        check_handed(&mut node.handed, &node.own, one).unwrap_or_else(|why| {
            self.broken.get_or_insert(format!("n{}: {why}: {what:?}", place.node));
        });
        if let Happened::Head { room, seq } = what {
            self.note_head(place, *room as RoomNo - 1, *seq);
        }
    }

    /// It hears a room in Redis from now on.
    pub fn subscribed(&mut self, place: Place, room: RoomNo) {
        if self.redis_is_up && !self.nodes[place.node].is_cut {
            self.nodes[place.node].hears.insert(room);
            self.read_head(place, room);
        }
    }

    pub fn read_head(&mut self, place: Place, room: RoomNo) {
        let read = move |world: &mut Self| world.database.rooms[room].head();
        self.ask(place, read, move |world, head| {
            head.into_iter().for_each(|head| world.note_head(place, room, head));
        });
    }

    fn note_head(&mut self, place: Place, room: RoomNo, head: i64) {
        if let Some(entry) = self.nodes[place.node].rooms.get_mut(&room) {
            entry.timeline.note_head(Seq(head));
            self.catch_up_later(place, room);
        }
    }

    fn receive_event(&mut self, place: Place, room: RoomNo, seq: i64, frame: Frame) {
        let now = self.now;
        let Some(entry) = self.nodes[place.node].rooms.get_mut(&room) else { return };
        entry.used_at = now;
        let due = entry.timeline.offer(Seq(seq), frame);
        self.tell_all_of(place, room, due);
        self.catch_up_later(place, room);
    }

    fn tell_all_of(&mut self, place: Place, room: RoomNo, events: Vec<(Seq, Frame)>) {
        for (seq, frame) in events {
            self.tell_hub(place, Item::Event { room: RoomKey(key(room)), seq, frame });
        }
    }

    fn catch_up_later(&mut self, place: Place, room: RoomNo) {
        let node = &mut self.nodes[place.node];
        if !node.rooms.get(&room).is_some_and(|entry| entry.timeline.is_lagging()) {
            return;
        }
        if node.lagging.insert(room) && node.lagging.len() == 1 {
            self.catch_up_in(place, TIMELINE_GAP_WAIT);
        }
    }

    fn catch_up_in(&mut self, place: Place, time: Duration) {
        self.at(place, time.as_millis() as At, move |world| {
            for room in std::mem::take(&mut world.nodes[place.node].lagging) {
                world.read_missing(place, room);
            }
        });
    }

    fn read_missing(&mut self, place: Place, room: RoomNo) {
        let Some(entry) = self.nodes[place.node].rooms.get_mut(&room) else { return };
        if !entry.is_reading && entry.timeline.is_lagging() {
            entry.is_reading = true;
            let since = entry.timeline.last_sent().0;
            self.ask_page(place, room, since, move |world, page| {
                world.missing_read(place, room, since, page);
            });
        }
    }

    fn missing_read(&mut self, place: Place, room: RoomNo, since: i64, page: Option<Page>) {
        let node = &mut self.nodes[place.node];
        if let Some(entry) = node.rooms.get_mut(&room) {
            entry.is_reading = false;
        }
        let Some(page) = page else {
            node.lagging.insert(room);
            return self.catch_up_in(place, TIMELINE_AGAIN);
        };
        self.tell_missing(place, room, since, &page);
        self.catch_up_later(place, room);
    }

    fn tell_missing(&mut self, place: Place, room: RoomNo, since: i64, page: &Page) {
        let Some(entry) = self.nodes[place.node].rooms.get_mut(&room) else { return };
        let has_hole = since < page.bounds.floor;
        let upto = Seq(if has_hole { page.bounds.head.max(since) } else { page.upto });
        let sent = entry.timeline.last_sent();
        let follow = entry.timeline.read(upto);
        if upto > sent {
            let missed = page.missed.iter().filter(|(seq, _)| !has_hole && *seq > sent.0);
            let frames =
                missed.map(|(seq, what)| (Seq(*seq), frame(*seq, *what, Some(before(*seq)))));
            let frames = frames.collect();
            let after = if has_hole { upto } else { sent };
            let room = RoomKey(key(room));
            self.tell_hub(place, Item::Missed { room, after, upto, frames });
        }
        self.tell_all_of(place, room, follow);
    }

    fn sweep(&mut self, place: Place) {
        let now = self.now;
        let clients = &self.clients;
        let node = &mut self.nodes[place.node];
        let used: BTreeSet<RoomNo> =
            node.sessions.keys().map(|client| clients[*client].room).collect();
        let (rooms, hears) = (&mut node.rooms, &mut node.hears);
        rooms.retain(|room, entry| used.contains(room) || now - entry.used_at < ROOM_IDLE);
        hears.retain(|room| rooms.contains_key(room));
        self.at(place, ROOM_SWEEP, move |world| world.sweep(place));
    }
}

/// As `chat::server::lagging` tells a change: as changed.
fn before(seq: i64) -> i64 {
    seq - 1
}

/// An item is handed on once, and not at all where the node did it itself.
fn check_handed(
    handed: &mut BTreeSet<(i64, u32)>,
    own: &BTreeSet<i64>,
    one: Option<(i64, u32)>,
) -> Result<(), String> {
    let Some((row, item)) = one else { return Err("an item was handed on twice".to_owned()) };
    if own.contains(&row) {
        return Err(format!("its own row {row} was handed on"));
    }
    if handed.insert((row, item)) {
        Ok(())
    } else {
        Err(format!("{row}/{item} was handed on twice"))
    }
}
