//! What is counted is what was done, and every line of the log can be read.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Server, Token, User, within};

/// Reads the text format strictly: every sample has a type, every name a help.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let (mut samples, mut types) = (BTreeMap::new(), BTreeMap::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a name and a type");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(types.insert(name.to_owned(), kind.to_owned()).is_none(), "once: {line}");
        } else if !line.starts_with("# HELP ") {
            let (sample, value) = line.rsplit_once(' ').expect("a sample");
            let name = sample.split('{').next().expect("a name");
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .filter_map(|end| name.strip_suffix(end))
                .find(|base| types.get(*base).is_some_and(|kind| kind == "histogram"));
            assert!(types.contains_key(base.unwrap_or(name)), "a type: {line}");
            let value = value.parse().unwrap_or_else(|_| panic!("a number: {line}"));
            assert!(samples.insert(sample.to_owned(), value).is_none(), "once: {line}");
        }
    }
    samples
}

async fn scrape(server: &Server) -> BTreeMap<String, f64> {
    let outcome = User::outcome(server.nobody().plain(Method::GET, "/metrics")).await;
    assert_eq!(outcome.status, 200, "{outcome:?}");
    assert!(outcome.header("content-type").starts_with("text/plain; version=0.0.4"));
    parse(&outcome.body)
}

#[tokio::test]
async fn counters_move_by_what_was_done() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    ann.room_with("den", &[&ben]).await;
    let before = scrape(&server).await;
    let (mut at_ann, mut at_ben) = (ann.connect().await, ben.connect().await);
    for _ in 0..10 {
        at_ann.say("den", "hi").await;
    }
    at_ann.say_as("den", "same", "hi").await;
    at_ann.say_as("den", "same", "hi").await;
    at_ben.next_messages("den", 11).await;
    at_ben.refused("history", json!({"room_id": "none"}), "not_found").await;
    let after = scrape(&server).await;
    let moved = |name: &str| after[name] - before[name];
    assert_eq!(moved("parlor_messages_total"), 11.0);
    assert_eq!(moved("parlor_duplicates_total"), 1.0);
    assert_eq!(moved("parlor_broadcasts_total"), 11.0);
    assert_eq!(moved("parlor_deliveries_total"), 22.0);
    assert_eq!(moved("parlor_frames_in_total"), 13.0);
    assert_eq!(moved("parlor_connections_total"), 2.0);
    assert_eq!(after["parlor_connections"], 2.0);
    assert_eq!(moved("parlor_errors_total{code=\"not_found\"}"), 1.0);
    let commits = moved("parlor_commit_seconds_count");
    assert!((1.0..=13.0).contains(&commits), "{commits}");
    assert_eq!(moved("parlor_commit_batch_size_count"), commits);
    assert!(after["process_resident_memory_bytes"] > 1e6);
    let version = format!("parlor_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(after[&version], 1.0);
    assert_eq!(after["parlor_rooms_in_memory"], 1.0);
    assert!(after["parlor_database_bytes"] > 1e5);
    assert!(after["process_cpu_seconds_total"] > 0.0 && after["process_threads"] > 1.0);
    assert!(after["process_open_fds"] < after["process_max_fds"]);
    assert!(after["process_start_time_seconds"] > 1e9);
    let route = "parlor_route_seconds_count{route=\"GET /api/v1/me\"}";
    assert!(after[route] >= 2.0, "once for each user");
    assert!(!after.contains_key("parlor_certificate_expires_seconds"));
}

#[tokio::test]
async fn routes_are_named_by_their_pattern_and_methods_are_not_made_up() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for room in ["a", "b"] {
        ann.create_room(room, "private").await;
        ann.get(&format!("/rooms/{room}")).await.expect(200);
    }
    let made_up = Method::from_bytes(b"FROBNICATE").expect("a token");
    User::outcome(ann.request(made_up, "/rooms/a")).await;
    User::outcome(ann.request(Method::GET, "/no/such/path")).await;
    let counts: Vec<(String, f64)> = scrape(&server)
        .await
        .into_iter()
        .filter(|(name, _)| name.starts_with("parlor_route_seconds_count"))
        .collect();
    let of = |route: &str| {
        let name = format!("parlor_route_seconds_count{{route=\"{route}\"}}");
        counts.iter().find(|(known, _)| *known == name).map(|(_, count)| *count)
    };
    assert_eq!(of("GET /api/v1/rooms/{room}"), Some(2.0), "{counts:?}");
    assert!(counts.iter().all(|(name, _)| !name.contains("FROB") && !name.contains("such")));
}

#[tokio::test]
async fn the_numbers_are_for_those_who_may_see_them() {
    let server = Server::builder().set("PARLOR_METRICS_TOKEN", "letmesee").start().await;
    let nobody = server.nobody();
    let ask = |token: Option<&str>| {
        let request = nobody.plain(Method::GET, "/metrics");
        User::outcome(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    };
    ask(None).await.refused(403, "forbidden");
    ask(Some("wrong")).await.refused(403, "forbidden");
    assert_eq!(ask(Some("letmesee")).await.status, 200);
    server.user("ann").await.get("/stats").await.refused(403, "forbidden");
    let admin = Token::of("root").claim("roles", json!(["admin"]));
    let stats = server.user_with("root", admin).await.get("/stats").await.expect(200);
    assert!(stats["parlor_messages_total"].is_number(), "{stats}");
    assert!(stats["parlor_commit_seconds"]["buckets"].is_array());
}

#[tokio::test]
async fn every_line_of_the_log_is_json_and_says_which_request_it_was() {
    let server = Server::builder().set("PARLOR_LOG_FORMAT", "json").start().await;
    let ann = server.user("ann").await;
    let hostile = ann.plain(Method::GET, "/x%22%0A%7B%22level%22%3A1?token=hidden");
    let outcome = User::outcome(hostile.header("x-request-id", "req-77")).await;
    assert_eq!((outcome.status, outcome.header("x-request-id")), (404, "req-77"));
    let made = User::outcome(ann.plain(Method::GET, "/health/live").header("x-request-id", "a b"));
    assert_eq!(made.await.header("x-request-id").len(), 16);
    drop(ann.connect().await);
    let closed = async {
        while !server.stderr().contains(r#""message":"closed""#) {
            tokio::task::yield_now().await;
        }
    };
    within("the line of the end", closed).await;
    let log = server.stderr();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("JSON: {line}")))
        .collect();
    let request = lines.iter().find(|line| line["request_id"] == "req-77").expect("logged");
    assert_eq!((&request["status"], &request["method"]), (&json!(404), &json!("GET")));
    let upgrade = lines.iter().find(|line| line["message"] == "upgrade").expect("one");
    assert_eq!(upgrade["status"], 101);
    let closed = lines.iter().find(|line| line["message"] == "closed").expect("one");
    assert_eq!((&closed["request_id"], &closed["code"]), (&upgrade["request_id"], &json!(1006)));
    assert!(closed["lasted_ms"].is_i64());
    let started = lines
        .iter()
        .find(|line| line["message"].as_str().is_some_and(|text| text.starts_with("started")));
    assert!(started.is_some(), "with its version and data");
    assert!(!log.contains("hidden"), "no query in the log");
}
