//! A PostgreSQL that is put back under servers that run.

use serde_json::json;
use tokio::process::Command;

use super::{epoch_of, goes_on, in_epoch, say_some, starts_anew};
use crate::support::{Postgres, Server, TestDatabase, User, history_of, run_with, within};

async fn on(url: &str) -> (Server, User) {
    let server = Server::builder().set("DATABASE_URL", url).start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    say_some(&alice, "den", 3).await;
    (server, alice)
}

/// Says something as a client does whose server has lost its database for a
/// moment.
async fn until_it_is_stored(alice: &User) {
    let said = json!({"content": "now", "client_id": "one"});
    let saying =
        async { while alice.post("/rooms/den/messages", said.clone()).await.status >= 500 {} };
    within("a message to be stored", saying).await;
}

async fn program(name: &str, args: &[&str]) {
    let output = within(name, Command::new(name).args(args).output()).await;
    let output = output.unwrap_or_else(|error| panic!("{name} is installed: {error}"));
    assert!(output.status.success(), "{name} {args:?}: {output:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn a_dump_that_is_put_back_under_a_running_server_is_noticed() {
    let database = TestDatabase::new();
    let (mut server, alice) = on(&database.url()).await;
    let epoch = epoch_of(&alice, "den").await;
    let home = tempfile::tempdir().expect("a directory");
    let dump = home.path().join("parlor.dump").to_string_lossy().into_owned();
    let url = database.url();
    program("pg_dump", &["--format=custom", "--file", &dump, &url]).await;
    say_some(&alice, "den", 2).await;
    let mut socket = alice.connect().await;
    let how = ["--clean", "--no-owner", "--exit-on-error", "--single-transaction", "--dbname"];
    program("pg_restore", &[&how[..], &[&url, &dump]].concat()).await;

    // Nobody restarts it: it sends its clients away, and begins anew.
    assert_eq!(socket.close_code().await, Some(1001));
    server.started_anew().await;
    assert_ne!(epoch_of(&alice, "den").await, epoch);
    assert_eq!(history_of(&alice, "den").await.len(), 3);
    say_some(&alice, "den", 4).await;
    for since in [1, 3, 4, 5] {
        starts_anew(&alice, "den", json!(since)).await;
        starts_anew(&alice, "den", in_epoch(since, &epoch)).await;
    }
    let (head, now) = (alice.last_seq("den").await, epoch_of(&alice, "den").await);
    say_some(&alice, "den", 2).await;
    goes_on(&alice, "den", in_epoch(head, &now), 2).await;
    server.restart().await;
    assert_eq!(epoch_of(&alice, "den").await, now, "a restart alone changes nothing");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn a_crash_of_postgresql_keeps_the_epoch_and_another_timeline_of_it_does_not() {
    let postgres = Postgres::start().await;
    let (mut server, alice) = on(&postgres.url()).await;
    let epoch = epoch_of(&alice, "den").await;
    postgres.kill();
    postgres.start_again().await;
    let answers = |outcome: &crate::support::Outcome| outcome.status == 200;
    alice.get_until("the database", "/rooms/den", answers).await;
    assert_eq!(epoch_of(&alice, "den").await, epoch);
    goes_on(&alice, "den", json!(1), 2).await;

    // As after a restore to a point in time, or of a standby.
    postgres.kill();
    postgres.recover().await;
    server.started_anew().await;
    assert_ne!(epoch_of(&alice, "den").await, epoch);
    starts_anew(&alice, "den", json!(3)).await;
    starts_anew(&alice, "den", in_epoch(3, &epoch)).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn a_database_that_lacks_what_was_committed_is_noticed_by_who_committed_it() {
    let postgres = Postgres::start().await;
    let (mut server, alice) = on(&postgres.url()).await;
    let epoch = epoch_of(&alice, "den").await;
    let kept = postgres.snapshot().await;
    until_it_is_stored(&alice).await;
    say_some(&alice, "den", 1).await;
    // What is not there at all might have been deleted, and tells nothing.
    alice.create_room("since", "private").await;
    say_some(&alice, "since", 1).await;
    // As if the disk had been put back: nothing of PostgreSQL itself tells.
    postgres.kill();
    postgres.put_back(&kept).await;
    server.started_anew().await;
    assert_ne!(epoch_of(&alice, "den").await, epoch);
    assert_eq!(history_of(&alice, "den").await.len(), 3);
    for since in [3, 5] {
        starts_anew(&alice, "den", json!(since)).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn what_a_promoted_standby_had_not_received_is_never_skipped_in_silence() {
    let primary = Postgres::start().await;
    let standby = primary.standby().await;
    let hosts = [&primary, &standby].map(|one| one.address().authority()).join(",");
    let (mut server, alice) = on(&format!("postgres://postgres@{hosts}/postgres")).await;
    let epoch = epoch_of(&alice, "den").await;
    standby.says("SELECT count(*) FROM messages", "3").await;
    standby.query("ALTER SYSTEM SET primary_conninfo = ''");
    standby.query("SELECT pg_reload_conf()");
    primary.says("SELECT count(*) FROM pg_stat_replication", "0").await;
    say_some(&alice, "den", 2).await;

    primary.kill();
    standby.promote();
    server.started_anew().await;
    until_it_is_stored(&alice).await;
    assert_ne!(epoch_of(&alice, "den").await, epoch);
    assert_eq!(history_of(&alice, "den").await.len(), 4);
    for since in [4, 5] {
        starts_anew(&alice, "den", in_epoch(since, &epoch)).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn an_operator_can_say_so_to_servers_that_run() {
    let database = TestDatabase::new();
    let (mut server, alice) = on(&database.url()).await;
    let epoch = epoch_of(&alice, "den").await;
    let home = tempfile::tempdir().expect("a directory");
    let finished = run_with(&home, &["new-epoch"], &[("DATABASE_URL", &database.url())]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    server.started_anew().await;
    assert_ne!(epoch_of(&alice, "den").await, epoch);
    starts_anew(&alice, "den", json!(3)).await;
}
