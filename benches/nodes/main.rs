//! What several nodes cost: one node on PostgreSQL against one on SQLite, and
//! several nodes against one.
//!
//! ```text
//! scripts/with-services cargo bench --bench nodes
//! scripts/with-services cargo bench --bench nodes -- --seconds 10 --nodes 1,2,8 acks
//! scripts/with-services cargo bench --bench nodes -- --senders 1,64 --server a --server b acks
//! PARLOR_TEST_FSYNC=on scripts/with-services cargo bench --bench nodes -- acks
//! ```
//!
//! `acks`, `fanout` or `distant` names one of the three. With `--server` other executables
//! are measured, several in turn, so that two versions are compared in one run.
//!
//! Nodes, clients, PostgreSQL and Redis share the machine, so absolute numbers
//! say little; what is compared is compared in one run. The PostgreSQL of
//! `scripts/with-services` does not sync its disk unless told so: its times are
//! those of the network, the protocol and the locks.

#![expect(clippy::print_stdout, reason = "it talks to who runs it")]
#![expect(clippy::disallowed_methods, reason = "they are rules of the server")]

mod client;
mod cluster;
mod delay;
mod limit;
mod measure;

use std::{path::PathBuf, time::Duration};

use cluster::{Cluster, Store};

const READERS: usize = 400;
const MESSAGES_PER_SECOND: u32 = 40;
/// A database on another continent: how much later what goes there and what comes
/// from there arrives.
const DISTANCE: Duration = Duration::from_millis(50);

struct Options {
    seconds: u64,
    nodes: Vec<usize>,
    senders: Vec<usize>,
    servers: Vec<PathBuf>,
    /// Empty for all.
    scenarios: Vec<String>,
}

fn options() -> Options {
    let (servers, scenarios) = (Vec::new(), Vec::new());
    let mut options =
        Options { seconds: 6, nodes: vec![1, 2, 8], senders: vec![1, 64], servers, scenarios };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_default();
        let numbers = |text: String| -> Vec<usize> {
            text.split(',').map(|number| number.parse().expect("numbers")).collect()
        };
        match arg.as_str() {
            "--seconds" => options.seconds = value().parse().expect("a number of seconds"),
            "--nodes" => options.nodes = numbers(value()),
            "--senders" => options.senders = numbers(value()),
            "--server" => {
                options.servers.push(PathBuf::from(value()).canonicalize().expect("a file"));
            }
            "acks" | "fanout" | "distant" => options.scenarios.push(arg),
            // Given by cargo.
            "--bench" => {}
            other => panic!("{other:?} is not understood"),
        }
    }
    if options.servers.is_empty() {
        options.servers.push(parlor_benches::built().expect("the server can be built"));
    }
    options
}

fn main() {
    // The HTTP client is built with TLS, though it speaks none here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("it can be started");
    runtime.block_on(measured(&options()));
}

async fn measured(options: &Options) {
    let is_wanted = |name: &str| {
        options.scenarios.is_empty() || options.scenarios.iter().any(|wanted| wanted == name)
    };
    if is_wanted("acks") {
        acks(options).await;
    }
    if is_wanted("fanout") {
        fanout(options).await;
    }
    if is_wanted("distant") {
        distant(options).await;
    }
}

/// Both databases, and several nodes, with as many senders in all and with as
/// many on each.
async fn acks(options: &Options) {
    let time = Duration::from_secs(options.seconds);
    for senders in &options.senders {
        println!("durable acks, {senders} senders, one message under way each, into own rooms");
        for server in &options.servers {
            let cluster = Cluster::start(server, Store::Sqlite, 1);
            let acks = measure::acks(&cluster, *senders, *senders, time).await;
            println!("  {:<22} {acks}", "SQLite");
        }
        let (each, many) = (*senders, options.nodes.iter().copied().filter(|nodes| *nodes > 1));
        let fixed = options.nodes.iter().map(|nodes| (*nodes, each));
        // As many as 64 a node say nothing on two cores.
        let grown = many.filter(|_| each <= 8).map(|nodes| (nodes, each * nodes));
        for (nodes, senders) in fixed.chain(grown) {
            for server in &options.servers {
                let cluster = Cluster::start(server, Store::Postgres, nodes);
                let name = format!("{nodes} nodes, {senders} senders");
                let acks = measure::acks(&cluster, senders, senders, time).await;
                println!("  {name:<22} {acks}");
            }
        }
    }
    if let Some(server) = options.servers.last() {
        println!("the same rows by a bare client: the function that stores a batch");
        let cluster = Cluster::start(server, Store::Postgres, 1);
        for (connections, rows) in [(1, 1), (4, 16), (1, 64), (1, 512)] {
            let name = format!("{connections} connections × {rows} rows");
            println!("  {name:<22} {}", limit::stored(&cluster, connections, rows, time).await);
        }
    }
}

/// Three nodes that write into the same two rooms, far from their database. A
/// round trip is ten a second: a room that had one batch in each would have ten.
async fn distant(options: &Options) {
    let time = Duration::from_secs(options.seconds);
    println!("three nodes, {:?} from their PostgreSQL and back, two rooms", DISTANCE * 2);
    for senders in [6, 60] {
        for server in &options.servers {
            let cluster = Cluster::start_distant(server, 3, DISTANCE);
            let acks = measure::acks(&cluster, senders, 2, time).await;
            println!("  {senders:>2} senders             {acks}");
        }
    }
}

async fn fanout(options: &Options) {
    let time = Duration::from_secs(options.seconds);
    println!("{MESSAGES_PER_SECOND} messages/s into one room, {READERS} readers over the nodes");
    let on_postgres = options.nodes.iter().map(|nodes| (Store::Postgres, *nodes));
    for (store, count) in std::iter::once((Store::Sqlite, 1)).chain(on_postgres) {
        for server in &options.servers {
            let cluster = Cluster::start(server, store, count);
            let fanout = measure::fanout(&cluster, READERS, MESSAGES_PER_SECOND, time).await;
            println!("  {store:<10} {count} nodes  {fanout}");
        }
    }
}
