//! This node in the cluster: joins before anything is written, and leaves at
//! the end.

use std::{sync::Arc, time::Duration};

use actix::{Actor, Addr, Arbiter, Recipient};
use tokio::sync::watch;

use super::Failure;
use crate::{
    chat::ToNodes,
    config::Config,
    db::{Database, Nodes},
    name_thread,
    nodes::{
        Bus, BusHandle, Door, Follower, Health, Hooks, Lease, Node, RedisUrl, Services, Started,
        Submissions,
    },
};

/// What runs on an arbiter of its own: a follower that is busy slows nobody.
pub(super) struct Cluster {
    pub number: u8,
    /// Whether this is the node that does what only one should.
    pub leads: watch::Receiver<bool>,
    /// `None` where there can be only one node.
    pub health: Option<Health>,
    bus: Option<(BusHandle, Bus)>,
    rest: Option<(Follower, Lease, Submitted)>,
    /// Takes the events of other programs.
    stream: Option<(RedisUrl, String, Arc<str>)>,
    /// Bytes that a message of theirs may have.
    content_bytes: usize,
    stop: watch::Sender<bool>,
}

/// Where applications submit what the node that leads carries out: the database, this
/// node's incarnation, and how often is looked.
type Submitted = (Nodes, watch::Receiver<Arc<str>>, Duration);

impl Cluster {
    pub async fn join(config: &Config, database: &Database) -> Result<Self, Failure> {
        let content_bytes = config.limits.content_bytes;
        let Some(nodes) = database.nodes() else { return Ok(Self::of_one(content_bytes)) };
        let node = Node::join(nodes, &config.bind.to_string()).await;
        let node = node.map_err(Failure::environment)?;
        let number = node.number;
        let redis = config.nodes.redis.clone();
        let stream = redis.clone().zip(config.nodes.service_stream.clone());
        let stream = stream.map(|(url, stream)| (url, stream, node.incarnation.clone()));
        let redis = redis.map(|url| (url, config.nodes.redis_prefix.clone()));
        let (nodes, every) = (node.nodes.clone(), config.nodes.feed_interval);
        let started = Follower::start(node, redis, every).await;
        let Started { follower, lease, bus, health, me, leads, stop } =
            started.map_err(Failure::environment)?;
        let rest = Some((follower, lease, (nodes, me, every)));
        let health = Some(health);
        Ok(Self { number, leads, health, bus, rest, stream, content_bytes, stop })
    }

    fn of_one(content_bytes: usize) -> Self {
        let (leads, stop) = (watch::channel(true).1, watch::channel(false).0);
        let (health, bus, rest, stream) = (None, None, None, None);
        Self { number: 0, leads, health, bus, rest, stream, content_bytes, stop }
    }

    /// Starts to publish; gives where to.
    pub fn publish(&mut self, arbiter: &Arbiter) -> Option<Recipient<ToNodes>> {
        let (handle, bus) = self.bus.take()?;
        let address: Addr<BusHandle> =
            BusHandle::start_in_arbiter(&arbiter.handle(), move |_| handle);
        arbiter.spawn(bus.run());
        Some(address.recipient())
    }

    /// Starts to follow the others; gives what is said when the server stops.
    pub fn follow(self, arbiter: &Arbiter, hooks: Hooks) -> watch::Sender<bool> {
        let door = Door::new(hooks.chat.clone(), hooks.reader.clone(), self.content_bytes);
        if let Some((url, stream, me)) = self.stream {
            arbiter.spawn(Services::new(url, stream, &me, door.clone()).run());
        }
        if let Some((follower, lease, (nodes, me, every))) = self.rest {
            let submissions = Submissions::new(nodes, me, self.leads, every, door);
            arbiter.spawn_fn(move || {
                name_thread("nodes");
                actix::spawn(follower.run(hooks));
                actix::spawn(lease.run());
                actix::spawn(submissions.run());
            });
        }
        self.stop
    }
}
