//! The task that talks to Redis, or does without it.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use actix::{Actor, Context, Handler};
use redis::{Cmd, Pipeline, PushInfo, PushKind, RedisResult, Value};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    health::Health,
    lease::ToBus,
    message::{Channel, Message, Received, messages},
    presence::{Keys, ephemeral, merged},
    redis_connection::{Pushes, RedisConnection, RedisUrl, cause, pause},
};
use crate::{
    chat::{AskedNodes, FromNode, Interest, NodePresence, ToNodes},
    metrics::metrics,
};
use parlor_domain::{
    RoomKey, Status, UserKey,
    limits::{BUS_BATCHES, BUS_PIPELINE, GONE_USERS_STEP, REDIS_PING},
};

/// What the bus tells the follower.
#[derive(Debug)]
pub(super) enum FromBus {
    /// What other nodes say, in the order in which they said it.
    Received(Vec<Received>),
    /// Rows of the feed that this node wrote itself.
    Own(Vec<i64>),
    /// Redis is reached, for the first time or again: nobody knows what was
    /// said meanwhile.
    Reached,
    /// These users were on a node that is gone, and are nowhere any more.
    Gone(Vec<UserKey>),
}

/// Takes what the ChatServer says. It only queues: past its bound hints are
/// dropped, and the other nodes read the feed.
#[derive(Clone)]
pub struct BusHandle {
    queue: mpsc::Sender<ToNodes>,
    follower: mpsc::UnboundedSender<FromBus>,
}

impl BusHandle {
    pub(super) fn sender(&self) -> mpsc::Sender<ToNodes> {
        self.queue.clone()
    }
}

impl Actor for BusHandle {
    type Context = Context<Self>;
}

impl Handler<ToNodes> for BusHandle {
    type Result = ();

    fn handle(&mut self, said: ToNodes, _: &mut Self::Context) {
        let own: Vec<i64> = said.recorded.iter().map(|row| row.id).collect();
        if !own.is_empty() {
            let _ = self.follower.send(FromBus::Own(own));
        }
        if self.queue.try_send(said).is_err() {
            metrics().hints_dropped.inc();
        }
    }
}

/// The state of the task.
pub struct Bus {
    /// `None`: the other nodes read the feed.
    url: Option<RedisUrl>,
    prefix: String,
    me: String,
    /// The life of the database that this node is in.
    life: String,
    keys: Keys,
    health: Health,
    queue: mpsc::Receiver<ToNodes>,
    from_lease: mpsc::UnboundedReceiver<ToBus>,
    /// Those whose users are still to be taken away.
    gone_nodes: VecDeque<String>,
    follower: mpsc::UnboundedSender<FromBus>,
    /// What is subscribed to, also over a reconnect.
    channels: BTreeSet<Channel>,
}

impl Bus {
    /// `me` is this node's incarnation; `life` is the same text for all nodes in a
    /// life of the database.
    pub(super) fn new(
        url: Option<RedisUrl>,
        prefix: &str,
        (me, life): (&str, &str),
        health: Health,
        from_lease: mpsc::UnboundedReceiver<ToBus>,
        follower: mpsc::UnboundedSender<FromBus>,
    ) -> (BusHandle, Self) {
        let (sender, queue) = mpsc::channel(BUS_BATCHES);
        let handle = BusHandle { queue: sender, follower: follower.clone() };
        let bus = Self {
            url,
            prefix: prefix.to_owned(),
            me: me.to_owned(),
            life: life.to_owned(),
            keys: Keys::new(prefix, me),
            health,
            queue,
            from_lease,
            gone_nodes: VecDeque::new(),
            follower,
            channels: BTreeSet::from([Channel::All]),
        };
        (handle, bus)
    }

    /// Runs until the ChatServer is gone.
    pub async fn run(mut self) {
        let Some(url) = self.url.clone() else {
            self.without_redis(std::future::pending::<()>()).await;
            return;
        };
        let mut tries = 0;
        loop {
            let Some(connected) = self.connect(url.clone()).await else { return };
            match connected {
                Ok((connection, pushes)) => {
                    tries = 0;
                    let ended = self.serve(connection, pushes).await;
                    if self.health.redis_is(false) {
                        log::warn!("Redis is unreachable, other nodes are notified late: {ended}");
                    }
                }
                Err(error) => {
                    if self.health.redis_is(false) || tries == 0 {
                        log::warn!("Redis cannot be reached: {}", cause(&error));
                    }
                }
            }
            let waited = self.without_redis(sleep(pause(tries))).await;
            if waited.is_none() {
                return;
            }
            tries += 1;
        }
    }

    async fn connect(&mut self, url: RedisUrl) -> Option<RedisResult<(RedisConnection, Pushes)>> {
        self.without_redis(async move { RedisConnection::connect(&url).await }).await
    }

