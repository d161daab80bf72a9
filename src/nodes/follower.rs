//! Reads the feed, receives the hints, and passes on what is new.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actix::Addr;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{MissedTickBehavior, interval},
};

use super::{
    bus::{Bus, BusHandle, FromBus},
    feed_cursor::FeedCursor,
    health::Health,
    lease::{Lease, LeaseNews, Node},
    message::Received,
    presence::ephemeral,
    recent::Recent,
    redis_connection::RedisUrl,
};
use crate::{
    auth::Authenticator,
    chat::{ChatServer, Ended, FromNode, FromNodes, Look, NodePresence, ToNodes},
    clock,
    db::{
        FeedPage, FeedPosition, Happened, Nodes, Reader, Reply, SetPresence, Submit, Write, Writer,
    },
    limiter::Limiters,
    metrics::metrics,
};
use parlor_domain::{
    SignIn, Status, Timestamp, UserKey,
    limits::{EPHEMERAL_KNOWN, FEED_KEPT, FEED_PAGE, FEED_TRIMMED, SPENT_TICK},
};

/// What the follower tells, besides the ChatServer.
#[derive(Clone)]
pub struct Hooks {
    pub chat: Addr<ChatServer>,
    pub reader: Reader,
    pub writer: Addr<Writer>,
    pub authenticator: Authenticator,
    pub limiters: Limiters,
}

/// The state of the task.
pub struct Follower {
    nodes: Nodes,
    feed: FeedCursor,
    /// From where the feed is read next; `None` while it is read.
    position: Option<FeedPosition>,
    /// There are more pages of what is being read.
    is_paging: bool,
    from_bus: mpsc::UnboundedReceiver<FromBus>,
    news: mpsc::UnboundedReceiver<LeaseNews>,
    /// Said to the other nodes.
    bus: Option<mpsc::Sender<ToNodes>>,
    known: Recent,
    every: Duration,
    /// When the feed was read to its end.
    read_at: Instant,
}

/// A page of the feed; where it is to be read again from, if that failed.
type Page = Result<FeedPage, FeedPosition>;

/// What the other parts of the server need of the nodes.
pub struct Started {
    pub follower: Follower,
    pub lease: Lease,
    pub bus: Option<(BusHandle, Bus)>,
    pub health: Health,
    /// This node's incarnation.
    pub me: watch::Receiver<Arc<str>>,
    /// Whether this is the node that does what only one should.
    pub leads: watch::Receiver<bool>,
    /// Said when the server stops.
    pub stop: watch::Sender<bool>,
}

impl Follower {
    /// Begins at the end of the feed; everything there is read from the
    /// tables. `every` is how often the feed is read.
    pub async fn start(
        node: Node,
        redis: Option<(RedisUrl, String)>,
        every: Duration,
    ) -> Result<Started, String> {
        let (position, newest) = node.nodes.look().await?;
        let health = Health::new(redis.is_some());
        let (to_follower, from_bus) = mpsc::unbounded_channel();
        let (to_news, news) = mpsc::unbounded_channel();
        let (to_bus, from_lease) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(false);
        // Also without Redis somebody has to say which rows are this node's own.
        let (url, prefix) = redis.unzip();
        let (me, prefix) = (&node.incarnation, prefix.unwrap_or_default());
        let life = node.nodes.life();
        let who = (&**me, life.as_str());
        let bus = Some(Bus::new(url, &prefix, who, health.clone(), from_lease, to_follower));
        let (lease, me, leads) = Lease::new(node.clone(), health.clone(), to_news, to_bus, stopped);
        let follower = Self {
            nodes: node.nodes,
            feed: FeedCursor::new(newest),
            position: Some(position),
            is_paging: false,
            from_bus,
            news,
            bus: bus.as_ref().map(|(handle, _)| handle.sender()),
            known: Recent::new(EPHEMERAL_KNOWN),
            every,
            read_at: Instant::now(),
        };
        Ok(Started { follower, lease, bus, health, me, leads, stop })
    }

