//! What applications submit: rows that become visible late, nodes that die between a
//! commit and its deletion, freeze, or lead at the same time.
//!
//! Which rows are next is decided by the real [`Lanes`]; what is around them is kept as in
//! `nodes::submissions`, and has to be kept in line with it.

use std::collections::{BTreeMap, VecDeque};

use super::{At, RoomNo, random::Random};
use crate::{db::Submission, nodes::Lanes};
use parlor_domain::{
    RoomId,
    limits::{SUBMISSION_FRESH, SUBMISSION_PAGE, SUBMISSION_PAUSE, SUBMISSION_TICK},
};

const STEP: At = 10;
/// How long things go wrong, and how long what is left may take then.
const STORM: At = 20_000;
const CALM: At = 60_000;
const FRESH: At = SUBMISSION_FRESH.as_millis() as At;
/// How long it is known that a row was done once it is gone: longer than what was read is
/// good, and shorter than some are frozen.
const KEYS_KEPT: At = FRESH + 5_000;
const FROZEN_MOST: At = 2 * KEYS_KEPT;

#[derive(Default)]
struct Database {
    /// By number: the room, and when the application commits.
    table: BTreeMap<i64, (RoomNo, At)>,
    /// All that was ever committed there.
    submitted: BTreeMap<i64, (RoomNo, At)>,
    last: i64,
    /// Operations that run: when they commit, and which row they carry out.
    running: Vec<(At, i64)>,
    /// What was done, and since when its row is gone.
    keys: BTreeMap<i64, Option<At>>,
    rooms: Vec<Vec<i64>>,
}

impl Database {
    fn commit_due(&mut self, now: At) {
        let (due, running) =
            std::mem::take(&mut self.running).into_iter().partition(|(at, _)| *at <= now);
        self.running = running;
        let due: Vec<(At, i64)> = due;
        for (_, id) in due {
            let is_kept = |gone: &Option<At>| gone.is_none_or(|at| now - at < KEYS_KEPT);
            if !self.keys.get(&id).is_some_and(is_kept) {
                self.keys.insert(id, None);
                self.rooms[self.submitted[&id].0].push(id);
            }
        }
    }

    /// As `Nodes::submissions` finds them.
    fn first_of_rooms(&self, (after, busy): (&str, Vec<&str>), now: At) -> Vec<Submission> {
        let mut found = Vec::new();
        for room in 0..self.rooms.len() {
            let id = room_id(room);
            let visible = |(_, (of, at)): &(&i64, &(RoomNo, At))| *of == room && *at <= now;
            if id.as_str() > after && !busy.contains(&id.as_str()) {
                let rows = self.table.iter().filter(visible).take(SUBMISSION_PAGE);
                found.extend(rows.map(|(row, _)| Submission {
                    id: *row,
                    room: id.clone(),
                    sender: None,
                    request: String::new(),
                }));
            }
        }
        found
    }
}

fn room_id(room: RoomNo) -> RoomId {
    RoomId::from_stored(format!("room {room}"))
}

#[derive(Default)]
struct Node {
    leads: bool,
    frozen_until: At,
    lanes: Lanes,
    look_at: At,
    /// When the answer comes, when it was read, and what it is.
    looking: Option<(At, At, Vec<Submission>)>,
    under_way: Vec<Lane>,
}

/// What is carried out of one room.
struct Lane {
    room: RoomId,
    rows: VecDeque<i64>,
    read_at: At,
    /// Until then it waits: for the answer to what it has asked for, or in a pause.
    until: At,
    answer: Option<bool>,
    done: Vec<i64>,
}

struct World {
    now: At,
    random: Random,
    database: Database,
    nodes: Vec<Node>,
    submit: u64,
    traces: bool,
}

pub(super) fn run(seed: u64, traces: bool) -> Result<usize, String> {
    let mut random = Random::new(seed);
    let rooms = vec![Vec::new(); 1 + random.below(3)];
    let nodes = (0..1 + random.below(3)).map(|_| Node::default()).collect();
    let (database, submit) = (Database { rooms, ..Database::default() }, random.ms(5, 300));
    World { now: 0, random, database, nodes, submit, traces }.run()
}

impl World {
    fn trace(&self, what: impl FnOnce() -> String) {
        if self.traces {
            println!("{:>7} {}", self.now, what());
        }
    }

    fn is_calm(&self) -> bool {
        self.now > STORM
    }

    fn delay(&mut self, usual: At, worst: At) -> At {
        let worst = if self.is_calm() { usual } else { worst };
        self.random.delay(usual, worst)
    }

    fn fails(&mut self, per_mille: u64) -> bool {
        !self.is_calm() && self.random.happens(per_mille)
    }

    fn run(&mut self) -> Result<usize, String> {
        while !self.is_calm() || !self.database.table.is_empty() {
            self.now += STEP;
            if self.now > STORM + CALM {
                return Err(format!("with {:?} left", self.database.table));
            }
            if self.fails(self.submit) {
                self.submit();
            }
            self.database.commit_due(self.now);
            for node in 0..self.nodes.len() {
                self.fault(node);
                if self.nodes[node].frozen_until <= self.now {
                    self.step(node);
                }
            }
        }
        self.check()?;
        Ok(usize::try_from(self.now / STEP).unwrap_or(0))
    }

