//! A request is followed to its commit, and to whom Parlor asks and tells of it: spans
//! that a collector gets, as OTLP has them.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value,
    trace::v1::{Span, span::SpanKind},
};
use prost::Message;
use reqwest::Method;
use serde_json::json;
use tokio::sync::watch;

use crate::support::{Received, Receiver, Reply, Server, User, within};

const SECRET: &str = "a secret for questions of 24 bytes";
/// That of an application which sends a message.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
/// The span of its request.
const SENDING: &str = "POST /api/v1/rooms/{room}/messages";

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
    let request = request.header("traceparent", traceparent).header("tracestate", "k=v");
    assert_eq!(request.send().await.expect("an answer").status(), 201);
}

/// What the application was told of a message.
async fn told(application: &Receiver) -> Received {
    let is_told = |one: &&Received| one.line == "POST /hook";
    let is_enough = |received: &[Received]| received.iter().any(|one| is_told(&one));
    let received = application.wait_until("a webhook", is_enough).await;
    received.iter().find(is_told).expect("it came").clone()
}

/// The spans that came.
struct Spans(Vec<Span>);

impl Spans {
    #[track_caller]
    fn named(&self, name: &str) -> &Span {
        let all: Vec<_> = self.0.iter().filter(|span| span.name == name).collect();
        assert_eq!(all.len(), 1, "{name}: {:#?}", self.0);
        all[0]
    }

    /// Those of a trace, by their names.
    fn of(&self, trace: &[u8]) -> Vec<&str> {
        let all = self.0.iter().filter(|span| span.trace_id == trace);
        let mut names: Vec<_> = all.map(|span| &*span.name).collect();
        names.sort_unstable();
        names
    }

    #[track_caller]
    fn within(&self, whole: &Span, name: &str) -> &Span {
        let is_part = |span: &&Span| span.name == name && span.parent_span_id == whole.span_id;
        let all: Vec<_> = self.0.iter().filter(is_part).collect();
        assert_eq!(all.len(), 1, "{name} of {}: {:#?}", whole.name, self.0);
        assert_eq!(all[0].trace_id, whole.trace_id);
        assert!(all[0].start_time_unix_nano >= whole.start_time_unix_nano);
        all[0]
    }
}

fn spans(collector: &Receiver) -> Spans {
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
    Spans(all.flat_map(|of_scope| of_scope.spans).collect())
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
    let request = spans.named(SENDING);
    assert_eq!(
        (hex(&request.trace_id), hex(&request.parent_span_id)),
        (TRACE.into(), PARENT.into())
    );
    assert_eq!(request.kind, i32::from(SpanKind::Server));
    assert_eq!(text(request, "http.response.status_code"), "201");
    assert_eq!(text(request, "http.request.method"), "POST");
    assert_eq!(text(request, "url.path"), "/api/v1/rooms/den/messages");
    assert!(!text(request, "parlor.request_id").is_empty());

    let of_room = spans.named("POST /api/v1/rooms");
    assert_ne!(of_room.trace_id, request.trace_id, "a trace of its own");
    let (asked, commit) = (spans.within(request, "before_send"), spans.within(request, "commit"));
    assert!(commit.end_time_unix_nano <= request.end_time_unix_nano, "before the answer");
    assert!(["sqlite", "postgresql"].contains(&&*text(commit, "db.system.name")));
    assert_eq!(text(asked, "http.response.status_code"), "200");
    let question = application.received().into_iter().find(|one| one.line == "POST /before-send");
    let question = question.expect("it was asked");
    assert_eq!(question.header("traceparent"), traceparent_of(asked));
    assert_eq!(question.header("tracestate"), "", "of whoever asks");

    let webhook = spans.within(request, "webhook message.created");
    assert_eq!(text(webhook, "server.address"), "127.0.0.1");
    assert_eq!(told.header("traceparent"), traceparent_of(webhook));
    assert!(spans.0.iter().all(|span| span.status.as_ref().is_none_or(|status| status.code != 2)));
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
    socket.refused("nothing.known", json!({}), "invalid_message").await;
    ann.get("/rooms/nowhere").await.refused(404, "not_found");
    assert_eq!(server.terminate().await, Some(0));

    let spans = spans(&collector);
    let sent = spans.named("message.send");
    assert!(sent.parent_span_id.is_empty());
    spans.within(sent, "before_send");
    let webhook = spans.within(sent, "webhook message.created");
    assert_eq!(told.header("traceparent"), traceparent_of(webhook));
    let commit = spans.within(sent, "commit");
    assert!(commit.end_time_unix_nano <= sent.end_time_unix_nano, "before the ack");
    for (refused, code) in [("room.join", "not_found"), ("frame", "invalid_message")] {
        assert_eq!(text(spans.named(refused), "error.type"), code);
    }
    let refused = spans.named("GET /api/v1/rooms/{room}");
    assert_eq!(text(refused, "error.type"), "not_found");
}

