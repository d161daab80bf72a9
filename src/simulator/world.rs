//! The virtual time, what happens in it, and the checks.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    At, NodeNo,
    client::Client,
    database::{Batch, Database, Done, What},
    node::{Hint, Node},
    random::Random,
};
use crate::{
    chat::Item,
    db::{OpenRow, Recorded},
};
use parlor_domain::limits::{REPLAY_HELD, TIMELINE_HELD};

/// How long things go wrong, and how long they may take to come right.
const STORM: At = 8_000;
const CALM: At = 15_000;
/// Batches that wait for locks or run.
const BATCHES_MAX: usize = 16;
/// More than any schedule needs: one that does not end is broken.
const STEPS_MAX: usize = 400_000;

/// A node's life from one start to its end: what comes later for it is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub node: NodeNo,
    pub life: u32,
}

/// What happens in the world.
pub(super) type Act = Box<dyn FnOnce(&mut World)>;

/// How a schedule's world is.
#[derive(Debug)]
pub(super) struct Setup {
    pub has_redis: bool,
    pub poll: At,
    /// Hints that are lost and that come twice, of a thousand.
    pub lost: u64,
    pub twice: u64,
    /// How late a hint is, usually and at worst.
    pub hint: (At, At),
    pub read: (At, At),
    pub commit: (At, At),
    /// Rows of a page.
    pub page: usize,
    pub write_every: At,
    pub fault_every: At,
}

pub(super) struct World {
    pub now: At,
    pub random: Random,
    pub setup: Setup,
    pub database: Database,
    pub nodes: Vec<Node>,
    pub clients: Vec<Client>,
    pub redis_is_up: bool,
    /// Nothing goes wrong any more.
    pub is_calm: bool,
    pub sessions: u64,
    in_flight: usize,
    queue: BTreeMap<(At, u64), Act>,
    queued: u64,
    traces: bool,
    /// What was found to be wrong, first.
    pub broken: Option<String>,
}

impl World {
    pub fn new(seed: u64, traces: bool) -> Self {
        let mut random = Random::new(seed);
        let setup = Setup {
            has_redis: random.happens(700),
            poll: random.ms(100, 1_000),
            lost: random.ms(0, 300),
            twice: random.ms(0, 200),
            hint: (random.ms(1, 30), random.ms(10, 3_000)),
            read: (random.ms(1, 20), random.ms(5, 3_000)),
            commit: (random.ms(1, 20), random.ms(5, 4_000)),
            page: random.ms(2, 25) as usize,
            write_every: random.ms(5, 200),
            fault_every: random.ms(300, 6_000),
        };
        let rooms = 1 + random.below(3);
        let nodes = 1 + random.below(4);
        let clients = 1 + random.below(8);
        let mut world = Self {
            now: 0,
            database: Database::new(rooms),
            nodes: (0..nodes).map(|_| Node::default()).collect(),
            clients: (0..clients).map(|_| Client::new(random.below(rooms))).collect(),
            redis_is_up: setup.has_redis,
            is_calm: false,
            sessions: 0,
            in_flight: 0,
            queue: BTreeMap::new(),
            queued: 0,
            traces,
            broken: None,
            setup,
            random,
        };
        world.trace(|world| format!("{:?}", world.setup));
        (0..nodes).for_each(|node| world.after(0, move |world| world.start(node)));
        (0..clients).for_each(|client| {
            let wait = world.random.ms(0, 2_000);
            world.after(wait, move |world| world.connect(client));
        });
        world.after(1, Self::write);
        world.after(500, Self::fault);
        world.after(STORM, Self::calm);
        world
    }

    pub fn trace(&self, what: impl FnOnce(&Self) -> String) {
        if self.traces {
            println!("{:>6} {}", self.now, what(self));
        }
    }

    pub fn break_with(&mut self, why: String) {
        self.trace(|_| format!("BROKEN: {why}"));
        self.broken.get_or_insert(why);
    }

