//! This node's lease and number, and which other nodes are alive.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use super::health::Health;
use crate::{
    clock,
    db::{LiveNode, Nodes},
};
use parlor_domain::limits::NODE_RENEWAL;

/// This node, among others.
#[derive(Clone)]
pub struct Node {
    pub nodes: Nodes,
    /// Unique for each start, and renewed after the lease was lost.
    pub incarnation: Arc<str>,
    pub number: u8,
    /// The nodes that were listed when it started, including those that have
    /// gone.
    pub listed: Arc<[LiveNode]>,
}

impl Node {
    /// Takes a number, before anything is written.
    ///
    /// # Errors
    /// One line for the operator.
    pub async fn join(nodes: Nodes, address: &str) -> Result<Self, String> {
        let incarnation = new_incarnation();
        // Before a number is taken: it may be that of one who has gone.
        let listed: Arc<[LiveNode]> = nodes.listed().await?.into();
        for _ in 0..CLAIM_TRIES {
            if let Some(lease) = nodes.claim(&incarnation, address).await? {
                agree(lease.now);
                return Ok(Self { nodes, incarnation, number: lease.number, listed });
            }
            // Others start at the same moment.
            sleep(CLAIM_PAUSE).await;
        }
        Err("all node numbers are taken".to_owned())
    }
}

const CLAIM_TRIES: usize = 50;
const CLAIM_PAUSE: Duration = Duration::from_millis(100);

fn agree(shared: parlor_domain::Timestamp) {
    if let Some(offset_ms) = clock::agree_with(shared) {
        log::warn!(
            "this machine's clock is {offset_ms} ms behind the database's; the database's is used"
        );
    }
}

/// What the bus has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ToBus {
    /// The lease of an incarnation has ended: its users are there no more.
    Gone(String),
    /// This node is another incarnation from now on.
    Renamed(Arc<str>),
}

fn new_incarnation() -> Arc<str> {
    format!("{:016x}", rand::random::<u64>()).into()
}

/// What has become of the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeaseNews {
    /// The node was away for so long that others took it for gone; it has
    /// another number now.
    Again(u8),
}

/// Goes on with the lease, for as long as the node runs.
pub struct Lease {
    node: Node,
    health: Health,
    news: mpsc::UnboundedSender<LeaseNews>,
    bus: mpsc::UnboundedSender<ToBus>,
    watch: Watch,
    /// The incarnation, for those who have to know it.
    me: watch::Sender<Arc<str>>,
    leads: watch::Sender<bool>,
    stop: watch::Receiver<bool>,
}

impl Lease {
    pub(super) fn new(
        node: Node,
        health: Health,
        news: mpsc::UnboundedSender<LeaseNews>,
        bus: mpsc::UnboundedSender<ToBus>,
        stop: watch::Receiver<bool>,
    ) -> (Self, watch::Receiver<Arc<str>>, watch::Receiver<bool>) {
        let (leads, leading) = watch::channel(false);
        let (me, named) = watch::channel(node.incarnation.clone());
        let watch = Watch::new(&node.listed);
        (Self { node, health, news, bus, watch, me, leads, stop }, named, leading)
    }

    pub async fn run(mut self) {
        // Whoever starts alone leads at once.
        if let Err(error) = self.renew().await {
            log::warn!("cannot list the other nodes yet: {error}");
        }
        loop {
            tokio::select! {
                () = sleep(NODE_RENEWAL) => {}
                _ = self.stop.changed() => {
                    let Node { nodes, incarnation, number, .. } = &self.node;
                    if let Err(error) = nodes.release(*number, incarnation).await {
                        log::debug!("cannot release the lease, it will expire: {error}");
                    }
                    return;
                }
            }
            let renewed = self.renew().await;
            let there = renewed.is_ok();
            if !there {
                // Another one may.
                self.leads.send_replace(false);
            }
            let is_news = self.health.database_is(there);
            match renewed {
                Err(error) if is_news => log::error!("the database cannot be reached: {error}"),
                Ok(()) if is_news => log::info!("the database is reachable again"),
                _ => {}
            }
        }
    }

