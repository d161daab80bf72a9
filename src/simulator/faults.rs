//! What goes wrong, and the database's answers.

use super::{
    ClientNo, NodeNo,
    database::Bounds,
    node::{Node, Said},
    world::{Event, Place, Query, World},
};

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
        self.after(wait, Event::Fault);
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
        self.after(wait, Event::Restart(node));
    }

    fn end_sessions_of(&mut self, node: NodeNo) {
        let there = |client: &ClientNo| {
            self.clients[*client].at.is_some_and(|(place, _)| place.node == node)
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
        self.ask(Place { node, life }, Query::FeedStart);
    }

    fn freeze(&mut self, node: NodeNo) {
        if self.nodes[node].is_up && !self.nodes[node].is_frozen {
            self.trace(|_| format!("n{node} is frozen"));
            self.nodes[node].is_frozen = true;
            let wait = self.random.ms(100, 9_000);
            self.after(wait, Event::Thaw(node));
        }
    }

    pub fn thaw(&mut self, node: NodeNo) {
        if std::mem::take(&mut self.nodes[node].is_frozen) {
            self.trace(|_| format!("n{node} goes on"));
            let place = Place { node, life: self.nodes[node].life };
            for said in std::mem::take(&mut self.nodes[node].late) {
                self.at(place, said);
            }
        }
    }

    pub fn redis_is(&mut self, up: bool) {
        self.trace(|_| format!("Redis is up: {up}"));
        self.redis_is_up = up;
        if !up {
            let wait = self.random.ms(50, 6_000);
            return self.after(wait, Event::RedisIs(true));
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
            self.after(wait, Event::At(place, Said::Subscribed(room)));
        }
    }

    /// A client asks once more for what it has or had.
    fn subscribe_again(&mut self) {
        let client = self.random.below(self.clients.len());
        let one = &self.clients[client];
        if let Some((place, session)) = one.at
            && one.is_attached
        {
            let since = Some(one.seq);
            self.trace(|_| format!("c{client} subscribes again from {since:?}"));
            self.ask(place, Query::Arrival { client, session, since });
        }
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

    pub fn ask(&mut self, place: Place, query: Query) {
        let wait = self.read_delay() / 2;
        self.after(wait, Event::Read(place, query));
    }

    fn answer(&mut self, place: Place, said: Said) {
        let wait = self.read_delay() / 2;
        self.after(wait, Event::At(place, said));
    }

    /// The database answers, or fails.
    pub fn read(&mut self, place: Place, query: Query) {
        let fails = !self.is_calm && self.random.happens(20);
        let (now, page) = (self.now, self.setup.page);
        let said = match query {
            Query::FeedStart => {
                let (settled, seen) = self.database.feed_start(now);
                Said::FeedStart((!fails).then_some((settled, seen)))
            }
            Query::Feed { upto } => {
                Said::Feed((!fails).then(|| self.database.feed_after(upto, page, now)))
            }
            Query::Heads { .. } if fails => Said::Heads(Vec::new()),
            Query::Heads { rooms } => {
                let head = |room: usize| (room, self.database.rooms[room].head());
                Said::Heads(rooms.into_iter().map(head).collect())
            }
            Query::Arrival { client, session, since } => {
                let head = self.database.rooms[self.clients[client].room].head();
                Said::Arrival { client, session, since, head: (!fails).then_some(head) }
            }
            Query::Missing { room, since } if fails => Said::Missing { room, since, page: None },
            Query::Replay { client, session, since } if fails => {
                Said::Replayed { client, session, since, page: None }
            }
            Query::Missing { room, .. } => return self.read_more(place, query, room),
            Query::Replay { client, .. } => {
                return self.read_more(place, query, self.clients[client].room);
            }
        };
        self.answer(place, said);
    }

    fn read_more(&mut self, place: Place, query: Query, room: usize) {
        let bounds = self.database.rooms[room].bounds();
        let wait = self.read_delay() / 2;
        self.after(wait, Event::Rows(place, query, bounds));
    }

    pub fn read_rows(&mut self, place: Place, query: Query, bounds: Bounds) {
        let limit = self.setup.page;
        let said = match query {
            Query::Missing { room, since } => {
                let page = Some(self.database.rooms[room].replay(since, bounds, limit));
                Said::Missing { room, since, page }
            }
            Query::Replay { client, session, since } => {
                let room = self.clients[client].room;
                let page = Some(self.database.rooms[room].replay(since, bounds, limit));
                Said::Replayed { client, session, since, page }
            }
            _ => return,
        };
        self.answer(place, said);
    }
}
