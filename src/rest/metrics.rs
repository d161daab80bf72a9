//! The numbers, for Prometheus and as JSON.

use std::fmt::Write;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::{State, extract::Admin};
use crate::{
    auth::{Client, bearer_token},
    chat::{Answer, ChatError, Command, Connected, Requester},
    domain::Denied,
    error::ApiError,
    limits::METRICS_PATIENCE,
    metrics::{Counter, Histogram, metrics},
    protocol::{Close, ErrorCode},
};

/// One thing that is measured.
struct Metric {
    name: &'static str,
    help: &'static str,
    kind: &'static str,
    values: Values,
}

enum Values {
    One(f64),
    /// By the value of one label.
    Labelled(&'static str, Vec<(String, f64)>),
    /// Bounds are given in seconds if they are times.
    Histogram {
        buckets: Vec<(f64, u64)>,
        count: u64,
        sum: f64,
    },
}

fn counter(name: &'static str, help: &'static str, counter: &Counter) -> Metric {
    Metric { name, help, kind: "counter", values: Values::One(counter.get() as f64) }
}

fn gauge(name: &'static str, help: &'static str, value: f64) -> Metric {
    Metric { name, help, kind: "gauge", values: Values::One(value) }
}

fn labelled(
    name: &'static str,
    help: &'static str,
    label: &'static str,
    values: Vec<(String, f64)>,
) -> Metric {
    Metric { name, help, kind: "counter", values: Values::Labelled(label, values) }
}

fn histogram(name: &'static str, help: &'static str, unit: f64, of: &Histogram) -> Metric {
    let (buckets, count, sum) = of.read();
    let buckets = buckets.into_iter().map(|(bound, count)| (bound as f64 * unit, count)).collect();
    let values = Values::Histogram { buckets, count, sum: sum as f64 * unit };
    Metric { name, help, kind: "histogram", values }
}

const MICROSECOND: f64 = 1e-6;

async fn collect(state: &State) -> Result<Vec<Metric>, ApiError> {
    let own = metrics();
    let connections = match state
        .ask_as(Requester::system(), Command::CountConnections { of: Connected::All })
        .await?
    {
        Answer::Count(count) => count,
        _ => return Err(ChatError::Internal.into()),
    };
    let errors = ErrorCode::ALL.iter().zip(&own.errors);
    let errors = errors.map(|(code, count)| (code.as_str().to_owned(), count.get() as f64));
    let mut closes: Vec<(String, f64)> = Vec::new();
    for (close, count) in Close::ALL.iter().zip(&own.closes) {
        let code = close.code().to_string();
        match closes.iter_mut().find(|(known, _)| *known == code) {
            Some((_, known)) => *known += count.get() as f64,
            None => closes.push((code, count.get() as f64)),
        }
    }
    let requests = own.http_requests.iter().zip(1..);
    let requests = requests.map(|(count, class)| (format!("{class}xx"), count.get() as f64));
    let limited = [
        ("connection".to_owned(), own.limited_connections.get() as f64),
        ("user".to_owned(), own.limited_users.get() as f64),
        ("login".to_owned(), own.limited_logins.get() as f64),
        ("refresh".to_owned(), own.limited_refreshes.get() as f64),
        ("connect".to_owned(), own.limited_connects.get() as f64),
        ("address".to_owned(), own.limited_addresses.get() as f64),
        ("answer".to_owned(), own.limited_answers.get() as f64),
    ];
    let (users, addresses) = state.limiters.kept();
    let process = Process::read();
    let mut all = vec![
        gauge("parlor_connections", "Open WebSocket connections", connections as f64),
        counter("parlor_connections_total", "Connections that were opened", &own.connections),
        counter("parlor_frames_in_total", "Text frames from clients", &own.frames_in),
        counter("parlor_bytes_in_total", "Bytes of text from clients", &own.bytes_in),
        counter("parlor_bytes_out_total", "Bytes written to clients", &own.bytes_out),
        counter("parlor_messages_total", "Messages that were stored", &own.messages),
        counter("parlor_duplicates_total", "Messages that were sent again", &own.duplicates),
        counter("parlor_broadcasts_total", "Durable events that were told", &own.broadcasts),
        counter("parlor_deliveries_total", "Events handed to connections", &own.deliveries),
        gauge(
            "parlor_writes_in_flight",
            "Writes not yet committed",
            own.writes_in_flight.get() as f64,
        ),
        gauge(
            "parlor_fanout_backlog",
            "Batches a thread has not handed out",
            own.fanout_backlog.get() as f64,
        ),
        counter(
            "parlor_hints_published_total",
            "Messages published for other nodes",
            &own.hints_published,
        ),
        counter("parlor_hint_bytes_total", "Bytes published for other nodes", &own.hint_bytes),
        counter("parlor_hints_heard_total", "Messages of other nodes", &own.hints_heard),
        counter("parlor_hints_dropped_total", "Messages Redis did not take", &own.hints_dropped),
        counter(
            "parlor_feed_found_total",
            "What other nodes did and no message told",
            &own.feed_found,
        ),
        gauge(
            "parlor_degraded",
            "1 while this node hears others late",
            f64::from(u8::from(state.health.as_ref().is_some_and(|h| h.degraded().is_some()))),
        ),
        histogram("parlor_commit_batch_size", "Writes of one transaction", 1.0, &own.batch_size),
        histogram(
            "parlor_commit_seconds",
            "Time of one transaction",
            MICROSECOND,
            &own.commit_time,
        ),
        histogram(
            "parlor_fanout_seconds",
            "From the commit to the sockets",
            MICROSECOND,
            &own.fanout_time,
        ),
        counter(
            "parlor_read_failures_total",
            "Reads of the database that failed",
            &own.read_failures,
        ),
        labelled("parlor_limited_total", "What was over a limit", "limit", limited.into()),
        gauge("parlor_limiter_users", "Users whose rate is kept", users as f64),
        gauge("parlor_limiter_addresses", "Addresses whose rate is kept", addresses as f64),
        labelled("parlor_errors_total", "Errors that were answered", "code", errors.collect()),
        labelled("parlor_closes_total", "Connections closed by the server", "code", closes),
        labelled("parlor_http_requests_total", "HTTP requests", "status", requests.collect()),
        histogram("parlor_http_seconds", "Time of one HTTP request", MICROSECOND, &own.http_time),
        gauge("parlor_uptime_seconds", "Time since the start", own.started.elapsed().as_secs_f64()),
        gauge("process_resident_memory_bytes", "Resident memory", process.resident),
        gauge("process_open_fds", "Open files and sockets", process.files),
    ];
    all.extend(stored(state).await);
    Ok(all)
}

/// What is counted in the database. It is left out where that does not come
/// soon: the other numbers are wanted most while the database is away.
async fn stored(state: &State) -> Vec<Metric> {
    let counting = async { tokio::join!(state.reader.inbox_count(), state.reader.backlogs()) };
    // A read that fails is counted and logged where it does.
    let Ok((Ok(inbox), Ok(backlogs))) = timeout(METRICS_PATIENCE, counting).await else {
        return Vec::new();
    };
    let outbox = |dead: bool| -> i64 {
        backlogs.iter().filter(|one| one.dead == dead).map(|one| one.count).sum()
    };
    vec![
        gauge("parlor_inbox_events", "Events that wait in inboxes", inbox as f64),
        gauge("parlor_webhooks_waiting", "Webhooks that wait", outbox(false) as f64),
        gauge("parlor_webhooks_dead", "Webhooks that were given up", outbox(true) as f64),
    ]
}

/// What the system knows of the process.
#[derive(Default)]
struct Process {
    resident: f64,
    files: f64,
}

impl Process {
    fn read() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        let files = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Self { resident: kib.unwrap_or(0.0) * 1024.0, files: files as f64 }
    }
}