    pub fn after(&mut self, wait: At, act: impl FnOnce(&mut Self) + 'static) {
        self.queued += 1;
        self.queue.insert((self.now + wait, self.queued), Box::new(act));
    }

    /// The same at a node, unless it is gone by then.
    pub fn at(&mut self, place: Place, wait: At, act: impl FnOnce(&mut Self) + 'static) {
        self.after(wait, move |world| world.happen(place, Box::new(act)));
    }

    pub fn happen(&mut self, place: Place, act: Act) {
        let node = &mut self.nodes[place.node];
        if !node.is_up || node.life != place.life {
            return;
        }
        if node.is_frozen {
            return node.late.push(act);
        }
        act(self);
    }

    /// Runs the schedule to its end; gives what is wrong.
    pub fn run(mut self) -> Result<usize, String> {
        let mut steps = 0;
        while let Some(((at, _), act)) = self.queue.pop_first() {
            if at > STORM + CALM {
                break;
            }
            self.now = at;
            act(&mut self);
            self.check_bounds();
            steps += 1;
            if steps > STEPS_MAX {
                self.break_with("it does not come to rest".to_owned());
            }
            if let Some(why) = self.broken {
                return Err(format!("after {} ms: {why}", self.now));
            }
        }
        self.check_end();
        self.broken.map_or(Ok(steps), |why| Err(format!("at the end: {why}")))
    }

    /// Somebody sends something into some rooms through some node.
    fn write(&mut self) {
        if self.is_calm {
            return;
        }
        let wait = self.random.ms(0, 2 * self.setup.write_every);
        self.after(wait, Self::write);
        let node = self.random.below(self.nodes.len());
        let Some(place) = self.serving(node).filter(|_| self.in_flight < BATCHES_MAX) else {
            return;
        };
        let rooms = self.database.rooms.len();
        let first = self.random.below(rooms);
        let room_count = if self.random.happens(200) { 2 } else { 1 };
        let events =
            if self.random.happens(50) { self.random.ms(20, 90) } else { self.random.ms(1, 4) };
        let mut writes = Vec::new();
        for _ in 0..events {
            let what = match self.random.below(100) {
                0..55 => What::Created,
                55..80 => What::Changed(self.random.below(1_000) as i64),
                80..97 => What::Event,
                _ => What::Cleared(self.random.ms(0, 20) as i64),
            };
            writes.push(((first + self.random.below(room_count)) % rooms, what));
        }
        self.in_flight += 1;
        self.lock(place, Batch::new(writes));
    }

    fn commit_delay(&mut self) -> At {
        let (usual, worst) = self.setup.commit;
        self.random.delay(usual, worst)
    }

    pub fn read_delay(&mut self) -> At {
        let (usual, worst) = self.setup.read;
        self.random.delay(usual, worst)
    }

    fn lock(&mut self, place: Place, batch: Batch) {
        if self.database.lock(&batch) {
            let wait = self.commit_delay();
            self.after(wait, move |world| world.record(place, batch));
        } else {
            let wait = self.random.ms(5, 30);
            self.after(wait, move |world| world.lock(place, batch));
        }
    }

    fn record(&mut self, place: Place, mut batch: Batch) {
        self.database.record(&mut batch);
        let wait = self.commit_delay();
        self.after(wait, move |world| world.commit(place, &batch));
    }

    fn commit(&mut self, place: Place, batch: &Batch) {
        self.in_flight -= 1;
        let is_gone = self.serving(place.node) != Some(place);
        let fails = if is_gone { 500 } else { 30 };
        if !self.is_calm && self.random.happens(fails) {
            self.trace(|_| format!("n{} rolls back row {}", place.node, batch.row));
            return self.database.roll_back(batch);
        }
        let done = self.database.commit(batch);
        self.trace(|_| format!("n{} commits row {}: {:?}", place.node, done.row, done.events));
        self.answer(place, done);
    }

