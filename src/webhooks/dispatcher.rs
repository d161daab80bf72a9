//! Sends the webhooks that are waiting in the outbox.

use std::{collections::HashSet, sync::Arc, time::Duration};

use actix::Addr;
use futures_util::future::join_all;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, sleep_until, timeout},
};

use super::{Secrets, UnreadConfig, payload::payload};
use crate::{
    backoff::delay,
    db::{Letter, OutboxResult, OutboxTargets, Reader, SettleOutbox, Writer, submit},
    log_throttle::LogThrottle,
    outbound,
};
use parlor_domain::{
    Timestamp,
    limits::{
        WEBHOOK_LOOK_PAUSE, WEBHOOK_POLL, WEBHOOKS_AT_ONCE, WEBHOOKS_COUNTED, WEBHOOKS_GIVEN_UP,
        WEBHOOKS_SETTLED, WEBHOOKS_WAITING,
    },
};
use parlor_process::span::{self, Span};

/// The receivers, and the retry policy.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    pub targets: OutboxTargets,
    pub secrets: Secrets,
    /// How long a receiver has for its answer.
    pub timeout: Duration,
    /// Attempts until a letter is given up.
    pub attempts: i64,
    /// `None`: nobody is told of what is unread.
    pub unread: Option<UnreadConfig>,
}

/// Sends to all receivers.
pub struct Dispatcher {
    receivers: Vec<Receiver>,
    reader: Reader,
    wake: Arc<Notify>,
}

/// One receiver, with places of its own: one that hangs takes none of another's.
struct Receiver {
    url: Arc<str>,
    config: Arc<WebhookConfig>,
    client: reqwest::Client,
    reader: Reader,
    writer: Addr<Writer>,
    wake: Notify,
}

/// What is on its way to one receiver.
struct UnderWay {
    lanes: HashSet<String>,
    /// The lane at which the last look ended: the next one goes on behind it.
    last: String,
    done: mpsc::Sender<(Letter, OutboxResult)>,
}

/// It goes on for as long as the receiver stays away.
static BEYOND: LogThrottle = LogThrottle::new();

fn now() -> Timestamp {
    crate::clock::now()
}

impl Dispatcher {
    pub fn new(config: WebhookConfig, reader: Reader, writer: Addr<Writer>) -> Self {
        let client = outbound::client(config.timeout);
        let (wake, config) = (config.targets.wake.clone(), Arc::new(config));
        let receivers = config.targets.urls.iter().map(|url| Receiver {
            url: url.clone(),
            config: config.clone(),
            client: client.clone(),
            reader: reader.clone(),
            writer: writer.clone(),
            wake: Notify::new(),
        });
        Self { receivers: receivers.collect(), reader, wake }
    }

    /// Runs for as long as the server does.
    ///
    /// Of several nodes only the one that `leads` sends: in order there is
    /// only one hand.
    pub async fn run(self, leads: watch::Receiver<bool>) {
        self.look_for_others().await;
        let sending = join_all(self.receivers.iter().map(|one| one.run(leads.clone())));
        let waking = async {
            loop {
                self.wake.notified().await;
                self.receivers.iter().for_each(|receiver| receiver.wake.notify_one());
            }
        };
        tokio::select! {
            _ = sending => {}
            () = waking => {}
        }
    }

    /// What waits for receivers that are no longer named stays, in case they
    /// are named again.
    async fn look_for_others(&self) {
        let is_ours = |target: &str| self.receivers.iter().any(|one| &*one.url == target);
        let waiting = self.reader.backlogs().await.unwrap_or_default();
        let others = waiting.iter().filter(|one| !one.dead && !is_ours(&one.target));
        let count: i64 = others.map(|one| one.count).sum();
        if count > 0 {
            log::warn!("{count} webhooks are waiting for receivers that are no longer configured");
        }
    }
}

impl Receiver {
    /// At most [`WEBHOOKS_AT_ONCE`] are on their way, and of each lane one.
    async fn run(&self, mut leads: watch::Receiver<bool>) {
        let (done, mut results) = mpsc::channel(WEBHOOKS_AT_ONCE);
        let mut under_way = UnderWay { lanes: HashSet::new(), last: String::new(), done };
        let mut look_at = Instant::now();
        let mut may_look_at = look_at;
        let mut count_at = look_at;
        loop {
            if leads.wait_for(|leads| *leads).await.is_err() {
                return;
            }
            tokio::select! {
                Some(first) = results.recv() => {
                    let mut all = vec![first];
                    while let Ok(more) = results.try_recv() {
                        all.push(more);
                    }
                    self.settle(all, &mut under_way.lanes).await;
                    look_at = Instant::now();
                }
                () = self.wake.notified() => look_at = Instant::now(),
                () = sleep_until(look_at.max(may_look_at)) => {
                    let began = Instant::now();
                    if began >= count_at && !self.give_up_oldest().await {
                        count_at = began + WEBHOOKS_COUNTED;
                    }
                    let next = self.send_due(&mut under_way).await;
                    // Looking through what waits for a receiver that is away
                    // must not take the database's time.
                    may_look_at = Instant::now() + began.elapsed() * WEBHOOK_LOOK_PAUSE;
                    let pause = next.map_or(WEBHOOK_POLL, |at| until(at).min(WEBHOOK_POLL));
                    look_at = Instant::now() + pause;
                }
            }
        }
    }

