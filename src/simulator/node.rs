//! A node: its follower and its ChatServer, as far as they order events.
//!
//! What is decided is decided by the real [`Feed`] and [`Timeline`]; what is
//! around them is kept as in `nodes::follower` and `chat::handlers`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    At, ClientNo, RoomNo,
    client::frame,
    database::{Done, Page, What, key},
    hub::{Item, Session},
    world::{Event, Place, Query, World},
};
use crate::{
    chat::Timeline,
    db::{FeedRow, Happened},
    nodes::Feed,
};
use parlor_domain::{
    Seq,
    limits::{TIMELINE_AGAIN, TIMELINE_PATIENCE},
};
use parlor_websocket::Frame;

/// How long an unused room stays, and how often one looks: as the real ones
/// longer than a read takes, and shorter than them.
const ROOM_IDLE: At = 6_000;
const ROOM_SWEEP: At = 1_000;

pub(super) struct RoomEntry {
    pub timeline: Timeline,
    pub is_reading: bool,
    used_at: At,
}

#[derive(Default)]
pub(super) struct Node {
    pub life: u32,
    pub is_up: bool,
    /// It knows where the feed stands, and takes connections.
    pub is_ready: bool,
    pub is_frozen: bool,
    /// What came while it was frozen.
    pub late: Vec<Said>,
    /// It does not reach Redis.
    pub is_cut: bool,
    pub feed: Feed,
    /// Rows that were there when it began.
    pub seen: BTreeSet<i64>,
    reading: bool,
    pub rooms: BTreeMap<RoomNo, RoomEntry>,
    /// Rooms that it is subscribed to in Redis.
    pub hears: BTreeSet<RoomNo>,
    behind: BTreeSet<RoomNo>,
    /// Items of the feed that were handed on, and rows of its own.
    handed: BTreeSet<(i64, u32)>,
    own: BTreeSet<i64>,
    pub sessions: BTreeMap<ClientNo, u64>,
    pub hub: BTreeMap<ClientNo, Session>,
    pub hub_until: At,
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

/// What arrives at a node.
#[derive(Clone, Debug)]
pub(super) enum Said {
    FeedStart(Option<(i64, Vec<i64>)>),
    Committed(Done),
    Hint(Hint),
    Poll,
    Feed(Option<Vec<FeedRow>>),
    Patience,
    Missing {
        room: RoomNo,
        since: i64,
        page: Option<Page>,
    },
    Subscribed(RoomNo),
    /// A room has come into memory.
    Appeared(RoomNo),
    Heads(Vec<(RoomNo, i64)>),
    Sweep,
    Arrival {
        client: ClientNo,
        session: u64,
        since: Option<i64>,
        head: Option<i64>,
    },
    ReadReplay {
        client: ClientNo,
        session: u64,
        since: i64,
    },
    Replayed {
        client: ClientNo,
        session: u64,
        since: i64,
        page: Option<Page>,
    },
    Hub(Item),
    Drained {
        client: ClientNo,
        session: u64,
    },
}

impl World {
    pub fn at(&mut self, place: Place, said: Said) {
        let node = &mut self.nodes[place.node];
        if !node.is_up || node.life != place.life {
            return;
        }
        if node.is_frozen {
            return node.late.push(said);
        }
        match said {
            Said::FeedStart(at) => self.feed_starts(place, at),
            Said::Committed(done) => self.committed(place, &done),
            Said::Hint(hint) => self.hinted(place, hint),
            Said::Poll => {
                self.read_feed(place);
                self.after(self.setup.poll, Event::At(place, Said::Poll));
            }
            Said::Feed(rows) => self.feed_read(place, rows),
            Said::Patience => {
                for room in std::mem::take(&mut self.nodes[place.node].behind) {
                    self.read_missing(place, room);
                }
            }
            Said::Missing { room, since, page } => self.missing_read(place, room, since, page),
            Said::Subscribed(room) => {
                if self.redis_is_up && !self.nodes[place.node].is_cut {
                    self.nodes[place.node].hears.insert(room);
                    self.ask(place, Query::Heads { rooms: vec![room] });
                }
            }
            Said::Appeared(room) => self.ask(place, Query::Heads { rooms: vec![room] }),
            Said::Heads(heads) => {
                heads.into_iter().for_each(|(room, head)| self.hear_of(place, room, head));
            }
            Said::Sweep => self.sweep(place),
            Said::Arrival { client, session, since, head } => {
                self.arrived(place, client, session, since, head);
            }
            Said::ReadReplay { client, session, since } => {
                if self.nodes[place.node].sessions.get(&client) == Some(&session) {
                    self.ask(place, Query::Replay { client, session, since });
                }
            }
            Said::Replayed { client, session, since, page } => {
                self.tell_hub(place, Item::Replayed { client, session, since, page });
            }
            Said::Hub(item) => self.hub_apply(place, item),
            Said::Drained { client, session } => self.drained(place, client, session),
        }
    }

