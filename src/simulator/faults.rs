//! What goes wrong, and the database's answers.

use super::{
    ClientNo, NodeNo, RoomNo,
    client::Client,
    database::{Page, key},
    node::Node,
    world::{Place, World},
};
use crate::chat::{Item, SessionId};
use parlor_domain::RoomKey;

impl World {
    /// A node that takes connections.
    pub fn serving(&self, node: NodeNo) -> Option<Place> {
        let Node { is_up, is_ready, is_frozen, life, .. } = self.nodes[node];
        (is_up && is_ready && !is_frozen).then_some(Place { node, life })
    }

    pub fn fault(&mut self) {
        if self.is_calm {
            return;
        }
        let wait = self.random.ms(0, 2 * self.setup.fault_every);
        self.after(wait, Self::fault);
        let node = self.random.below(self.nodes.len());
        match self.random.below(100) {
            0..15 => self.kill(node),
            15..35 => self.freeze(node),
            35..45 if self.redis_is_up => self.redis_is(false),
            45..60 => {
                let is_cut = !self.nodes[node].is_cut;
                self.cut(node, is_cut);
            }
            60..75 => self.subscribe_again(),
            _ => {
                let client = self.random.below(self.clients.len());
                self.disconnect(client);
            }
        }
    }

    fn kill(&mut self, node: NodeNo) {
        if !self.nodes[node].is_up {
            return;
        }
        self.trace(|_| format!("n{node} is killed"));
        let life = self.nodes[node].life;
        self.nodes[node] = Node::new(life, false);
        self.end_sessions_of(node);
        let wait = self.random.ms(10, 8_000);
        self.after(wait, move |world| world.start(node));
    }

    fn end_sessions_of(&mut self, node: NodeNo) {
        let there = |client: &ClientNo| {
            self.clients[*client].at.as_ref().is_some_and(|(place, _)| place.node == node)
        };
        let all: Vec<ClientNo> = (0..self.clients.len()).filter(there).collect();
        all.into_iter().for_each(|client| self.disconnect(client));
    }

    pub fn start(&mut self, node: NodeNo) {
        let life = self.nodes[node].life + 1;
        if self.nodes[node].is_up {
            return;
        }
        self.trace(|_| format!("n{node} starts"));
        self.nodes[node] = Node::new(life, true);
        self.read_feed_start(Place { node, life });
    }

    fn freeze(&mut self, node: NodeNo) {
        if self.nodes[node].is_up && !self.nodes[node].is_frozen {
            self.trace(|_| format!("n{node} is frozen"));
            self.nodes[node].is_frozen = true;
            let wait = self.random.ms(100, 9_000);
            self.after(wait, move |world| world.thaw(node));
        }
    }

    pub fn thaw(&mut self, node: NodeNo) {
        if std::mem::take(&mut self.nodes[node].is_frozen) {
            self.trace(|_| format!("n{node} goes on"));
            let place = Place { node, life: self.nodes[node].life };
            for act in std::mem::take(&mut self.nodes[node].late) {
                self.happen(place, act);
            }
        }
    }

    pub fn redis_is(&mut self, up: bool) {
        self.trace(|_| format!("Redis is up: {up}"));
        self.redis_is_up = up;
        if !up {
            let wait = self.random.ms(50, 6_000);
            return self.after(wait, |world| world.redis_is(true));
        }
        (0..self.nodes.len()).for_each(|node| self.reached(node));
    }

    fn cut(&mut self, node: NodeNo, is_cut: bool) {
        self.trace(|_| format!("n{node} is cut from Redis: {is_cut}"));
        self.nodes[node].is_cut = is_cut;
        if !is_cut {
            self.reached(node);
        }
    }

    /// A node reaches Redis again, and subscribes anew.
    fn reached(&mut self, node: NodeNo) {
        if !self.redis_is_up || self.nodes[node].is_cut {
            return;
        }
        let place = Place { node, life: self.nodes[node].life };
        let rooms: Vec<usize> = self.nodes[node].rooms.keys().copied().collect();
        for room in rooms {
            let wait = self.random.ms(0, 60);
            self.at(place, wait, move |world| world.subscribed(place, room));
        }
    }

    /// A client asks once more for what it has or had; at times it has left
    /// the room in between.
    fn subscribe_again(&mut self) {
        let client = self.random.below(self.clients.len());
        let Client { room, seq, is_attached, ref at, .. } = self.clients[client];
        let Some((place, socket)) = at.clone().filter(|_| is_attached) else { return };
        let since = (seq - self.random.ms(0, 9) as i64).max(0);
        let leaves = self.random.happens(300);
        self.trace(|_| format!("c{client} at {seq} asks again from {since}, leaves: {leaves}"));
        if leaves {
            self.nodes[place.node].sessions.remove(&client);
            let session = SessionId(socket.session());
            self.tell_hub(place, Item::Unsubscribe { session, room: RoomKey(key(room)) });
        }
        self.subscribe(client, Some(since));
    }

    pub fn calm(&mut self) {
        self.trace(|_| "all is calm".to_owned());
        self.is_calm = true;
        self.setup.poll = 1_000;
        self.setup.hint = (5, 20);
        self.setup.read = (5, 20);
        self.setup.commit = (5, 20);
        for node in 0..self.nodes.len() {
            self.start(node);
            self.thaw(node);
            self.nodes[node].is_cut = false;
        }
        if self.setup.has_redis {
            self.redis_is(true);
        }
    }

    /// Asks the database; it answers a while later, or fails.
    pub fn ask<T: 'static>(
        &mut self,
        place: Place,
        read: impl FnOnce(&mut Self) -> T + 'static,
        answer: impl FnOnce(&mut Self, Option<T>) + 'static,
    ) {
        let wait = self.read_delay() / 2;
        self.after(wait, move |world| {
            let read = (!world.fails()).then(|| read(world));
            let wait = world.read_delay() / 2;
            world.at(place, wait, move |world| answer(world, read));
        });
    }

    /// Asks for what follows a position: its bounds are read first, its rows
    /// are a second query.
    pub fn ask_page(
        &mut self,
        place: Place,
        room: RoomNo,
        since: i64,
        answer: impl FnOnce(&mut Self, Option<Page>) + 'static,
    ) {
        let wait = self.read_delay() / 2;
        self.after(wait, move |world| {
            let bounds = (!world.fails()).then(|| world.database.rooms[room].bounds());
            let wait = world.read_delay() / 2;
            world.after(wait, move |world| {
                let (rows, limit) = (&world.database.rooms[room], world.setup.page);
                let page = bounds.map(|bounds| rows.replay(since, bounds, limit));
                let wait = world.read_delay() / 2;
                world.at(place, wait, move |world| answer(world, page));
            });
        });
    }

    fn fails(&mut self) -> bool {
        !self.is_calm && self.random.happens(20)
    }
}
