//! This node in the cluster: joins before anything is written, and leaves at
//! the end.

use std::{sync::Arc, time::Duration};

use actix::{Actor, Addr, Arbiter, Recipient};
use tokio::sync::watch;

use super::Failure;
use crate::{
    chat::ToNodes,
    config::{Config, ServiceConfig},
    db::{Database, Nodes},
    name_thread,
    nodes::{
        Bus, BusHandle, Door, Follower, Health, Hooks, Lease, Node, ServiceChannel, Services,
        Started, Submissions,
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
    /// Whose events are taken, and under which name.
    services: Option<(ServiceConfig, Arc<str>)>,
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
        let services = config.nodes.services.clone();
        let Some(nodes) = database.nodes() else {
            return Ok(Self::of_one(services, content_bytes));
        };
        let node = Node::join(nodes, &config.bind.to_string()).await;
        let node = node.map_err(Failure::environment)?;
        let number = node.number;
        let redis = config.nodes.redis.clone();
        let services = services.map(|services| (services, node.incarnation.clone()));
        let redis = redis.map(|url| (url, config.nodes.redis_prefix.clone()));
        let (nodes, every) = (node.nodes.clone(), config.nodes.feed_interval);
        let started = Follower::start(node, redis, every).await;
        let Started { follower, lease, bus, health, me, leads, stop } =
            started.map_err(Failure::environment)?;
        let rest = Some((follower, lease, (nodes, me, every)));
        let health = Some(health);
        Ok(Self { number, leads, health, bus, rest, services, content_bytes, stop })
    }

    /// What it has taken from a stream and not finished it finds again by its name.
    fn of_one(services: Option<ServiceConfig>, content_bytes: usize) -> Self {
        let (leads, stop) = (watch::channel(true).1, watch::channel(false).0);
        let services = services.map(|services| (services, "single".into()));
        let (health, bus, rest) = (None, None, None);
        Self { number: 0, leads, health, bus, rest, services, content_bytes, stop }
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
        if let Some((ServiceConfig { redis, stream, channel }, me)) = self.services {
            if let Some(stream) = stream {
                arbiter.spawn(Services::new(redis.clone(), stream, &me, door.clone()).run());
            }
            if let Some(channel) = channel {
                let leads = self.leads.clone();
                arbiter.spawn(ServiceChannel::new(redis, channel, leads, door.clone()).run());
            }
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