    /// An application takes a number, and commits at once, later, or not at all.
    fn submit(&mut self) {
        self.database.last += 1;
        if self.random.happens(900) {
            let room = self.random.below(self.database.rooms.len());
            let row = (room, self.now + self.delay(20, 8_000));
            self.trace(|| format!("{} in room {room}, visible at {}", self.database.last, row.1));
            self.database.table.insert(self.database.last, row);
            self.database.submitted.insert(self.database.last, row);
        }
    }

    fn fault(&mut self, node: usize) {
        if self.is_calm() {
            // One of them leads, and whoever was frozen goes on some time.
            self.nodes[node].leads = node == 0;
            return;
        }
        match self.random.below(2_000) {
            0..2 => {
                self.trace(|| format!("n{node} dies"));
                self.nodes[node] = Node::default();
            }
            2..4 => {
                let until = self.now + self.random.ms(100, FROZEN_MOST);
                self.trace(|| format!("n{node} is frozen until {until}"));
                self.nodes[node].frozen_until = until;
            }
            4..14 => self.nodes[node].leads = self.random.happens(600),
            _ => {}
        }
    }

    fn step(&mut self, node: usize) {
        let now = self.now;
        if let Some((_, read_at, found)) = self.nodes[node].looking.take_if(|one| one.0 <= now) {
            let one = &mut self.nodes[node];
            let lanes = one.lanes.take(found);
            one.under_way.extend(lanes.into_iter().filter_map(|rows| Lane::new(rows, read_at)));
            one.look_at = now + SUBMISSION_TICK.as_millis() as At;
        }
        // Meanwhile nothing else is done.
        if self.nodes[node].looking.is_some() {
            return;
        }
        for mut lane in std::mem::take(&mut self.nodes[node].under_way) {
            match lane.until <= now && self.carry_out(node, &mut lane) {
                true => self.settle(node, &lane),
                false => self.nodes[node].under_way.push(lane),
            }
        }
        let one = &self.nodes[node];
        if one.leads && one.look_at <= now && one.lanes.has_places() {
            let found = self.database.first_of_rooms(one.lanes.next(), now);
            let answered = now + self.delay(10, 2_000);
            self.nodes[node].looking = Some((answered, now, found));
        }
    }

    /// Goes on with a lane; says whether it has ended.
    fn carry_out(&mut self, node: usize, lane: &mut Lane) -> bool {
        match lane.answer.take() {
            Some(true) => lane.done.extend(lane.rows.pop_front()),
            Some(false) => {
                lane.rows.clear();
                lane.until = self.now + SUBMISSION_PAUSE.as_millis() as At;
                return false;
            }
            None => {}
        }
        let Some(id) = lane.rows.front().filter(|_| self.now - lane.read_at <= FRESH) else {
            return true;
        };
        self.trace(|| format!("n{node} asks for {id}"));
        let id = *id;
        let at = self.now + self.delay(10, 3_000);
        // It may be refused for now, or be done and not answered.
        let (is_taken, is_answered) = (!self.fails(40), !self.fails(40));
        if is_taken {
            self.database.running.push((at, id));
        }
        lane.answer = Some(is_taken && is_answered);
        lane.until = at + self.delay(5, 500);
        false
    }

    fn settle(&mut self, node: usize, lane: &Lane) {
        if !self.fails(50) {
            for id in &lane.done {
                if self.database.table.remove(id).is_some() {
                    self.database.keys.insert(*id, Some(self.now));
                }
            }
        }
        self.nodes[node].lanes.ended(&lane.room);
        self.nodes[node].look_at = self.now;
    }

    /// Each was done once; of two of a room the one with the lower number came first, unless
    /// it became visible later.
    fn check(&self) -> Result<(), String> {
        let mut places = BTreeMap::new();
        for (place, id) in self.database.rooms.iter().flat_map(|room| (0..).zip(room)) {
            if places.insert(*id, place).is_some() {
                return Err(format!("at the end: {id} was done twice"));
            }
        }
        for (id, (room, at)) in &self.database.submitted {
            let place: &usize = places.get(id).ok_or(format!("at the end: {id} was never done"))?;
            let late = self.database.submitted.range(..id).find(|(other, (of, seen))| {
                of == room && seen <= at && places.get(other).is_none_or(|other| other > place)
            });
            if let Some((other, _)) = late {
                return Err(format!("at the end: {other} was done after {id}"));
            }
        }
        Ok(())
    }
}

impl Lane {
    fn new(rows: Vec<Submission>, read_at: At) -> Option<Self> {
        let room = rows.first()?.room.clone();
        let rows = rows.into_iter().map(|row| row.id).collect();
        Some(Self { room, rows, read_at, until: 0, answer: None, done: Vec::new() })
    }
}