    pub fn feed_starts(&mut self, place: Place, at: Option<(i64, Vec<i64>)>) {
        let Some((settled, seen)) = at else { return self.ask(place, Query::FeedStart) };
        let node = &mut self.nodes[place.node];
        node.seen = seen.iter().copied().collect();
        (node.feed, node.is_ready) = (Feed::new(settled, seen), true);
        self.after(0, Event::At(place, Said::Poll));
        self.after(ROOM_SWEEP, Event::At(place, Said::Sweep));
    }

    /// Its own batch: told here, then said to the others.
    fn committed(&mut self, place: Place, done: &Done) {
        for (room, seq, what) in &done.events {
            self.heard_event(place, *room, *seq, frame(*seq, *what, None));
        }
        let node = &mut self.nodes[place.node];
        node.feed.own(done.row);
        node.own.insert(done.row);
        self.publish(place, done);
    }

    fn hinted(&mut self, place: Place, hint: Hint) {
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
            self.heard_event(place, room, seq, frame(seq, what, None));
        }
    }

    fn read_feed(&mut self, place: Place) {
        let node = &mut self.nodes[place.node];
        if !std::mem::replace(&mut node.reading, true) {
            let upto = node.feed.upto();
            self.ask(place, Query::Feed { upto });
        }
    }

    fn feed_read(&mut self, place: Place, rows: Option<Vec<FeedRow>>) {
        let node = &mut self.nodes[place.node];
        node.reading = false;
        let Some(rows) = rows else { return };
        let is_full = rows.len() >= self.setup.page;
        let before = node.feed.upto();
        // The feed gives no numbers: each item of these rows is known by its
        // content.
        let mut places: Vec<((i64, u32), Happened)> = rows
            .iter()
            .flat_map(|row| {
                (0..).zip(&row.happened).map(|(item, what)| ((row.id, item), what.clone()))
            })
            .collect();
        let new = node.feed.read(rows);
        let goes_on = is_full && node.feed.upto() > before;
        for what in new {
            let found = places.iter().position(|((row, item), same)| {
                *same == what && !self.nodes[place.node].handed.contains(&(*row, *item))
            });
            let known = found.map(|found| places.remove(found).0);
            self.hand_on(place, known, &what);
        }
        if goes_on {
            self.read_feed(place);
        }
    }

    fn hand_on(&mut self, place: Place, one: Option<(i64, u32)>, what: &Happened) {
        let node = &mut self.nodes[place.node];
        check_handed(&mut node.handed, &node.own, one).unwrap_or_else(|why| {
            self.broken.get_or_insert(format!("n{}: {why}: {what:?}", place.node));
        });
        if let Happened::Head { room, seq } = what {
            self.hear_of(place, *room as RoomNo - 1, *seq);
        }
    }

    fn hear_of(&mut self, place: Place, room: RoomNo, head: i64) {
        if let Some(entry) = self.nodes[place.node].rooms.get_mut(&room) {
            entry.timeline.hear_of(Seq(head));
            self.catch_up_later(place, room);
        }
    }

    fn heard_event(&mut self, place: Place, room: RoomNo, seq: i64, frame: Frame) {
        let now = self.now;
        let Some(entry) = self.nodes[place.node].rooms.get_mut(&room) else { return };
        entry.used_at = now;
        let told = entry.timeline.offer(Seq(seq), frame);
        self.tell_all_of(place, room, told);
        self.catch_up_later(place, room);
    }

