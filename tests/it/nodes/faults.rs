//! What goes wrong with a node, with the network, or with what the nodes
//! share: every acked message is stored once and reaches everybody once, in
//! order.

use std::time::Duration;

use super::load::Load;
use crate::support::{Cluster, Postgres, TestDatabase, free_port, within};

const SENDERS: usize = 6;
const READERS: usize = 6;
/// Messages that everybody hears before and after something goes wrong.
const SOME: usize = 100;

async fn under_load(cluster: &Cluster) -> Load {
    let load = Load::start(cluster.addresses(), SENDERS, READERS).await;
    load.goes_on(SOME).await;
    load
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_node_is_killed_in_the_middle_of_traffic() {
    let mut cluster = Cluster::start(3).await;
    let load = under_load(&cluster).await;
    cluster.nodes[1].server.kill9().await;
    load.goes_on(SOME).await;
    cluster.nodes[1].server.start_again().await;
    load.goes_on(SOME).await;
    load.finish("a node was killed").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_node_is_frozen_and_returns() {
    let cluster = Cluster::start(3).await;
    let load = under_load(&cluster).await;
    cluster.nodes[1].server.signal(libc::SIGSTOP);
    load.goes_on(SOME).await;
    cluster.nodes[1].server.signal(libc::SIGCONT);
    load.goes_on(SOME).await;
    load.finish("a node was frozen").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_node_is_cut_from_redis() {
    let cluster = Cluster::start(3).await;
    let load = under_load(&cluster).await;
    cluster.nodes[1].to_redis.cut();
    load.goes_on(SOME).await;
    cluster.nodes[1].to_redis.restore();
    cluster.nodes[2].to_redis.silence();
    load.goes_on(SOME).await;
    cluster.nodes[2].to_redis.restore();
    load.goes_on(SOME).await;
    load.finish("nodes were cut from Redis").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_node_is_cut_from_postgresql() {
    let cluster = Cluster::start(3).await;
    let load = under_load(&cluster).await;
    cluster.nodes[1].to_postgres.cut();
    load.goes_on(SOME).await;
    cluster.nodes[1].to_postgres.restore();
    load.goes_on(SOME).await;
    cluster.nodes[2].to_postgres.silence();
    load.goes_on(SOME).await;
    cluster.nodes[2].to_postgres.restore();
    load.goes_on(SOME).await;
    load.finish("nodes were cut from PostgreSQL").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_node_is_cut_from_both() {
    let cluster = Cluster::start(3).await;
    let load = under_load(&cluster).await;
    cluster.nodes[1].to_postgres.cut();
    cluster.nodes[1].to_redis.cut();
    load.goes_on(SOME).await;
    cluster.nodes[1].to_postgres.restore();
    cluster.nodes[1].to_redis.restore();
    load.goes_on(SOME).await;
    load.finish("a node was cut from both").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn redis_is_restarted_empty() {
    let mut cluster = Cluster::start(3).await;
    let load = under_load(&cluster).await;
    cluster.redis.kill();
    load.goes_on(SOME).await;
    cluster.redis.start_again().await;
    load.goes_on(SOME).await;
    load.finish("Redis was restarted empty").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn postgresql_is_killed_and_restarted() {
    let postgres = Postgres::start().await;
    let database = TestDatabase::in_server(&postgres.url());
    let none = vec![Vec::new(), Vec::new()];
    let cluster = Cluster::on(database, &none).await;
    let load = under_load(&cluster).await;
    postgres.kill();
    postgres.start_again().await;
    load.goes_on(SOME).await;
    load.finish("PostgreSQL was killed").await;
    drop(cluster);
}

/// A standby that has all that was acknowledged takes over, and what was the
/// primary comes back as its standby, at a port that the nodes try first.
#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn a_synchronous_standby_takes_over() {
    let primary = Postgres::start().await;
    let database = TestDatabase::in_server(&primary.url());
    let standby = primary.standby().await;
    primary.wait_for_standby().await;
    let hosts = [&primary, &standby].map(|one| one.address().authority()).join(",");
    let (_, name) = database.host_and_name();
    let mut nodes = Vec::new();
    for _ in 0..3 {
        // A node that begins anew is found where it was.
        let bind = format!("127.0.0.1:{}", free_port().await);
        let url = format!("postgres://postgres@{hosts}/{name}");
        nodes.push(vec![("DATABASE_URL", url), ("PARLOR_BIND", bind)]);
    }
    let cluster = Cluster::on(database, &nodes).await;
    let load = under_load(&cluster).await;
    primary.kill();
    standby.promote();
    load.goes_on(SOME).await;
    primary.follow(&standby).await;
    load.goes_on(SOME).await;
    // Made anew, each connection meets the standby first, and passes it over.
    standby.kill();
    standby.start_again().await;
    load.goes_on(SOME).await;
    load.finish_after("a standby took over", 1).await;
    drop(cluster);
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn postgresql_is_slow() {
    let cluster = Cluster::start(2).await;
    let load = under_load(&cluster).await;
    cluster.nodes[0].to_postgres.delay(Duration::from_millis(30));
    load.goes_on(SOME).await;
    cluster.nodes[0].to_postgres.restore();
    load.goes_on(SOME).await;
    load.finish("PostgreSQL was slow for a node").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn the_clock_of_a_node_is_wrong_by_an_hour() {
    let Some(library) = faketime() else { panic!("libfaketime is installed") };
    let wrong = vec![
        ("LD_PRELOAD", library),
        ("FAKETIME", "+1h".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ];
    let cluster = Cluster::with(&[Vec::new(), wrong]).await;
    let load = under_load(&cluster).await;
    load.goes_on(SOME).await;
    let outcome = load.finish("the clock of a node was wrong").await;
    assert!(outcome.stored > 0);
    // Times are those of the database.
    let late = cluster.database().query(
        "SELECT count(*) FROM messages
         WHERE abs(created_at - extract(epoch FROM now()) * 1000) > 120000",
    );
    assert_eq!(late, "0");
}

fn faketime() -> Option<String> {
    let paths = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"];
    let library = |path: &&str| format!("{path}/faketime/libfaketime.so.1");
    paths.iter().map(library).find(|path| std::path::Path::new(path).exists())
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn all_nodes_are_restarted_one_after_the_other() {
    let mut cluster = Cluster::start(3).await;
    let load = under_load(&cluster).await;
    for node in &mut cluster.nodes {
        node.server.restart().await;
        load.goes_on(SOME).await;
    }
    load.finish("all nodes were restarted").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn nobody_is_shown_who_was_on_a_node_that_is_gone() {
    let mut cluster = Cluster::start(2).await;
    let ann = cluster.nodes[0].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    ann.room_with("den", &[&ben]).await;
    let mut at_ann = ann.connect().await;
    let at_ben = ben.connect().await;
    at_ann.next_event("presence").await;
    assert_eq!(ann.get("/users/ben/presence").await.expect(200)["status"], "online");
    cluster.nodes[1].server.kill9().await;
    drop(at_ben);
    let gone = at_ann.next_event("presence").await;
    assert_eq!(gone["data"]["status"], "offline", "{gone}");
    let shown =
        async { while ann.get("/users/ben/presence").await.expect(200)["status"] != "offline" {} };
    within("ben is away", shown).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn nobody_is_shown_who_was_there_when_all_nodes_lost_their_power() {
    let mut cluster = Cluster::start(2).await;
    let ann = cluster.nodes[0].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    ann.room_with("den", &[&ben]).await;
    let sockets = (ann.connect().await, ben.connect().await);
    let status = async || ann.get("/users/ben/presence").await.expect(200)["status"].clone();
    within("ben is there", async { while status().await != "online" {} }).await;
    for node in &mut cluster.nodes {
        node.server.kill9().await;
    }
    drop(sockets);
    // Their leases end, and no node is there to see it.
    let ended = async {
        while !cluster
            .database()
            .query("SELECT 1 FROM nodes WHERE until > clock_timestamp()")
            .is_empty()
        {}
    };
    within("the leases' end", ended).await;
    // And so long that their numbers are anybody's.
    cluster.database().query("UPDATE nodes SET until = until - interval '1 day'");
    cluster.nodes[0].server.start_again().await;
    within("ben is away", async { while status().await != "offline" {} }).await;
}

/// Frozen for longer than its lease, a node is another one when it returns:
/// its users are there again, and nobody stays who is not.
#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn who_was_on_a_frozen_node_is_gone_and_there_again() {
    let mut cluster = Cluster::start(2).await;
    let ann = cluster.nodes[0].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    ann.room_with("den", &[&ben]).await;
    let mut at_ann = ann.connect().await;
    let mut at_ben = ben.connect().await;
    let is = |status: &'static str| {
        move |frame: &serde_json::Value| {
            frame["type"] == "presence" && frame["data"]["status"] == status
        }
    };
    at_ann.next_where("ben comes", is("online")).await;
    cluster.nodes[1].server.signal(libc::SIGSTOP);
    at_ann.next_where("ben is gone", is("offline")).await;
    at_ann.say("den", "while he was away").await;
    cluster.nodes[1].server.signal(libc::SIGCONT);
    at_ann.next_where("ben is there again", is("online")).await;
    assert_eq!(at_ben.next_message("den").await["seq"], 1);
    at_ben.say("den", "here I am").await;
    cluster.nodes[1].server.kill9().await;
    at_ann.next_where("ben is gone for good", is("offline")).await;
}
