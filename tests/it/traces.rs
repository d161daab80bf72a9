//! A request is followed to its commit, and to whom Parlor asks and tells of it: spans
//! that a collector gets, as OTLP has them.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value,
    trace::v1::{Span, span::SpanKind},
};
use prost::Message;
use reqwest::Method;
use serde_json::json;

use crate::support::{Received, Receiver, Reply, Server, User, within};

const SECRET: &str = "a secret for questions of 24 bytes";
/// That of an application which sends a message.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// A server that tells and asks `application`, and sends its spans to a collector.
async fn start(collector: &str, application: &Receiver, settings: &[(&str, &str)]) -> Server {
    let mut builder = Server::builder()
        .set("PARLOR_WEBHOOK_URLS", format!("{}/hook", application.url))
        .set("PARLOR_WEBHOOK_SECRET", SECRET)
        .set("PARLOR_WEBHOOK_EVENTS", "message.created")
        .set("PARLOR_CALLBACK_SECRET", SECRET)
        .set("PARLOR_BEFORE_SEND_URL", format!("{}/before-send", application.url))
        .set("PARLOR_BEFORE_SEND_TIMEOUT", "10s");
    if !collector.is_empty() {
        builder = builder.set("OTEL_EXPORTER_OTLP_ENDPOINT", collector);
    }
    for (name, value) in settings {
        builder = builder.set(name, value);
    }
    builder.start().await
}

async fn application() -> Receiver {
    let application = Receiver::start().await;
    application.answer(Reply::Body(200, json!({"action": "accept"}).to_string()));
    application
}

/// A user who has a room, which is not asked about.
async fn ann(server: &Server) -> User {
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    ann
}

async fn say(who: &User, traceparent: &str) {
    let request = who.request(Method::POST, "/rooms/den/messages").json(&json!({"content": "hi"}));
    let answer = request.header("traceparent", traceparent).send().await.expect("an answer");
    assert_eq!(answer.status(), 201);
}

/// What the application was told of a message.
async fn told(application: &Receiver) -> Received {
    let is_told = |one: &&Received| one.line == "POST /hook";
    let is_enough = |received: &[Received]| received.iter().any(|one| is_told(&one));
    let received = application.wait_until("a webhook", is_enough).await;
    received.iter().find(is_told).expect("it came").clone()
}

/// The spans that came, by name.
fn spans(collector: &Receiver) -> BTreeMap<String, Span> {
    let requests = collector.received();
    let read = requests.iter().flat_map(|request| {
        assert_eq!(request.line, "POST /v1/traces");
        assert_eq!(request.header("content-type"), "application/x-protobuf");
        let sent = ExportTraceServiceRequest::decode(&*request.bytes).expect("OTLP");
        sent.resource_spans
    });
    let all = read.flat_map(|of_resource| {
        let resource = of_resource.resource.expect("a resource").attributes;
        let name = resource.iter().find(|one| one.key == "service.name").expect("a name");
        let name = name.value.as_ref().and_then(|value| value.value.clone());
        assert_eq!(name, Some(Value::StringValue("parlor".to_owned())));
        of_resource.scope_spans
    });
    all.flat_map(|of_scope| of_scope.spans).map(|span| (span.name.clone(), span)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(span: &Span, name: &str) -> String {
    let found = span.attributes.iter().find(|one| one.key == name);
    let value = found.and_then(|one| one.value.as_ref()).and_then(|value| value.value.clone());
    match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{name}: {other:?} of {span:?}"),
    }
}

#[track_caller]
fn is_within(part: &Span, whole: &Span) {
    assert_eq!(part.trace_id, whole.trace_id);
    assert_eq!(part.parent_span_id, whole.span_id, "{} of {}", part.name, whole.name);
    assert!(part.start_time_unix_nano >= whole.start_time_unix_nano);
}

fn traceparent_of(span: &Span) -> String {
    format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.span_id))
}

