//! The metrics of the server, for Prometheus.
//!
//! One set per process. Counting is a relaxed atomic addition, and done per
//! batch rather than per message where possible.

use std::{
    sync::{LazyLock, atomic::AtomicU64},
    time::{Duration, Instant},
};

use prometheus_client::{
    encoding::prometheus_text,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

pub use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

use crate::{clock, usage::Usage};
use parlor_domain::Timestamp;

/// A counter for each value of one label.
pub type Labelled<V = &'static str> = Family<[(&'static str, V); 1], Counter>;

/// A counter for each value of two labels.
pub type Labelled2 = Family<[(&'static str, &'static str); 2], Counter>;

/// A number that is set for each value of one label.
pub type LabelledNumber = Family<[(&'static str, &'static str); 1], Number>;

/// A histogram of durations for each value of one label.
pub type LabelledTime = Family<[(&'static str, &'static str); 1], Histogram, fn() -> Histogram>;

/// The same by a route of REST.
pub type RouteTime = Family<[(&'static str, String); 1], Histogram, fn() -> Histogram>;

/// A gauge: a number that is set.
pub type Number = Gauge<u64, AtomicU64>;

/// Histogram bounds for durations, from the time of a fast durable write to
/// more than anybody waits for.
const SECONDS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Histogram bounds for writes per transaction.
const WRITES: [f64; 14] =
    [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 384.0, 512.0, 640.0, 768.0, 1_024.0];

/// Declares the metrics: each is a field, registered under its name with its
/// help text. Counters get `_total` behind their names.
macro_rules! declare {
    ($($field:ident: $kind:ty = $new:expr, $name:literal, $help:literal;)*) => {
        /// All metrics.
        #[derive(Debug)]
        pub struct Metrics {
            registry: Registry,
            started: Instant,
            started_at: Timestamp,
            $(#[doc = $help] pub $field: $kind,)*
        }

        impl Metrics {
            fn new() -> Self {
                let mut registry = Registry::default();
                $(
                    let $field: $kind = $new;
                    registry.register($name, $help, $field.clone());
                )*
                let (started, started_at) = (Instant::now(), clock::now());
                Self { registry, started, started_at, $($field),* }
            }
        }
    };
}

fn of<T: Default>() -> T {
    T::default()
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

#[rustfmt::skip]
declare! {
    connections: Counter = of(), "parlor_connections", "WebSocket connections opened";
    frames_in: Counter = of(), "parlor_frames_in", "Text frames received from clients";
    bytes_in: Counter = of(), "parlor_bytes_in", "Bytes of text received from clients";
    bytes_out: Counter = of(), "parlor_bytes_out", "Bytes sent to clients";
    messages: Counter = of(), "parlor_messages", "Messages stored";
    duplicates: Counter = of(), "parlor_duplicates", "Repeated sends of a message that was already stored";
    broadcasts: Counter = of(), "parlor_broadcasts", "Durable events broadcast to rooms";
    deliveries: Counter = of(), "parlor_deliveries", "Events delivered to connections";
    writes_in_flight: Number = of(), "parlor_writes_in_flight", "Writes not committed yet";
    fanout_backlog: Number = of(), "parlor_fanout_backlog", "Batches not yet delivered by the worker threads";
    batch_size: Histogram = Histogram::new(WRITES), "parlor_commit_batch_size", "Writes per transaction";
    commit_time: Histogram = Histogram::new(SECONDS), "parlor_commit_seconds", "Duration of a transaction";
    fanout_time: Histogram = Histogram::new(SECONDS), "parlor_fanout_seconds", "Time from the commit to the sockets";
    read_failures: Counter = of(), "parlor_read_failures", "Failed database reads";
    search_lag: Gauge<f64, AtomicU64> = of(), "parlor_search_lag_seconds", "How old the oldest message may be that search does not find yet";
    replica_lag: Gauge<f64, AtomicU64> = of(), "parlor_replica_lag_seconds", "How far the replica is behind, if there is one";
    replica_reads: Labelled = of(), "parlor_replica_reads", "Reads that a replica may serve, by who served them";
    hints_published: Counter = of(), "parlor_hints_published", "Hints published to other nodes";
    hint_bytes: Counter = of(), "parlor_hint_bytes", "Bytes of hints published to other nodes";
    hints_heard: Counter = of(), "parlor_hints_heard", "Hints received from other nodes";
    service_dropped: Counter = of(), "parlor_service_dropped", "Events of the service channel that were not published";
    hints_dropped: Counter = of(), "parlor_hints_dropped", "Hints dropped because Redis was too slow; the other nodes read the feed";
    feed_found: Counter = of(), "parlor_feed_found", "Feed items found by reading, without a hint";
    submissions: Counter = of(), "parlor_submissions", "Submissions of applications carried out";
    submissions_refused: Counter = of(), "parlor_submissions_refused", "Submissions of applications refused";
    callbacks: Labelled2 = of(), "parlor_callbacks", "Questions to the application, by what came of them";
    callback_time: LabelledTime = Family::new_with_constructor(seconds), "parlor_callback_seconds", "Time the application took to answer a question";
    push_sent: Labelled = of(), "parlor_push_sent", "Notes to devices that a push service has taken";
    push_failures: Labelled = of(), "parlor_push_failures", "Notes to devices that a push service has not taken";
    push_devices_gone: Labelled = of(), "parlor_push_devices_gone", "Devices that their push service did not know any more";
    push_waiting: LabelledNumber = of(), "parlor_push_waiting", "Notes to devices waiting to be sent";
    limited: Labelled = of(), "parlor_limited", "Requests refused by a limit";
    errors: Labelled = of(), "parlor_errors", "Errors returned to clients";
    closes: Labelled<u16> = of(), "parlor_closes", "WebSocket connections closed by the server";
    auth_questions: Labelled = of(), "parlor_auth_questions", "Questions to the auth service, by what came of them";
    auth_time: Histogram = Histogram::new(SECONDS), "parlor_auth_seconds", "Duration of a question to the auth service";
    http_requests: Labelled = of(), "parlor_http_requests", "HTTP requests";
    http_time: Histogram = Histogram::new(SECONDS), "parlor_http_seconds", "Duration of an HTTP request";
    route_time: RouteTime = Family::new_with_constructor(seconds), "parlor_route_seconds", "Duration of an HTTP request, by route";
}

/// A limit that a request can exceed.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    Connection,
    User,
    Login,
    Refresh,
    Connect,
    Address,
    Answer,
}

impl Limit {
    const ALL: [Self; 7] = [
        Self::Connection,
        Self::User,
        Self::Login,
        Self::Refresh,
        Self::Connect,
        Self::Address,
        Self::Answer,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::User => "user",
            Self::Login => "login",
            Self::Refresh => "refresh",
            Self::Connect => "connect",
            Self::Address => "address",
            Self::Answer => "answer",
        }
    }
}

/// Who served a read that a replica may serve.
#[derive(Clone, Copy, Debug)]
pub enum ReadFrom {
    Primary,
    Replica,
}

impl ReadFrom {
    const ALL: [Self; 2] = [Self::Primary, Self::Replica];

    fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
        }
    }
}