    async fn renew(&mut self) -> Result<(), String> {
        let Node { nodes, incarnation, number, .. } = &mut self.node;
        match nodes.renew(*number, incarnation).await? {
            Some(lease) => agree(lease.now),
            None => {
                // Another incarnation: whatever becomes of it, the one before
                // is gone for the others.
                let again = new_incarnation();
                let Some(lease) = nodes.claim(&again, "").await? else { return Ok(()) };
                log::warn!(
                    "the lease of this node had expired; continuing as node {}",
                    lease.number
                );
                *number = lease.number;
                *incarnation = again.clone();
                self.me.send_replace(again.clone());
                let _ = self.bus.send(ToBus::Renamed(again));
                let _ = self.news.send(LeaseNews::Again(lease.number));
            }
        }
        nodes.check_life().await?;
        let live = nodes.live().await?;
        let is_first = live.iter().map(|node| node.number).min() == Some(self.node.number);
        self.leads.send_if_modified(|leads| std::mem::replace(leads, is_first) != is_first);
        for incarnation in self.watch.look(&live, self.node.number) {
            log::warn!("the lease of a node has expired");
            let _ = self.bus.send(ToBus::Gone(incarnation));
        }
        Ok(())
    }
}

/// Which nodes are there, and which have gone; pure.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    known: BTreeMap<String, u8>,
    /// Those that have gone, until somebody has taken care of them.
    gone: Vec<String>,
}

impl Watch {
    /// Those that were `listed` when this node started may have gone already,
    /// with nobody there to see it.
    pub fn new(listed: &[LiveNode]) -> Self {
        let known = listed.iter().map(|node| (node.incarnation.clone(), node.number)).collect();
        Self { known, gone: Vec::new() }
    }

    /// Gives the incarnations that this node is to take care of: the one with
    /// the lowest number does. Another may have been it while they went.
    pub fn look(&mut self, live: &[LiveNode], own: u8) -> Vec<String> {
        let now: BTreeMap<String, u8> =
            live.iter().map(|node| (node.incarnation.clone(), node.number)).collect();
        let before = std::mem::replace(&mut self.known, now);
        let gone = before.into_keys().filter(|one| !self.known.contains_key(one));
        self.gone.extend(gone);
        let known = &self.known;
        self.gone.retain(|one| !known.contains_key(one));
        let is_first = live.iter().map(|node| node.number).min() == Some(own);
        if is_first { std::mem::take(&mut self.gone) } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(all: &[(&str, u8)]) -> Vec<LiveNode> {
        let node = |(incarnation, number): &(&str, u8)| LiveNode {
            number: *number,
            incarnation: (*incarnation).to_owned(),
        };
        all.iter().map(node).collect()
    }

    #[test]
    fn the_first_node_takes_care_of_those_who_have_gone() {
        let mut watch = Watch::default();
        assert!(watch.look(&live(&[("a", 0), ("b", 1), ("c", 2)]), 0).is_empty());
        assert_eq!(watch.look(&live(&[("a", 0), ("c", 2)]), 0), ["b"]);
        assert!(watch.look(&live(&[("a", 0), ("c", 2)]), 0).is_empty(), "once");
    }

    #[test]
    fn one_who_becomes_the_first_takes_care_of_the_one_before() {
        let mut watch = Watch::default();
        watch.look(&live(&[("a", 0), ("b", 1), ("c", 2)]), 1);
        assert!(watch.look(&live(&[("a", 0), ("b", 1)]), 1).is_empty(), "that is for a");
        assert_eq!(watch.look(&live(&[("b", 1)]), 1), ["c", "a"]);
    }

    #[test]
    fn those_who_went_while_nobody_was_there_are_taken_care_of() {
        let mut watch = Watch::new(&live(&[("a", 0), ("b", 1)]));
        assert_eq!(watch.look(&live(&[("c", 0)]), 0), ["a", "b"]);
    }

    #[test]
    fn one_who_is_back_is_not_taken_care_of() {
        let mut watch = Watch::default();
        watch.look(&live(&[("a", 0), ("b", 1)]), 1);
        watch.look(&live(&[("a", 0)]), 1);
        assert!(watch.look(&live(&[("b", 0)]), 0).is_empty() || watch.gone.is_empty());
    }
}