    fn answer(&mut self, place: Place, done: Done) {
        let recorded = Recorded { id: done.row, happened: done.happened.clone() };
        let node = &self.nodes[place.node];
        let is_there = node.is_up && node.life == place.life;
        let open = is_there.then(|| node.own_rows.opened(&recorded)).flatten();
        let wait = self.random.delay(3, 1_000);
        // The connection may end before the node learns of it.
        if self.is_calm || !self.random.happens(30) {
            self.at(place, wait, move |world| {
                open.into_iter().for_each(OpenRow::committed);
                world.committed(place, &done);
            });
        } else {
            self.after(wait, move |_| drop(open));
        }
    }

    /// What a node says to all others of what it has committed.
    pub fn publish(&mut self, from: Place, done: &Done) {
        if !self.redis_is_up || self.nodes[from.node].is_cut {
            return;
        }
        for hint in Hint::of(done) {
            for node in 0..self.nodes.len() {
                if node != from.node && self.hears(node, &hint) {
                    self.send_hint(node, &hint);
                }
            }
        }
    }

    fn hears(&self, node: NodeNo, hint: &Hint) -> bool {
        let node = &self.nodes[node];
        node.is_up && !node.is_cut && hint.room.is_none_or(|room| node.hears.contains(&room))
    }

    fn send_hint(&mut self, node: NodeNo, hint: &Hint) {
        let copies = match (self.is_calm, self.random.happens(self.setup.lost)) {
            (false, true) => 0,
            _ => 1 + usize::from(self.random.happens(self.setup.twice)),
        };
        let place = Place { node, life: self.nodes[node].life };
        for _ in 0..copies {
            let (usual, worst) = self.setup.hint;
            let wait = self.random.delay(usual, worst);
            let hint = hint.clone();
            self.at(place, wait, move |world| world.hinted(place, hint));
        }
    }

    /// To the sessions of a node, in the order in which it is said.
    pub fn tell_hub(&mut self, place: Place, item: Item) {
        let wait = self.random.ms(0, 4);
        let node = &mut self.nodes[place.node];
        node.hub_until = node.hub_until.max(self.now + wait);
        let wait = node.hub_until - self.now;
        self.at(place, wait, move |world| world.hub_hears(place, item));
    }

    fn check_bounds(&mut self) {
        for node in &self.nodes {
            let timelines = node.rooms.values().map(|room| room.timeline.held());
            let gates = node.hub.held();
            let too_many = timelines.clone().any(|(held, _)| held > TIMELINE_HELD)
                || gates.clone().any(|(held, _)| held > REPLAY_HELD);
            let miscounted =
                timelines.chain(gates).any(|(held, bytes)| (held == 0) != (bytes == 0));
            if too_many || miscounted {
                return self.break_with("more is held than may be, or it is miscounted".to_owned());
            }
        }
    }

    fn check_end(&mut self) {
        let rows: Vec<(i64, u32)> = self.database.feed_rows().collect();
        for number in 0..self.nodes.len() {
            let node = &self.nodes[number];
            let lagging = node.rooms.iter().find(|(_, room)| room.timeline.is_lagging());
            let lagging = lagging.map(|(room, _)| *room);
            let handed: BTreeSet<(i64, u32)> = rows
                .iter()
                .flat_map(|(row, items)| (0..*items).map(|item| (*row, item)))
                .filter(|one| !node.knows(*one))
                .collect();
            let unread = node.feed.unread();
            if let Some(room) = lagging {
                self.break_with(format!("n{number} is behind in room {room}"));
            } else if let Some(one) = handed.first() {
                self.break_with(format!("n{number} was never handed {one:?} of the feed"));
            } else if unread > 0 {
                self.break_with(format!("n{number} still waits for {unread} rows of the feed"));
            }
        }
        (0..self.clients.len()).for_each(|client| self.check_client_at_end(client));
    }
}
