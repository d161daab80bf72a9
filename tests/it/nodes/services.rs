//! Other programs publish over a stream in Redis.

use std::process::Command;

use serde_json::json;

use crate::support::{Cluster, Redis, Server, free_port, run, within};

const STREAM: &str = "app-events";
const CHANNEL: &str = "app-channel";

fn redis(redis: &Redis, args: &[&str]) -> String {
    let output = Command::new("redis-cli")
        .args(redis.arguments())
        .args(args)
        .output()
        .expect("redis-cli is installed");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn add(to: &Redis, fields: &[&str]) {
    let mut args = vec!["XADD", STREAM, "*"];
    args.extend(fields);
    redis(to, &args);
}

async fn cluster(nodes: usize) -> Cluster {
    let stream = vec![("PARLOR_SERVICE_STREAM", STREAM.to_owned())];
    Cluster::with(&vec![stream; nodes]).await
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn events_of_a_stream_reach_rooms_and_users_once() {
    let cluster = cluster(2).await;
    let ann = cluster.nodes[0].user("ann").await;
    let ben = cluster.nodes[1].user("ben").await;
    ann.room_with("board:42", &[&ben]).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    let changed =
        ["id", "e-1", "type", "StatusChanged", "room", "board:42", "data", r#"{"status":"done"}"#];
    // A program that is not sure says it again.
    add(&cluster.redis, &changed);
    add(&cluster.redis, &changed);
    let notified =
        ["id", "e-2", "type", "NotificationCreated", "user", "ben", "data", r#"{"n":1}"#];
    add(&cluster.redis, &notified);
    let posted = [
        "id",
        "m-1",
        "type",
        "MessagePosted",
        "room",
        "board:42",
        "user",
        "ann",
        "data",
        r#"{"content":"by a program"}"#,
    ];
    add(&cluster.redis, &posted);
    add(&cluster.redis, &posted);
    let told = at_ben.next_event("StatusChanged").await;
    assert_eq!((&told["seq"], &told["data"]), (&json!(1), &json!({"status": "done"})));
    assert_eq!(at_ben.next_event("NotificationCreated").await["data"]["n"], 1);
    let said = at_ann.next_message("board:42").await;
    assert_eq!((&said["seq"], &said["data"]["sender"]["id"]), (&json!(2), &json!("ann")));
    // All of it is acknowledged, and nothing was told twice.
    let acknowledged = async {
        while !redis(&cluster.redis, &["XPENDING", STREAM, "parlor"]).starts_with('0') {
            tokio::task::yield_now().await;
        }
    };
    within("the acknowledgements", acknowledged).await;
    ann.say("board:42", "the end").await;
    assert_eq!(at_ben.next_where("the end", |f| f["data"]["content"] == "the end").await["seq"], 3);
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn what_cannot_be_published_is_put_aside_and_holds_nothing_up() {
    let cluster = cluster(1).await;
    let ann = cluster.nodes[0].user("ann").await;
    ann.create_room("den", "private").await;
    let mut at_ann = ann.connect().await;
    add(&cluster.redis, &["type", "StatusChanged", "room", "nowhere"]);
    add(&cluster.redis, &["what", "ever"]);
    add(&cluster.redis, &["type", "status.changed", "room", "den", "data", "{}"]);
    at_ann.next_event("status.changed").await;
    let dead = async {
        while redis(&cluster.redis, &["XLEN", "app-events:dead"]) != "2" {
            tokio::task::yield_now().await;
        }
    };
    within("two dead letters", dead).await;
    let dead = redis(&cluster.redis, &["XRANGE", "app-events:dead", "-", "+"]);
    assert!(dead.contains("no such room") && dead.contains("type: is missing"), "{dead}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn events_that_came_while_all_nodes_were_away_are_published_later() {
    let mut cluster = cluster(1).await;
    let ann = cluster.nodes[0].user("ann").await;
    ann.create_room("den", "private").await;
    cluster.nodes[0].server.kill9().await;
    for number in 0..300 {
        let data = format!(r#"{{"n":{number}}}"#);
        add(&cluster.redis, &["type", "task.created", "room", "den", "data", &data]);
    }
    cluster.nodes[0].server.start_again().await;
    let published = async {
        loop {
            let page = ann.get("/rooms/den/events?after=299").await.expect(200);
            if !page["events"].as_array().expect("a list").is_empty() {
                break;
            }
        }
    };
    within("the last event", published).await;
    // What Redis had handed to the node as it was killed comes late, and comes.
    let mut numbers = Vec::new();
    for after in [0, 100, 200] {
        let page = ann.get(&format!("/rooms/den/events?after={after}&limit=100")).await.expect(200);
        let events = page["events"].as_array().expect("a list").clone();
        numbers.extend(events.iter().map(|event| event["data"]["n"].as_i64().expect("a number")));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..300).collect::<Vec<i64>>());
}

/// With the embedded database, too.
async fn single(redis: &Redis) -> Server {
    let url = format!("redis://127.0.0.1:{}", redis.address().port());
    let server = Server::builder().set("REDIS_URL", url);
    server.set("PARLOR_SERVICE_STREAM", STREAM).set("PARLOR_SERVICE_CHANNEL", CHANNEL).start().await
}

#[tokio::test]
#[ignore = "needs Redis: scripts/with-services"]
async fn messages_of_a_stream_are_edited_and_deleted_by_what_they_were_posted_under() {
    let redis = Redis::start().await;
    let server = single(&redis).await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let mut at_ann = ann.connect().await;
    let posted = ["room", "den", "user", "ann", "data", r#"{"content":"helo"}"#];
    add(&redis, &[&["id", "m-1", "type", "MessagePosted"], &posted[..]].concat());
    add(&redis, &[&["id", "m-2", "type", "message.posted"], &posted[..]].concat());
    let edited = r#"{"client_id":"m-1","content":"hello"}"#;
    add(&redis, &["type", "MessageEdited", "user", "ann", "data", edited]);
    add(&redis, &["type", "MessageDeleted", "user", "ann", "data", r#"{"client_id":"m-2"}"#]);
    assert_eq!(at_ann.next_message("den").await["data"]["content"], "helo");
    assert_eq!(at_ann.next_event("message.updated").await["data"]["content"], "hello");
    assert_eq!(at_ann.next_event("message.deleted").await["data"]["seq"], 2);
    // Of the application itself, by the message's number.
    let id = ann.say_id("den", "spam").await;
    add(&redis, &["type", "MessageDeleted", "data", &format!(r#"{{"message_id":"{id}"}}"#)]);
    assert_eq!(at_ann.next_event("message.deleted").await["data"]["message_id"], id);
    // Somebody else's is not theirs to edit, and what is not there cannot be.
    server.user("ben").await;
    let edit = format!(r#"{{"message_id":"{id}","content":"x"}}"#);
    add(&redis, &["type", "MessageEdited", "user", "ben", "data", &edit]);
    add(
        &redis,
        &["type", "MessageEdited", "user", "ann", "data", edited.replace("m-1", "m-9").as_str()],
    );
    let dead = async {
        while self::redis(&redis, &["XLEN", "app-events:dead"]) != "2" {
            tokio::task::yield_now().await;
        }
    };
    within("two dead letters", dead).await;
}

#[tokio::test]
#[ignore = "needs Redis: scripts/with-services"]
async fn a_redis_whose_certificate_the_application_has_signed_is_trusted_where_that_is_said() {
    let redis = Redis::start_with_tls().await;
    let at = |port: u16| format!("rediss://127.0.0.1:{port}");
    let url = at(redis.address().port());
    let with =
        |url: &str| Server::builder().set("REDIS_URL", url).set("PARLOR_SERVICE_STREAM", STREAM);
    let server = with(&url).set("PARLOR_REDIS_CA", redis.certificate()).start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let mut at_ann = ann.connect().await;
    add(&redis, &["type", "TaskCreated", "room", "den", "data", "{}"]);
    at_ann.next_event("TaskCreated").await;

    // Otherwise it is not, and the log says why, as it does of any other cause.
    let nobody = at(free_port().await);
    let plain = format!("redis://127.0.0.1:{}", redis.address().port());
    for (url, cause) in
        [(&url, "invalid peer certificate"), (&nobody, "Connection refused"), (&plain, ": ")]
    {
        let server = with(url).start().await;
        let line = "cannot read the service stream: ";
        let told = async {
            while !server.stderr().contains(line) {
                tokio::task::yield_now().await;
            }
        };
        within("the log", told).await;
        let log = server.stderr();
        let (_, why) = log.split_once(line).expect("it is there");
        assert!(why.lines().next().unwrap_or_default().contains(cause), "{why}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_certificates_for_redis_is_told_at_the_start() {
    let key = "--redis-ca=/dev/null";
    let refused = run(&["serve", key, "--redis-url=rediss://127.0.0.1:1"]).await;
    refused.refused(2, "PARLOR_REDIS_CA");
    run(&["serve", key, "--redis-url=redis://127.0.0.1:1"]).await.refused(2, "rediss://");
    run(&["serve", key]).await.refused(2, "REDIS_URL");
    let missing = "--redis-ca=/nowhere/ca.pem";
    let refused = run(&["serve", missing, "--redis-url=rediss://127.0.0.1:1"]).await;
    refused.refused(2, "/nowhere/ca.pem");
}

#[tokio::test]
#[ignore = "needs Redis: scripts/with-services"]
async fn a_single_node_takes_up_its_stream_where_it_was_killed() {
    let redis = Redis::start().await;
    let mut server = single(&redis).await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    server.kill9().await;
    for number in 0..150 {
        let data = format!(r#"{{"n":{number}}}"#);
        add(&redis, &["type", "TaskCreated", "room", "den", "data", &data]);
    }
    server.start_again().await;
    let last = async {
        while ann.get("/rooms/den/events?after=149").await.expect(200)["events"] == json!([]) {}
    };
    within("the last event", last).await;
}

#[tokio::test]
#[ignore = "needs Redis: scripts/with-services"]
async fn what_a_channel_says_is_published_as_long_as_somebody_listens() {
    let redis = Redis::start().await;
    let server = single(&redis).await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let mut at_ann = ann.connect().await;
    let say =
        |what: serde_json::Value| self::redis(&redis, &["PUBLISH", CHANNEL, &what.to_string()]);
    let listening = async { while say(json!({"type": "x"})) == "0" {} };
    within("the server listens", listening).await;
    self::redis(&redis, &["PUBLISH", CHANNEL, "no json"]);
    say(json!({"type": "TaskUpdated", "room": "nowhere"}));
    say(json!({"type": "TaskUpdated", "room": "den", "data": {"n": 1.50}}));
    let told = at_ann.next_event("TaskUpdated").await;
    assert_eq!((&told["seq"], &told["data"]["n"]), (&json!(1), &json!(1.5)));
    say(json!({"type": "task:done", "user": "ann", "id": "once"}));
    say(json!({"type": "task:done", "user": "ann", "id": "once"}));
    say(json!({"type": "soon", "everyone": true}));
    at_ann.next_event("task:done").await;
    assert!(at_ann.next_event("soon").await["data"].is_object());
    let posted = json!({"room": "den", "user": "ann", "id": "m-1", "data": {"content": "hi"}});
    let with = |kind: &str| {
        let mut event = posted.clone();
        event["type"] = json!(kind);
        event
    };
    say(with("MessagePosted"));
    assert_eq!(at_ann.next_message("den").await["data"]["content"], "hi");
    say(
        json!({"type": "MessageEdited", "user": "ann", "data": {"client_id": "m-1", "content": "ho"}}),
    );
    assert_eq!(at_ann.next_event("message.updated").await["data"]["content"], "ho");
    say(json!({"type": "MessageDeleted", "user": "ann", "data": {"client_id": "m-1"}}));
    assert!(at_ann.next_event("message.deleted").await["data"]["message_id"].is_string());
    assert!(server.stderr().contains("no JSON object"), "what was lost is in the log");
    // Redis goes, and comes back.
    self::redis(&redis, &["CLIENT", "KILL", "TYPE", "pubsub"]);
    within("the server listens again", async {
        while say(json!({"type": "again", "user": "ann"})) == "0" {}
    })
    .await;
    at_ann.next_event("again").await;
}