    /// Runs until the server ends.
    pub async fn run(mut self, hooks: Hooks) {
        let mut tick = interval(self.every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut forget = interval(FEED_TRIMMED);
        let mut spent = interval(SPENT_TICK);
        spent.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (read, mut pages) = mpsc::unbounded_channel();
        let mut has_bus = self.bus.is_some();
        loop {
            tokio::select! {
                biased;
                received = self.from_bus.recv(), if has_bus => match received {
                    Some(received) => self.receive(received, &hooks, &read),
                    None => has_bus = false,
                },
                Some(page) = pages.recv() => self.page(page, &hooks, &read),
                Some(news) = self.news.recv() => self.lease_is(news, &hooks),
                _ = tick.tick() => self.read(&read),
                _ = spent.tick(), if has_bus => {
                    let spent = hooks.limiters.take_spent();
                    if let (Some(bus), false) = (&self.bus, spent.is_empty()) {
                        // Past its bound it is not told: each node has its limit.
                        let _ = bus.try_send(ToNodes { spent, ..ToNodes::default() });
                    }
                }
                _ = forget.tick() => {
                    let nodes = self.nodes.clone();
                    actix::spawn(async move {
                        if let Err(error) = nodes.forget_old().await {
                            log::debug!("cannot delete old rows of the feed: {error}");
                        }
                    });
                }
            }
        }
    }

    /// Reads the next rows, beside what is received meanwhile.
    fn read(&mut self, pages: &mpsc::UnboundedSender<Page>) {
        let Some(position) = self.position.take() else { return };
        if !self.is_paging {
            self.feed.begin_read();
        }
        let (nodes, pages) = (self.nodes.clone(), pages.clone());
        actix::spawn(async move {
            let page = nodes.feed(position.clone(), FEED_PAGE).await;
            // The lease says once that the database is away.
            let _ = pages.send(page.map_err(|_| position));
        });
    }

    fn page(&mut self, page: Page, hooks: &Hooks, pages: &mpsc::UnboundedSender<Page>) {
        let FeedPage { rows, next, is_last, age: _ } = match page {
            Ok(page) => page,
            Err(position) => return self.position = Some(position),
        };
        self.position = Some(next);
        self.is_paging = !is_last;
        let new = self.feed.read(rows);
        metrics().feed_found.inc_by(new.len() as u64);
        self.hand_on(new.into_iter().map(FromNode::Happened).collect(), hooks);
        if !is_last {
            return self.read(pages);
        }
        self.feed.end_read();
        let away = self.read_at.elapsed();
        self.read_at = Instant::now();
        // What happened meanwhile may be forgotten already, if its commit took long.
        if away + FEED_TRIMMED > FEED_KEPT {
            log::warn!(
                "the feed was not read for {away:?}: closing all connections, so that clients \
                 resume from the database"
            );
            hooks.tell(vec![FromNode::MissedTooMuch]);
        }
    }

    fn receive(&mut self, received: FromBus, hooks: &Hooks, pages: &mpsc::UnboundedSender<Page>) {
        match received {
            FromBus::Own(rows) => rows.into_iter().for_each(|row| self.feed.own(row)),
            FromBus::Received(all) => {
                let new = all.into_iter().filter_map(|one| self.is_new(one, hooks)).collect();
                self.hand_on(new, hooks);
            }
            // Nobody knows who is there, nor what was said.
            FromBus::Reached => {
                hooks.tell(vec![FromNode::Announce]);
                self.read(pages);
            }
            FromBus::Gone(users) => self.tell_gone(users, hooks),
        }
    }

    fn is_new(&mut self, received: Received, hooks: &Hooks) -> Option<FromNode> {
        match received {
            Received::Spent(all) => {
                all.into_iter().for_each(|(who, count)| hooks.limiters.debit(who, count));
                None
            }
            Received::Node(node) => Some(node),
            Received::Happened { row, item, what } => {
                self.feed.hint(row, item).then_some(FromNode::Happened(what))
            }
            Received::Ephemeral { id, what } => {
                self.known.is_new(id).then_some(FromNode::Ephemeral(what))
            }
        }
    }

    fn lease_is(&mut self, LeaseNews::Again(number): LeaseNews, hooks: &Hooks) {
        hooks.tell(vec![FromNode::Number(number), FromNode::Announce]);
    }

    fn hand_on(&mut self, all: Vec<FromNode>, hooks: &Hooks) {
        for one in &all {
            if let FromNode::Happened(happened) = one {
                hooks.happened(happened);
            }
        }
        hooks.tell(all);
    }

    /// Users of a node that has gone are nowhere any more.
    fn tell_gone(&self, users: Vec<UserKey>, hooks: &Hooks) {
        let (hooks, bus) = (hooks.clone(), self.bus.clone());
        actix::spawn(async move {
            let now = clock::now();
            for user in users {
                let Ok(Some(user)) = hooks.reader.user_by_key(user).await else { continue };
                let Ok(rooms) = hooks.reader.rooms_of(user.key).await else { continue };
                let Ok(blocked) = hooks.reader.blocked_keys(user.key).await else { continue };
                let (status, last_seen) = (Status::Offline, Some(now));
                let gone = NodePresence { user, rooms, status, last_seen, blocked };
                hooks.seen_last(gone.user.key, now);
                if let Some(bus) = &bus {
                    let ephemeral = vec![ephemeral(&gone)];
                    let _ = bus.send(ToNodes { ephemeral, ..ToNodes::default() }).await;
                }
                hooks.tell(vec![FromNode::Presence(gone)]);
            }
        });
    }
}

impl Hooks {
    fn tell(&self, all: Vec<FromNode>) {
        if !all.is_empty() {
            // As bounded as what is received: Redis ends who does not read.
            self.chat.do_send(FromNodes(all));
        }
    }

