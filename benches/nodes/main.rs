//! What several nodes cost: one node on PostgreSQL against one on SQLite, and
//! several nodes against one.
//!
//! ```text
//! scripts/with-services cargo bench --bench nodes
//! scripts/with-services cargo bench --bench nodes -- --seconds 10 --nodes 1,2,8
//! ```
//!
//! Nodes, clients, PostgreSQL and Redis share the machine, so absolute numbers
//! say little; what is compared is compared in one run. The PostgreSQL of
//! `scripts/with-services` does not sync its disk: its times are those of the
//! network, the protocol and the locks.

#![expect(clippy::print_stdout, reason = "it talks to who runs it")]
#![expect(clippy::disallowed_methods, reason = "they are rules of the server")]

mod client;
mod cluster;
mod measure;

use std::time::Duration;

use cluster::{Cluster, Store};

const SENDERS: usize = 64;
const READERS: usize = 400;
const MESSAGES_PER_SECOND: u32 = 40;

struct Options {
    seconds: u64,
    nodes: Vec<usize>,
}

fn options() -> Options {
    let mut options = Options { seconds: 6, nodes: vec![1, 2, 8] };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_default();
        match arg.as_str() {
            "--seconds" => options.seconds = value().parse().expect("a number of seconds"),
            "--nodes" => {
                let number = |text: &str| text.parse().expect("a number of nodes");
                options.nodes = value().split(',').map(number).collect();
            }
            // Given by cargo.
            "--bench" => {}
            other => panic!("{other:?} is not understood"),
        }
    }
    options
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // The HTTP client is built with TLS, though it speaks none here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Options { seconds, nodes } = options();
    let time = Duration::from_secs(seconds);
    println!("durable acks, {SENDERS} senders, one message under way each, into own rooms");
    for store in [Store::Sqlite, Store::Postgres] {
        let cluster = Cluster::start(store, 1).await;
        println!("  {store:<10} {}", measure::acks(&cluster, SENDERS, time).await);
    }
    println!("the same on PostgreSQL, senders spread over the nodes");
    for count in &nodes {
        let cluster = Cluster::start(Store::Postgres, *count).await;
        println!("  {count} nodes    {}", measure::acks(&cluster, SENDERS, time).await);
    }
    println!("{MESSAGES_PER_SECOND} messages/s into one room, {READERS} readers over the nodes");
    for (store, count) in
        std::iter::once((Store::Sqlite, 1)).chain(nodes.iter().map(|n| (Store::Postgres, *n)))
    {
        let cluster = Cluster::start(store, count).await;
        let fanout = measure::fanout(&cluster, READERS, MESSAGES_PER_SECOND, time).await;
        println!("  {store:<10} {count} nodes  {fanout}");
    }
}