    fn tell_all_of(&mut self, place: Place, room: RoomNo, events: Vec<(Seq, Frame)>) {
        for (seq, frame) in events {
            self.tell_hub(place, Item::Event { room, seq, frame });
        }
    }

    fn catch_up_later(&mut self, place: Place, room: RoomNo) {
        let node = &mut self.nodes[place.node];
        if !node.rooms.get(&room).is_some_and(|entry| entry.timeline.is_behind()) {
            return;
        }
        if node.behind.insert(room) && node.behind.len() == 1 {
            let wait = TIMELINE_PATIENCE.as_millis() as At;
            self.after(wait, Event::At(place, Said::Patience));
        }
    }

    fn read_missing(&mut self, place: Place, room: RoomNo) {
        let Some(entry) = self.nodes[place.node].rooms.get_mut(&room) else { return };
        if !entry.is_reading && entry.timeline.is_behind() {
            entry.is_reading = true;
            let since = entry.timeline.told().0;
            self.ask(place, Query::Missing { room, since });
        }
    }

    fn missing_read(&mut self, place: Place, room: RoomNo, since: i64, page: Option<Page>) {
        let node = &mut self.nodes[place.node];
        if let Some(entry) = node.rooms.get_mut(&room) {
            entry.is_reading = false;
        }
        let Some(page) = page else {
            node.behind.insert(room);
            let wait = TIMELINE_AGAIN.as_millis() as At;
            return self.after(wait, Event::At(place, Said::Patience));
        };
        self.tell_missing(place, room, since, &page);
        self.catch_up_later(place, room);
    }

    fn tell_missing(&mut self, place: Place, room: RoomNo, since: i64, page: &Page) {
        let Some(entry) = self.nodes[place.node].rooms.get_mut(&room) else { return };
        let has_hole = since < page.bounds.floor;
        let upto = Seq(if has_hole { page.bounds.head.max(since) } else { page.upto });
        let told = entry.timeline.told();
        let follow = entry.timeline.read(upto);
        if upto > told {
            let missed = page.missed.iter().filter(|(seq, _)| !has_hole && *seq > told.0);
            let frames =
                missed.map(|(seq, what)| (Seq(*seq), frame(*seq, *what, Some(before(*seq)))));
            let frames = frames.collect();
            let after = if has_hole { upto } else { told };
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
        self.after(ROOM_SWEEP, Event::At(place, Said::Sweep));
    }

    /// A session is made live in its room.
    fn arrived(
        &mut self,
        place: Place,
        client: ClientNo,
        session: u64,
        since: Option<i64>,
        head: Option<i64>,
    ) {
        if self.clients[client].at != Some((place, session)) {
            return;
        }
        let Some(last) = head else { return self.disconnect(client) };
        if since.is_none() && !self.nodes[place.node].sessions.contains_key(&client) {
            self.starts_anew(client, last);
        }
        let room = self.clients[client].room;
        let now = self.now;
        let is_new = !self.nodes[place.node].rooms.contains_key(&room);
        let entry = self.nodes[place.node].rooms.entry(room).or_insert_with(|| RoomEntry {
            timeline: Timeline::new(Seq(last)),
            is_reading: false,
            used_at: now,
        });
        entry.timeline.hear_of(Seq(last));
        entry.used_at = now;
        let head = entry.timeline.told().max(Seq(last));
        self.nodes[place.node].sessions.insert(client, session);
        if is_new {
            let wait = self.random.ms(0, 20);
            self.after(wait, Event::At(place, Said::Appeared(room)));
        }
        if is_new && self.setup.has_redis {
            let wait = self.random.ms(0, 60);
            self.after(wait, Event::At(place, Said::Subscribed(room)));
        }
        let asked = since.is_some();
        let since = Seq(since.unwrap_or(last));
        self.tell_hub(
            place,
            Item::CatchUp { client, session, room: key(room), since, head, asked },
        );
    }
}

/// As `chat::server::behind` tells a change: as changed.
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