/// What waits for another goes on in its own trace.
#[tokio::test]
async fn requests_that_wait_for_each_other_are_told_apart() {
    let (collector, application) = (Receiver::start().await, application().await);
    let (open, gate) = watch::channel(false);
    application.answer_with(move |asked| {
        let accept = Reply::Body(200, json!({"action": "accept"}).to_string());
        match asked.line == "POST /before-send" && asked.json()["data"]["content"] == "first" {
            true => Reply::Behind(gate.clone(), Box::new(accept)),
            false => accept,
        }
    });
    let mut server = start(&collector.url, &application, &[]).await;
    let ann = ann(&server).await;
    let traces = ["1", "2"].map(|digit| digit.repeat(32));
    let [first, second] =
        [("first", &traces[0]), ("second", &traces[1])].map(|(content, trace)| {
            let request = ann.request(Method::POST, "/rooms/den/messages");
            let request = request.header("traceparent", format!("00-{trace}-{PARENT}-01"));
            request.json(&json!({"content": content})).send()
        });
    let first = tokio::spawn(first);
    let asked = |count: usize| {
        move |received: &[Received]| {
            received.iter().filter(|one| one.line == "POST /before-send").count() == count
        }
    };
    application.wait_until("the first question", asked(1)).await;
    let second = tokio::spawn(second);
    application.wait_until("the second question", asked(2)).await;
    open.send_replace(true);
    for sent in [first, second] {
        let answer = within("an answer", sent).await.expect("it ends").expect("an answer");
        assert_eq!(answer.status(), 201);
    }
    let are_told =
        |received: &[Received]| received.iter().filter(|one| one.line == "POST /hook").count() == 2;
    application.wait_until("two webhooks", are_told).await;
    // Its room is emptied when it has been answered.
    let mut socket = ann.connect().await;
    socket.ask("room.leave", json!({"room_id": "den"})).await;
    assert_eq!(server.terminate().await, Some(0));

    let spans = spans(&collector);
    for trace in traces {
        let trace: Vec<u8> = vec![u8::from_str_radix(&trace[..2], 16).expect("digits"); 16];
        assert_eq!(spans.of(&trace), [SENDING, "before_send", "commit", "webhook message.created"]);
    }
    let left = spans.named("room.leave");
    assert_eq!(spans.of(&left.trace_id), ["commit", "commit", "room.leave"], "left, ended");
}

#[tokio::test]
async fn whom_nobody_trusts_is_not_believed() {
    let (collector, application) = (Receiver::start().await, application().await);
    let settings = [("PARLOR_TRACEPARENT", "off"), ("OTEL_TRACES_SAMPLER", "xray")];
    let mut server = start(&collector.url, &application, &settings).await;
    let ann = ann(&server).await;
    say(&ann, &format!("00-{TRACE}-{PARENT}-00")).await;
    told(&application).await;
    assert_eq!(server.terminate().await, Some(0));
    let spans = spans(&collector);
    let request = spans.named(SENDING);
    assert!(request.parent_span_id.is_empty() && hex(&request.trace_id) != TRACE);
    assert!(server.stderr().contains("OTEL_TRACES_SAMPLER=xray is not known"));
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
    let spans = spans(&collector);
    assert!(spans.0.iter().all(|span| hex(&span.trace_id) != TRACE));
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
    let request = spans.named(SENDING);
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
