//! One worker thread's sessions and who of them hears which room.
//!
//! The ChatServer decides, the hub carries out: it gets what came of a batch,
//! copies a pointer to each frame into the queues of its own sessions, and
//! lets frames that wait leave with one system call.
//!
//! It is pure: a connection is an [`Outlet`], and what only the thread can do
//! is said in [`Effects`]. The simulator runs it as the server does.

mod catch_up;
mod gate;
mod outlet;
mod replay;
mod runs;
mod streams;

use std::{rc::Rc, time::Duration};

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::send_queue::SendQueueLimits;
use crate::{
    chat::{Item, ReadReplay, ReadRooms, SessionId},
    protocol::server_frame,
};
use parlor_domain::RoomKey;
use parlor_websocket::Frame;

use catch_up::CatchUps;
use gate::Gate;
use runs::Runs;
use streams::Streams;

pub(crate) use outlet::{Listing, Outlet, Queue};

/// A session's subscription to one room.
struct Subscriber<O> {
    link: Rc<O>,
    gate: Gate,
}

type Subscribers<O> = IndexMap<SessionId, Subscriber<O>, FxBuildHasher>;

struct Attached<O> {
    link: Rc<O>,
    rooms: Vec<RoomKey>,
    catch_ups: CatchUps,
    /// It was told `session.ready`: the first frame that comes for it.
    greeted: bool,
}

/// The sessions of one worker thread.
pub(crate) struct Hub<O> {
    sessions: FxHashMap<SessionId, Attached<O>>,
    rooms: FxHashMap<RoomKey, Subscribers<O>>,
    runs: Runs,
    streams: Streams,
    /// Links with something to write.
    listed: Vec<Rc<O>>,
    /// Bytes of what a session is told of rooms at once.
    piece_bytes: usize,
    effects: Effects,
}

/// What came of it, besides what is in the queues.
#[derive(Default)]
pub(crate) struct Effects {
    /// What sessions need next from the ChatServer: of each at most one page
    /// and one list of rooms at a time.
    pub pages: Vec<ReadReplay>,
    pub rooms: Vec<ReadRooms>,
    /// Events that were handed to a session.
    pub deliveries: usize,
}

impl<O: Outlet> Hub<O> {
    pub fn new(queue: SendQueueLimits, piece_bytes: usize) -> Self {
        Self {
            sessions: FxHashMap::default(),
            rooms: FxHashMap::default(),
            runs: Runs::new(queue),
            streams: Streams::default(),
            listed: Vec::new(),
            piece_bytes,
            effects: Effects::default(),
        }
    }

    pub fn attach(&mut self, link: Rc<O>) {
        let id = link.queue().id;
        let (rooms, catch_ups) = (Vec::new(), CatchUps::default());
        self.sessions.insert(id, Attached { link, rooms, catch_ups, greeted: false });
    }

    pub fn detach(&mut self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        for room in session.rooms {
            self.remove_subscriber(id, room);
        }
    }

    /// A session's queue has become empty: it can take more.
    pub fn drained(&mut self, id: SessionId) {
        self.go_on_with(id);
        self.flush();
    }

    pub fn take_effects(&mut self) -> Effects {
        std::mem::take(&mut self.effects)
    }

    pub fn apply(&mut self, item: Item) {
        match &item {
            Item::Event { .. } => {}
            Item::Answer { session, .. }
            | Item::Frame { session, .. }
            | Item::Rooms { session, .. } => {
                self.finish_runs_of(*session);
            }
            _ => self.finish_runs(),
        }
        match item {
            Item::Event { room, seq, frame } => self.event(room, seq, frame),
            Item::Missed { room, after, upto, frames } => self.missed(room, after, upto, &frames),
            Item::Notice { room, frame } => self.notice(room, &frame),
            Item::Ephemeral { room, frame, except } => self.ephemeral(room, &frame, &except),
            Item::Stream { news, frame, at } => self.stream(&news, frame.as_ref(), at),
            Item::StreamEnded { room, message } => self.streams.ended(room, message),
            Item::Presence { rooms, frame, except } => self.presence(&rooms, &frame, &except),
            Item::Answer { session, frame, is_fault } => {
                self.answer(session, frame);
                if is_fault {
                    self.with_link(session, O::error_sent);
                }
            }
            Item::Frame { session, frame } => self.send(session, &frame),
            Item::Rooms { session, frame, more } => self.some_rooms(session, &frame, more),
            Item::CatchUp(catch_up) => self.catch_up(catch_up),
            Item::Replayed { session, room, since, outcome } => {
                self.replayed(session, room, since, outcome);
            }
            Item::Unsubscribe { session, room } => self.unsubscribe(session, room),
            Item::RoomGone { room } => self.room_gone(room),
            Item::Close { session, close, reason } => self.with_link(session, |link| {
                link.close_saying(close, reason.as_deref().unwrap_or(close.reason()));
            }),
            Item::Probe { session } => self.with_link(session, O::probe),
            Item::Everyone { frame } => self.everyone(&frame),
            Item::GoAway { reason, spread } => self.go_away(reason, spread),
            Item::CloseAll { close } => {
                self.sessions.values().for_each(|attached| attached.link.close(close));
            }
        }
    }

    fn with_link(&self, session: SessionId, act: impl FnOnce(&O)) {
        if let Some(attached) = self.sessions.get(&session) {
            act(&attached.link);
        }
    }