/// The text format, version 0.0.4.
fn text(all: &[Metric]) -> String {
    let mut text = String::with_capacity(16 * 1024);
    for Metric { name, help, kind, values } in all {
        // Writing to a text does not fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        let _ = match values {
            Values::One(value) => writeln!(text, "{name} {value}"),
            Values::Labelled(label, values) => values
                .iter()
                .try_for_each(|(of, value)| writeln!(text, "{name}{{{label}=\"{of}\"}} {value}")),
            Values::Histogram { buckets, count, sum } => {
                for (bound, count) in buckets {
                    let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {count}");
                }
                writeln!(
                    text,
                    "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {sum}\n{name}_count {count}"
                )
            }
        };
    }
    text
}

fn as_json(all: Vec<Metric>) -> Value {
    let mut object = Map::new();
    for Metric { name, values, .. } in all {
        let value = match values {
            Values::One(value) => json!(value),
            Values::Labelled(_, values) => values
                .into_iter()
                .map(|(of, value)| (of, json!(value)))
                .collect::<Map<_, _>>()
                .into(),
            Values::Histogram { buckets, count, sum } => {
                json!({"buckets": buckets, "count": count, "sum": sum})
            }
        };
        object.insert(name.to_owned(), value);
    }
    object.into()
}

/// For Prometheus: with the configured token, or, if there is none, for this
/// machine only.
pub async fn prometheus(
    state: web::Data<State>,
    request: HttpRequest,
    client: Client,
) -> Result<HttpResponse, ApiError> {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let allowed = match &state.metrics_token {
        // Hashed, so that the time it takes says nothing of the token.
        Some(token) => header.and_then(bearer_token).is_some_and(|given| {
            Sha256::digest(given.as_bytes()) == Sha256::digest(token.as_bytes())
        }),
        None => client.is_local,
    };
    if !allowed {
        return Err(ChatError::from(Denied::NotAdmin).into());
    }
    let text = text(&collect(&state).await?);
    let kind = ("content-type", "text/plain; version=0.0.4; charset=utf-8");
    Ok(HttpResponse::Ok().insert_header(kind).body(text))
}

pub async fn stats(state: web::Data<State>, Admin(_): Admin) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(as_json(collect(&state).await?)))
}
