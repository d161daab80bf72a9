//! The shapes of what is sent without a type of its own.
#![expect(dead_code, reason = "only their shape is used")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use crate::{
    protocol::{AttachmentView, MessageView, RoomView, UserView},
    rest::{
        events::EventView,
        export::{OwnReaction, RoomReceipt},
    },
};

/// What `/users/{user}/export` sends, piece by piece.
#[derive(JsonSchema)]
pub struct Export<'a> {
    user: UserView<'a>,
    rooms: Vec<RoomView<'a>>,
    receipts: Vec<RoomReceipt<'a>>,
    blocked: Vec<UserView<'a>>,
    reactions: Vec<OwnReaction<'a>>,
    inbox: Vec<EventView<'a>>,
    uploads: Vec<AttachmentView<'a>>,
    messages: Vec<MessageView<'a>>,
}

#[derive(JsonSchema)]
pub struct OpenApiDocument {
    openapi: String,
    info: Map<String, Value>,
    paths: Map<String, Value>,
    components: Map<String, Value>,
    security: Vec<BTreeMap<String, Vec<String>>>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AsyncApiDocument {
    asyncapi: String,
    info: Map<String, Value>,
    default_content_type: String,
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    components: Map<String, Value>,
}

/// How often a value was not above each bound, how often there was one, and
/// the sum.
#[derive(JsonSchema)]
struct Spread {
    buckets: Vec<Vec<f64>>,
    count: u64,
    sum: f64,
}

/// A number for each value of a label.
type Labelled = BTreeMap<String, f64>;

/// The numbers of `/metrics`; a test holds them against it.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stats {
    parlor_connections: f64,
    parlor_connections_total: f64,
    parlor_frames_in_total: f64,
    parlor_bytes_in_total: f64,
    parlor_bytes_out_total: f64,
    parlor_messages_total: f64,
    parlor_duplicates_total: f64,
    parlor_broadcasts_total: f64,
    parlor_deliveries_total: f64,
    parlor_writes_in_flight: f64,
    parlor_fanout_backlog: f64,
    parlor_hints_published_total: f64,
    parlor_hint_bytes_total: f64,
    parlor_hints_heard_total: f64,
    parlor_hints_dropped_total: f64,
    parlor_feed_found_total: f64,
    parlor_degraded: f64,
    parlor_commit_batch_size: Spread,
    parlor_commit_seconds: Spread,
    parlor_fanout_seconds: Spread,
    parlor_read_failures_total: f64,
    parlor_limited_total: Labelled,
    parlor_limiter_users: f64,
    parlor_limiter_addresses: f64,
    parlor_errors_total: Labelled,
    parlor_closes_total: Labelled,
    parlor_inbox_events: f64,
    parlor_webhooks_waiting: f64,
    parlor_webhooks_dead: f64,
    parlor_http_requests_total: Labelled,
    parlor_http_seconds: Spread,
    parlor_uptime_seconds: f64,
    process_resident_memory_bytes: f64,
    process_open_fds: f64,
}
