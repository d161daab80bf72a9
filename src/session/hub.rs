//! One worker thread's sessions and who of them hears which room.
//!
//! The ChatServer decides, the hub carries out: it gets one message per
//! batch, copies a pointer to each frame into the queues of its own
//! sessions, and lets frames that wait leave with one system call.

mod mailbox;
mod runs;

use std::{rc::Rc, sync::Arc, time::Duration};

use actix::Addr;
use indexmap::IndexMap;
use rand::RngExt;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::{catch_up::CatchUps, gate::Gate, link::Link, outbox::OutboxLimits};
use crate::{
    chat::{
        CatchUp, ChatServer, Item, ReadReplay, ReadRooms, Replayed, SessionId, SessionRef, WorkerId,
    },
    protocol::{Close, server_frame},
};
use parlor_domain::{
    RoomKey, Seq,
    limits::{REPLAY_HELD, REPLAY_HELD_BYTES},
};
use parlor_websocket::Frame;

use runs::Runs;

pub(super) use mailbox::HubActor;

/// A session's subscription to one room.
struct Subscriber {
    link: Rc<Link>,
    gate: Gate,
}

type Subscribers = IndexMap<SessionId, Subscriber, FxBuildHasher>;

struct Attached {
    link: Rc<Link>,
    rooms: Vec<RoomKey>,
    catch_ups: CatchUps,
    /// It was told `session.ready`: the first frame that comes for it.
    greeted: bool,
    listing: Listing,
}

/// Whether a session has been told of all of its rooms.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listing {
    Complete,
    /// More are asked for when it has taken the last ones.
    Paused,
    Reading,
}

/// The sessions of one worker thread.
pub(super) struct Hub {
    worker: WorkerId,
    chat: Addr<ChatServer>,
    sessions: FxHashMap<SessionId, Attached>,
    rooms: FxHashMap<RoomKey, Subscribers>,
    runs: Runs,
    /// Links with something to write.
    listed: Vec<Rc<Link>>,
    /// Bytes of what a session is told of rooms at once.
    piece_bytes: usize,
}

impl Hub {
    pub fn new(
        worker: WorkerId,
        chat: Addr<ChatServer>,
        queue: OutboxLimits,
        piece_bytes: usize,
    ) -> Self {
        Self {
            worker,
            chat,
            sessions: FxHashMap::default(),
            rooms: FxHashMap::default(),
            runs: Runs::new(queue),
            listed: Vec::new(),
            piece_bytes,
        }
    }

