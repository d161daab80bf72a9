//! A pooler between the server and its PostgreSQL.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::support::{
    Address, Outcome, PgBouncer, Proxy, Server, TestDatabase, User, run_with, within,
};

const TAKES_OPTIONS: &str = "ignore_startup_parameters = options";

fn url(pooler: &PgBouncer, database: &TestDatabase) -> String {
    let (_, name) = database.host_and_name();
    format!("postgres://postgres@{}/{name}", pooler.address().authority())
}

#[tokio::test]
#[ignore = "needs PostgreSQL and PgBouncer: scripts/with-services"]
async fn what_does_not_go_through_a_pooler_is_said_at_the_start() {
    let database = TestDatabase::new();
    let (server, _) = database.host_and_name();
    let home = tempfile::tempdir().expect("a directory");
    for (mode, more, why) in [
        ("transaction", "", "`options`"),
        ("session", "", "`options`"),
        ("transaction", TAKES_OPTIONS, "transaction mode"),
        ("session", TAKES_OPTIONS, "idle_in_transaction_session_timeout"),
    ] {
        let pooler = PgBouncer::in_front_of(&server, mode, more).await;
        let settings = [("DATABASE_URL", url(&pooler, &database))];
        let settings = settings.each_ref().map(|(name, url)| (*name, url.as_str()));
        run_with(&home, &["serve"], &settings).await.refused(1, why);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL and PgBouncer: scripts/with-services"]
async fn a_pooler_in_session_mode_goes_with_settings_of_the_database() {
    let database = TestDatabase::new();
    let (server, name) = database.host_and_name();
    for setting in [
        "statement_timeout = '5s'",
        "lock_timeout = '5s'",
        "idle_in_transaction_session_timeout = '2s'",
    ] {
        database.query(&format!("ALTER DATABASE {name} SET {setting}"));
    }
    let pooler = PgBouncer::in_front_of(&server, "session", TAKES_OPTIONS).await;
    let server = Server::builder().set("DATABASE_URL", url(&pooler, &database)).start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    alice.say("den", "through it").await;
    assert_eq!(ready(&alice).await.status, 200);
}

async fn ready(user: &User) -> Outcome {
    User::outcome(user.plain(Method::GET, "/health/ready")).await
}

#[tokio::test]
#[ignore = "needs PostgreSQL and PgBouncer: scripts/with-services"]
async fn a_server_that_comes_behind_one_is_not_ready_while_every_write_fails() {
    let database = TestDatabase::new();
    let (direct, name) = database.host_and_name();
    let pooler = PgBouncer::in_front_of(&direct, "transaction", TAKES_OPTIONS).await;
    let now = Address::new(direct.port());
    let proxy = Proxy::in_front_of(&now).await;
    let url = format!("postgres://postgres@{}/{name}", proxy.address().authority());
    let server = Server::builder().set("DATABASE_URL", url).start().await;
    let alice = server.user("alice").await;
    let rooms = ["a", "b", "c", "d", "e", "f", "g", "h"];
    for room in rooms {
        alice.create_room(room, "private").await;
    }
    let say = async || {
        let say = |room: &str| {
            let (alice, path) = (alice.clone(), format!("/rooms/{room}/messages"));
            async move { alice.post(&path, json!({"content": "hi"})).await.status }
        };
        join_all(rooms.map(say)).await
    };
    assert_eq!(say().await, [201; 8]);

    let move_to = async |address: &Address| {
        now.moved_to(address.port());
        proxy.cut();
        let noticed = async { while ready(&alice).await.status != 503 {} };
        within("the cut to be noticed", noticed).await;
        proxy.restore();
    };
    move_to(pooler.address()).await;
    let mut failed = 0;
    for _ in 0..50 {
        let statuses = say().await;
        failed += statuses.iter().filter(|status| **status >= 500).count();
        if statuses.iter().all(|status| *status >= 500) {
            assert_eq!(ready(&alice).await.status, 503);
        }
    }
    assert!(failed > 0, "it does not go through such a pooler");
    let lines = server.stderr().lines().filter(|line| line.contains("prepared statement")).count();
    assert!((1..10).contains(&lines), "{lines} lines of {failed}: {}", server.stderr());

    move_to(&direct).await;
    let healed = async { while say().await != [201; 8] || ready(&alice).await.status != 200 {} };
    within("all to be well again", healed).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn a_server_whose_database_lets_nobody_write_is_not_ready_until_it_does() {
    let database = TestDatabase::new();
    let server = Server::builder().set("DATABASE_URL", database.url()).start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    alice.say("den", "before").await;
    assert_eq!(ready(&alice).await.status, 200);

    database.let_write(false);
    database.disconnect();
    // Nobody writes, and it is noticed.
    let noticed =
        async { while ready(&alice).await.json()["checks"]["database"] != "not writable" {} };
    within("it to be noticed", noticed).await;
    for _ in 0..100 {
        let status = alice.post("/rooms/den/messages", json!({"content": "lost"})).await.status;
        assert_eq!((status, ready(&alice).await.status), (503, 503));
    }
    let lines = server.stderr().matches("read-only transaction").count();
    assert!((1..10).contains(&lines), "{lines} lines: {}", server.stderr());

    // Its sessions were opened when they might not write; it opens others.
    database.let_write(true);
    let healed = async { while ready(&alice).await.status != 200 {} };
    within("it to be well again", healed).await;
    alice.say("den", "after").await;
}