/// What came of a question to the auth service.
#[derive(Clone, Copy, Debug)]
pub enum AuthAnswer {
    Ok,
    /// The token is nobody's.
    Refused,
    /// No answer, or one that is none.
    Failed,
    /// Too many were waiting: it was not put.
    Full,
}

impl AuthAnswer {
    const ALL: [Self; 4] = [Self::Ok, Self::Refused, Self::Failed, Self::Full];

    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Full => "full",
        }
    }
}

/// What came of a question to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackOutcome {
    Accepted,
    Refused,
    /// No answer, not in time, or none that can be used.
    Failed,
    /// Not asked, because it has not answered of late.
    Open,
    /// Not asked, because too many questions are under way.
    Overloaded,
}

impl CallbackOutcome {
    const ALL: [Self; 5] =
        [Self::Accepted, Self::Refused, Self::Failed, Self::Open, Self::Overloaded];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Open => "open",
            Self::Overloaded => "overloaded",
        }
    }
}

/// What the services that tell devices are told apart by.
const SERVICE: &str = "service";

const STATUSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    let metrics = Metrics::new();
    // Series start at 0: an alert cannot detect a rise in a series that has
    // only just appeared.
    Limit::ALL.iter().for_each(|limit| metrics.expect_limited(*limit));
    ReadFrom::ALL.iter().for_each(|from| expect(&metrics.replica_reads, "from", from.as_str()));
    AuthAnswer::ALL.iter().for_each(|to| expect(&metrics.auth_questions, "answer", to.as_str()));
    STATUSES.iter().for_each(|class| expect(&metrics.http_requests, "status", class));
    metrics
});

/// The metrics of this process.
pub fn metrics() -> &'static Metrics {
    &METRICS
}

fn expect(of: &Labelled, label: &'static str, value: &'static str) {
    drop(of.get_or_create(&[(label, value)]));
}

impl Metrics {
    fn expect_limited(&self, limit: Limit) {
        expect(&self.limited, "limit", limit.as_str());
    }

    /// A push service has taken a note.
    pub fn pushed(&self, service: &'static str) {
        self.push_sent.get_or_create(&[(SERVICE, service)]).inc();
    }

    /// It has not.
    pub fn push_failed(&self, service: &'static str) {
        self.push_failures.get_or_create(&[(SERVICE, service)]).inc();
    }

    /// It does not know the device any more.
    pub fn push_gone(&self, service: &'static str) {
        self.push_devices_gone.get_or_create(&[(SERVICE, service)]).inc();
    }

    /// How many notes wait for a push service.
    pub fn pushes_wait(&self, service: &'static str, count: u64) {
        self.push_waiting.get_or_create(&[(SERVICE, service)]).set(count);
    }

    /// The names that push services have.
    pub fn expect_push(&self, services: impl IntoIterator<Item = &'static str>) {
        for service in services {
            for counter in [&self.push_sent, &self.push_failures, &self.push_devices_gone] {
                expect(counter, SERVICE, service);
            }
        }
    }