#[tokio::test]
async fn a_request_is_followed_to_its_commit_and_to_whom_is_asked_and_told() {
    let (collector, application) = (Receiver::start().await, application().await);
    let settings = [("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc")];
    let mut server = start(&collector.url, &application, &settings).await;
    let ann = ann(&server).await;
    say(&ann, &format!("00-{TRACE}-{PARENT}-01")).await;
    let told = told(&application).await;
    assert_eq!(server.terminate().await, Some(0));

    let spans = spans(&collector);
    assert_eq!(collector.received()[0].header("authorization"), "Bearer abc");
    let request = &spans["POST /api/v1/rooms/{room}/messages"];
    assert_eq!(
        (hex(&request.trace_id), hex(&request.parent_span_id)),
        (TRACE.into(), PARENT.into())
    );
    assert_eq!(request.kind, i32::from(SpanKind::Server));
    assert_eq!(text(request, "http.response.status_code"), "201");
    assert_eq!(text(request, "url.path"), "/api/v1/rooms/den/messages");

    let of_room = &spans["POST /api/v1/rooms"];
    assert_ne!(of_room.trace_id, request.trace_id, "a trace of its own");
    let (asked, commit) = (&spans["before_send"], &spans["commit"]);
    is_within(asked, request);
    is_within(commit, request);
    assert!(commit.end_time_unix_nano <= request.end_time_unix_nano, "before the answer");
    assert!(["sqlite", "postgresql"].contains(&&*text(commit, "db.system.name")));
    let question = application.received().into_iter().find(|one| one.line == "POST /before-send");
    let question = question.expect("it was asked");
    assert_eq!(question.header("traceparent"), traceparent_of(asked));

    let webhook = &spans["webhook message.created"];
    is_within(webhook, request);
    assert_eq!(told.header("traceparent"), traceparent_of(webhook));
    assert!(spans.values().all(|span| span.status.as_ref().is_none_or(|status| status.code != 2)));
}

#[tokio::test]
async fn what_a_socket_asks_begins_a_trace() {
    let (collector, application) = (Receiver::start().await, application().await);
    let mut server = start(&collector.url, &application, &[]).await;
    let ann = ann(&server).await;
    let mut socket = ann.connect().await;
    socket.ask("message.send", json!({"room_id": "den", "content": "hi"})).await;
    let told = told(&application).await;
    socket.refused("room.join", json!({"room_id": "nowhere"}), "not_found").await;
    assert_eq!(server.terminate().await, Some(0));

    let spans = spans(&collector);
    let sent = &spans["message.send"];
    assert!(sent.parent_span_id.is_empty());
    is_within(&spans["before_send"], sent);
    is_within(&spans["webhook message.created"], sent);
    assert_eq!(told.header("traceparent"), traceparent_of(&spans["webhook message.created"]));
    let commits = &spans["commit"];
    assert!(commits.end_time_unix_nano <= sent.end_time_unix_nano, "before the ack");
    assert_eq!(text(&spans["room.join"], "error.type"), "not_found");
}

#[tokio::test]
async fn what_a_client_does_not_record_is_not_recorded_and_still_one_trace() {
    let (collector, application) = (Receiver::start().await, application().await);
    let mut server = start(&collector.url, &application, &[]).await;
    let ann = ann(&server).await;
    say(&ann, &format!("00-{TRACE}-{PARENT}-00")).await;
    let told = told(&application).await.header("traceparent").to_owned();
    assert_eq!((&told[3..35], &told[52..]), (TRACE, "-00"));
    assert_eq!(server.terminate().await, Some(0));
    let of_message = spans(&collector).into_values().filter(|span| hex(&span.trace_id) == TRACE);
    assert_eq!(of_message.count(), 0);
}

#[tokio::test]
async fn a_traceparent_that_is_none_begins_a_trace() {
    let (collector, application) = (Receiver::start().await, application().await);
    let mut server = start(&collector.url, &application, &[]).await;
    let ann = ann(&server).await;
    say(&ann, &format!("00-{}-{PARENT}-01", "0".repeat(32))).await;
    told(&application).await;
    assert_eq!(server.terminate().await, Some(0));
    let spans = spans(&collector);
    let request = &spans["POST /api/v1/rooms/{room}/messages"];
    assert!(request.parent_span_id.is_empty() && request.trace_id != [0; 16]);
}

#[tokio::test]
async fn without_a_collector_nothing_is_said() {
    let application = application().await;
    let server = start("", &application, &[]).await;
    let ann = ann(&server).await;
    say(&ann, &format!("00-{TRACE}-{PARENT}-01")).await;
    told(&application).await;
    assert!(application.received().iter().all(|one| one.header("traceparent").is_empty()));
}

#[tokio::test]
async fn a_collector_that_fails_or_hangs_is_said_once_and_holds_nothing_up() {
    for (reply, said) in [
        (Reply::Body(500, "x".repeat(1 << 20)), "the collector answers 500"),
        (Reply::Body(200, "x".repeat(1 << 20)), "it answered more than 65536 bytes"),
        (Reply::HangUp, "traces cannot be sent"),
        (Reply::Silence, ""),
    ] {
        let (collector, application) = (Receiver::start().await, application().await);
        collector.answer(reply);
        let mut server = start(&collector.url, &application, &[]).await;
        let ann = ann(&server).await;
        for _ in 0..3 {
            say(&ann, &format!("00-{TRACE}-{PARENT}-01")).await;
        }
        told(&application).await;
        let ended = within("the server to stop", server.terminate()).await;
        assert_eq!(ended, Some(0));
        assert!(server.stderr().contains(said), "{}", server.stderr());
        assert!(!server.stderr().contains("panicked"), "{}", server.stderr());
    }
}
