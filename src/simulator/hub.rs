//! The sessions of a node: the real [`Hub`], with sockets that take what they
//! are given when they like, and what the ChatServer says of them.

use std::{
    cell::{Cell, RefCell},
    io, mem,
    rc::Rc,
    sync::Arc,
};

use super::{
    ClientNo, RoomNo,
    client::frame,
    database::{Page, key},
    node::RoomEntry,
    random::Random,
    world::{Place, World},
};
use crate::{
    chat::{CatchUp, CatchUpKind, CatchUpRoom, Item, ReadReplay, Replayed, SessionId, Timeline},
    protocol::Close,
    session::{Hub, Outlet, Queue, SendQueueLimits},
};
use parlor_domain::{Bounds, Life, Room, RoomKind, RoomOverview, Seq};

/// A page and what a gate holds fit in, and a burst does not always.
const QUEUE: SendQueueLimits = SendQueueLimits { frames: 120, bytes: 1 << 20 };
/// What came of one room is told before the answer.
const PIECE_BYTES: usize = 1;
/// More missed events than are replayed: the session starts anew.
const REPLAY_EVENTS: usize = 150;

/// A node's end of a connection.
pub(super) struct Socket {
    queue: Queue,
    random: RefCell<Random>,
    /// What has come through to the client.
    came: RefCell<Vec<u8>>,
    is_blocked: Cell<bool>,
    is_closed: Cell<bool>,
    /// Somebody waits until it takes more.
    is_awaited: Cell<bool>,
}

impl Socket {
    pub fn new(session: u64, seed: u64) -> Rc<Self> {
        Rc::new(Self {
            queue: Queue::new(SessionId(session), None, QUEUE),
            random: RefCell::new(Random::new(seed)),
            came: RefCell::default(),
            is_blocked: Cell::new(false),
            is_closed: Cell::new(false),
            is_awaited: Cell::new(false),
        })
    }

    pub fn session(&self) -> u64 {
        self.queue.id.0
    }

    /// The next whole frame that has come through.
    fn read(&self) -> Option<String> {
        let mut came = self.came.borrow_mut();
        let (header, length) = match came[..] {
            [0x81, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
            [0x81, length @ 0..=125, ..] => (2, usize::from(length)),
            _ => return None,
        };
        let text = came.get(header..header + length)?;
        let text = String::from_utf8_lossy(text).into_owned();
        came.drain(..header + length);
        Some(text)
    }
}

impl Outlet for Socket {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    fn is_open(&self) -> bool {
        !self.is_closed.get()
    }

    fn is_drained(&self) -> bool {
        self.queue.send_queue.borrow().is_empty()
    }

    /// At times it takes a part, or nothing for a while.
    fn flush(&self) -> bool {
        let mut random = self.random.borrow_mut();
        let written = self.queue.send_queue.borrow_mut().write_to(|pieces| {
            if self.is_blocked.replace(self.is_blocked.get() || random.happens(50)) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let bytes = pieces.iter().map(|piece| piece.len()).sum();
            let taken = if random.happens(50) { 1 + random.below(bytes) } else { bytes };
            let all = pieces.iter().flat_map(|piece| piece.iter());
            self.came.borrow_mut().extend(all.take(taken));
            Ok(taken)
        });
        written.is_ok_and(|written| written.all)
    }

    fn wake(&self) {
        self.is_awaited.set(true);
    }

    fn close_saying(&self, _: Close, _: &str) {
        self.is_closed.set(true);
    }

    fn probe(&self) {}

    fn request_answered(&self) {}

    fn error_sent(&self) {}
}

impl Default for Hub<Socket> {
    fn default() -> Self {
        Self::new(QUEUE, PIECE_BYTES)
    }
}

impl World {
    /// Does something with a node's hub, and what comes of it.
    fn hub(&mut self, place: Place, act: impl FnOnce(&mut Hub<Socket>)) {
        let node = &mut self.nodes[place.node];
        act(&mut node.hub);
        let pages = node.hub.take_effects().pages;
        for page in pages {
            let wait = self.random.ms(0, 3);
            self.at(place, wait, move |world| world.read_replay(place, &page));
        }
        (0..self.clients.len()).for_each(|client| self.read_socket(place, client));
    }