    pub fn attach(&mut self, link: Rc<Link>) {
        let id = link.id;
        let attached = Attached {
            link,
            rooms: Vec::new(),
            catch_ups: CatchUps::default(),
            greeted: false,
            listing: Listing::Complete,
        };
        self.sessions.insert(id, attached);
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

    /// Goes on with what waits until a session has taken what came before.
    fn go_on_with(&mut self, id: SessionId) {
        self.continue_listing(id);
        self.continue_catch_up(id);
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
            Item::Presence { rooms, frame, except } => self.presence(&rooms, &frame, &except),
            Item::Answer { session, frame, is_fault } => {
                self.answer(session, frame);
                if let Some(attached) = self.sessions.get(&session).filter(|_| is_fault) {
                    attached.link.error_told();
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
            Item::Close { session, close, reason } => {
                if let Some(attached) = self.sessions.get(&session) {
                    let reason = reason.as_deref().unwrap_or(close.reason());
                    attached.link.close_saying(close, reason);
                }
            }
            Item::Probe { session } => {
                if let Some(attached) = self.sessions.get(&session) {
                    attached.link.probe(std::time::Instant::now());
                }
            }
            Item::Everyone { frame } => self.everyone(&frame),
            Item::GoAway { reason, spread } => self.go_away(reason, spread),
            Item::CloseAll { close } => {
                self.sessions.values().for_each(|attached| attached.link.close(close));
            }
        }
    }

    /// Whether there is something for [`Hub::flush`].
    pub fn has_output(&self) -> bool {
        !self.listed.is_empty() || !self.runs.is_empty()
    }

    /// Writes to all links that have something, once for all that came.
    pub fn flush(&mut self) {
        self.finish_runs();
        for link in std::mem::take(&mut self.listed) {
            link.listed.set(false);
            if !link.flush() {
                // Its own task waits until the socket takes more.
                link.wake();
            } else if link.awaits_drain.take() {
                self.go_on_with(link.id);
            }
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
        let mut told: FxHashSet<SessionId> = except.iter().copied().collect();
        for (session, subscriber) in rooms.iter().filter_map(|room| self.rooms.get(room)).flatten()
        {
            if told.insert(*session) {
                subscriber.link.offer(frame);
                list(&mut self.listed, &subscriber.link);
            }
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

    /// Some of a session's rooms. It is asked for more when it has taken them,
    /// so that however many there are, they never fill the queue.
    fn some_rooms(&mut self, session: SessionId, frame: &Frame, more: bool) {
        self.send(session, frame);
        let Some(attached) = self.sessions.get_mut(&session) else { return };
        attached.listing = if more { Listing::Paused } else { Listing::Complete };
        attached.link.listing.set(more);
        self.continue_listing(session);
    }

    fn continue_listing(&mut self, id: SessionId) {
        let Some(attached) = self.sessions.get_mut(&id) else { return };
        if attached.listing != Listing::Paused {
            return;
        }
        if attached.link.is_drained() {
            attached.listing = Listing::Reading;
            let session = SessionRef { id, worker: self.worker };
            // One at a time and session, so its mailbox cannot fill up.
            return self.chat.do_send(ReadRooms { session });
        }
        attached.link.awaits_drain.set(true);
        list(&mut self.listed, &attached.link);
    }

    fn catch_up(&mut self, catch_up: Arc<CatchUp>) {
        let id = catch_up.session;
        let Some(attached) = self.sessions.get_mut(&id) else { return };
        for room in &catch_up.rooms {
            let key = room.overview.room.key;
            let subscribers = self.rooms.entry(key).or_default();
            if !room.asked && subscribers.contains_key(&id) {
                continue;
            }
            let gate = Gate::new(room.since, room.head);
            let subscriber = Subscriber { link: attached.link.clone(), gate };
            if subscribers.insert(id, subscriber).is_none() {
                attached.rooms.push(key);
            }
        }
        attached.catch_ups.push(catch_up);
        self.continue_catch_up(id);
    }

    /// Goes on with a session's catch-ups as far as that is possible now.
    fn continue_catch_up(&mut self, id: SessionId) {
        loop {
            let Some(attached) = self.sessions.get_mut(&id) else { return };
            if attached.catch_ups.is_empty() || attached.catch_ups.is_reading() {
                return;
            }
            if attached.catch_ups.has_piece(self.piece_bytes) {
                if !attached.link.is_drained() {
                    attached.link.awaits_drain.set(true);
                    return list(&mut self.listed, &attached.link);
                }
                if let Some(piece) = attached.catch_ups.take_piece() {
                    queue(&mut self.listed, &attached.link, &piece);
                }
            }
            let Some(room) = attached.catch_ups.room() else {
                if !attached.catch_ups.refuse_next() {
                    self.complete(id);
                }
                continue;
            };
            // Unsubscribed meanwhile: then there is nothing to wait for.
            let gate = self.rooms.get(&room).and_then(|all| all.get(&id)).map(|one| &one.gate);
            match gate {
                Some(gate) if !gate.is_live() => {
                    if attached.link.is_drained() {
                        let since = gate.at();
                        attached.catch_ups.reading_began(since);
                        return self.read_page(id, room, since);
                    }
                    attached.link.awaits_drain.set(true);
                    return list(&mut self.listed, &attached.link);
                }
                gate => attached.catch_ups.room_done(gate.map_or(Seq::ZERO, Gate::at)),
            }
        }
    }

    fn complete(&mut self, id: SessionId) {
        let Some(attached) = self.sessions.get_mut(&id) else { return };
        if let Some(completed) = attached.catch_ups.complete()
            && completed.was_asked()
        {
            let frame = completed.ack();
            self.answer(id, frame);
        }
    }

    /// A session that was live in a room has to read what comes next there.
    fn fall_behind(&mut self, id: SessionId, room: RoomKey) {
        if let Some(attached) = self.sessions.get_mut(&id) {
            attached.catch_ups.push_behind(room);
            self.continue_catch_up(id);
        }
    }

    fn read_page(&self, id: SessionId, room: RoomKey, since: Seq) {
        let session = SessionRef { id, worker: self.worker };
        let catch_ups = self.sessions.get(&id).map(|attached| &attached.catch_ups);
        let kept = catch_ups.is_some_and(|all| all.takes_what_is_kept(room, since));
        // One page at a time and session, so its mailbox cannot fill up.
        self.chat.do_send(ReadReplay { session, room, since, kept });
    }

    fn replayed(&mut self, id: SessionId, room: RoomKey, since: Seq, outcome: Replayed) {
        let Some(attached) = self.sessions.get_mut(&id) else { return };
        if !attached.catch_ups.page_came(room, since) {
            return;
        }
        let subscriber = self.rooms.get_mut(&room).and_then(|all| all.get_mut(&id));
        // One that has subscribed anew meanwhile, from elsewhere, needs another
        // page; and so does one to whom too much was said: it is read again.
        let fits = |one: &Subscriber| match &outcome {
            Replayed::Page { frames, .. } => {
                let bytes = frames.iter().map(Frame::size).sum::<usize>();
                let (most, most_bytes) = (frames.len() + REPLAY_HELD, bytes + REPLAY_HELD_BYTES);
                one.link.is_drained() || one.link.has_room_for(most, most_bytes)
            }
            Replayed::Resync { .. } | Replayed::Failed => true,
        };
        let is_wanted =
            |one: &&mut Subscriber| !one.gate.is_live() && one.gate.at() == since && fits(one);
        if let Some(subscriber) = subscriber.filter(is_wanted) {
            let link = &subscriber.link;
            let (read, follow) = match outcome {
                Replayed::Page { frames, upto } => (frames, subscriber.gate.replayed(upto)),
                // Nobody waits for an answer that could say so: the session
                // comes back, asks, and is told.
                Replayed::Resync { .. } if !attached.catch_ups.was_asked() => {
                    return link.close(Close::Overloaded);
                }
                Replayed::Resync { overview } => {
                    let follow = subscriber.gate.restart(overview.last_seq);
                    attached.catch_ups.resynced(overview);
                    (Vec::new(), follow)
                }
                Replayed::Failed => return link.close(Close::Overloaded),
            };
            attached.catch_ups.replayed(read.len() + follow.len());
            for frame in read.into_iter().chain(follow) {
                queue(&mut self.listed, link, &frame);
            }
        }
        self.continue_catch_up(id);
    }

    fn unsubscribe(&mut self, session: SessionId, room: RoomKey) {
        let Some(attached) = self.sessions.get_mut(&session) else { return };
        attached.rooms.retain(|other| *other != room);
        // A page that is being read will not come any more.
        attached.catch_ups.reading_ended(room);
        self.remove_subscriber(session, room);
        self.continue_catch_up(session);
    }

    fn remove_subscriber(&mut self, session: SessionId, room: RoomKey) {
        let Some(subscribers) = self.rooms.get_mut(&room) else { return };
        subscribers.swap_remove(&session);
        if subscribers.is_empty() {
            self.rooms.remove(&room);
        }
    }

    fn room_gone(&mut self, room: RoomKey) {
        for session in self.rooms.remove(&room).unwrap_or_default().into_keys() {
            self.unsubscribe(session, room);
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
        let spread = u64::try_from(spread.as_millis()).unwrap_or(u64::MAX);
        let mut random = rand::rng();
        for attached in self.sessions.values() {
            let frame = server_frame::server_goaway(reason, random.random_range(0..=spread));
            queue(&mut self.listed, &attached.link, &frame);
        }
    }
}

fn queue(listed: &mut Vec<Rc<Link>>, link: &Rc<Link>, frame: &Frame) {
    link.send(frame);
    list(listed, link);
}

fn list(listed: &mut Vec<Rc<Link>>, link: &Rc<Link>) {
    if !link.listed.replace(true) {
        listed.push(link.clone());
    }
}
