//! The metrics, for Prometheus and as JSON.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::{State, extract::Admin, reply::Reply, request::NoFields};
use crate::{
    auth::{Client, bearer_token},
    callbacks,
    chat::{ChatError, ChatServer, Connected},
    clock,
    db::{Backlog, SubmissionBacklog},
    error::ApiError,
    metrics::{CONTENT_TYPE, metrics},
    protocol::{Close, ErrorCode},
    transport::Certificate,
};
use parlor_domain::{Denied, PushService, limits::METRICS_TIMEOUT};

/// Metrics that are measured on request: name, help and value.
type Measured = (&'static str, &'static str, u64);

/// All metrics, in Prometheus' text format.
async fn collect(state: &State) -> Result<String, ApiError> {
    let counts = |server: &mut ChatServer| {
        (server.connected(Connected::All).count(), server.rooms_in_memory())
    };
    let (connections, rooms) = state.look(counts).await?;
    let is_degraded = state.health.as_ref().is_some_and(|health| health.degraded().is_some());
    let (users, addresses) = state.limiters.kept();
    let mut measured: Vec<Measured> = vec![
        ("parlor_connections", "Open WebSocket connections", connections as u64),
        (
            "parlor_degraded",
            "1 while Redis or the database is unreachable and this node hears from others late",
            u64::from(is_degraded),
        ),
        ("parlor_limiter_users", "Users with rate-limit state in memory", users as u64),
        ("parlor_limiter_addresses", "Addresses with rate-limit state in memory", addresses as u64),
        ("parlor_rooms_in_memory", "Rooms that are in use or were just now", rooms as u64),
    ];
    let expires_at = state.certificate.as_ref().and_then(Certificate::expires_at);
    if let Some(at) = expires_at {
        let help = "When the certificate expires, in seconds since 1970";
        measured.push(("parlor_certificate_expires_seconds", help, at));
    }
    measured.extend(stored(state).await);
    metrics().expect_push(PushService::ALL.map(PushService::as_str));
    metrics().expect_callbacks(callbacks::NAMES);
    metrics().expect_codes(ErrorCode::ALL.map(ErrorCode::as_str), Close::ALL.map(Close::code));
    Ok(metrics().text(&measured))
}

/// Metrics counted in the database. They are left out if they take too long:
/// the other ones are needed most while the database is unreachable.
async fn stored(state: &State) -> Vec<Measured> {
    let State { reader, .. } = state;
    let counting = async {
        tokio::join!(
            reader.inbox_count(),
            reader.backlogs(),
            reader.submission_backlog(),
            reader.pushes_waiting()
        )
    };
    // A PostgreSQL looks at each of its files for that.
    let sizing = timeout(METRICS_TIMEOUT, reader.database_size());
    let (counted, size) = tokio::join!(timeout(METRICS_TIMEOUT, counting), sizing);
    // A read that fails is counted and logged where it does.
    let mut all = match counted {
        Ok((Ok(inbox), Ok(backlogs), Ok(submissions), Ok(pushes))) => {
            for (service, count) in pushes {
                metrics().pushes_wait(service.as_str(), number(count));
            }
            backlog(inbox, &backlogs, submissions)
        }
        _ => Vec::new(),
    };
    if let Ok(Ok(size)) = size {
        all.push(("parlor_database_bytes", "Size of the database", number(size.bytes)));
        let free = size.free_bytes.map(number);
        all.extend(
            free.map(|free| ("parlor_database_free_bytes", "Free bytes in the database", free)),
        );
    }
    all
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn backlog(inbox: i64, backlogs: &[Backlog], submissions: SubmissionBacklog) -> Vec<Measured> {
    let outbox = |dead: bool| {
        number(backlogs.iter().filter(|one| one.dead == dead).map(|one| one.count).sum())
    };
    let waits = backlogs.iter().filter(|one| !one.dead).filter_map(|one| one.oldest).min();
    let age_ms = waits.map_or(0, |since| clock::now().0.saturating_sub(since.0));
    let SubmissionBacklog { waiting, oldest_s, refused } = submissions;
    vec![
        ("parlor_inbox_events", "Events waiting in inboxes", number(inbox)),
        ("parlor_webhooks_waiting", "Webhooks waiting to be sent", outbox(false)),
        ("parlor_webhooks_age_seconds", "Seconds that the oldest waits", number(age_ms / 1_000)),
        ("parlor_webhooks_dead", "Webhooks in the dead-letter list", outbox(true)),
        ("parlor_submissions_waiting", "Submissions not carried out yet", number(waiting)),
        ("parlor_submissions_age_seconds", "Seconds that the oldest waits", number(oldest_s)),
        ("parlor_submissions_dead", "Refused submissions that are kept", number(refused)),
    ]
}

/// The metrics of `/metrics` by name.
#[derive(Default, Serialize, JsonSchema)]
pub(super) struct Stats(#[schemars(schema_with = "stats_by_name")] BTreeMap<String, Stat>);

#[derive(Serialize)]
#[serde(untagged)]
enum Stat {
    One(f64),
    Distribution(Distribution),
    /// A number for each value of a label.
    Labelled(BTreeMap<String, f64>),
}

/// The number of values up to each bound, the number of all values, and their
/// sum.
#[derive(Default, Serialize)]
struct Distribution {
    buckets: Vec<[f64; 2]>,
    count: f64,
    sum: f64,
}

/// A number or a map is a type that openapi-generator's Java does not compile with.
fn stats_by_name(_: &mut SchemaGenerator) -> Schema {
    let one = "A number, numbers by the value of a label, or `buckets`, `count` and `sum`.";
    json_schema!({"type": "object", "additionalProperties": {"description": one}})
}

impl Stats {
    /// Reads them from the text, so that the two never differ.
    fn of(text: &str) -> Self {
        let mut all = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((sample, value)) = line.rsplit_once(' ')
                && let Ok(value) = value.parse()
            {
                all.add(sample, value);
            }
        }
        all
    }

    fn add(&mut self, sample: &str, value: f64) {
        let Some((name, label)) = sample.split_once('{') else {
            for (end, place) in [("_sum", 0), ("_count", 1)] {
                let of = sample.strip_suffix(end).and_then(|name| self.0.get_mut(name));
                if let Some(Stat::Distribution(of)) = of {
                    return *[&mut of.sum, &mut of.count][place] = value;
                }
            }
            self.0.insert(sample.to_owned(), Stat::One(value));
            return;
        };
        let label = label.split('"').nth(1).unwrap_or_default();
        if let Some(name) = name.strip_suffix("_bucket") {
            let of = || Stat::Distribution(Distribution::default());
            let of = self.0.entry(name.to_owned()).or_insert_with(of);
            if let (Stat::Distribution(of), Ok(bound)) = (of, label.parse::<f64>())
                && bound.is_finite()
            {
                of.buckets.push([bound, value]);
            }
        } else {
            let of = || Stat::Labelled(BTreeMap::new());
            if let Stat::Labelled(of) = self.0.entry(name.to_owned()).or_insert_with(of) {
                of.insert(label.to_owned(), value);
            }
        }
    }
}

/// For Prometheus: requires the configured token or, without one, a request
/// from this machine.
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
    let text = collect(&state).await?;
    Ok(HttpResponse::Ok().insert_header(("content-type", CONTENT_TYPE)).body(text))
}

pub(super) async fn stats(
    _: Admin,
    state: web::Data<State>,
    _: NoFields,
) -> Result<Reply<Stats>, ApiError> {
    Ok(Reply::ok(Stats::of(&collect(&state).await?)))
}