    /// Whether there is something for [`Hub::flush`].
    pub fn has_output(&self) -> bool {
        !self.listed.is_empty() || !self.runs.is_empty()
    }

    /// What the gates hold.
    #[cfg(test)]
    pub fn held(&self) -> impl Iterator<Item = (usize, usize)> + Clone {
        self.rooms.values().flat_map(IndexMap::values).map(|one| one.gate.held())
    }

    /// Writes to all links that have something, once for all that came.
    pub fn flush(&mut self) {
        self.finish_runs();
        for link in std::mem::take(&mut self.listed) {
            let queue = link.queue();
            // What it is given next goes at once, as long as it takes it all.
            while link.flush_or_wake() && link.is_drained() && queue.awaits_drain.take() {
                self.go_on_with(queue.id);
            }
            queue.listed.set(false);
        }
    }

    fn notice(&mut self, room: RoomKey, frame: &Frame) {
        for subscriber in self.rooms.get(&room).into_iter().flat_map(IndexMap::values) {
            queue(&mut self.listed, &subscriber.link, frame);
        }
    }

    fn ephemeral(&mut self, room: RoomKey, frame: &Frame, except: &[SessionId]) {
        for (session, subscriber) in self.rooms.get(&room).into_iter().flatten() {
            if !except.contains(session) {
                subscriber.link.offer(frame);
                list(&mut self.listed, &subscriber.link);
            }
        }
    }

    fn presence(&mut self, rooms: &[RoomKey], frame: &Frame, except: &[SessionId]) {
        let mut reached: FxHashSet<SessionId> = except.iter().copied().collect();
        for (session, subscriber) in rooms.iter().filter_map(|room| self.rooms.get(room)).flatten()
        {
            if reached.insert(*session) {
                subscriber.link.offer(frame);
                list(&mut self.listed, &subscriber.link);
            }
        }
    }

    /// Those without a user yet are nobody to tell.
    fn everyone(&mut self, frame: &Frame) {
        for attached in self.sessions.values().filter(|attached| attached.greeted) {
            queue(&mut self.listed, &attached.link, frame);
        }
    }

    /// Every session is told its own time to come back.
    fn go_away(&mut self, reason: &str, spread: Duration) {
        for (id, attached) in &self.sessions {
            let frame = server_frame::server_goaway(reason, part_of(spread, *id));
            queue(&mut self.listed, &attached.link, &frame);
        }
    }

    fn answer(&mut self, session: SessionId, frame: Option<Frame>) {
        let Some(attached) = self.sessions.get(&session) else { return };
        attached.link.request_answered();
        if let Some(frame) = frame {
            queue(&mut self.listed, &attached.link, &frame);
        }
    }

    fn send(&mut self, session: SessionId, frame: &Frame) {
        if let Some(attached) = self.sessions.get_mut(&session) {
            attached.greeted = true;
            queue(&mut self.listed, &attached.link, frame);
        }
    }

    fn unsubscribe(&mut self, session: SessionId, room: RoomKey) {
        let Some(attached) = self.sessions.get_mut(&session) else { return };
        attached.rooms.retain(|other| *other != room);
        // A page that is being read will not come any more.
        if let Some(first) = attached.catch_ups.first().filter(|first| first.room() == Some(room)) {
            first.reading = None;
        }
        self.remove_subscriber(session, room);
        self.continue_catch_up(session);
    }

    fn remove_subscriber(&mut self, session: SessionId, room: RoomKey) {
        let Some(subscribers) = self.rooms.get_mut(&room) else { return };
        subscribers.swap_remove(&session);
        self.streams.left(room, session);
        if subscribers.is_empty() {
            self.rooms.remove(&room);
            self.streams.gone(room);
        }
    }

    fn room_gone(&mut self, room: RoomKey) {
        self.streams.gone(room);
        for session in self.rooms.remove(&room).unwrap_or_default().into_keys() {
            self.unsubscribe(session, room);
        }
    }
}

/// Milliseconds within `spread`: multiples of the golden ratio, which lie
/// evenly however many ids follow each other.
fn part_of(spread: Duration, SessionId(id): SessionId) -> u64 {
    let part = u128::from(id.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    u64::try_from((spread.as_millis() * part) >> u64::BITS).unwrap_or(u64::MAX)
}

fn queue<O: Outlet>(listed: &mut Vec<Rc<O>>, link: &Rc<O>, frame: &Frame) {
    link.send(frame);
    list(listed, link);
}

fn list<O: Outlet>(listed: &mut Vec<Rc<O>>, link: &Rc<O>) {
    if !link.queue().listed.replace(true) {
        listed.push(link.clone());
    }
}

/// What comes next for it comes when it has taken what it was given.
fn await_drain<O: Outlet>(listed: &mut Vec<Rc<O>>, link: &Rc<O>) {
    link.queue().awaits_drain.set(true);
    list(listed, link);
}

#[test]
fn sessions_come_back_at_times_that_lie_evenly_within_the_spread() {
    let time = |id| part_of(Duration::from_secs(10), SessionId(id));
    let mut times: Vec<u64> = (1..=100).map(time).collect();
    times.sort_unstable();
    assert!(times[99] < 10_000);
    assert!(times.windows(2).all(|two| (50..=250).contains(&(two[1] - two[0]))), "{times:?}");
}
