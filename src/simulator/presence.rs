//! Leases: nodes come, go and fall silent, and nobody is shown who is not
//! there.
//!
//! Who has gone is decided by the real [`Watch`]; numbers are taken and users
//! shown as `db::nodes` and `nodes::presence` do.

use std::collections::{BTreeMap, BTreeSet};

use super::{At, random::Random};
use crate::{db::LiveNode, nodes::Watch};
use parlor_domain::limits::{NODE_LEASE, NODE_NUMBER_REST, NODE_RENEWAL};

const LEASE: At = NODE_LEASE.as_millis() as At;
const REST: At = NODE_NUMBER_REST.as_millis() as At;
const RENEWAL: At = NODE_RENEWAL.as_millis() as At;
/// How long things go wrong.
const STORM: At = 240_000;
const USERS: usize = 5;

#[derive(Default)]
struct Node {
    /// `None`: it is not running.
    incarnation: Option<u32>,
    number: Option<u8>,
    watch: Watch,
    frozen_until: At,
    renews_at: At,
    users: BTreeSet<usize>,
}

struct World {
    now: At,
    random: Random,
    nodes: Vec<Node>,
    /// By number: who has it, and until when.
    leases: BTreeMap<u8, (u32, At)>,
    /// In Redis: where each user is.
    shown: BTreeSet<(u32, usize)>,
    incarnations: u32,
    traces: bool,
}

pub(super) fn run(seed: u64, traces: bool) -> Result<usize, String> {
    let mut random = Random::new(seed);
    let nodes = (0..1 + random.below(4)).map(|_| Node::default()).collect();
    let (leases, shown) = (BTreeMap::new(), BTreeSet::new());
    let mut world = World { now: 0, random, nodes, leases, shown, incarnations: 0, traces };
    world.run()
}

impl World {
    fn trace(&self, what: impl FnOnce() -> String) {
        if self.traces {
            println!("{:>7} {}", self.now, what());
        }
    }

    /// Goes on by tenths of a second; a lease, a look and what a look may
    /// wait for after the storm, everybody is shown who is there, and nobody
    /// else.
    fn run(&mut self) -> Result<usize, String> {
        let end = STORM + REST + LEASE + 4 * RENEWAL;
        while self.now < end {
            self.now += 100;
            for node in 0..self.nodes.len() {
                self.step(node, self.now > STORM);
            }
        }
        let mut there = BTreeSet::new();
        for node in &self.nodes {
            let on = |incarnation| node.users.iter().map(move |user| (incarnation, *user));
            there.extend(node.incarnation.into_iter().flat_map(on));
        }
        match self.shown.symmetric_difference(&there).next() {
            Some(one) => {
                Err(format!("(incarnation, user) {one:?}: shown {}", self.shown.contains(one)))
            }
            None => Ok(usize::try_from(end / 100).unwrap_or(0)),
        }
    }

    fn step(&mut self, node: usize, is_calm: bool) {
        if self.nodes[node].incarnation.is_none() {
            if is_calm || self.random.happens(3) {
                self.start(node);
            }
            return;
        }
        if !is_calm {
            self.fault(node);
        }
        let one = &self.nodes[node];
        if one.incarnation.is_some() && one.frozen_until <= self.now && one.renews_at <= self.now {
            self.renew(node, is_calm);
        }
    }

    fn fault(&mut self, node: usize) {
        let (user, now) = (self.random.below(USERS), self.now);
        let frozen = self.nodes[node].frozen_until > now;
        let Some(incarnation) = self.nodes[node].incarnation else { return };
        match self.random.below(1_000) {
            0..4 => {
                self.trace(|| format!("n{node} is killed, was {incarnation}"));
                self.nodes[node] = Node::default();
            }
            // Shorter than a lease: who is back after it may be seen by nobody.
            4..8 => self.nodes[node].frozen_until = now + self.random.ms(100, 3_000),
            8..40 if !frozen && self.nodes[node].number.is_some() => {
                self.nodes[node].users.insert(user);
                self.shown.insert((incarnation, user));
            }
            40..60 if !frozen => {
                self.nodes[node].users.remove(&user);
                self.shown.remove(&(incarnation, user));
            }
            _ => {}
        }
    }

    fn start(&mut self, node: usize) {
        self.incarnations += 1;
        let incarnation = Some(self.incarnations);
        self.trace(|| format!("n{node} starts as {incarnation:?}"));
        let watch = Watch::new(&self.listed(|_| true));
        self.nodes[node] = Node { incarnation, watch, ..Node::default() };
    }

    fn listed(&self, is_listed: impl Fn(At) -> bool) -> Vec<LiveNode> {
        let all = self.leases.iter().filter(|(_, (_, until))| is_listed(*until));
        let node = |(number, (incarnation, _)): (&u8, &(u32, At))| LiveNode {
            number: *number,
            incarnation: incarnation.to_string(),
        };
        all.map(node).collect()
    }

    fn renew(&mut self, node: usize, is_calm: bool) {
        let now = self.now;
        self.nodes[node].renews_at = now + RENEWAL;
        // The database is away.
        if !is_calm && self.random.happens(10) {
            return;
        }
        let Some(incarnation) = self.nodes[node].incarnation else { return };
        let number = self.nodes[node].number;
        let has = |number: &u8| {
            self.leases.get(number).is_some_and(|(who, until)| *who == incarnation && *until > now)
        };
        let number = number.filter(has).or_else(|| {
            (0..u8::MAX).find(|n| self.leases.get(n).is_none_or(|(_, until)| until + REST < now))
        });
        let Some(number) = number else { return };
        self.leases.insert(number, (incarnation, now + LEASE));
        let is_again = self.nodes[node].number.replace(number) != Some(number);
        if is_again {
            let users = self.nodes[node].users.iter().map(|user| (incarnation, *user));
            self.shown.extend(users);
        }
        let live = self.listed(|until| until > now);
        for gone in self.nodes[node].watch.look(&live, number) {
            self.trace(|| format!("n{node} buries {gone}"));
            self.shown.retain(|(who, _)| who.to_string() != gone);
        }
    }
}