    fn seen_last(&self, user: UserKey, at: Timestamp) {
        let write = SetPresence { user, online: false, at }.queued();
        self.writer.do_send(Submit { write, reply: Reply::Once(oneshot::channel().0) });
    }

    /// What concerns who may come at all.
    fn happened(&self, happened: &Happened) {
        match happened {
            Happened::Barred { user } => self.barred(UserKey(*user)),
            Happened::Revoked { token, until } => {
                let token: Arc<str> = token.as_str().into();
                let until = Timestamp(*until);
                self.authenticator.revocations.revoke(token.clone(), until, clock::now());
                self.chat.do_send(Look::end(Ended::Token(token)));
            }
            Happened::Keys => self.keys(),
            Happened::UserChanged { id, user: _ } => {
                self.authenticator.forget(&parlor_domain::UserId::from_stored(id.clone()));
            }
            Happened::Erased { id, .. } => {
                let id = parlor_domain::UserId::from_stored(id.clone());
                self.authenticator.forget(&id);
                self.authenticator.erased(&id);
                self.chat.do_send(Look::end(Ended::User(id)));
            }
            // What concerns rooms is the ChatServer's.
            Happened::Head { .. }
            | Happened::Joined { .. }
            | Happened::Left { .. }
            | Happened::Standing { .. }
            | Happened::Blocked { .. }
            | Happened::RoomUpdated { .. }
            | Happened::RoomDeleted { .. }
            | Happened::Marked { .. }
            | Happened::Unread { .. }
            | Happened::Preferences { .. }
            | Happened::Draft { .. }
            | Happened::Thread { .. }
            | Happened::Saved { .. }
            | Happened::Scheduled { .. }
            | Happened::Blocklists
            | Happened::Signal(_) => {}
        }
    }

    fn barred(&self, user: UserKey) {
        let hooks = self.clone();
        actix::spawn(async move {
            let Ok(Some((id, bar))) = hooks.reader.bar(user).await else { return };
            let revocations = &hooks.authenticator.revocations;
            let before = revocations.bar_of(&id).unwrap_or_default();
            let now = clock::now();
            revocations.bar(id.clone(), bar);
            // As it counts here.
            let bar = revocations.bar_of(&id).unwrap_or_default();
            let ended = if bar.keeps_out(now) && !before.keeps_out(now) {
                Some(Ended::Banned(id))
            } else {
                let (upto, keeps) = (bar.tokens_after, bar.keeps.map(SignIn::revocation_id));
                (upto > before.tokens_after).then_some(Ended::Before { user: id, upto, keeps })
            };
            if let Some(ended) = ended {
                hooks.chat.do_send(Look::end(ended));
            }
        });
    }

    fn keys(&self) {
        let hooks = self.clone();
        actix::spawn(async move {
            let Ok(keys) = hooks.reader.api_keys().await else { return };
            let revoked = hooks.authenticator.api_keys.replace(&keys);
            for user in revoked {
                hooks.chat.do_send(Look::end(Ended::User(user)));
            }
        });
    }
}