    /// The names that [`Metrics::callback`] will get.
    pub fn expect_callbacks(&self, names: impl IntoIterator<Item = &'static str>) {
        for name in names {
            for outcome in CallbackOutcome::ALL {
                let labels = [("callback", name), ("outcome", outcome.as_str())];
                drop(self.callbacks.get_or_create(&labels));
            }
            drop(self.callback_time.get_or_create(&[("callback", name)]));
        }
    }

    /// Counts a question to the application.
    pub fn callback(&self, name: &'static str, outcome: CallbackOutcome) {
        let labels = [("callback", name), ("outcome", outcome.as_str())];
        self.callbacks.get_or_create(&labels).inc();
    }

    /// How long the application has taken for one, whatever came of it.
    pub fn callback_took(&self, name: &'static str, time: Duration) {
        let times = self.callback_time.get_or_create(&[("callback", name)]);
        times.observe(time.as_secs_f64());
    }

    /// The codes that [`Metrics::error`] and [`Metrics::close`] will get.
    pub fn expect_codes(
        &self,
        errors: impl IntoIterator<Item = &'static str>,
        closes: impl IntoIterator<Item = u16>,
    ) {
        errors.into_iter().for_each(|code| expect(&self.errors, "code", code));
        closes.into_iter().for_each(|code| drop(self.closes.get_or_create(&[("code", code)])));
    }

    pub fn error(&self, code: &'static str) {
        self.errors.get_or_create(&[("code", code)]).inc();
    }

    pub fn close(&self, code: u16) {
        self.closes.get_or_create(&[("code", code)]).inc();
    }

    pub fn limited(&self, limit: Limit) {
        self.limited.get_or_create(&[("limit", limit.as_str())]).inc();
    }

    pub fn read_from(&self, from: ReadFrom) {
        self.replica_reads.get_or_create(&[("from", from.as_str())]).inc();
    }

    pub fn auth_answer(&self, answer: AuthAnswer) {
        self.auth_questions.get_or_create(&[("answer", answer.as_str())]).inc();
    }

    /// Counts an answered REST call, of a route if it has one.
    pub fn http(&self, route: Option<String>, status: u16, time: Duration) {
        if let Some(route) = route {
            self.route_time.get_or_create(&[("route", route)]).observe(time.as_secs_f64());
        }
        let class = usize::from(status / 100).clamp(1, STATUSES.len()) - 1;
        self.http_requests.get_or_create(&[("status", STATUSES[class])]).inc();
        self.http_time.observe(time.as_secs_f64());
    }

    /// All metrics in Prometheus' text format, version 0.0.4, with those that
    /// are measured on request: name, help and value of each.
    pub fn text(&self, measured: &[(&'static str, &'static str, u64)]) -> String {
        let mut now = Registry::default();
        for (name, help, value) in measured {
            let gauge = Number::default();
            gauge.set(*value);
            now.register(*name, *help, gauge);
        }
        let uptime = Gauge::<f64, AtomicU64>::default();
        uptime.set(self.started.elapsed().as_secs_f64());
        now.register("parlor_uptime_seconds", "Seconds since the start", uptime);
        let build = Family::<[(&str, &str); 1], Number>::default();
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION"))]).set(1);
        now.register("parlor_build_info", "1, with the version", build);
        self.register_process(&mut now);
        let mut text = String::with_capacity(16 * 1024);
        for registry in [&self.registry, &now] {
            prometheus_text::encode(&mut text, registry).expect("a text takes all");
        }
        text
    }
}

impl Metrics {
    /// Under the names that Prometheus' own clients give them.
    fn register_process(&self, now: &mut Registry) {
        let Usage { cpu_seconds, resident_bytes, threads, open_files, open_files_max } =
            Usage::read();
        for (name, help, value) in [
            ("process_resident_memory_bytes", "Resident memory", resident_bytes),
            ("process_threads", "Threads", threads),
            ("process_open_fds", "Open files and sockets", open_files),
            ("process_max_fds", "As many may be open", open_files_max),
        ] {
            let gauge = Number::default();
            gauge.set(value);
            now.register(name, help, gauge);
        }
        let cpu = Counter::<f64, AtomicU64>::default();
        cpu.inc_by(cpu_seconds);
        now.register("process_cpu_seconds", "CPU time of all threads", cpu);
        let start = Gauge::<f64, AtomicU64>::default();
        start.set(self.started_at.0 as f64 / 1_000.0);
        now.register("process_start_time_seconds", "When the process started", start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_written_as_they_are_meant() {
        let metrics = Metrics::new();
        metrics.commit_time.observe(0.02);
        metrics.error("not_found");
        let text = metrics.text(&[("parlor_connections", "Open connections", 7)]);
        for line in [
            "parlor_commit_seconds_bucket{le=\"0.01\"} 0",
            "parlor_commit_seconds_bucket{le=\"0.025\"} 1",
            "parlor_commit_seconds_bucket{le=\"+Inf\"} 1",
            "parlor_errors_total{code=\"not_found\"} 1",
            "parlor_connections 7",
            "parlor_connections_total 0",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} in {text}");
        }
    }
}