    /// Sends what is due, as far as it may; gives when something else is.
    async fn send_due(&self, under_way: &mut UnderWay) -> Option<Timestamp> {
        let places = WEBHOOKS_AT_ONCE.saturating_sub(under_way.lanes.len());
        if places == 0 {
            return None;
        }
        let UnderWay { lanes, last, done } = under_way;
        let due = self.reader.due_letters(&self.url, lanes, last, now(), places).await.ok()?;
        for letter in due.letters {
            if !lanes.insert(letter.lane.clone()) {
                continue;
            }
            let attempt = attempt(
                self.config.clone(),
                self.client.clone(),
                self.reader.clone(),
                letter,
                done.clone(),
            );
            actix_web::rt::spawn(attempt);
        }
        *last = due.last;
        due.next
    }

    /// Gives up some of what waits beyond the bound: it becomes dead letters.
    /// Says whether there may be more.
    async fn give_up_oldest(&self) -> bool {
        let oldest = self.reader.letters_beyond(&self.url, WEBHOOKS_WAITING, WEBHOOKS_GIVEN_UP);
        let Ok(oldest) = oldest.await else { return false };
        if oldest.is_empty() {
            return false;
        }
        if BEYOND.again().is_some() {
            log::warn!(
                "more than {WEBHOOKS_WAITING} webhooks are waiting for a receiver: the oldest \
                 become dead letters"
            );
        }
        let dead =
            |id: &i64| (*id, OutboxResult::Dead { error: "too many were waiting".to_owned() });
        for some in oldest.chunks(WEBHOOKS_SETTLED) {
            let write = SettleOutbox(some.iter().map(dead).collect());
            if submit(&self.writer, write).await.is_err() {
                return false;
            }
        }
        true
    }

    async fn settle(&self, all: Vec<(Letter, OutboxResult)>, lanes: &mut HashSet<String>) {
        let results = all.iter().map(|(letter, result)| (letter.id, result.clone())).collect();
        // What cannot be written down now is sent once more: at least once.
        let _ = submit(&self.writer, SettleOutbox(results)).await;
        for (letter, _) in all {
            lanes.remove(&letter.lane);
        }
    }
}

fn until(at: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(at.0 - now().0).unwrap_or(0).max(1))
}

/// Sends one letter, and says what came of it.
async fn attempt(
    config: Arc<WebhookConfig>,
    client: reqwest::Client,
    reader: Reader,
    letter: Letter,
    done: mpsc::Sender<(Letter, OutboxResult)>,
) {
    let span = letter
        .traceparent
        .as_deref()
        .and_then(|traceparent| Span::request_for(traceparent, format!("webhook {}", letter.kind)));
    let sending = span::within(span.clone(), send(&config, &client, &reader, &letter));
    let outcome = match timeout(config.timeout, sending).await {
        Ok(outcome) => outcome,
        Err(_) => Err("no answer in time".to_owned()),
    };
    if let Some(span) = span {
        if letter.attempts > 0 {
            span.set("http.request.resend_count", letter.attempts);
        }
        if let Err(error) = &outcome {
            span.failed(error.clone());
        }
    }
    let result = match outcome {
        Ok(()) => OutboxResult::Done,
        Err(error) if letter.attempts + 1 >= config.attempts => {
            log::warn!("webhook {} becomes a dead letter: {error}", letter.id);
            OutboxResult::Dead { error }
        }
        Err(error) => {
            let wait = delay(letter.attempts, rand::random());
            let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
            OutboxResult::Again { at: Timestamp(now().0.saturating_add(wait)), error }
        }
    };
    // Dropped only with the dispatcher itself.
    let _ = done.send((letter, result)).await;
}

/// The answer's body is not read: whatever it is, it is nothing to us.
async fn send(
    config: &WebhookConfig,
    client: &reqwest::Client,
    reader: &Reader,
    letter: &Letter,
) -> Result<(), String> {
    let body = payload(reader, letter).await.map_err(|error| error.to_string())?;
    let Some(body) = body else { return Ok(()) };
    let id = format!("evt_{}", letter.id);
    let timestamp = now().0 / 1000;
    let signature = config.secrets.sign(&id, timestamp, &body);
    let request = client
        .post(&letter.target)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature)
        .headers(outbound::trace_headers())
        .body(body);
    outbound::note_server(&letter.target);
    // Without the address: there may be a password in it.
    let response = request.send().await.map_err(|error| error.without_url().to_string())?;
    outbound::note_answer(&response);
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("answered {status}")),
    }
}