    /// As `session::mailbox`: items that come soon leave together.
    pub fn hub_hears(&mut self, place: Place, item: Item) {
        self.hub(place, |hub| hub.apply(item));
        let node = &mut self.nodes[place.node];
        if node.hub.has_output() && !mem::replace(&mut node.is_flushing, true) {
            let wait = self.random.ms(0, 3);
            self.at(place, wait, move |world| {
                world.nodes[place.node].is_flushing = false;
                world.hub(place, Hub::flush);
            });
        }
    }

    /// A client reads what has come through.
    fn read_socket(&mut self, place: Place, client: ClientNo) {
        let Some((_, socket)) = self.clients[client].at.clone().filter(|(at, _)| *at == place)
        else {
            return;
        };
        while let Some(text) = socket.read() {
            self.receive(client, &text);
        }
        if socket.is_closed.get() {
            return self.disconnect(client);
        }
        if socket.is_awaited.take() {
            let wait = self.random.ms(1, 500);
            self.at(place, wait, move |world| world.writable(place, client, &socket));
        }
    }

    /// A socket takes more, as `session::driver` notices.
    fn writable(&mut self, place: Place, client: ClientNo, socket: &Socket) {
        if !self.clients[client].is_at(place, socket.session()) {
            return;
        }
        socket.is_blocked.set(false);
        self.hub(place, |hub| {
            if socket.flush_or_wake() && socket.queue.awaits_drain.take() {
                hub.drained(socket.queue.id);
            }
        });
    }

    /// A session wants what it has missed: as `chat::handlers::replay`.
    fn read_replay(&mut self, place: Place, asked: &ReadReplay) {
        let ReadReplay { session, room, since, .. } = *asked;
        if self.nodes[place.node].sessions.values().any(|one| *one == session.0) {
            let number = room.0 as RoomNo - 1;
            self.ask_page(place, number, since.0, move |world, page| {
                let outcome = replayed(number, since, page);
                world.tell_hub(place, Item::Replayed { session, room, since, outcome });
            });
        }
    }

    /// A session is made live in its room.
    pub fn arrived(
        &mut self,
        place: Place,
        client: ClientNo,
        session: u64,
        since: Option<i64>,
        head: Option<i64>,
    ) {
        if !self.clients[client].is_at(place, session) {
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
        entry.timeline.note_head(Seq(last));
        entry.used_at = now;
        let head = entry.timeline.last_sent().max(Seq(last));
        self.nodes[place.node].sessions.insert(client, session);
        self.clients[client].is_attached = true;
        if is_new {
            let wait = self.random.ms(0, 20);
            self.at(place, wait, move |world| world.read_head(place, room));
        }
        if is_new && self.setup.has_redis {
            let wait = self.random.ms(0, 60);
            self.at(place, wait, move |world| world.subscribed(place, room));
        }
        let asked = since.is_some();
        let id = since.map(|since| since.to_string().into());
        let kind = match self.random.below(2) {
            _ if !asked => CatchUpKind::Quiet,
            0 => CatchUpKind::Subscribe { id },
            _ => CatchUpKind::Resume { id, refused: Vec::new() },
        };
        let since = Seq(since.unwrap_or(last));
        let overview = overview(room, Seq(last));
        let rooms = vec![CatchUpRoom { overview, since, kept: false, asked, head }];
        let catch_up = CatchUp { session: SessionId(session), kind, rooms };
        self.tell_hub(place, Item::CatchUp(Arc::new(catch_up)));
    }
}

fn overview(room: RoomNo, last_seq: Seq) -> RoomOverview {
    let room = Arc::new(Room::sample(key(room), RoomKind::Public));
    let epoch = Life::from_stored("of the simulator").epoch_of(room.key);
    RoomOverview {
        room,
        last_seq,
        epoch,
        member_count: 1,
        state: None,
        peer: None,
        last_message: None,
    }
}

fn replayed(room: RoomNo, since: Seq, page: Option<Page>) -> Replayed {
    let Some(Page { missed, upto, bounds }) = page else { return Replayed::Failed };
    let (floor, last) = (Seq(bounds.floor), Seq(bounds.head));
    if !(Bounds { start: Seq::ZERO, floor, last }).can_serve(since, REPLAY_EVENTS) {
        return Replayed::Resync { overview: Box::new(overview(room, last)) };
    }
    let frames = missed.iter().map(|(seq, what)| frame(*seq, *what, Some(since.0))).collect();
    Replayed::Page { frames, upto: Seq(upto) }
}