    /// Waits for something while Redis is unreachable. What the node publishes
    /// meanwhile reaches others by the feed; what concerns this node alone is
    /// handled here. `None` if there are no more senders.
    async fn without_redis<T>(&mut self, wait: impl Future<Output = T>) -> Option<T> {
        let mut wait = std::pin::pin!(wait);
        loop {
            tokio::select! {
                done = &mut wait => return Some(done),
                said = self.queue.recv() => self.say_alone(said?),
            }
        }
    }

    fn say_alone(&mut self, said: ToNodes) {
        let ToNodes { presence, asked, interest, .. } = said;
        let _ = self.change(&interest);
        for AskedNodes { users, answer } in asked {
            let _ = answer.send(users);
        }
        let presence = presence.into_iter().map(|one| Received::Node(FromNode::Presence(one)));
        self.hand_on(presence.collect());
    }

    fn hand_on(&self, received: Vec<Received>) {
        if !received.is_empty() {
            let _ = self.follower.send(FromBus::Received(received));
        }
    }

    /// Gives why it ended.
    async fn serve(&mut self, mut connection: RedisConnection, mut pushes: Pushes) -> String {
        let channels: Vec<Channel> = self.channels.iter().cloned().collect();
        let mut subscribing = redis::pipe();
        channels.iter().for_each(|channel| self.add(&mut subscribing, "SSUBSCRIBE", channel));
        if let Err(error) = connection.run::<Value>(&subscribing).await {
            return cause(&error);
        }
        if self.health.redis_is(true) {
            log::info!("connected to Redis");
        }
        let _ = self.follower.send(FromBus::Reached);
        let mut ping = interval(REDIS_PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                biased;
                push = pushes.recv() => match push {
                    Some(push) => self.pushed(push),
                    None => Err("the connection ended".to_owned()),
                },
                // Before what is said: that is said by who one is now.
                Some(news) = self.from_lease.recv() => {
                    self.note_lease(news);
                    Ok(())
                }
                said = self.queue.recv() => match said {
                    Some(said) => self.say(&mut connection, said).await,
                    None => std::future::pending().await,
                },
                () = sleep(SETTLE), if !self.gone_nodes.is_empty() => {
                    self.take_offline(&mut connection).await
                }
                _ = ping.tick() => connection.ping().await.map_err(|error| cause(&error)),
            };
            if let Err(why) = done {
                return why;
            }
        }
    }

    fn add(&self, commands: &mut Pipeline, name: &str, channel: &Channel) {
        commands.cmd(name).arg(channel.name(&self.prefix));
    }

    /// Something was published, or a subscription counts from now on.
    fn pushed(&mut self, push: PushInfo) -> Result<(), String> {
        let PushInfo { kind, data } = push;
        let text = |value: Option<&Value>| match value {
            Some(Value::BulkString(bytes)) => String::from_utf8(bytes.clone()).ok(),
            Some(Value::SimpleString(text)) => Some(text.clone()),
            _ => None,
        };
        match kind {
            PushKind::Disconnection => return Err("the connection ended".to_owned()),
            PushKind::SMessage => {
                if let Some(Value::BulkString(bytes)) = data.get(1) {
                    self.published(bytes);
                }
            }
            PushKind::SSubscribe => {
                let channel = text(data.first());
                let channel = channel.and_then(|name| Channel::parse(&name, &self.prefix));
                if let Some(Channel::Room(room)) = channel {
                    let subscribed = FromNode::Subscribed(vec![RoomKey(room)]);
                    self.hand_on(vec![Received::Node(subscribed)]);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn published(&self, bytes: &[u8]) {
        match Message::decode(bytes) {
            Some(message) if message.from == self.me => {}
            // This node is about to begin anew, too.
            Some(message) if message.is_of_another_life(&self.life) => {}
            Some(message) => {
                metrics().hints_heard.inc();
                self.hand_on(message.pieces());
            }
            // A newer node may say what this one does not know.
            None => log::debug!("a hint cannot be decoded"),
        }
    }

    /// Says all that waits, in one pipeline.
    async fn say(
        &mut self,
        connection: &mut RedisConnection,
        first: ToNodes,
    ) -> Result<(), String> {
        let mut all = vec![first];
        while all.len() < BUS_PIPELINE
            && let Ok(said) = self.queue.try_recv()
        {
            all.push(said);
        }
        let mut commands = redis::pipe();
        for said in &all {
            let interest = self.change(&said.interest);
            for (channel, wanted) in &interest {
                let name = if *wanted { "SSUBSCRIBE" } else { "SUNSUBSCRIBE" };
                self.add(&mut commands, name, channel);
            }
            self.publish(&mut commands, said);
        }
        let sent = if commands.is_empty() {
            Ok(Vec::new())
        } else {
            connection.run::<Value>(&commands).await
        };
        // What is asked is answered, also where Redis has just gone.
        let mut result = sent.map(drop).map_err(|error| cause(&error));
        for said in all {
            for presence in said.presence {
                let set = self.set_presence(connection, presence).await;
                result = result.and(set);
            }
            for AskedNodes { users, answer } in said.asked {
                let shown = connection.run::<Option<String>>(&self.keys.shown(&users)).await;
                let _ = answer
                    .send(shown.map_or_else(|_| users.clone(), |shown| merged(&users, &shown)));
            }
        }
        result
    }

    fn publish(&self, commands: &mut Pipeline, said: &ToNodes) {
        for (channel, message) in messages(&self.me, &self.life, said) {
            let payload = message.encode();
            metrics().hints_published.inc();
            metrics().hint_bytes.inc_by(payload.len() as u64);
            commands.cmd("SPUBLISH").arg(channel.name(&self.prefix)).arg(payload);
        }
    }

    /// What has to be subscribed to, and what no longer.
    fn change(&mut self, Interest { rooms, users }: &Interest) -> Vec<(Channel, bool)> {
        let rooms = rooms.iter().map(|(room, wanted)| (Channel::Room(room.0), *wanted));
        let users = users.iter().map(|(user, wanted)| (Channel::User(user.0), *wanted));
        // An inbox comes by its user's channel.
        let changes =
            rooms.filter(|(channel, _)| !matches!(channel, Channel::Room(..0))).chain(users);
        let mut changed = Vec::new();
        for (channel, wanted) in changes {
            let is_change = match wanted {
                true => self.channels.insert(channel.clone()),
                false => self.channels.remove(&channel),
            };
            if is_change {
                changed.push((channel, wanted));
            }
        }
        changed
    }

    fn note_lease(&mut self, news: ToBus) {
        match news {
            ToBus::Gone(incarnation) => self.gone_nodes.push_back(incarnation),
            ToBus::Renamed(incarnation) => {
                self.me = incarnation.to_string();
                self.keys = Keys::new(&self.prefix, &incarnation);
            }
        }
    }

    /// Takes some users of a node that has gone offline.
    async fn take_offline(&mut self, connection: &mut RedisConnection) -> Result<(), String> {
        let Some(incarnation) = self.gone_nodes.front() else { return Ok(()) };
        let (gone, more) = users_gone(connection, &self.keys, incarnation, GONE_USERS_STEP).await?;
        if !gone.is_empty() {
            let _ = self.follower.send(FromBus::Gone(gone));
        }
        if !more {
            self.gone_nodes.pop_front();
        }
        Ok(())
    }

    /// Told as what all nodes together say, where that has changed.
    async fn set_presence(
        &self,
        connection: &mut RedisConnection,
        presence: NodePresence,
    ) -> Result<(), String> {
        let commands = self.keys.set(presence.user.key, presence.status);
        let shown = last_text(connection, commands).await;
        let (shown, result) = match shown {
            Ok(shown) => (Status::parse(&shown), Ok(())),
            // Then what is so here is told here.
            Err(error) => (Some(presence.status), Err(error)),
        };
        if let Some(status) = shown {
            let presence = NodePresence { status, ..presence };
            if result.is_ok() {
                let said = ToNodes { ephemeral: vec![ephemeral(&presence)], ..ToNodes::default() };
                let mut commands = redis::pipe();
                self.publish(&mut commands, &said);
                if !commands.is_empty() {
                    let published = connection.run::<Value>(&commands).await;
                    published.map_err(|error| cause(&error))?;
                }
            }
            self.hand_on(vec![Received::Node(FromNode::Presence(presence))]);
        }
        result
    }
}

/// The text that the script among the commands answers.
async fn last_text(connection: &mut RedisConnection, commands: [Cmd; 2]) -> Result<String, String> {
    let mut pipeline = redis::pipe();
    commands.iter().for_each(|command| {
        pipeline.add_command(command.clone());
    });
    let answers = connection.run::<Value>(&pipeline).await.map_err(|error| cause(&error))?;
    let text = answers.into_iter().find_map(|answer| match answer {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    });
    Ok(text.unwrap_or_default())
}

/// Takes some users of a node that has gone offline there, and gives those who are
/// connected to no other.
async fn users_gone(
    connection: &mut RedisConnection,
    keys: &Keys,
    incarnation: &str,
    most: usize,
) -> Result<(Vec<UserKey>, bool), String> {
    let mut pipeline = redis::pipe();
    pipeline.add_command(keys.some_users_of(incarnation, most));
    let users = connection.run::<Vec<i64>>(&pipeline).await.map_err(|error| cause(&error))?;
    let users: Vec<UserKey> = users.into_iter().flatten().map(UserKey).collect();
    let mut gone = Vec::new();
    for user in &users {
        let shown = last_text(connection, keys.take_offline(incarnation, *user)).await?;
        if Status::parse(&shown) == Some(Status::Offline) {
            gone.push(*user);
        }
    }
    Ok((gone, users.len() >= most))
}

/// Between two steps of that: what is to be published goes first.
const SETTLE: Duration = Duration::from_millis(10);
