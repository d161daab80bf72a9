//! A PostgreSQL with a standby that takes its place.

use reqwest::Method;
use serde_json::json;

use crate::support::{Postgres, Server, User, history_of, within};

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn no_connection_is_kept_to_a_server_that_only_reads_and_a_promoted_one_is_found() {
    let primary = Postgres::start().await;
    let standby = primary.standby().await;
    let hosts = [&standby, &primary].map(|one| one.address().authority()).join(",");
    // The standby answers first, and is not what is looked for.
    let url = format!("postgres://postgres@{hosts}/postgres");
    let mut server = Server::builder().set("DATABASE_URL", url).start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    for content in ["one", "two"] {
        alice.say("den", content).await;
    }
    standby.says("SELECT count(*) FROM messages", "2").await;

    primary.kill();
    let ready = async || User::outcome(alice.plain(Method::GET, "/health/ready")).await.status;
    within("it to be noticed", async { while ready().await != 503 {} }).await;
    let said = json!({"content": "three", "client_id": "three"});
    for _ in 0..20 {
        assert_eq!(alice.post("/rooms/den/messages", said.clone()).await.status, 503);
    }
    standby.promote();
    server.started_anew().await;
    within("it to be well again", async { while ready().await != 200 {} }).await;
    alice.post("/rooms/den/messages", said).await.expect(201);
    assert_eq!(history_of(&alice, "den").await.len(), 3);
    let log = server.stderr();
    assert!(log.contains("is read only"), "{log}");
    assert!(!log.contains("read-only transaction"), "nothing was tried there: {log}");
}
